// Export, import, and the ways a command is cut short: Ctrl-C, a reader that leaves, a full pipe.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { ended, environment, json, main, onStore, records, run } from './cli.mjs';
import { folder, open } from './helpers.mjs';

const past = ['created_at', 'updated_at', 'accessed_at', 'usage_count', 'version', 'expires_at'];
const without = (record) => Object.fromEntries(Object.entries(record).filter(([key]) => !past.includes(key)));
const byKey = (a, b) => `${a.namespace}\0${a.id}`.localeCompare(`${b.namespace}\0${b.id}`);
const readLines = (file) => readFileSync(file, 'utf8').split('\n').filter(Boolean).map((l) => JSON.parse(l));

// each test has its own folder: two at a time halve what starting processes costs
describe('export, import, interruptions', { concurrency: 2 }, () => {
  test('an export imported is the same store; a second import stores nothing', async (t) => {
    const cwd = folder();
    const from = onStore(cwd);
    const bridge = await open(t, { memory_path: from.memory });
    const content = Buffer.from([1, 255, 0, 10, 13]);
    await bridge.storeChunks([
      { id: 'plain', content: 'text with "quotes", 日本語, \u0000, \u2028 and\r\nlines', tags: ['a', 'b'], frameworks: ['x'], quality_score: 0.3, pinned: true },
      { id: 'same id', content: 'one', namespace: 'n1', metadata: { deep: { list: [1, 'two', null] } } },
      { id: 'same id', content: 'two', namespace: 'n2', language: 'english', source: 'a/b.md', chunk_type: 'testing', memory_type: 'episodic' },
      { id: 'bytes', content },
      { id: 'replacement', content: 'an honest \ufffd' },
      { id: 'mortal', content: 'ends', ttl_seconds: 3600 },
      { id: 'empty', content: '' },
      ...Array.from({ length: 150 }, (_, i) => ({ id: `many-${i}`, content: `number ${i}` })),
    ]);
    await bridge.shutdown();
    const file = join(cwd, 'out.jsonl');
    assert.match(ended(await from(['export', file])), /^157 chunks written/);
    assert.deepEqual(readdirSync(cwd).filter((n) => n.includes('.part')), []);
    const first = readLines(file);
    assert.equal(first.find((r) => r.id === 'bytes').content_base64, content.toString('base64'));
    assert.equal(first.find((r) => r.id === 'replacement').content, 'an honest \ufffd');

    const to = onStore(folder());
    assert.deepEqual(json(await to(['import', file, '--json'])), { lines: 157, stored: 157, unchanged: 0, expired: 0, failed: 0, vectors: 0, vectors_dropped: 0, bad: [] });
    const second = records(await to(['export']));
    assert.deepEqual(second.map(without).sort(byKey), first.map(without).sort(byKey));
    assert.ok(second.find((r) => r.id === 'mortal').expires_at > new Date().toISOString());
    assert.match(ended(await to(['import', file])), /^157 lines: 0 stored, 157 unchanged\n$/);

    // what differs in the store is stored again, whichever field it is
    ended(await to(['store', '--id', 'many-3'], { input: 'changed' }));
    ended(await to(['store', '--id', 'many-4', '--tag', 'new'], { input: 'number 4' }));
    ended(await to(['delete', 'many-5', '--yes']));
    assert.deepEqual(json(await to(['import', file, '--json'])), { lines: 157, stored: 3, unchanged: 154, expired: 0, failed: 0, vectors: 0, vectors_dropped: 0, bad: [] });
    assert.equal(json(await to(['import', file, '--force', '--json'])).stored, 157);
    assert.equal(records(await from(['export', '--namespace', 'n1'])).length, 1);
  });

  test('bad lines are told by number and are not fatal', async () => {
    const at = onStore(folder());
    const lines = [
      '{"id":"one","content":"1"}',
      '{"id":"two","content":',
      '',
      '[1]',
      '{"id":"no content"}',
      '{"id":"unknown","content":"x","colour":"red"}',
      '{"id":"","content":"x"}',
      '{"id":"late","content":"x","expires_at":"2020-01-01T00:00:00.000Z"}',
      '{"id":"both","content":"x","content_base64":"eA=="}',
      '{"content":"no id"}',
      '{"id":"last","content":"ends without a line break"}',
    ];
    const result = await at(['import', '--json', '--strict'], { input: Buffer.concat([Buffer.from(`${lines[0]}\n`), Buffer.from([0x22, 0xff, 0x22, 10]), Buffer.from(lines.slice(1).join('\n'))]) });
    const report = json(result, 1);
    assert.deepEqual([report.lines, report.stored, report.expired, report.failed], [11, 3, 1, 7]);
    assert.deepEqual(report.bad.map((b) => b.line), [2, 3, 5, 6, 7, 8, 10]);
    assert.match(report.bad[0].reason, /UTF-8/);
    assert.match(report.bad[4].reason, /colour/);
    assert.equal(result.stderr.trim().split('\n').length, 7);
    const shown = await at(['import'], { input: lines.join('\n') });
    assert.match(ended(shown), /^10 lines: 0 stored, 3 unchanged, 1 expired, 6 bad\n$/); // the one without an id is the same each time
    assert.match(shown.stderr, /^fluorite: BAD_LINE: line 2: not JSON/);
  });

  test('snapshot, salvage and an export with vectors', async () => {
    const cwd = folder();
    const at = onStore(cwd);
    ended(await at(['import'], { input: Array.from({ length: 20 }, (_, i) => `${JSON.stringify({ id: `c${i}`, content: `chunk ${i}` })}\n`).join('') }));
    const copy = join(cwd, 'copy');
    assert.match(ended(await at(['snapshot', copy])), /^20 chunks copied to .*copy \(\d+ files/);
    ended(await at(['snapshot', copy]), 2);
    const deep = json(await at(['verify', '--deep', '--json']));
    assert.deepEqual([deep.ok, deep.versions], [true, 20]);
    assert.match(ended(await at(['verify', '--deep'])), /all sound\n20 versions decoded/);
    const saved = join(cwd, 'saved');
    assert.match(ended(await run(['salvage', copy, saved])), /chunks saved +20, .*\n(?:.*\n)*nothing was damaged\n$/);
    const log = join(copy, 'log', readdirSync(join(copy, 'log'))[0]);
    const bytes = readFileSync(log);
    bytes[bytes.length >> 1] ^= 1;
    writeFileSync(log, bytes);
    const lost = await run(['salvage', copy, join(cwd, 'again'), '--json']);
    const report = json(lost, 6);
    assert.ok(!report.ok && report.chunks >= 18 && report.damaged[0].file.startsWith('log/') && report.warnings.length > 0, JSON.stringify(report));
    ended(await run(['salvage', join(cwd, 'nowhere'), join(cwd, 'x')]), 3);
    const file = join(cwd, 'with.jsonl');
    assert.equal(json(await at(['export', file, '--embeddings', '--json'])).exported, 20);
  });

  test('a line over the limit is reported and the next one read', async () => {
    const { linesOf } = await import(`file://${join(main, '..', 'lines.js')}`);
    const { signal } = new AbortController();
    const source = async function* () {
      yield Buffer.from('short\n01234');
      yield Buffer.from('5678');
      yield Buffer.from('9abcdef\n\r\nén');
      yield Buffer.from('d');
    };
    const all = [];
    for await (const line of linesOf(source(), signal, 10)) all.push([line.number, line.text ?? line.fault]);
    assert.deepEqual(all, [[1, 'short'], [2, 'longer than 10 bytes'], [4, 'énd']]);
  });

  test('an export that fails leaves the old file; a folder in its place is told', async () => {
    const cwd = folder();
    const at = onStore(cwd);
    ended(await at(['store'], { input: 'x' }));
    writeFileSync(join(cwd, 'kept.jsonl'), 'old');
    ended(await at(['export', cwd]), 2);
    ended(await at(['export', join(cwd, 'absent', 'x.jsonl')]), 3);
    ended(await at(['export', 'kept.jsonl', '--where', '{"tags":5}']), 2);
    assert.equal(readFileSync(join(cwd, 'kept.jsonl'), 'utf8'), 'old');
    assert.deepEqual(readdirSync(cwd).sort(), ['kept.jsonl', 'memory']);
  });

  test('Ctrl-C ends an import with 130 and closes the store; running it again completes it', async () => {
    const at = onStore(folder());
    const lines = Array.from({ length: 640 }, (_, i) => `${JSON.stringify({ id: `c${i}`, content: `chunk ${i}` })}\n`);
    // stdin stays open: only the signal can end it
    const cut = await at(['import', '--progress', 'plain'], { start: (child) => child.stdin.write(lines.join('')), on: once((child) => child.kill('SIGINT')) });
    ended(cut, 130);
    assert.match(cut.stderr, /fluorite: interrupted; the store is closed\n$/);
    assert.equal(json(await at(['verify', '--json'])).ok, true);
    const { chunks } = json(await at(['stats', '--json']));
    assert.ok(chunks > 0 && chunks <= 640, `${chunks}`);
    const again = json(await at(['import', '--json'], { input: lines.join('') }));
    assert.deepEqual([again.stored, again.unchanged], [640 - chunks, chunks]);
  });

  /** Does it once, when the first progress is told. */
  function once(work) {
    let done = false;
    return (child, stderr) => {
      if (done || !/import \d/.test(stderr)) return;
      done = true;
      work(child);
    };
  }

  test('SIGTERM ends a command that waits for input with 143', async () => {
    const at = onStore(folder());
    const result = await at(['import', '--progress', 'plain'], {
      start: (child) => child.stdin.write('{"id":"a","content":"x"}\n'.repeat(64)),
      on: once((child) => child.kill('SIGTERM')),
    });
    ended(result, 143);
  });

  test('a reader that leaves is no failure', async () => {
    const at = onStore(folder());
    const line = 'a line of some length '.repeat(20);
    ended(await at(['import'], { input: Array.from({ length: 3000 }, (_, i) => `${JSON.stringify({ id: `c${i}`, content: `${i} ${line}` })}\n`).join('') }));
    for (const args of [['list', '--json'], ['export'], ['list']]) {
      const child = spawn(process.execPath, [main, ...args, '--memory-path', at.memory], { env: environment(), stdio: ['ignore', 'pipe', 'pipe'] });
      let stderr = '';
      child.stderr.on('data', (d) => (stderr += d));
      child.stdout.once('data', () => child.stdout.destroy());
      const code = await new Promise((done) => child.on('close', done));
      assert.deepEqual([code, stderr], [0, ''], args.join(' '));
    }
    assert.equal(json(await at(['verify', '--json'])).ok, true);
  });

  test('--json prints nothing but JSON on stdout, also with progress and remarks', async () => {
    const at = onStore(folder());
    const result = await at(['import', '--json', '--progress', 'plain'], { input: '{"content":"x"}\nbad\n' });
    assert.equal(json(result).failed, 1);
    assert.match(result.stderr, /import 2/);
    for (const line of result.stderr.split('\n').filter((l) => l.startsWith('{'))) assert.equal(JSON.parse(line).error.code, 'BAD_LINE');
    const none = await at(['delete', '--tag', 'none', '--json']);
    assert.deepEqual(json(none), { deleted: 0 });
  });
});
