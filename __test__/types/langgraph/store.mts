// Compiled, never run: the LangGraph store. LangChain's own declarations do not pass `skipLibCheck: false`, so it stands apart.
import type { BaseStore } from '@langchain/langgraph-checkpoint';
import { expectTypeOf } from 'expect-type';
import type { FluoriteBridge } from 'fluorite-bridge';
import { FluoriteStore } from 'fluorite-bridge/langgraph';

declare const bridge: FluoriteBridge;

const store: BaseStore = new FluoriteStore(bridge, { fields: ['text'], mode: 'hybrid' });
expectTypeOf(store.search(['a'], { query: 'x' })).resolves.items.toHaveProperty('key').toEqualTypeOf<string>();
// @ts-expect-error no such mode
new FluoriteStore(bridge, { mode: 'fuzzy' });
