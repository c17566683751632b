import type { NativeBridge } from '../native.js';
import { cancellable, hooksOf, meter } from './call.js';
import { sendAll, slicesOf } from './slices.js';

/** Embeds one text. */
export async function embedOne(native: NativeBridge, text: string, options: unknown): Promise<Float32Array> {
  const vectors = await cancellable(native, hooksOf(options), (call) => native.embed([text], options, call.number));
  return vectors[0] as Float32Array;
}

/** Embeds texts slice by slice, in their order. */
export function embedAll(native: NativeBridge, texts: unknown, options: unknown): Promise<Float32Array[]> {
  const hooks = hooksOf(options);
  return cancellable(native, hooks, async (call) => {
    const [source, total] = slicesOf<string>(texts, 'texts', hooks.signal);
    const embedded = meter(call, 'embed', total);
    const vectors: Float32Array[] = [];
    const send = async (slice: string[], offset: number): Promise<void> => {
      call.check();
      const some = await native.embed(slice, options, call.number);
      for (let i = 0; i < some.length; i++) vectors[offset + i] = some[i] as Float32Array;
      embedded(slice.length);
    };
    await (total === 0 ? send([], 0) : sendAll(source, send));
    return vectors;
  });
}
