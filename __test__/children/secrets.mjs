// Stores, asks for and fails with texts that are secrets; writes everything it was told beside the chunks themselves.
import { inspect } from 'node:util';

import { FluoriteBridge } from '../../index.mjs';

const { at, other, secret } = JSON.parse(process.argv[2]);
const told = [];
const tell = (what, value) => told.push(`${what}: ${inspect(value, { depth: 20, showHidden: true, maxStringLength: null, maxArrayLength: null })}`);
const fails = async (what, call) => {
  try {
    await call();
    told.push(`${what}: it did not fail`);
  } catch (e) {
    tell(what, [e.code, e.message, e.stack, e.cause, JSON.stringify(e), String(e)]);
  }
};
const text = (kind) => `${secret}${kind} is the secret of this chunk`;
const chunk = { id: 'a', content: text('content'), metadata: { token: text('metadata'), deep: { list: [text('deep')] } } };
const vector = (n) => new Float32Array(n).fill(0.5);

const early = new FluoriteBridge();
await fails('before initialize', () => early.storeChunk(chunk));
await fails('search before initialize', () => early.searchSimilar(text('query')));
await fails('an unknown key', () => FluoriteBridge.open({ memory_path: other, enable_ml: false, api_key: text('config') }));

const bridge = await FluoriteBridge.open({ memory_path: at, enable_ml: false, memory: { max_chunk_size: 4_096, lexicon: { '秘密': `${secret}word` } } });
for (const event of ['ChunkStored', 'ChunkDeleted', 'LearningProgress', 'IndexBuilt', 'Lagged', 'error']) bridge.on(event, (...args) => tell('event', args));
await bridge.storeChunk({ ...chunk, embedding: vector(384) });
await bridge.storeChunks(Array.from({ length: 300 }, (_, i) => ({ ...chunk, id: `many${i}`, content: `${text('content')} ${i}` })));

const bad = {
  'content too large': { ...chunk, content: text('content').repeat(1_000) },
  'a wrong quality': { ...chunk, quality_score: 7 },
  'a quality that is a text': { ...chunk, quality_score: text('quality') },
  'a wrong type': { ...chunk, chunk_type: 'none' },
  'tags that are a text': { ...chunk, tags: text('tags') },
  'metadata that is a text': { ...chunk, metadata: text('metadata') },
  'metadata with a function': { ...chunk, metadata: { token: text('metadata'), run: () => text('run') } },
  'metadata with half a character': { ...chunk, metadata: { token: `${text('metadata')}\ud800` } },
  'content with half a character': { ...chunk, content: `${text('content')}\ud800` },
  'an unknown member': { ...chunk, zzz: text('zzz') },
  'a wrong dimension': { ...chunk, embedding: vector(3) },
  'a zero vector': { ...chunk, embedding: new Float32Array(384) },
  'a cyclic chunk': (() => { const c = { ...chunk, metadata: { token: text('metadata') } }; c.metadata.self = c; return c; })(),
  'no content': { id: 'b', metadata: chunk.metadata },
  'an ill-formed id': { ...chunk, id: 'x\ud800' },
};
for (const [what, value] of Object.entries(bad)) {
  await fails(what, () => bridge.storeChunk(value));
  await fails(`${what}, in a batch`, () => bridge.storeChunks([value], { atomic: true }));
  tell(`${what}, collected`, await bridge.storeChunks([value], { on_error: 'collect' }));
}
const query = text('query');
await fails('a wrong mode', () => bridge.searchSimilar(query, { mode: 'none' }));
await fails('a search by vector without a model', () => bridge.searchSimilar(query, { mode: 'vector' }));
await fails('a filter that is a text', () => bridge.searchSimilar(query, { filter: text('filter') }));
await fails('a filter by an object', () => bridge.searchSimilar(query, { filter: { metadata: { token: { a: text('filter') } } } }));
await fails('half a character in a query', () => bridge.searchSimilar(`${query}\ud800`));
await fails('a wrong dimension in a query', () => bridge.searchMany([query, vector(3)]));
await fails('a context without a budget', () => bridge.buildContext(query, {}));
await fails('an aborted search', () => bridge.searchSimilar(query, { signal: AbortSignal.abort() }));
await fails('feedback on nothing', () => bridge.addFeedback({ chunk_id: 'none', kind: 'correction', correction: text('correction'), query, comment: text('comment') }));
await fails('feedback with a wrong rating', () => bridge.addFeedback({ chunk_id: 'a', kind: 'rating', rating: 9, query, comment: text('comment') }));
await fails('training with a text', () => bridge.trainIncremental([{ query, preferred: 'a', rejected: 7 }]));
await fails('no template', () => bridge.renderSpike('a', { key: text('param') }));
await fails('embedding without a model', () => bridge.generateEmbedding(query));
await fails('half a character to count', () => bridge.countTokens(`${query}\ud800`));
await fails('half a character to cut', () => bridge.chunkText(`${query}\ud800`));
await fails('opened by another', () => new FluoriteBridge().initialize({ memory_path: at, enable_ml: false, memory: { lexicon: { '秘密': `${secret}other` } } }));

await bridge.addFeedback({ chunk_id: 'a', kind: 'rating', rating: 1, query, comment: text('comment') });
await bridge.searchSimilar(query, { explain: true, fields: [] });
tell('explain', (await bridge.searchSimilar(query, { explain: true, fields: ['version'] })).map((hit) => hit.explain));
tell('training', await bridge.trainIncremental());
await bridge.deleteChunk('many7');
// whatever gives figures: all that takes no argument, or none but how
for (const name of Object.getOwnPropertyNames(FluoriteBridge.prototype).filter((n) => /^(getStats|getMetrics|health|verify|optimize|flush|refresh)$/i.test(n))) tell(name, await bridge[name]());
await bridge.shutdown();
await fails('after shutdown', () => bridge.storeChunk(chunk));
await fails('search after shutdown', () => bridge.searchSimilar(query));
console.log(JSON.stringify(told));
