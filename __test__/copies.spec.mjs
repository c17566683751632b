// Two copies of the package in one process, as two dependencies on different versions give: each has an addon of its own.
import assert from 'node:assert/strict';
import { copyFileSync, cpSync, mkdirSync, readFileSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { FluoriteBridge, isFluoriteError } from '../index.mjs';
import { child, endedWith, folder, holdsAcknowledged, open, rejects, root, withModel } from './helpers.mjs';

/** The package copied to a folder of its own; the model and ONNX Runtime, which are large, are linked. */
function copyOfPackage() {
  const to = join(folder(), 'fluorite-bridge');
  mkdirSync(to);
  for (const name of ['index.js', 'index.mjs', 'package.json', ...readdirSync(root).filter((n) => n.endsWith('.node'))]) copyFileSync(join(root, name), join(to, name));
  cpSync(join(root, 'facade'), join(to, 'facade'), { recursive: true });
  for (const name of ['models', 'runtime']) symlinkSync(join(root, name), join(to, name), 'junction');
  return to;
}

const copy = copyOfPackage();
const entryOfCopy = pathToFileURL(join(copy, 'index.mjs')).href;

test('a copy of the package is another package', async (t) => {
  const other = await import(entryOfCopy);
  assert.notEqual(other.FluoriteBridge, FluoriteBridge);
  if (process.platform === 'linux') {
    const mapped = new Set([...readFileSync('/proc/self/maps', 'utf8').matchAll(/\S+\.node$/gm)].map(([path]) => path));
    assert.equal(mapped.size, 2, 'two addons are loaded');
  }
  const bridge = await other.FluoriteBridge.open({ memory_path: folder(), enable_ml: false });
  t.after(() => bridge.shutdown());
  await assert.rejects(bridge.getChunk(3), (e) => isFluoriteError(e) && other.isFluoriteError(e) && e.code === 'INVALID_ARGUMENT');
});

test('two copies have two stores, and not the same one', async (t) => {
  const other = await import(entryOfCopy);
  const at = folder();
  const mine = await open(t, { memory_path: at });
  await rejects(other.FluoriteBridge.open({ memory_path: at, enable_ml: false }), 'STORE_LOCKED', new RegExp(`\\b${process.pid}\\b`));
  const theirs = await other.FluoriteBridge.open({ memory_path: folder(), enable_ml: false });
  await Promise.all([mine.storeChunk({ id: 'a', content: 'of the first copy' }), theirs.storeChunk({ id: 'a', content: 'of the second copy' })]);
  assert.equal((await mine.getChunk('a')).content, 'of the first copy');
  assert.equal((await theirs.getChunk('a')).content, 'of the second copy');
  await theirs.shutdown();
  await mine.shutdown();
  const after = await other.FluoriteBridge.open({ memory_path: at, enable_ml: false });
  assert.equal((await after.getChunk('a')).content, 'of the first copy');
  await after.shutdown();
});

for (const end of ['exit', 'shutdown', 'throw']) {
  test(`two copies with calls in flight, ended by ${end}, 3 times`, async () => {
    for (let round = 0; round < 3; round++) {
      const stores = [folder(), folder()];
      const ml = withModel && round === 2;
      const result = await child('copies.mjs', { entries: [pathToFileURL(join(root, 'index.mjs')).href, entryOfCopy], stores, ml, end });
      endedWith(result, { exit: 7, shutdown: 0, throw: 1 }[end]);
      let acknowledged = 0;
      for (const [i, at] of stores.entries()) {
        const lines = result.lines.filter((l) => l.startsWith(`${i} `)).map((l) => l.slice(2));
        acknowledged += await holdsAcknowledged(at, lines, `${end}, round ${round}, copy ${i}`);
      }
      assert.ok(acknowledged >= 30, `${acknowledged} acknowledged`);
    }
  });
}
