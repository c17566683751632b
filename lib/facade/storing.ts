import type { NativeBridge } from '../native.js';
import { cancellable, hooksOf, meter } from './call.js';
import { gather, isAtomic, sendAll, slicesOf } from './slices.js';
import type { BatchFailure, BatchResult, ChunkId, ChunkInput, SplitChunk } from './types/index.js';

/** Stores chunks slice by slice, or all of them as one batch; the places of the result are those of the input. */
export function storeAll(native: NativeBridge, chunks: unknown, options: unknown): Promise<BatchResult> {
  const hooks = hooksOf(options);
  const atomic = isAtomic(options);
  return cancellable(native, hooks, async (call) => {
    const [source, total] = slicesOf<ChunkInput>(chunks, 'chunks', hooks.signal);
    const stored = meter(call, 'store', total);
    const result: BatchResult = { ids: [], stored: 0, failed: [] };
    const send = async (slice: ChunkInput[], offset: number): Promise<void> => {
      call.check();
      const [ids, count, failed, split] = await native.store(slice, options, offset, call.number);
      for (let i = 0; i < ids.length; i++) result.ids[offset + i] = ids[i] as ChunkId | null;
      result.stored += count;
      if (failed !== undefined) result.failed.push(...(JSON.parse(failed) as BatchFailure[]));
      if (split !== undefined) (result.split ??= []).push(...(JSON.parse(split) as SplitChunk[]));
      stored(slice.length);
    };
    if (atomic) await send(await gather(source), 0);
    else if (total === 0) await send([], 0); // options are checked all the same
    else await sendAll(source, send);
    result.failed.sort((a, b) => a.index - b.index);
    result.split?.sort((a, b) => a.index - b.index);
    return result;
  });
}
