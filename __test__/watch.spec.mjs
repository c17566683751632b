// watch: what changes is learned. Nothing here waits for a time: every step waits for what the watch tells.
import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { endedWith, entry, folder, node, open, rejects } from './helpers.mjs';

/** A watch that would tell nothing if what it tests were broken. */
const HANGS = { timeout: 120_000 };
const spike = (id, text = 'run();') => JSON.stringify({ id, name: id, stack: ['express'], files: [{ path: 'a.ts', template: `${text}\n` }] });

/** Reads until `enough(runs)`; `runs` are the reports since the call. */
async function runs(told, enough) {
  const reports = [];
  for (;;) {
    const { value, done } = await told.next();
    assert.ok(!done, 'the watch ended');
    assert.equal(value.type, 'LearningProgress');
    if (value.phase === 'watching' && enough === 'watching') return reports;
    if (value.error) assert.fail(JSON.stringify(value));
    if (value.report) reports.push(value.report);
    if (typeof enough === 'function' && enough(sum(reports))) return reports;
  }
}

const sum = (reports) => Object.fromEntries(['stored', 'updated', 'renamed', 'removed'].map((name) => [name, reports.reduce((n, r) => n + (r[name] ?? 0), 0)]));
const did = (reports) => reports.every((r) => r.stored + r.updated + (r.renamed ?? 0) + r.removed > 0);

for (const how of [{}, { poll_interval_ms: 10 }]) {
  test(`files: new, changed, renamed, deleted, in new folders, and nothing else (${JSON.stringify(how)})`, HANGS, async (t) => {
    const src = folder();
    const bridge = await open(t, { memory_path: join(src, 'memory') }); // inside of what is watched
    const at = (name) => join(src, name);
    writeFileSync(at('a.md'), '# A\n\nabout lions\n');
    const told = bridge.watch({ paths: [src], debounce_ms: 20, ...how });
    assert.deepEqual(sum(await runs(told, 'watching')), { stored: 1, updated: 0, renamed: 0, removed: 0 });
    const step = async (change, name) => {
      change();
      const reports = await runs(told, (s) => s[name] > 0);
      assert.ok(did(reports), `a run without a reason: ${JSON.stringify(reports)}`);
      assert.equal(sum(reports)[name], 1, name);
    };
    await step(() => writeFileSync(at('b.md'), '# B\n\nabout tigers\n'), 'stored');
    assert.equal((await bridge.searchSimilar('tigers'))[0].id, 'file:b.md#B');
    await step(() => writeFileSync(at('b.md'), '# B\n\nabout zebras\n'), 'updated');
    await step(() => renameSync(at('b.md'), at('c.md')), 'renamed');
    // neither of these is a reason for a run: what is asserted of the next steps would fail
    mkdirSync(at('node_modules'));
    writeFileSync(at('node_modules/x.md'), '# X\n');
    writeFileSync(at('.hidden.md'), '# X\n');
    writeFileSync(at('picture.png'), 'x');
    await step(() => {
      mkdirSync(at('deep'));
      mkdirSync(at('deep/er'));
      writeFileSync(at('deep/er/d.md'), '# D\n\nabout wolves\n');
    }, 'stored');
    await step(() => writeFileSync(at('deep/er/d.md'), '# D\n\nabout foxes\n'), 'updated');
    await step(() => rmSync(at('c.md')), 'removed');
    await step(() => rmSync(at('deep'), { recursive: true }), 'removed');
    const stored = [];
    for await (const chunk of bridge.listChunks()) stored.push(chunk.id);
    assert.deepEqual(stored, ['file:a.md#A']);
    const { runs: remembered } = await bridge.getLearningStats();
    assert.ok(remembered.every((r) => r.outcome === 'done' && r.counts.stored + r.counts.updated + r.counts.renamed + r.counts.removed > 0), 'runs that did nothing are not kept');
    assert.deepEqual(await told.return(), { value: undefined, done: true });
  });
}

test('a burst of 1,000 files is a few runs', HANGS, async (t) => {
  const bridge = await open(t);
  const src = folder();
  const told = bridge.watch({ paths: [src], debounce_ms: 200 });
  await runs(told, 'watching');
  for (let i = 0; i < 1_000; i++) writeFileSync(join(src, `f${i}.md`), `# Title ${i}\n`);
  const reports = await runs(told, (s) => s.stored >= 1_000);
  assert.ok(reports.length <= 4, `${reports.length} runs`);
  assert.equal((await bridge.getStats()).chunks, 1_000);
  await told.return();
});

test('spikes: a broken file is reported and the watch goes on; a namespace of its own', HANGS, async (t) => {
  const spikes = folder();
  const bridge = await open(t, { spike_templates_path: spikes });
  writeFileSync(join(spikes, 'a.json'), spike('a'));
  const told = bridge.watch({ namespace: 'mine', debounceMs: 20, spikeOptions: { includeGenerated: true } });
  const [first] = await runs(told, 'watching');
  assert.deepEqual([first.stored, first.patterns, first.quality.scored], [1, [], 1]);
  writeFileSync(join(spikes, 'b.json'), '{"id": oops');
  writeFileSync(join(spikes, 'c.json'), spike('c'));
  const reports = await runs(told, (s) => s.stored === 1);
  assert.equal(reports.at(-1).invalid[0].file, 'b.json');
  writeFileSync(join(spikes, 'b.json'), spike('b'));
  assert.deepEqual((await runs(told, (s) => s.stored === 1)).at(-1).invalid, []);
  assert.ok(await bridge.getChunk('spike:b', { namespace: 'mine' }));
  await bridge.shutdown();
  for (;;) if ((await told.next()).done) break;
});

