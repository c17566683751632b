// The commands of `fluorite` on a real store: what they print, and how they end.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { FluoriteBridge } from '../index.mjs';
import { ended, json, main, onStore, records, run, withModel } from './cli.mjs';
import { folder, open, root } from './helpers.mjs';

const SPIKES = ['fastapi-minimal', 'fastapi-cors', 'fastify-minimal', 'docker-compose-redis', 'cypress-minimal'];

/** A folder with a few real spikes, and a broken one. */
function spikes() {
  const at = join(folder(), 'spikes');
  mkdirSync(at);
  for (const name of SPIKES) copyFileSync(join(root, 'examples', 'spikes', `${name}.json`), join(at, `${name}.json`));
  writeFileSync(join(at, 'broken.json'), '{"id": "broken", "files": [');
  return at;
}

const LINES = [
  { id: 'a', content: 'alpha rate limiting for express', tags: ['web', 'draft'], frameworks: ['express'], quality_score: 0.9, source: 'src/limit.ts' },
  { id: 'b', content: 'beta cron jobs in the background', tags: ['jobs'], namespace: 'notes', metadata: { team: 'core', size: 5 } },
  { id: 'c', content: 'gamma upload of files to s3\nwith a signed url', tags: ['web'], chunk_type: 'documentation' },
];
const asLines = (chunks) => chunks.map((c) => `${JSON.stringify(c)}\n`).join('');

/** A store with three chunks. */
async function three() {
  const at = onStore(folder());
  ended(await at(['store', '--jsonl'], { input: asLines(LINES) }));
  return at;
}

