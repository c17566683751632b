// What a new user gets wrong on the command line: it is told in a line that says what to do, and nothing is left behind.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { ended, environment, json, main, onStore, run } from './cli.mjs';
import { folder, open, root } from './helpers.mjs';

/** The one line a refused command says. */
function refused(result, code, message) {
  assert.equal(ended(result, code), '');
  assert.match(result.stderr, /^fluorite: [A-Z_]+: [^\n]+\n$/);
  assert.match(result.stderr, message);
}

// each test has its own folder: two at a time halve what starting processes costs
describe('mistakes on the command line', { concurrency: 2 }, () => {
  test('what cannot be read is refused before a store is made', async () => {
    const at = folder();
    const on = onStore(at);
    refused(await on(['store', 'absent.md']), 3, /cannot read "absent\.md"/);
    refused(await on(['store', '.']), 2, /it is a folder/);
    refused(await on(['import', 'absent.jsonl']), 3, /cannot read/);
    assert.equal(existsSync(on.memory), false);
    const both = await on(['store', 'absent.md', 'there.md'], writeFileSync(join(at, 'there.md'), 'text'));
    assert.equal(ended(both, 3), 'there.md\n', 'one that is absent keeps no other from being stored');
  });

  test('an empty --memory-path is a variable that is not set, not the current folder', async () => {
    const cwd = folder();
    for (const path of ['', ' ']) refused(await run(['store', '--no-ml', '--memory-path', path], { cwd, input: 'x' }), 2, /--memory-path is empty: name a folder/);
    assert.equal(existsSync(join(cwd, 'log')), false);
    const doctor = json(await run(['doctor', '--json', '--no-ml', '--memory-path', ''], { cwd }), 1);
    assert.match(doctor.checks.find((c) => c.name === 'folder').detail, /--memory-path is empty/);
  });

  test('a folder of code where templates are expected, a bound nothing fits into, a domain of no length', async () => {
    const at = folder();
    const on = onStore(at);
    mkdirSync(join(at, 'src'));
    writeFileSync(join(at, 'src', 'a.ts'), 'export const a = 1;\n');
    const learned = await on(['learn', 'src', '--json']);
    assert.equal(json(learned).found, 0);
    assert.equal(learned.stderr, 'there is no spike template (*.json) in "src": code, Markdown and data are learned with --files\n');
    ended(await on(['store', '--id', 'a'], { input: 'hello there, this is more than a token' }));
    for (const command of [['search', 'hello', '--budget', '1'], ['context', 'hello', '--budget', '1']]) {
      const none = await on(command);
      assert.equal(ended(none), '');
      assert.match(none.stderr, /^nothing fits, or nothing that does is within 1 tokens \(--budget\)/);
    }
    refused(await on(['search', 'hello', '--domain', '']), 2, /domain must be 1 to 128 bytes/);
    refused(await on(['metrics', '--sample', '5']), 2, /--sample and --seed belong to --accuracy/);
    refused(await on(['store', '--ttl', '9007199254740991'], { input: 'x' }), 2, /ttl_seconds .* above 0 and below 1e11/);
  });

  test('feedback: a rating in words, a correction that is no text, options beside --jsonl', async () => {
    const at = folder();
    const on = onStore(at);
    ended(await on(['store', '--id', 'a'], { input: 'text' }));
    refused(await on(['feedback', 'a', 'rating', 'good']), 2, /rating good: give a number from 0/);
    writeFileSync(join(at, 'bytes'), Buffer.from([0xff, 0xfe]));
    refused(await on(['feedback', 'a', 'correction', 'bytes']), 2, /"bytes" is not UTF-8 text/);
    refused(await on(['feedback', '--jsonl', '-', '--query', 'q'], { input: '' }), 2, /write query there, and leave out --query/);
  });

  test('a store that is in use: by whom, and the ways on', async (t) => {
    const at = folder();
    const on = onStore(at);
    const bridge = await open(t, { memory_path: on.memory });
    await bridge.storeChunk({ content: 'held' });
    const held = new RegExp(`memory" is in use by process ${process.pid}\\b.*: wait for it with --wait <seconds>, read it meanwhile with --read-only, or name another store\\n$`);
    refused(await on(['list']), 4, held);
    ended(await on(['search', 'held', '--tag', 'tpyo', '--read-only']));
    assert.match((await on(['search', 'held', '--tag', 'tpyo', '--read-only'])).stderr, /^nothing fits within the filter;/);
    writeFileSync(join(at, 'holds.cjs'), `
      require(${JSON.stringify(join(root, 'index.js'))}).FluoriteBridge.open({ memory_path: ${JSON.stringify(join(at, 'other'))}, enable_ml: false }).then(() => console.log('open'));
      process.stdin.resume();`);
    const other = spawn(process.execPath, ['holds.cjs', '--token', 'secret'], { cwd: at });
    t.after(() => other.stdin.end());
    await once(other.stdout, 'data');
    const { stderr } = await run(['list', '--memory-path', join(at, 'other')], { cwd: at });
    assert.match(stderr, new RegExp(`in use by process ${other.pid}\\b`));
    assert.doesNotMatch(stderr, /secret/, 'its arguments are its own');
    const waited = await on(['list', '--ids', '--wait', '60'], { on: (_, stderr) => void (/^waiting: ".*memory" is in use by process \d+/.test(stderr) && bridge.shutdown()) });
    assert.match(ended(waited), /^\S+\n$/);
  });

  test('a server whose folder of templates is not there says so', async () => {
    const served = await onStore(folder())(['mcp', '--spikes', 'absent'], { input: '' });
    ended(served);
    assert.match(served.stderr, /^fluorite mcp: "absent" \(--spikes, spike_paths\) is no folder: learn_spikes refuses it/);
  });

  test('output that cannot be written is a failure that is told, not an interruption', () => {
    const at = folder();
    const file = join(at, 'out');
    writeFileSync(file, '');
    const closed = openSync(file, 'r'); // writing to it fails
    const told = (...args) => {
      const { status, stderr } = spawnSync(process.execPath, [main, '--no-ml', '--memory-path', join(at, 'memory'), ...args], { env: environment(), stdio: ['pipe', closed, 'pipe'], input: 'text', encoding: 'utf8' });
      return [status, stderr];
    };
    for (const args of [['store', '--id', 'a'], ['list'], ['get', 'a'], ['export'], ['search', 'text'], ['--help']]) {
      const [status, stderr] = told(...args);
      assert.equal(status, 1, args.join(' '));
      assert.match(stderr, /^fluorite: IO: cannot write to "standard output": [^\n]+\n$/, args.join(' '));
    }
    const [, stderr] = told('list', '--json');
    assert.equal(JSON.parse(stderr).error.code, 'IO');
    closeSync(closed);
  });
});
