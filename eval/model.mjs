// Which model the engine embeds with, as a hash of its weights.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './data.mjs';
import { createHash } from 'node:crypto';

const NAME = 'all-MiniLM-L6-v2';
/** The engine's order of preference. */
const WEIGHTS = ['onnx/model_quantized.onnx', 'onnx/model.onnx', 'model.onnx'];

/** Name, file and sha256 of the model that a store with no settings of its own uses. */
export function model() {
  const folders = [process.env.FLUORITE_MODELS_PATH, join(root, 'models')].filter(Boolean).flatMap((f) => [join(f, NAME), f]);
  for (const folder of folders) {
    const file = WEIGHTS.find((f) => existsSync(join(folder, f)));
    if (file) return { name: NAME, file, sha256: createHash('sha256').update(readFileSync(join(folder, file))).digest('hex') };
  }
  throw new Error(`no model found in ${folders.join(', ')}: run npm run build`);
}
