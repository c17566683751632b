#!/usr/bin/env node
// A memory that outlives threads and processes, as the nodes of a LangGraph graph use it: `config.store` is this store when the
// graph is compiled with `compile({ store })`.   node examples/langgraph/memory.mjs [folder of the store]
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { FluoriteBridge } from 'fluorite-bridge';
import { FluoriteStore } from 'fluorite-bridge/langgraph';

const given = process.argv[2];
const memory_path = given ?? mkdtempSync(join(tmpdir(), 'fluorite-langgraph-'));

await session(async (store) => {
  await remember({ configurable: { user: 'ann' }, store }, 'tea', 'Ann prefers green tea over coffee');
  await remember({ configurable: { user: 'ann' }, store }, 'flight', 'Ann always takes the window seat');
  await remember({ configurable: { user: 'bob' }, store }, 'tea', 'Bob does not like tea at all');
});

// Another day, another process: the same store.
await session(async (store) => {
  const found = await recall({ configurable: { user: 'ann' }, store }, 'what should I order for her to drink?');
  console.log('recalled:', found.join('; '));
  console.log('namespaces:', (await store.listNamespaces({ prefix: ['memories'] })).map((n) => n.join('/')).join(', '));
});
if (given === undefined) rmSync(memory_path, { recursive: true, force: true });

/** A node that keeps a fact about the user. */
async function remember({ configurable: { user }, store }, key, text) {
  await store.put(['memories', user], key, { text });
}

/** A node that finds what is known about the user. */
async function recall({ configurable: { user }, store }, question) {
  const items = await store.search(['memories', user], { query: question, limit: 1 });
  return items.map((item) => item.value.text);
}

async function session(work) {
  const bridge = await FluoriteBridge.open({ memory_path });
  try {
    await work(new FluoriteStore(bridge, { fields: ['text'] }));
  } finally {
    await bridge.shutdown();
  }
}
