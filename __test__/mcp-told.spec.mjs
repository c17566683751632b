// What clients are told of failures: nothing of the machine. The operator's log has it whole.
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { FluoriteError } from 'fluorite-bridge';

import { withoutPaths } from '../facade/answers.js';
import { call, client, serve } from './mcp-helpers.mjs';
import { folder, open } from './helpers.mjs';

test('absolute paths in messages', () => {
  const rows = [
    ['"/data" is no folder: create it', '[path] is no folder: create it'], ['cannot read /data', 'cannot read [path]'], ['/data: no such file', '[path]: no such file'],
    ['"/home/Ann Lee/мой склад/x" is locked', '[path] is locked'], ["'/srv/my store' and `/b c/d`", '[path] and [path]'], ['open /home/anné/склад failed', 'open [path] failed'],
    ['(/srv/store/a.log)', '([path])'], ['"C:\\Users\\Ann Lee\\x" is gone', '[path] is gone'], ['C:/data/x, D:\\y', '[path], [path]'], ['\\\\host\\share\\x', '[path]'], ['file:///etc/passwd!', '[path]'],
    [`"/home/${'x'.repeat(2_000)} y" tail`, '[path]'], ['cut "/home/ann lee/x', 'cut [path]'], ['/a/b and /c', '[path] and [path]'], ['"/a"b" c', '[path]b" c'],
    // not paths of the machine
    ['filter.tags and/or a.b/c', 'filter.tags and/or a.b/c'], ['12 MiB/s, 1 / 2', '12 MiB/s, 1 / 2'], ['see https://example.com/a/b', 'see https://example.com/a/b'], ['<b>x</b>', '<b>x</b>'], ['src/main.ts:12', 'src/main.ts:12'],
    ['"a" "b"', '"a" "b"'], ['', ''],
  ];
  for (const [message, told] of rows) assert.equal(withoutPaths(message), told);
  const long = '/"'.repeat(20_000);
  assert.ok(withoutPaths(long).length <= 3_000);
});

test('learn_spikes names no folder of the machine, and the log does', async (t) => {
  const spikes = join(folder(), 'very secret');
  mkdirSync(spikes);
  writeFileSync(join(spikes, 'f.json'), 'x');
  const lines = [];
  const c = await client(t, await serve(t, { spike_paths: [spikes], logger: (line) => lines.push(line) }));
  for (const [args, said, before] of [[{ path: 'f.json' }, /name the folder it lies in/, () => undefined], [{}, /create it/, () => rmSync(spikes, { recursive: true })]]) {
    before();
    const { isError, content } = await c.callTool({ name: 'learn_spikes', arguments: args });
    assert.equal(isError, true);
    assert.match(content[0].text, /^\[path\] .*\(INVALID_ARGUMENT\)$/);
    assert.match(content[0].text, said);
    assert.doesNotMatch(JSON.stringify(content), /secret/);
    assert.match(lines.at(-1), /learn_spikes: INVALID_ARGUMENT: .*very secret/);
  }
});

test('failures of the server are one sentence for clients and whole in the log', async (t) => {
  const lines = [];
  const bridge = await open(t);
  const c = await client(t, await serve(t, { bridge, logger: (line) => lines.push(line) }));
  let code = 'IO';
  const fail = async () => {
    throw new FluoriteError(code, 'cannot write /srv/secret store/3.log: No such device');
  };
  bridge.getStats = bridge.getChunk = fail;
  bridge.listChunks = () => ({ [Symbol.asyncIterator]: () => ({ next: fail }) });
  for (code of ['IO', 'CORRUPT', 'STORE_LOCKED', 'NO_SPACE', 'INTERNAL', 'MODEL_NOT_FOUND', 'A_LATER_CODE']) {
    for (const [name, args] of [['memory_stats', {}], ['memory_get', { id: 'x' }], ['read_graph', {}]]) {
      const { isError, content, _meta } = await c.callTool({ name, arguments: args });
      assert.deepEqual([isError, _meta['fluorite/code']], [true, code]);
      assert.doesNotMatch(content[0].text, /secret|store\/3/);
      assert.equal(lines.at(-1), `${name}: ${code}: cannot write /srv/secret store/3.log: No such device`);
    }
    await assert.rejects(c.readResource({ uri: 'memory://knowledge-graph' }), (e) => e.message.includes(code) && !/secret|store\/3/.test(e.message));
  }
  const told = lines.length;
  for (code of ['ABORTED', 'BUSY']) assert.equal((await c.callTool({ name: 'memory_stats', arguments: {} }))._meta['fluorite/code'], code);
  assert.equal(lines.length, told, 'that is no failure');
  bridge.health = async () => ({ status: 'degraded', storage: { status: 'degraded', detail: '"/srv/secret/x" cannot be written' }, index: { status: 'ok', detail: null }, embedder: { status: 'ok', detail: null } });
  delete bridge.getStats;
  assert.equal((await call(c, 'memory_stats')).health.storage.detail, '[path] cannot be written');
});

test('the words of a client come back as they are', async (t) => {
  const c = await client(t, await serve(t));
  await assert.rejects(call(c, 'add_observations', { observations: [{ entityName: '/src/app.ts', contents: ['x'] }] }), /Entity with name \/src\/app\.ts not found/);
});
