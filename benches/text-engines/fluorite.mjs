// Fluorite through its JavaScript API, default settings, ten hits with all their fields; vectors supplied are the model's own.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { FluoriteBridge } from '../../index.mjs';

export const create = (folder, dims) => using({ memory_path: folder, enable_ml: dims !== null });

/** Waits until nothing is left to do behind the open. */
export async function open(folder) {
  const store = await using({ memory_path: folder });
  while ((await store.bridge.getStats()).unindexed > 0) await setTimeout(50);
  await setTimeout(1_000);
  return store;
}

async function using(config) {
  const bridge = await FluoriteBridge.open(config);
  return {
    bridge,
    load: (texts, vector) => bridge.storeChunks(texts.map((content, i) => ({ id: `${i}`, content, ...(vector && { embedding: vector(i) }) }))),
    finish: () => bridge.optimize(),
    lexical: (query) => bridge.searchSimilar(query, { limit: 10, mode: 'lexical' }),
    hybrid: (query) => bridge.searchSimilar(query, { limit: 10 }),
    embed: (query) => bridge.generateEmbedding(query),
    close: () => bridge.shutdown(),
  };
}

/** The vectors of texts. */
export async function embedAll(texts) {
  const folder = mkdtempSync(join(tmpdir(), 'fluorite-bench-'));
  const bridge = await FluoriteBridge.open({ memory_path: folder });
  const vectors = await bridge.generateEmbeddings(texts);
  await bridge.shutdown();
  rmSync(folder, { recursive: true, force: true });
  return vectors;
}
