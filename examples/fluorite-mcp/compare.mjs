#!/usr/bin/env node
// Before and after: choosing a template by scanning all files, and by asking the bridge.
//   node examples/fluorite-mcp/compare.mjs [folder of spikes] [--generated]
// Tasks and right answers are the development half of eval/questions/spikes.jsonl whose answers are in the folder. Both sides
// choose among the same templates: hand-made ones, or with --generated all. Every task is asked once, so the bridge embeds each;
// files and model are warm.
import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { FluoriteBridge } from 'fluorite-bridge';

import { SpikeCatalog } from './catalog.mjs';
import { scan } from './scan.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');
const args = process.argv.slice(2);
const generated = args.includes('--generated');
const folder = resolve(args.find((a) => !a.startsWith('--')) ?? join(root, 'examples', 'spikes'));
const memory_path = join(root, '.demo', `fluorite-mcp-${createHash('sha256').update(`${folder} ${generated}`).digest('hex').slice(0, 16)}`);

const boilerplate = generated ? new Set() : await generatedIds();
const present = new Set((await readdir(folder)).map((name) => name.replace(/\.json$/, '')));
const lines = (await readFile(join(root, 'eval', 'questions', 'spikes.jsonl'), 'utf8')).trim().split('\n').map((line) => JSON.parse(line));
const tasks = lines.filter((q) => q.split === 'dev' && q.positives.some((id) => present.has(id)));
if (tasks.length === 0) throw new Error(`no question of eval/questions has its answer in ${folder}`);

const bridge = await FluoriteBridge.open({ memory_path });
try {
  const catalog = new SpikeCatalog(bridge, folder);
  const report = await catalog.learn({ include_generated: generated });
  const { chunks } = await bridge.getStats();
  console.log(`${report.found} files, ${chunks} templates learned in ${(report.duration_ms / 1000).toFixed(1)} s (${report.unchanged} were known)\n`);

  let read = 0;
  const before = await measure(async ({ query }) => {
    const found = await scan(folder, query, Infinity);
    read = found.read;
    return found.items.map((i) => i.id).filter((id) => !boilerplate.has(id));
  });
  const after = await measure(async ({ query }) => {
    const { selected, alternatives } = await catalog.auto({ task: query });
    return [selected, ...alternatives].filter(Boolean).map((i) => i.id.replace(/@.*$/, ''));
  });

  print([
    [`${tasks.length} tasks (en, ja, ko)`, 'before: scan', 'after: bridge'],
    ['files read per call', read, 0],
    ['median of a call', `${before.ms.toFixed(1)} ms`, `${after.ms.toFixed(2)} ms`],
    ['right template first', share(before.first), share(after.first)],
    ['right template in the first 5', share(before.five), share(after.five)],
  ]);
  console.log();
  print([['task', 'before: first', 'after: first'], ...tasks.slice(0, 8).map((task, i) => [cut(task.query, 60), cut(before.chosen[i], 44), cut(after.chosen[i], 44)])]);
} finally {
  await bridge.shutdown();
}

/** Asks every task once; right answers, and the median time of a call. */
async function measure(choose) {
  const result = { first: 0, five: 0, chosen: [], ms: 0 };
  const times = [];
  await choose({ query: 'warm the file cache and the model' });
  for (const task of tasks) {
    const began = performance.now();
    const ids = await choose(task);
    times.push(performance.now() - began);
    result.chosen.push(ids[0] ?? '-');
    result.first += Number(task.positives.includes(ids[0]));
    result.five += Number(ids.slice(0, 5).some((id) => task.positives.includes(id)));
  }
  result.ms = times.sort((a, b) => a - b)[times.length >> 1];
  return result;
}

async function generatedIds() {
  const ids = new Set();
  for (const name of (await readdir(folder)).filter((n) => n.endsWith('.json'))) {
    try {
      const spike = JSON.parse(await readFile(join(folder, name), 'utf8'));
      if (spike.tags?.includes('generated')) ids.add(spike.id);
    } catch {
      // broken JSON: the scan does not see it either
    }
  }
  return ids;
}

function share(count) {
  return `${count} of ${tasks.length}`;
}

function cut(text, width) {
  return text.length > width ? `${text.slice(0, width - 1)}…` : text;
}

/** A Markdown table. */
function print([head, ...rows]) {
  for (const row of [head, head.map(() => '---'), ...rows]) console.log(`| ${row.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`);
}