test('nobody reads: the newest are kept, the others counted, all is learned', HANGS, async (t) => {
  const bridge = await open(t);
  const src = folder();
  const paths = Array.from({ length: 600 }, (_, i) => join(src, `f${i}.md`));
  for (const [i, path] of paths.entries()) writeFileSync(path, `# Title ${i}\n`);
  const told = bridge.watch({ paths });
  while ((await bridge.getStats()).chunks < paths.length);
  const [read, missed] = [[], []];
  for (;;) {
    const { value } = await told.next();
    missed.push(value.missed);
    if (value.phase === 'watching') break;
    if (value.report) read.push(value.path);
  }
  assert.ok(missed[0] >= 100 && missed.slice(1).every((n) => n === 0), `${missed[0]} were dropped, before the first that is left`);
  assert.ok(missed.length <= 1_100, `${missed.length} were kept`);
  assert.equal(read.at(-1), paths.at(-1));
  assert.deepEqual(read, paths.slice(-read.length), 'the newest, in order');
  await told.return();
});

test('a folder that goes is told, and learned again when it is back', HANGS, async (t) => {
  const bridge = await open(t);
  const src = join(folder(), 'src');
  mkdirSync(src);
  writeFileSync(join(src, 'a.md'), '# A\n');
  const told = bridge.watch({ paths: [src], debounce_ms: 20 });
  await runs(told, 'watching');
  rmSync(src, { recursive: true });
  let failed;
  do failed = (await told.next()).value; while (!failed.error);
  assert.deepEqual([failed.phase, failed.kind, failed.path, failed.error.code, failed.report], ['failed', 'files', src, 'INVALID_ARGUMENT', null]);
  mkdirSync(src);
  writeFileSync(join(src, 'b.md'), '# B\n');
  let back;
  do back = (await told.next()).value; while (!back.report || back.report.stored === 0);
  writeFileSync(join(src, 'c.md'), '# C\n');
  do back = (await told.next()).value; while (!back.report || back.report.stored === 0);
  assert.equal(back.path, src, 'the new folder is watched');
  await told.return();
});

test('one file alone; and every way to an end', HANGS, async (t) => {
  const bridge = await open(t);
  const src = folder();
  const file = join(src, 'a.md');
  writeFileSync(file, '# A\n');
  writeFileSync(join(src, 'b.md'), '# B\n');
  const stop = new AbortController();
  const told = bridge.watch({ paths: [file], debounce_ms: 20, signal: stop.signal });
  await runs(told, 'watching');
  writeFileSync(join(src, 'b.md'), '# B again\n');
  writeFileSync(file, '# A again\n');
  const reports = await runs(told, (s) => s.updated === 1);
  assert.ok(did(reports) && reports[0].found === 1);
  stop.abort();
  assert.deepEqual(await told.next(), { value: undefined, done: true });
  assert.deepEqual(await told.next(), { value: undefined, done: true });
  for await (const { phase } of bridge.watch({ paths: [file] })) if (phase === 'watching') break;
  assert.deepEqual(await bridge.watch({ paths: [file], signal: AbortSignal.abort() }).next(), { value: undefined, done: true });
  const during = bridge.watch({ paths: [src] });
  const waiting = [during.next(), during.next(), during.next(), during.next(), during.next(), during.next()];
  await bridge.shutdown();
  assert.equal((await Promise.all(waiting)).at(-1).done, true);
  await rejects(bridge.watch({ paths: [src] }).next(), 'CLOSED');
});

test('wrong options reject the first progress', async (t) => {
  const bridge = await open(t);
  const src = folder();
  const refused = (options, message) => rejects(bridge.watch(options).next(), 'INVALID_ARGUMENT', message);
  await refused(undefined, /nothing to watch.*spike_templates_path/);
  await refused({ paths: [join(src, 'absent')] }, /absent.*name a file or folder that exists/);
  await refused({ spikes: [join(src, 'absent')] }, /absent/);
  await refused({ paths: [src], debounce_ms: 0 }, /debounce_ms must be 1 to 60000/);
  await refused({ paths: [src], poll_interval_ms: 1 }, /poll_interval_ms must be 10/);
  await refused({ paths: [src], debounce: 5 }, /debounce_ms/);
  await refused({ paths: [src], file_options: { max_tokens: 1 } }, /max_tokens/);
  await refused({ paths: [src], file_options: { namespace: 'x' } }, /one namespace/);
  await refused({ paths: [src], spike_options: { path: src } }, /spikes/);
  await rejects(bridge.watch({ paths: [src], signal: 'x' }).next(), 'INVALID_ARGUMENT', /AbortSignal/);
});

test('a watch keeps the process alive, and its end lets it go', HANGS, async () => {
  const [src, memory_path] = [folder(), folder()];
  writeFileSync(join(src, 'a.md'), '# A\n');
  const program = (end) => `
    import { writeFileSync } from 'node:fs';
    import { FluoriteBridge } from ${JSON.stringify(entry)};
    const bridge = await FluoriteBridge.open({ memory_path: ${JSON.stringify(memory_path)}, enable_ml: false });
    for await (const { phase, report } of bridge.watch({ paths: [${JSON.stringify(src)}], debounce_ms: 20 })) {
      if (phase === 'watching') ${end}
      if (report?.updated) break;
    }
    console.log('ended');`;
  // nothing but the watch holds it until the timer's change, and nothing at all afterwards
  const held = await node(program(`setTimeout(() => writeFileSync(${JSON.stringify(join(src, 'a.md'))}, '# A ' + Math.random()), 300).unref();`));
  endedWith(held, 0);
  assert.equal(held.stdout, 'ended\n');
  const left = await node(program('process.exit(0);'));
  endedWith(left, 0);
});
