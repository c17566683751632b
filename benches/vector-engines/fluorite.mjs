// Fluorite through its JavaScript API: vectors supplied, no model; optimized, closed and opened again.
import { setTimeout } from 'node:timers/promises';

export const name = null;
export const variants = { fluorite: '' };
export const settings = () => "enable_ml false; storeChunks with embedding, tags and content, durability 'sync', optimize, shutdown; open; searchSimilar(Float32Array, { limit 10, fields: [], ef }) (full: default fields), awaited; batch: searchMany of 1,000";

async function store(folder) {
  const { FluoriteBridge } = await import('../../index.mjs');
  return FluoriteBridge.open({ memory_path: folder, enable_ml: false });
}

export async function build({ folder, dims, slices, tag, content }) {
  const bridge = await store(folder);
  for (const [vectors, first] of slices) {
    await bridge.storeChunks(Array.from({ length: vectors.length / dims }, (_, i) => ({ id: `${first + i}`, content: content(first + i), tags: [`t${tag(first + i)}`], embedding: vectors.subarray(i * dims, (i + 1) * dims) })));
  }
  await bridge.optimize();
  await bridge.shutdown();
}

export async function open({ folder, efs, k }) {
  const bridge = await store(folder);
  // What an open leaves to do behind it (indexing words, comparing checksums) is no part of a search.
  while ((await bridge.getStats()).unindexed > 0) await setTimeout(50);
  await setTimeout(1_000);
  let knob;
  const options = (more) => ({ limit: k, ...(knob.ef && { ef: knob.ef }), ...more });
  return {
    knobs: [{ label: 'default' }, ...efs.map((ef) => ({ label: `ef ${ef}`, ef }))],
    use(to) {
      knob = to;
    },
    search: (query) => bridge.searchSimilar(query, options({ fields: [] })),
    full: (query) => bridge.searchSimilar(query, options()),
    filtered: (query, t) => bridge.searchSimilar(query, options({ fields: [], filter: { tags: { any: [`t${t}`] } } })),
    many: (queries) => bridge.searchMany(queries, options({ fields: [] })),
    ids: (hits) => hits.map((hit) => Number(hit.id)),
    close: () => bridge.shutdown(),
  };
}
