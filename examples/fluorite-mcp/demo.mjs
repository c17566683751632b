#!/usr/bin/env node
// Discover, auto, preview and explain, one after another.   node examples/fluorite-mcp/demo.mjs [task] [folder of the store]
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { FluoriteBridge } from 'fluorite-bridge';

import { SpikeCatalog } from './catalog.mjs';

const [task = 'a REST endpoint in Python with a health check', given] = process.argv.slice(2);
const memory_path = given ?? mkdtempSync(join(tmpdir(), 'fluorite-spikes-'));
const bridge = await FluoriteBridge.open({ memory_path });
try {
  const catalog = new SpikeCatalog(bridge, join(dirname(fileURLToPath(import.meta.url)), '..', 'spikes'));
  const { stored, unchanged, repaired } = await catalog.learn();
  console.log(`${stored + unchanged} templates, ${repaired.length} of them read after a repair just now`);

  const { items } = await catalog.discover({ query: task, limit: 3 });
  console.log(`\ndiscover: ${task}`);
  for (const { id, name, score } of items) console.log(`  ${score.toFixed(3)}  ${id}  ${name}`);

  const { selected, params } = await catalog.auto({ task });
  console.log(`\nauto: ${selected.id}; parameters: ${params.join(', ') || 'none'}`);

  console.log('\nexplain:');
  const { about } = await catalog.explain({ id: selected.id });
  console.log(about.replace(/^/gm, '  '));

  console.log('\npreview:');
  const { files } = await catalog.preview({ id: selected.id });
  for (const { path, content } of files) console.log(`--- ${path}\n${content}`);
} finally {
  await bridge.shutdown();
  if (given === undefined) rmSync(memory_path, { recursive: true, force: true });
}