// each test has its own folder: two at a time halve what starting processes costs
describe('the commands', { concurrency: 2 }, () => {
  test('init writes a configuration that holds, with every setting in it, and overwrites nothing', async (t) => {
    const cwd = folder();
    const file = join(cwd, 'fluorite.toml');
    assert.match(ended(await run(['init', '--spikes', './spikes'], { cwd })), /fluorite\.toml written/);
    const text = readFileSync(file, 'utf8');
    // what is commented out is a setting too
    const all = join(cwd, 'all.toml');
    writeFileSync(all, text.replace(/^# (\w+ = |\[|"[^"]+" = )/gm, '$1'));
    for (const config_path of [file, all]) await (await open(t, { config_path, memory_path: folder() })).shutdown();
    assert.match(readFileSync(all, 'utf8'), /^num_threads = 4$/m);

    const again = await run(['init', '--memory-path', '/elsewhere'], { cwd });
    ended(again, 2);
    assert.match(again.stderr, /^fluorite: INVALID_ARGUMENT: .*exists already.*\n$/);
    assert.equal(readFileSync(file, 'utf8'), text);

    // the file is found from a folder below, and its paths start where it lies
    mkdirSync(join(cwd, 'deep', 'er'), { recursive: true });
    ended(await run(['store', '--id', 'x', '--no-ml'], { cwd: join(cwd, 'deep', 'er'), input: 'found' }));
    assert.ok(statSync(join(cwd, 'memory', 'MANIFEST')).isFile());
    assert.equal(ended(await run(['get', 'x'], { cwd })), 'found');
  });

  test('learn reports, forgets what is gone, and shows progress on stderr alone', { skip: !withModel && 'needs npm run setup' }, async () => {
    const at = onStore(folder(), { ml: true });
    const from = spikes();
    const first = await at(['learn', from, '--progress', 'plain', '--json']);
    const report = json(first);
    assert.deepEqual([report.found, report.stored, report.invalid.length], [6, 5, 1]);
    assert.match(first.stderr, /\d+\/6 .*\/s/);
    rmSync(join(from, 'cypress-minimal.json'));
    const second = ended(await at(['learn', from]));
    assert.match(second, /^5 spikes in /);
    assert.match(second, /0 new, 0 changed, 4 unchanged, 1 removed/);
    assert.match(second, /1 left out:\n    broken\.json at byte \d+: /);

    const hits = json(await at(['search', 'python', 'web api', '--explain', '-n', '2', '--json'])).hits;
    assert.equal(hits.length, 2);
    assert.match(hits[0].id, /fastapi/);
    assert.ok(hits[0].similarity > 0 && hits[0].explain);
    const shown = ended(await at(['search', 'python web api', '-n', '1', '--explain']));
    assert.match(shown, /^ {2}1\. 0\.\d{3} {2}spike:fastapi-\S+ {2}spike_template, python, fastapi\n {6}fastapi-\S+\.json\n/);
    assert.match(shown, /\n {6}= .*similarity 0\.\d+/);
    const near = json(await at(['related', 'spike:fastapi-minimal', '--json'])).hits;
    assert.ok(near.length === 3 && near.every((h) => h.id !== 'spike:fastapi-minimal'));
    assert.ok(near[0].similarity > 0, 'by its vector, without loading the model');
    const made = json(await at(['context', 'fastapi cors', '--budget', '120', '--json']));
    assert.ok(made.tokens > 0 && made.tokens <= 120);
    assert.equal(ended(await at(['context', 'fastapi cors', '--budget', '120'])), `${made.text}\n`);
  });

  test('vectors that wait are computed by embed', { skip: !withModel && 'needs npm run setup' }, async () => {
    const at = await three(); // stored without the model
    const before = await at(['embed']);
    ended(before, 2);
    assert.match(before.stderr, /the model is off/);
    const model = onStore(join(at.memory, '..'), { ml: true });
    const done = await model(['embed', '--json', '--progress', 'plain']);
    assert.deepEqual(json(done), { vectors: 3, pending: 0 });
    assert.match(done.stderr, /^embed 0\/\d /);
  });

  test('store, get, list, search, related, delete', async () => {
    const at = await three();
    const extra = ['--jsonl', '--type', 'testing', '--tag', 'given', '--namespace', 'other'];
    ended(await at(['store', ...extra], { input: asLines([{ id: 'd', content: 'delta' }, { id: 'e', content: 'epsilon', tags: ['own'] }]) }));
    const given = records(await at(['get', 'd', 'e', '--json', '--namespace', 'other']));
    assert.deepEqual(given.map((c) => [c.chunk_type, c.tags]), [['testing', ['given']], ['testing', ['own']]]);
    ended(await at(['delete', '--namespace', 'other', '--yes']));
    const got = records(await at(['get', 'a', 'c', '--json']));
    assert.deepEqual(got.map((c) => [c.id, c.tags, c.chunk_type]), [['a', ['web', 'draft'], 'component'], ['c', ['web'], 'documentation']]);
    assert.equal(ended(await at(['get', 'c'])), LINES[2].content);
    const missing = await at(['get', 'a', 'nope']);
    assert.equal(ended(missing, 3), LINES[0].content);
    assert.match(missing.stderr, /^fluorite: NOT_FOUND: chunk "nope"/);

    assert.deepEqual(records(await at(['list', '--json', '--order', 'id'])).map((c) => c.id).sort(), ['a', 'b', 'c']);
    assert.equal(ended(await at(['list', '--ids', '--namespace', 'notes'])), 'b\n');
    assert.equal(ended(await at(['list', '--ids', '--meta', 'size=5', '--meta', 'team=core'])), 'b\n');
    assert.equal(ended(await at(['list', '--ids', '--tag', 'web', '--not-tag', 'draft'])), 'c\n');
    assert.equal(ended(await at(['list', '--ids', '--where', '{"min_quality":0.8}'])), 'a\n');
    assert.match(ended(await at(['list', '-n', '1'])), /^\d{4}-.*component .* a {2}alpha rate limiting/);

    const found = ended(await at(['search', 'signed', 'url']));
    assert.match(found, /^ {2}1\. \d\.\d{3} {2}c {2}documentation\n {6}gamma upload of files to s3\n {6}with a signed url\n$/);
    assert.equal(ended(await at(['search', 'limiting', '--framework', 'express', '--ids'])), 'a\n');
    const none = await at(['search', 'limiting', '--framework', 'koa']);
    assert.equal(ended(none), '');
    assert.match(none.stderr, /nothing fits/);
    assert.deepEqual(json(await at(['search', 'limiting', '--json', '--framework', 'koa'])), { query: 'limiting', hits: [] });

    const asked = await at(['delete', 'a']);
    assert.match(asked.stderr, /^fluorite: USAGE: Delete "a"\? .*--yes\n$/);
    ended(asked, 2);
    ended(await at(['delete'], {}), 2);
    ended(await at(['delete', 'a', '--tag', 'web', '--yes']), 2);
    assert.equal(ended(await at(['list', '--ids', '--namespace', 'default'])), 'a\nc\n', 'nothing was deleted so far');
    assert.deepEqual(json(await at(['delete', 'a', 'nope', '--yes', '--json']), 3), { deleted: 1, missing: ['nope'] });
    assert.deepEqual(json(await at(['delete', '--where', '{"tags":{"any":["web"]}}', '-y', '--json'])), { deleted: 1 });
    assert.equal(ended(await at(['list', '--ids'])), 'b\n');
  });

  test('files are stored under their path, bytes as they are; cut texts replace their pieces', async () => {
    const cwd = folder();
    const at = onStore(cwd);
    const bytes = Buffer.from([0, 255, 254, 10, 65]);
    mkdirSync(join(cwd, 'docs'));
    writeFileSync(join(cwd, 'docs', 'logo.bin'), bytes);
    const section = (n) => `## Section ${n}\n\nThe text of section ${n} speaks of one thing alone, at some length, and then ends.\n\n`;
    writeFileSync(join(cwd, 'docs', 'guide.md'), `# Guide\n\n${[1, 2, 3, 4].map(section).join('')}`);
    assert.equal(ended(await at(['store', 'docs/logo.bin', join(cwd, 'docs', 'guide.md'), '--tag', 'docs'])), 'docs/logo.bin\ndocs/guide.md\n');
    const raw = spawnSync(process.execPath, [main, 'get', 'docs/logo.bin', '--memory-path', at.memory]);
    assert.deepEqual(raw.stdout, bytes);

    const [{ ids }] = records(await at(['store', 'docs/guide.md', '--chunk', '--max-tokens', '32', '--metadata', '{"team":"docs"}', '--json']));
    assert.ok(ids.length >= 4 && ids[0] === 'docs/guide.md#1', ids.join());
    const [second] = records(await at(['get', ids[1], '--json']));
    assert.equal(second.source, 'docs/guide.md');
    assert.deepEqual([second.metadata.team, second.metadata.path], ['docs', 'docs/guide.md']);
    assert.equal(second.metadata.parts, ids.length);
    assert.ok(second.metadata.start_line > 1 && second.metadata.end_line >= second.metadata.start_line);
    writeFileSync(join(cwd, 'docs', 'guide.md'), `# Guide\n\n${section(1)}`);
    const [{ ids: fewer }] = records(await at(['store', 'docs/guide.md', '--chunk', '--max-tokens', '32', '--json']));
    assert.ok(fewer.length < ids.length);
    assert.deepEqual(ended(await at(['list', '--ids', '--source', 'docs/guide.md'])).split('\n').filter((id) => id.includes('#')).sort(), fewer);

    // one file that cannot be read leaves the others
    const some = await at(['store', 'docs/absent.md', 'docs', 'docs/guide.md']);
    assert.equal(ended(some, 2), 'docs/guide.md\n');
    assert.match(some.stderr, /NOT_FOUND: docs\/absent\.md: .*\n.*INVALID_ARGUMENT: docs: .*it is a folder/);
    ended(await at(['store', 'docs/absent.md']), 3);
  });

  test('stats, health, verify, optimize; damage ends with its own code', async () => {
    const at = await three();
    assert.equal(json(await at(['stats', '--json'])).chunks, 3);
    assert.match(ended(await at(['stats'])), /^chunks {8,}3\n/);
    assert.equal(json(await at(['health', '--json'])).status, 'ok');
    assert.match(ended(await at(['health'])), /embedder {2}ok: off/);
    assert.equal(json(await at(['verify', '--json'])).ok, true);
    assert.equal(typeof json(await at(['optimize', '--json'])).bytes_after, 'number');
    assert.match(ended(await at(['verify'])), /^\d+ records, .*: all sound\n$/);

    // what the open does not read again is found by verify: a segment that was sealed
    const cwd = folder();
    writeFileSync(join(cwd, 'fluorite.toml'), 'memory_path = "memory"\nenable_ml = false\n[memory]\nsegment_mb = 1\nenable_compression = false\n');
    ended(await run(['import'], { cwd, input: asLines(Array.from({ length: 40 }, (_, i) => ({ id: `m${i}`, content: `more ${i} `.repeat(8_000) }))) }));
    const segments = readdirSync(join(cwd, 'memory', 'log')).sort();
    assert.ok(segments.length > 1);
    const log = join(cwd, 'memory', 'log', segments[0]);
    const bytes = readFileSync(log);
    bytes[bytes.length >> 1] ^= 0x55;
    writeFileSync(log, bytes);
    const damaged = await run(['verify', '--json'], { cwd });
    assert.ok(json(damaged, 6).damaged.length > 0);
    assert.match(ended(await run(['verify'], { cwd }), 6), /\d damaged\n {2}log\/\d{8}\.seg at \d+\.\.\d+: .*\n {4}lost: .* chunks.*\n {4}-> restore.*salvage/);
  });

  test('exit codes and one-line messages', async (t) => {
    const cwd = folder();
    const cases = [
      [['serach', 'x'], 2, /^fluorite: USAGE: unknown command 'serach' \(Did you mean search\?\)\n$/],
      [['search', 'x', '--nope'], 2, /^fluorite: USAGE: unknown option '--nope'.*\n$/],
      [['search'], 2, /^fluorite: USAGE: missing required argument 'query'\n$/],
      [['list', '--limit', 'many'], 2, /^fluorite: USAGE: .*must be a number.*\n$/],
      [['stats'], 2, /^fluorite: INVALID_CONFIG: no store is named: run `fluorite init`.*\n$/],
      [['stats', '--memory-path', join(cwd, 'none')], 3, /^fluorite: NOT_FOUND: there is no store in .*\n$/],
      [['stats', '--config', join(cwd, 'none.toml')], 3, /^fluorite: NOT_FOUND: cannot read the configuration file .*\n$/],
    ];
    for (const [args, code, message] of cases) {
      const result = await run(args, { cwd });
      assert.equal(ended(result, code), '', args.join(' '));
      assert.match(result.stderr, message);
    }
    ended(await run([], { cwd }), 2);
    assert.match(ended(await run(['--version'], { cwd })), /^\d+\.\d+\.\d+\n$/);

    writeFileSync(join(cwd, 'bad.toml'), 'memory_path = "m"\n[memory]\ncahce_size_mb = 1\n');
    const bad = await run(['store', '--config', 'bad.toml', '--json'], { cwd, input: 'x' });
    assert.equal(ended(bad, 2), '');
    assert.match(JSON.parse(bad.stderr).error.message, /cahce_size_mb.*cache_size_mb/);
    writeFileSync(join(cwd, 'broken.toml'), 'memory_path = \n');
    const broken = await run(['stats', '--config', 'broken.toml'], { cwd });
    ended(broken, 2);
    assert.match(broken.stderr, /^fluorite: INVALID_CONFIG: configuration file ".*broken\.toml", line 1, column \d+: .*\n$/);

    const bridge = await open(t, { memory_path: join(cwd, 'held') });
    await bridge.storeChunk({ content: 'held' });
    const held = await run(['list', '--memory-path', join(cwd, 'held'), '--debug'], { cwd });
    ended(held, 4);
    assert.match(held.stderr, new RegExp(`^fluorite: STORE_LOCKED: .*process ${process.pid}\\b.*: wait for it with --wait <seconds>.*\\n`));
    assert.match(held.stderr, /\n +at /, '--debug shows where');

    let waited = false;
    const free = await run(['list', '--ids', '--wait', '60', '--memory-path', join(cwd, 'held')], {
      cwd,
      on: () => {
        waited = true;
        void bridge.shutdown();
      },
    });
    assert.match(ended(free), /^[0-9a-f-]{36}\n$/);
    assert.match(free.stderr, /^waiting: .*process \d+/);
    assert.ok(waited);

    const at = await three();
    ended(await at(['search', 'x', '--ef', '3'], {}), 2);
    ended(await at(['search', 'x', '-n', '5000']), 2);
    ended(await at(['get', 'x'.repeat(2000)]), 2);
    ended(await at(['related', 'nope']), 3);
  });

  test('FLUORITE_MEMORY_PATH and FLUORITE_CONFIG name the store; the option comes first', async () => {
    const cwd = folder();
    const [a, b] = [join(cwd, 'a'), join(cwd, 'b')];
    writeFileSync(join(cwd, 'c.toml'), 'memory_path = "from-file"\nenable_ml = false\n');
    const env = { FLUORITE_CONFIG: join(cwd, 'c.toml'), FLUORITE_MEMORY_PATH: a };
    ended(await run(['store', '--id', 'in-a'], { cwd, env, input: 'x' }));
    ended(await run(['store', '--id', 'in-b', '--memory-path', b], { cwd, env, input: 'x' }));
    ended(await run(['store', '--id', 'in-file'], { cwd, env: { FLUORITE_CONFIG: join(cwd, 'c.toml') }, input: 'x' }));
    for (const [at, id] of [[a, 'in-a'], [b, 'in-b'], [join(cwd, 'from-file'), 'in-file']]) {
      const bridge = await FluoriteBridge.open({ memory_path: at, enable_ml: false });
      assert.ok(await bridge.getChunk(id), id);
      await bridge.shutdown();
    }
  });

  test('every command has a help with examples', async () => {
    const help = ended(await run(['--help']));
    const names = [...help.matchAll(/^ {2}([a-z]+) (?:\[|<| )/gm)].map((m) => m[1]).filter((n) => n !== 'help');
    assert.ok(names.length >= 18, names.join());
    // one process for all: a command's help is commander's to print
    const { build } = await import(`file://${join(root, 'cli', 'program.js')}`);
    const program = build({ action: () => () => undefined });
    assert.deepEqual(program.commands.map((c) => c.name()), names);
    for (const command of program.commands) {
      let text = '';
      command.configureOutput({ writeOut: (s) => (text += s) }).outputHelp();
      assert.match(text, /\nExamples:\n {2}\$ .*fluorite /, command.name());
      assert.match(text, /--memory-path/, command.name());
    }
  });

  test('completion scripts parse, and bash completes commands, options, choices and files', async () => {
    const script = ended(await run(['completion', 'bash']));
    assert.equal(spawnSync('bash', ['-n'], { input: script }).status, 0);
    const complete = (...words) => {
      const line = words.map((w) => `'${w}'`).join(' ');
      const asked = `${script}\nCOMP_WORDS=(${line}); COMP_CWORD=${words.length - 1}; _fluorite; printf '%s\\n' "\${COMPREPLY[@]}"`;
      return spawnSync('bash', ['-c', asked], { cwd: root, encoding: 'utf8' }).stdout.split('\n').filter(Boolean);
    };
    assert.deepEqual(complete('fluorite', 'sea'), ['search']);
    assert.ok(complete('fluorite', '--memory-path', 'x', 'search', '--ex').join().match(/--explain,--exact/));
    assert.deepEqual(complete('fluorite', 'search', '--mode', ''), ['hybrid', 'vector', 'lexical']);
    assert.deepEqual(complete('fluorite', 'related', 'x', '--mode', 'v'), ['vector']);
    assert.deepEqual(complete('fluorite', 'list', '--progress', 'p'), ['plain']);
    assert.deepEqual(complete('fluorite', 'store', 'READ'), ['README.md']);
    assert.deepEqual(complete('fluorite', 'export', '--config', 'tscon'), ['tsconfig.json']);
    assert.deepEqual(complete('fluorite', 'completion', 'z'), ['zsh']);
    for (const [shell, line] of [['zsh', /^#compdef fluorite\n/], ['fish', /complete -c fluorite -n __fish_use_subcommand -f -a search /]]) {
      const text = ended(await run(['completion', shell]));
      assert.match(text, line);
      if (spawnSync(shell, ['--version']).status === 0) assert.equal(spawnSync(shell, ['-n'], { input: text }).status, 0);
    }
    ended(await run(['completion', 'tcsh']), 2);
  });

  test('mcp serves the store on standard input and output, and ends with its client', { skip: !withModel && 'needs npm run setup' }, async () => {
    const at = await three();
    const ask = (id, method, params) => `${JSON.stringify({ jsonrpc: '2.0', ...(id && { id }), method, params })}\n`;
    const input = [
      ask(1, 'initialize', { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'test', version: '1' } }),
      ask(undefined, 'notifications/initialized'),
      ask(2, 'tools/call', { name: 'memory_get', arguments: { id: 'c' } }),
    ].join('');
    const answers = records(await at(['mcp', '--spikes', folder()], { input }));
    assert.deepEqual(answers.map((a) => a.id).sort(), [1, 2]);
    assert.match(JSON.stringify(answers.find((a) => a.id === 2).result), /gamma upload/);
    ended(await at(['mcp', '--host', '0.0.0.0', '--port', '0'], { env: { FLUORITE_MCP_TOKEN: 'x'.repeat(16) } }), 2);
  });

  test('styled on a terminal, plain with NO_COLOR, --no-color and in a pipe; stored text cannot steer the terminal', async (t) => {
    const at = await three();
    ended(await at(['store', '--id', 'evil'], { input: 'evil \u001b]0;title\u0007 text' }));
    for (const args of [['search', 'evil'], ['list'], ['stats'], ['verify'], ['doctor'], ['--help']]) {
      const { stdout, stderr } = await at(args);
      // eslint-disable-next-line no-control-regex
      assert.doesNotMatch(stdout + stderr, /\u001b/, args.join(' '));
    }
    if (process.platform !== 'linux' || spawnSync('script', ['--version']).status !== 0) return t.skip('no `script` to make a terminal');
    const terminal = async (args, env = {}, input = '') => {
      const line = [process.execPath, main, ...args, '--memory-path', at.memory, '--no-ml'].map((w) => `'${w}'`).join(' ');
      return (await run(['-qec', line, '/dev/null'], { program: 'script', script: null, env: { TERM: 'xterm', ...env }, input })).stdout;
    };
    const shown = await terminal(['search', 'evil']);
    assert.match(shown, /\u001b\[1mevil\u001b\[22m/);
    assert.doesNotMatch(shown, /\u001b\]0;/);
    assert.doesNotMatch(await terminal(['get', 'evil']), /\u001b/);
    assert.match(await terminal(['related', 'nope']), /\u001b\[31mfluorite: NOT_FOUND:/);
    for (const args of [['search', 'evil'], ['related', 'nope']]) assert.doesNotMatch(await terminal(args, { NO_COLOR: '1' }), /\u001b/);
    assert.doesNotMatch(await terminal(['search', 'evil', '--no-color']), /\u001b/);

    // a question is asked, and only yes is an answer
    assert.match(await terminal(['delete', 'a'], {}, 'n\n'), /Delete "a"\? \[y\/N\].*nothing was changed/s);
    assert.match(await terminal(['delete', '--tag', 'web'], {}, 'y\n'), /Delete 2 chunks\? .*2 deleted/s);
    assert.equal(ended(await at(['list', '--ids'])), 'b\nevil\n');
  });
});
