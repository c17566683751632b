// zvec, an embedded vector database: HNSW over f32, or over int8 with and without its refiner.
import { join } from 'node:path';
import { peer } from '../engines/peer.mjs';

export const name = '@zvec/zvec';
export const variants = { zvec: 'UNDEFINED', 'zvec-int8': 'INT8' };
export const settings = (kind) => `HNSW, IP, m 16, efConstruction 200, quantizeType ${kind}, useContiguousMemory; insertSync by 1,000, optimizeSync; opened read-only; querySync with no fields (full: content and tag), filter on an inverted INT32 field; batch: 1,000 query() at once`;

const zvec = () => peer('@zvec/zvec');

export async function build({ folder, dims, slices, variant, tag, content }) {
  const { ZVecCollectionSchema, ZVecCreateAndOpen, ZVecDataType, ZVecIndexType, ZVecMetricType, ZVecQuantizeType } = zvec();
  const schema = new ZVecCollectionSchema({
    name: 'bench',
    vectors: {
      name: 'v',
      dataType: ZVecDataType.VECTOR_FP32,
      dimension: dims,
      indexParams: { indexType: ZVecIndexType.HNSW, metricType: ZVecMetricType.IP, m: 16, efConstruction: 200, quantizeType: ZVecQuantizeType[variants[variant]], useContiguousMemory: true },
    },
    fields: [
      { name: 'tag', dataType: ZVecDataType.INT32, indexParams: { indexType: ZVecIndexType.INVERT } },
      { name: 'content', dataType: ZVecDataType.STRING },
    ],
  });
  const made = ZVecCreateAndOpen(join(folder, 'zvec'), schema);
  for (const [vectors, first] of slices) {
    const docs = Array.from({ length: vectors.length / dims }, (_, i) => ({ id: `${first + i}`, vectors: { v: vectors.subarray(i * dims, (i + 1) * dims) }, fields: { tag: tag(first + i), content: content(first + i) } }));
    for (let at = 0; at < docs.length; at += 1_000) {
      const bad = made.insertSync(docs.slice(at, at + 1_000)).find((s) => !s.ok);
      if (bad) throw new Error(`zvec: ${bad.message}`);
    }
  }
  made.optimizeSync();
  made.closeSync();
}

export async function open({ folder, variant, efs, k }) {
  const { ZVecIndexType, ZVecOpen } = zvec();
  const opened = ZVecOpen(join(folder, 'zvec'), { readOnly: true });
  const complete = opened.stats.indexCompleteness.v;
  if (complete !== 1) throw new Error(`zvec: the index covers ${complete} of the vectors`);
  const refined = variant === 'zvec-int8' ? [false, true] : [false];
  let params;
  const ask = (vector, more) => ({ fieldName: 'v', vector, topk: k, params, outputFields: [], ...more });
  return {
    sync: true,
    knobs: refined.flatMap((refiner) => efs.map((ef) => ({ label: `ef ${ef}${refiner ? ' refined' : ''}`, ef, refiner }))),
    use({ ef, refiner }) {
      params = { indexType: ZVecIndexType.HNSW, ef, isUsingRefiner: refiner };
    },
    search: (query) => opened.querySync(ask(query)),
    full: (query) => opened.querySync(ask(query, { outputFields: ['content', 'tag'] })),
    filtered: (query, t) => opened.querySync(ask(query, { filter: `tag = ${t}` })),
    many: (queries) => Promise.all(queries.map((query) => opened.query(ask(query)))),
    ids: (found) => found.map((doc) => Number(doc.id)),
    close: () => opened.closeSync(),
  };
}
