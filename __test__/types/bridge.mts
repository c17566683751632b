// Compiled, never run: what callers may write, and what they get.
import { expectTypeOf } from 'expect-type';
import {
  FluoriteBridge, FluoriteError, isFluoriteError, type BatchResult, type Chunk, type ChunkVersion, type Context, type ErrorCode, type PartialHit,
  type SearchHit,
} from 'fluorite-bridge';

declare const bridge: FluoriteBridge;
declare const maybe: string | undefined;

// opening, in either spelling, with members that are undefined
expectTypeOf(FluoriteBridge.open({ memory_path: './memory', enable_ml: false, memory: { cacheSizeMb: 1 } })).resolves.toEqualTypeOf<FluoriteBridge>();
expectTypeOf(FluoriteBridge.open({ memoryPath: './memory', enableMl: false, ml: { numThreads: 2 }, modelsPath: maybe })).resolves.toEqualTypeOf<FluoriteBridge>();
await FluoriteBridge.open({ memory_path: maybe, learning: { batch_size: undefined } });
// @ts-expect-error no such member
await FluoriteBridge.open({ memory_pat: './memory' });
// @ts-expect-error a path
await FluoriteBridge.open({ memory_path: 3 });

// storing
expectTypeOf(bridge.storeChunk({ content: 'text' })).resolves.toBeString();
expectTypeOf(bridge.storeChunk({ content: new Uint8Array(2), qualityScore: 1, chunkType: 'pattern', ttlSeconds: undefined })).resolves.toBeString();
expectTypeOf(bridge.storeChunks([{ content: 'text' }], { on_error: 'collect', onProgress: ({ done }) => done })).resolves.toEqualTypeOf<BatchResult>();
// @ts-expect-error content is required
await bridge.storeChunk({ id: 'a' });
// @ts-expect-error not a kind of chunk
await bridge.storeChunk({ content: 'text', chunk_type: 'note' });
// @ts-expect-error not a durability
await bridge.storeChunk({ content: 'text' }, { durability: 'none' });

// reading
expectTypeOf(bridge.getChunk('a')).resolves.toEqualTypeOf<Chunk | null>();
expectTypeOf(bridge.getChunks(['a'] as const, { namespace: maybe })).resolves.toEqualTypeOf<(Chunk | null)[]>();
expectTypeOf(bridge.getContentBuffer('a')).resolves.toEqualTypeOf<Buffer | null>();
expectTypeOf(bridge.history('a')).resolves.toEqualTypeOf<ChunkVersion[]>();
expectTypeOf(bridge.listChunks({ order: 'id' })).toEqualTypeOf<AsyncGenerator<Chunk, void, undefined>>();
expectTypeOf<Chunk['metadata']>().toEqualTypeOf<Record<string, unknown>>();
expectTypeOf<Chunk['expires_at']>().toEqualTypeOf<string | null>();
expectTypeOf<ChunkVersion>().not.toHaveProperty('usage_count');
// @ts-expect-error results are snake_case
expectTypeOf<Chunk>().toHaveProperty('qualityScore');

// searching: the fields asked for are those of the hits
expectTypeOf(bridge.searchSimilar('text', 10)).resolves.toEqualTypeOf<SearchHit[]>();
expectTypeOf(bridge.searchSimilar(new Float32Array(2), { minScore: 0.5, filter: { chunkType: ['pattern'], created_after: undefined } })).resolves.toEqualTypeOf<SearchHit[]>();
expectTypeOf(bridge.searchSimilar('text', { fields: ['content', 'tags'] })).resolves.toEqualTypeOf<PartialHit<'content' | 'tags'>[]>();
expectTypeOf(bridge.searchSimilar('text', { fields: [] })).resolves.toEqualTypeOf<{ id: string; score: number }[]>();
expectTypeOf(bridge.findRelated('a', { fields: ['source'] })).resolves.toEqualTypeOf<PartialHit<'source'>[]>();
expectTypeOf(bridge.buildContext('text', { budgetTokens: 100 })).resolves.toEqualTypeOf<Context>();
// @ts-expect-error not a field
await bridge.searchSimilar('text', { fields: ['vector'] });
// @ts-expect-error the budget is required
await bridge.buildContext('text', {});

// errors
const caught: unknown = new Error('x');
if (isFluoriteError(caught)) {
  expectTypeOf(caught).toEqualTypeOf<FluoriteError>();
  expectTypeOf(caught.code).toEqualTypeOf<ErrorCode>();
  // @ts-expect-error not a code
  if (caught.code === 'NOT_A_CODE') throw caught;
}

// life
expectTypeOf<FluoriteBridge>().toExtend<AsyncDisposable>();
expectTypeOf(bridge.ready).toBeBoolean();
// @ts-expect-error only read
bridge.ready = true;
