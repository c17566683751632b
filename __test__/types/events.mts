// Compiled, never run: events by name.
import { expectTypeOf } from 'expect-type';
import type { ChunkStored, FluoriteBridge, FluoriteEvent, FluoriteEventMap, FluoriteEventName, Progress } from 'fluorite-bridge';

declare const bridge: FluoriteBridge;

expectTypeOf(bridge.on('ChunkStored', () => undefined)).toEqualTypeOf<FluoriteBridge>();
bridge
  .on('ChunkStored', (event) => expectTypeOf(event).toEqualTypeOf<ChunkStored>())
  .once('ChunkDeleted', ({ id, namespace }) => expectTypeOf([id, namespace]).toEqualTypeOf<string[]>())
  .on('LearningProgress', async (event) => expectTypeOf(event).toExtend<Progress>())
  .on('IndexBuilt', ({ kind }) => expectTypeOf(kind).toEqualTypeOf<'vector' | 'text'>())
  .on('Lagged', ({ missed }) => expectTypeOf(missed).toBeNumber())
  .on('error', (thrown, event) => {
    expectTypeOf(thrown).toBeUnknown();
    expectTypeOf(event).toEqualTypeOf<FluoriteEvent>();
  })
  .off('ChunkStored', () => undefined);
// @ts-expect-error no such event
bridge.on('ChunkStore', () => undefined);
// @ts-expect-error a version belongs to ChunkStored
bridge.on('ChunkDeleted', ({ version }) => version);

for await (const event of bridge.events({ types: ['ChunkStored'], namespace: undefined, signal: new AbortController().signal })) {
  expectTypeOf(event).toEqualTypeOf<FluoriteEvent>();
  if (event.type === 'ChunkStored') expectTypeOf(event.version).toBeNumber();
}
// @ts-expect-error no such event
bridge.events({ types: ['ChunkStore'] });

// every event says its name as `type`: later ones too
expectTypeOf<{ [K in FluoriteEventName]: FluoriteEventMap[K]['type'] }>().toEqualTypeOf<{ [K in FluoriteEventName]: K }>();
