// Compiled, never run: stores for tests.
import { expectTypeOf } from 'expect-type';
import type { FluoriteBridge } from 'fluorite-bridge';
import { hashEmbedding, openTestStore } from 'fluorite-bridge/testing';

const store = await openTestStore({ memory: { max_chunk_size: 10 } });
expectTypeOf(store.bridge).toEqualTypeOf<FluoriteBridge>();
expectTypeOf(store.path).toEqualTypeOf<string>();
expectTypeOf(store.close()).resolves.toEqualTypeOf<void>();
expectTypeOf(hashEmbedding('a text', 64)).toExtend<Float32Array>();
// @ts-expect-error not a field of the configuration
void openTestStore({ memory_pth: 'x' });
// @ts-expect-error an empty store holds nothing to read
void openTestStore({ read_only: true });
// @ts-expect-error the same in the other spelling
void openTestStore({ readOnly: true });
// @ts-expect-error the folder is made for the test
void openTestStore({ memory_path: './memory' });
// @ts-expect-error a number
hashEmbedding('a text', '64');
