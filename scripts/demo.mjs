#!/usr/bin/env node
// Learns a folder of spike templates and asks it questions.   npm run demo [-- folder] [-- --fresh]
import { createHash } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { FluoriteBridge } from '../index.mjs';

const QUESTIONS = [
  'BFF with Next.js and Hono',
  'How do I protect an API route with JWT authentication?',
  'upload files to S3 with a presigned URL',
  'run background jobs with a queue',
  'connect to PostgreSQL with Prisma',
  'end-to-end tests with Playwright',
  'deploy with Docker and GitHub Actions',
  'rate limiting middleware',
  'send realtime messages over WebSocket',
  'validate a form with a schema',
];

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const args = process.argv.slice(2);
const folder = resolve(args.find((a) => !a.startsWith('--')) ?? join(root, 'examples', 'spikes'));
const store = join(root, '.demo', createHash('sha256').update(folder).digest('hex').slice(0, 16));

if (!existsSync(folder)) {
  console.error(`${folder} does not exist: give a folder of spike-*.json files`);
  process.exit(1);
}
if (args.includes('--fresh')) rmSync(store, { recursive: true, force: true });

const bridge = await timed('open', () => FluoriteBridge.open({ memory_path: store }));
try {
  await learn();
  await ask();
  await figures();
} finally {
  await bridge.shutdown();
}

async function learn() {
  console.log(`\nLearning ${folder}`);
  const progress = bar();
  const report = await bridge.learnFromSpikes({ path: folder, on_progress: progress });
  progress.end();
  const rows = { found: report.found, stored: report.stored, updated: report.updated, unchanged: report.unchanged, removed: report.removed,
    generated: report.skipped_generated, repaired: report.repaired.length, invalid: report.invalid.length };
  for (const [name, value] of Object.entries(rows)) console.log(`  ${name.padEnd(10)} ${String(value).padStart(7)}`);
  for (const { file, reason } of report.invalid.slice(0, 5)) console.log(`  invalid    ${cut(file, 50)}: ${cut(reason, 60)}`);
  if (report.invalid.length > 5) console.log(`  ... and ${report.invalid.length - 5} more invalid files`);
  console.log(`  took ${(report.duration_ms / 1000).toFixed(1)} s`);
}

async function ask() {
  for (const question of QUESTIONS) {
    const began = performance.now();
    const hits = await bridge.searchSimilar(question, 3);
    const ms = performance.now() - began;
    console.log(`\n${question}   (${ms.toFixed(1)} ms)`);
    if (hits.length === 0) console.log('  nothing found');
    for (const hit of hits) console.log(`  ${hit.score.toFixed(3)}  ${cut(hit.id, 44).padEnd(44)}  ${cut(nameOf(hit), 50)}`);
  }
}

async function figures() {
  const stats = await bridge.getStats();
  const mb = (bytes) => `${(bytes / 1048576).toFixed(1)} MB`;
  console.log('\nStore');
  console.log(`  chunks            ${stats.chunks} (${stats.vectors} with a vector, ${stats.pending} pending)`);
  const text = stats.disk_bytes - stats.vector_bytes - stats.reserve_bytes;
  console.log(`  disk              ${mb(stats.disk_bytes)}: ${mb(text)} for ${mb(stats.raw_bytes)} of text (${(text / stats.raw_bytes).toFixed(2)} bytes per raw byte), ${mb(stats.vector_bytes)} vectors, ${mb(stats.reserve_bytes)} reserve`);
  console.log(`  cache hit rate    ${(stats.cache.hit_rate * 100).toFixed(0)} % (embedding cache ${(stats.model.cache.hit_rate * 100).toFixed(0)} %)`);
  console.log(`  memory            ${mb(stats.process_rss_bytes)} resident, ${mb(stats.index_bytes)} of it indexes`);
  console.log(`  model             ${stats.model.id ?? 'none'}`);
  console.log(`  kept in           ${store}\n`);
}

/** The title of a template: its metadata, or the first line of its text. */
function nameOf(hit) {
  const name = hit.metadata?.name;
  return typeof name === 'string' ? name : hit.content.split('\n', 1)[0];
}

function cut(text, width) {
  const line = String(text).replace(/\s+/g, ' ');
  return line.length > width ? `${line.slice(0, width - 1)}…` : line;
}

/** A progress function: a bar on a terminal, a line every two seconds elsewhere. */
function bar() {
  const tty = process.stdout.isTTY;
  let last = 0;
  let shown = false;
  const show = ({ phase, done, total, rate, seconds_left }) => {
    const now = performance.now();
    if (now - last < (tty ? 80 : 2_000) && done !== total) return;
    last = now;
    const left = seconds_left === null ? '' : `, ${Math.ceil(seconds_left)} s left`;
    const count = `${phase} ${done}${total === null ? '' : ` / ${total}`}  ${rate.toFixed(0)}/s${left}`;
    if (!tty) return console.log(`  ${count}`);
    const filled = total ? Math.round((done / total) * 30) : 0;
    process.stdout.write(`\r\x1b[K  [${'#'.repeat(filled)}${'.'.repeat(30 - filled)}] ${count}`);
    shown = true;
  };
  show.end = () => shown && process.stdout.write('\r\x1b[K');
  return show;
}

async function timed(what, work) {
  const began = performance.now();
  const result = await work();
  console.log(`${what} took ${(performance.now() - began).toFixed(0)} ms`);
  return result;
}
