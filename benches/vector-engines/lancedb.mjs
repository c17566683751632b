// LanceDB, an embedded vector database on disk: IVF_HNSW_SQ in one partition, and its default index IVF_PQ.
import { join } from 'node:path';
import { peer } from '../engines/peer.mjs';

export const name = '@lancedb/lancedb';
export const variants = { lancedb: 'hnswSq', 'lancedb-pq': 'ivfPq' };
const INDEX = {
  hnswSq: { distanceType: 'dot', numPartitions: 1, m: 16, efConstruction: 200 },
  ivfPq: { distanceType: 'dot' },
};
export const settings = (kind) => `Index.${kind}(${JSON.stringify(INDEX[kind])}), bitmap index on the tag; createTable, add by 5,000, createIndex, optimize; query().nearestTo().select(id).toArray() (full: id, content, tag; awaited), swept over ${kind === 'ivfPq' ? 'nprobes' : 'ef'} and refineFactor; batch: 1,000 such calls, 8 at a time`;

export async function build({ folder, n, dims, slices, variant, tag, content }) {
  const lancedb = peer('@lancedb/lancedb');
  const { Field, FixedSizeList, Float32, Int32, Schema, Utf8 } = peer('apache-arrow');
  const schema = new Schema([
    new Field('id', new Int32(), false),
    new Field('tag', new Int32(), false),
    new Field('content', new Utf8(), false),
    new Field('vector', new FixedSizeList(dims, new Field('item', new Float32(), true)), false),
  ]);
  const db = await lancedb.connect(join(folder, 'lance'));
  const table = await db.createEmptyTable('bench', schema);
  for (const [vectors, first] of slices) {
    await table.add(Array.from({ length: vectors.length / dims }, (_, i) => ({ id: first + i, tag: tag(first + i), content: content(first + i), vector: vectors.subarray(i * dims, (i + 1) * dims) })));
  }
  await table.optimize();
  const kind = variants[variant];
  await table.createIndex('vector', { config: lancedb.Index[kind](INDEX[kind]) });
  await table.createIndex('tag', { config: lancedb.Index.bitmap() });
  await table.optimize();
  const { numIndexedRows } = await table.indexStats('vector_idx');
  if (numIndexedRows !== n) throw new Error(`LanceDB: ${numIndexedRows} of ${n} vectors indexed`);
  table.close();
}

export async function open({ folder, variant, efs, k }) {
  const db = await peer('@lancedb/lancedb').connect(join(folder, 'lance'));
  const table = await db.openTable('bench');
  await table.prewarmIndex('vector_idx').catch(() => {}); // not every kind can be warmed
  let knob;
  const query = (vector, columns) => {
    const q = table.query().nearestTo(vector).distanceType('dot').limit(k).select(columns).fastSearch();
    if (knob.ef) q.ef(knob.ef);
    if (knob.nprobes) q.nprobes(knob.nprobes);
    if (knob.refine) q.refineFactor(knob.refine);
    return q;
  };
  const few = efs.filter((_, i) => i % 2 === 0);
  const knobs = variant === 'lancedb'
    ? [0, 2, 4].flatMap((refine) => few.filter((ef) => ef >= k * Math.max(refine, 1)).map((ef) => ({ label: `ef ${ef}${refine ? ` refine ${refine}` : ''}`, ef, refine })))
    : [5, 20].flatMap((refine) => [2, 5, 10, 20, 40].map((nprobes) => ({ label: `nprobes ${nprobes} refine ${refine}`, nprobes, refine })));
  return {
    knobs,
    use(to) {
      knob = to;
    },
    search: (vector) => query(vector, ['id', '_distance']).toArray(),
    full: (vector) => query(vector, ['id', 'content', 'tag', '_distance']).toArray(),
    filtered: (vector, t) => query(vector, ['id', '_distance']).where(`tag = ${t}`).toArray(),
    async many(vectors) {
      const found = [];
      for (let at = 0; at < vectors.length; at += 8) found.push(...(await Promise.all(vectors.slice(at, at + 8).map((v) => query(v, ['id', '_distance']).toArray()))));
      return found;
    },
    ids: (rows) => rows.map((row) => row.id),
    close: () => table.close(),
  };
}
