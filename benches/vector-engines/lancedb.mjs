// LanceDB, an embedded vector database on disk: IVF_HNSW_SQ in one partition (IVF_FLAT was slower at the same recall).
// Distance `cosine`: with `dot` its scalar quantizer finds next to nothing (recall below .1, version 0.22.3).
import { join } from 'node:path';
import { peer } from '../engines/peer.mjs';

export const name = '@lancedb/lancedb';
export const variants = { lancedb: 'hnswSq' };
const INDEX = { distanceType: 'cosine', numPartitions: 1, m: 16, efConstruction: 200 };
export const settings = (kind) => `Index.${kind}(${JSON.stringify(INDEX)}), bitmap index on the tag; Arrow tables added by 5,000, createIndex, optimize; awaited query().nearestTo().select(['id', '_distance']).fastSearch().toArray() (full: content and tag too), swept over ef and refineFactor; batch: 1,000 such calls, 8 at a time`;

export async function build({ folder, n, dims, slices, variant, tag, content }) {
  const lancedb = peer('@lancedb/lancedb');
  const { Field, FixedSizeList, Float32, Int32, makeData, RecordBatch, Schema, Struct, Table, Utf8, vectorFromArray } = peer('apache-arrow');
  const item = new Field('item', new Float32(), true);
  const schema = new Schema([new Field('id', new Int32()), new Field('tag', new Int32()), new Field('content', new Utf8()), new Field('vector', new FixedSizeList(dims, item))]);
  const arrow = (vectors, first) => {
    const length = vectors.length / dims;
    const column = (type, make) => vectorFromArray(Array.from({ length }, (_, i) => make(first + i)), type).data[0];
    const vector = makeData({ type: new FixedSizeList(dims, item), length, nullCount: 0, child: makeData({ type: new Float32(), length: vectors.length, nullCount: 0, data: vectors }) });
    const children = [column(new Int32(), (i) => i), column(new Int32(), tag), column(new Utf8(), content), vector];
    return new Table(schema, new RecordBatch(schema, makeData({ type: new Struct(schema.fields), length, nullCount: 0, children })));
  };
  const db = await lancedb.connect(join(folder, 'lance'));
  const table = await db.createEmptyTable('bench', schema);
  for (const [vectors, first] of slices) await table.add(arrow(vectors, first));
  await table.optimize();
  await table.createIndex('vector', { config: lancedb.Index[variants[variant]](INDEX) });
  await table.createIndex('tag', { config: lancedb.Index.bitmap() });
  await table.optimize();
  const { numIndexedRows } = await table.indexStats('vector_idx');
  if (numIndexedRows !== n) throw new Error(`LanceDB: ${numIndexedRows} of ${n} vectors indexed`);
  table.close();
}

export async function open({ folder, efs, k }) {
  const db = await peer('@lancedb/lancedb').connect(join(folder, 'lance'));
  const table = await db.openTable('bench');
  await table.prewarmIndex('vector_idx').catch(() => {}); // not every kind can be warmed
  let knob;
  const query = (vector, columns) => {
    const q = table.query().nearestTo(vector).distanceType('cosine').limit(k).select(columns).fastSearch();
    q.ef(knob.ef);
    if (knob.refine) q.refineFactor(knob.refine);
    return q;
  };
  const few = efs.filter((_, i) => i % 2 === 0);
  const knobs = [...few.map((ef) => ({ label: `ef ${ef}`, ef })), ...few.filter((ef) => ef >= 3 * k).map((ef) => ({ label: `ef ${ef} refine 3`, ef, refine: 3 }))];
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
