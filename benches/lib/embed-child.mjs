// One embedder in a process of its own. Reads lines of JSON, each a list of texts; answers {"all_us": [...]}, the time of
// each awaited call.   embed-child.mjs fluorite <folder for the store> | transformers <threads, 0 for its default>
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { peer } from '../engines/peer.mjs';

const MODELS = fileURLToPath(new URL('../../models', import.meta.url));
const [kind, argument] = process.argv.slice(2);
const embed = kind === 'fluorite' ? await fluorite(argument) : await transformers(Number(argument));

for await (const line of createInterface({ input: process.stdin })) {
  const all_us = [];
  for (const text of JSON.parse(line)) {
    const began = performance.now();
    const vector = await embed(text);
    all_us.push((performance.now() - began) * 1000);
    if (vector.length !== 384) throw new Error(`a vector of ${vector.length} numbers`);
  }
  console.log(JSON.stringify({ all_us }));
}
process.exit(0);

async function fluorite(memory_path) {
  const { FluoriteBridge } = await import('../../index.mjs');
  const bridge = await FluoriteBridge.open({ memory_path });
  return (text) => bridge.generateEmbedding(text);
}

/** The very same model file: models/all-MiniLM-L6-v2/onnx/model_quantized.onnx is what dtype q8 stands for. */
async function transformers(threads) {
  const { env, pipeline } = peer('@huggingface/transformers');
  env.allowRemoteModels = false;
  env.localModelPath = MODELS;
  const session_options = threads === 0 ? {} : { intraOpNumThreads: threads, interOpNumThreads: 1 };
  const extract = await pipeline('feature-extraction', 'all-MiniLM-L6-v2', { dtype: 'q8', local_files_only: true, session_options });
  return async (text) => (await extract(text, { pooling: 'mean', normalize: true })).data;
}
