// Rotates the key of a store again and again, telling each key before it is used and each progress, until it is killed.
import { FluoriteBridge } from '../../index.mjs';

const { at, keys } = JSON.parse(process.argv[2]);
const bridge = await FluoriteBridge.open({ memory_path: at, enable_ml: false, memory: { segment_mb: 1, encryption_key: keys[0] } });
const tell = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
for (let i = 1; ; i++) {
  tell({ rotating: i % keys.length });
  await bridge.rotateKey(keys[i % keys.length], { on_progress: () => tell({ progress: true }) });
  tell({ rotated: i % keys.length });
}
