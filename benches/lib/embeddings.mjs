#!/usr/bin/env node
// Real vectors: Fluorite's own embeddings of real text (texts.mjs), made once and kept in benches/.cache.
//   node benches/lib/embeddings.mjs [--n 100000] [--queries 1000]      an interrupted run goes on where it stopped
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { options } from './options.mjs';
import { realTexts } from './texts.mjs';

export const CACHE = fileURLToPath(new URL('../.cache/', import.meta.url));
const STEP = 1_000;

/** Files of the vectors: `base`, then `queries` held out of the same pool, one after the other as f32; made when absent. */
export async function embeddings({ n = 100_000, queries = 1_000, say = () => {} } = {}) {
  mkdirSync(CACHE, { recursive: true });
  const stem = join(CACHE, `minilm-${n}-${queries}`);
  const files = { vectors: `${stem}.f32`, header: `${stem}.json`, texts: `${stem}.texts.json` };
  if (!existsSync(files.vectors)) await make(files, n, queries, say);
  return { ...files, ...JSON.parse(readFileSync(files.header, 'utf8')) };
}

async function make(files, n, queries, say) {
  if (!existsSync(files.texts)) {
    const { texts, sources } = realTexts(n + queries);
    if (texts.length < n + queries) throw new Error(`only ${texts.length} different texts found here: ask for fewer than ${n} vectors`);
    writeFileSync(files.texts, JSON.stringify({ sources, texts }));
  }
  const { texts, sources } = JSON.parse(readFileSync(files.texts, 'utf8'));
  const part = `${files.vectors}.part`;
  const { FluoriteBridge } = await import('../../index.mjs');
  const store = mkdtempSync(join(tmpdir(), 'fluorite-embeddings-'));
  const bridge = await FluoriteBridge.open({ memory_path: store });
  try {
    const { dimensions, id } = (await bridge.getStats()).model;
    const dims = dimensions ?? (await bridge.generateEmbedding('x')).length;
    const done = existsSync(part) ? Math.floor(statSync(part).size / (4 * dims * STEP)) * STEP : 0;
    if (done === 0) writeFileSync(part, '');
    const began = performance.now();
    for (let at = done; at < texts.length; at += STEP) {
      for (const v of await bridge.generateEmbeddings(texts.slice(at, at + STEP))) appendFileSync(part, new Uint8Array(v.buffer, v.byteOffset, v.byteLength));
      const left = ((performance.now() - began) / (at + STEP - done)) * (texts.length - at - STEP);
      say(`embedded ${at + STEP} of ${texts.length}, ${Math.round(left / 1000)} s left`);
    }
    const tokens = texts.slice(0, 1_000).map((t) => bridge.countTokens(t)).sort((a, b) => a - b);
    writeFileSync(files.header, JSON.stringify({ n, queries, dims, model: id, sources, tokens: { p10: tokens[100], p50: tokens[500], p90: tokens[900] } }));
    renameSync(part, files.vectors);
  } finally {
    await bridge.shutdown();
    rmSync(store, { recursive: true, force: true });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { n, queries } = options({ n: 100_000, queries: 1_000 });
  console.log(JSON.stringify(await embeddings({ n, queries, say: (text) => process.stderr.write(`${text}\n`) }), null, 2));
}
