// learnFromFiles with `sources`: a local git repository and a local HTTP server stand for the rest of the world.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { folder, open, rejects } from './helpers.mjs';

/** A repository; `git(...)` runs git in it. */
function repository(files) {
  const dir = folder();
  const git = (...args) => execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', '-c', 'protocol.file.allow=always', '-C', dir, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
  git('init', '-q', '-b', 'main');
  const commit = (more, gone = []) => {
    for (const [name, text] of Object.entries(more)) writeFileSync(join(dir, name), text);
    for (const name of gone) rmSync(join(dir, name));
    git('add', '-A');
    git('commit', '-q', '-m', 'x');
    return git('rev-parse', 'HEAD');
  };
  const head = commit(files);
  return { dir, git, commit, head };
}

/** A server; `requests` are those it got. */
async function server(t, answer) {
  const requests = [];
  const http = createServer((request, response) => {
    requests.push(request);
    answer(request, response);
  }).listen(0, '127.0.0.1');
  await once(http, 'listening');
  t.after(() => {
    http.closeAllConnections();
    http.close();
  });
  return { at: (path) => `http://127.0.0.1:${http.address().port}${path}`, requests };
}

const ids = async (bridge) => {
  const all = [];
  for await (const { id } of bridge.listChunks()) all.push(id);
  return all.sort();
};

test('git: the newest commit, then only what changed; nothing of the repository is run', async (t) => {
  const bridge = await open(t);
  const marker = join(folder(), 'ran');
  const inner = repository({ 'inner.md': '# Inner\n' });
  const repo = repository({ 'a.md': '# A\n\nabout lions\n', 'b.md': '# B\n', '.gitattributes': '*.md filter=evil\n' });
  repo.git('submodule', 'add', '-q', inner.dir, 'sub');
  symlinkSync('/etc/passwd', join(repo.dir, 'link.md'));
  repo.commit({});
  const sources = [{ git: repo.dir }];
  const cache_dir = folder();
  const learn = (more = []) => bridge.learnFromFiles([], { sources: [...more, ...sources], cache_dir });
  const first = await learn();
  assert.deepEqual(first.sources, [{ address: repo.dir, state: 'fetched', revision: repo.git('rev-parse', 'HEAD'), error: null }]);
  assert.equal(first.stored, 3, 'two documents and the link as the text it is');
  assert.ok(!(await ids(bridge)).some((id) => id.includes('inner')), 'no submodule');
  const chunk = await bridge.getChunk('file:a.md#A');
  assert.deepEqual([chunk.metadata.folder, chunk.metadata.path, chunk.source], [repo.dir, 'a.md', 'a.md']);
  // what somebody could have put into the copy
  const [copy] = readdirSync(cache_dir);
  mkdirSync(join(cache_dir, copy, '.git', 'hooks'), { recursive: true });
  for (const hook of ['post-checkout', 'post-merge', 'reference-transaction']) writeFileSync(join(cache_dir, copy, '.git', 'hooks', hook), `#!/bin/sh\ntouch ${marker}\n`, { mode: 0o755 });
  const again = await learn();
  assert.deepEqual([again.sources[0].state, again.stored, again.unchanged], ['unchanged', 0, 3]);
  const head = repo.commit({ 'a.md': '# A\n\nabout zebras\n', 'c.md': '# C\n' }, ['b.md']);
  const third = await learn([{ git: `file://${repo.dir}` }]);
  assert.deepEqual(third.sources.map((s) => [s.state, s.revision]), [['fetched', head], ['fetched', head]]);
  assert.deepEqual([third.stored, third.updated, third.removed], [4, 1, 1], 'the other address is another source');
  assert.ok(!existsSync(marker), 'a hook ran');
});

test('git: a branch, a tag; refusals say why; a copy outlives what it was made from', async (t) => {
  const cache = folder();
  const bridge = await open(t);
  const repo = repository({ 'a.md': '# Main\n' });
  repo.git('tag', 'v1');
  repo.git('checkout', '-q', '-b', 'feature/x');
  repo.commit({ 'a.md': '# Feature\n' });
  const learn = (source) => bridge.learnFromFiles([], { sources: [source], cacheDir: cache });
  const first = await learn({ git: repo.dir, ref: 'v1' });
  assert.equal(first.sources[0].address, `${repo.dir}#v1`);
  await learn({ git: repo.dir, ref: 'feature/x' });
  assert.deepEqual(await ids(bridge), ['file:a.md#Feature', 'file:a.md#Main']);
  await rejects(learn({ git: repo.dir, ref: 'absent' }), 'IO', /nothing could be fetched.*git fetch failed.*absent/s);
  rmSync(repo.dir, { recursive: true });
  const gone = await learn({ git: repo.dir, ref: 'v1' });
  assert.deepEqual([gone.sources[0].state, gone.unchanged, gone.removed], ['failed', 1, 0]);
  assert.match(gone.sources[0].error, /git fetch failed/);
});

test('addresses that git would take for something else are refused before anything runs', async (t) => {
  const bridge = await open(t);
  const refused = (source, message) => rejects(bridge.learnFromFiles([], { sources: [source] }), 'INVALID_ARGUMENT', message);
  await refused({ git: '--upload-pack=touch /tmp/x' }, /blanks/);
  await refused({ git: '--upload-pack=evil' }, /dash/);
  await refused({ git: 'ext::sh' }, /remote helper/);
  await refused({ git: 'fd::17' }, /remote helper/);
  await refused({ git: 'http://example.org/x.git' }, /not http:/);
  await refused({ git: 'git://example.org/x.git' }, /not git:/);
  await refused({ git: 'ssh://-oProxyCommand=evil/x' }, /dash/);
  await refused({ git: '-evil@host:x' }, /dash/);
  await refused({ git: 'a@-host:x' }, /dash/);
  await refused({ git: '/tmp/x', ref: '--output=x' }, /ref/);
  await refused({ git: '/tmp/x', ref: 'a:b' }, /ref/);
  await refused({ git: '/tmp/x', ref: 'a..b' }, /ref/);
  await refused({ url: 'file:///etc/passwd' }, /https/);
  await refused({ url: 'http://user:secret@127.0.0.1/' }, /password/);
  await refused({ url: 'x' }, /https/);
  await refused({ url: 'https://example.org', git: '/tmp/x' }, /either/);
  await refused({}, /either/);
  await refused({ url: 'https://example.org', rev: 'x' }, /rev is not known/);
  await refused('https://example.org', /./);
  await rejects(bridge.learnFromFiles([], { sources: 'x' }), 'INVALID_ARGUMENT', /list/);
  await rejects(bridge.learnFromFiles('x', { sources: [] }), 'INVALID_ARGUMENT', /paths/);
  await rejects(bridge.learnFromFiles([], { sources: [] }), 'INVALID_ARGUMENT', /paths/);
  await rejects(bridge.learnFromFiles([], { sources: [], cache_dir: 5 }), 'INVALID_ARGUMENT', /cache_dir/);
  await rejects(bridge.learnFromFiles([], { sources: [], fetch_timeout_ms: 0 }), 'INVALID_ARGUMENT', /fetch_timeout_ms/);
});

test('documents: by their type, conditional from the second time, nothing that was not listed', async (t) => {
  const home = folder();
  const bridge = await open(t, { memory_path: join(home, 'memory') });
  const texts = { '/guide': ['text/markdown; charset=utf-8', '# Guide\n\nabout lions\n'], '/api.json': ['application/json', '{"name": "x"}'], '/src/main.rs': ['text/plain', 'fn main() {}\n'],
    '/': ['text/html', '<html><body><h1>Start</h1><a href="/other">more</a></body></html>'], '/latin': ['text/plain; charset=iso-8859-1', Buffer.from([0x63, 0x61, 0x66, 0xe9])] };
  const { at, requests } = await server(t, (request, response) => {
    const [type, text] = texts[request.url];
    const etag = `"${Buffer.from(text).length}"`;
    if (request.headers['if-none-match'] === etag) return void response.writeHead(304).end();
    const zipped = request.url === '/guide';
    response.writeHead(200, { 'content-type': type, etag, ...(zipped && { 'content-encoding': 'gzip' }) }).end(zipped ? gzipSync(text) : text);
  });
  const sources = Object.keys(texts).map((path) => ({ url: at(path) }));
  const phases = [];
  const first = await bridge.learnFromFiles([], { sources, on_progress: (p) => phases.push(p.phase) });
  assert.deepEqual(first.sources.map((s) => s.state), Array(5).fill('fetched'));
  assert.deepEqual([first.stored, first.invalid], [5, []]);
  assert.ok(phases.includes('fetching') && phases.includes('learning'));
  assert.equal((await bridge.getChunk('file:guide.md#Guide')).metadata.folder, at('/guide'));
  assert.equal((await bridge.getChunk('file:main.rs#main')).language, 'rust');
  assert.ok((await bridge.searchSimilar('café')).some((h) => h.content === 'café'));
  const again = await bridge.learnFromFiles([], { sources });
  assert.deepEqual(again.sources.map((s) => s.state), Array(5).fill('unchanged'));
  assert.deepEqual([again.stored, again.updated, again.unchanged], [0, 0, 5]);
  assert.ok(requests.slice(0, 5).every((r) => !r.headers['if-none-match']) && requests.slice(5).every((r) => r.headers['if-none-match']), 'only what has changed is sent again');
  texts['/guide'][1] = '# Guide\n\nabout all the zebras\n';
  const third = await bridge.learnFromFiles([], { sources });
  assert.deepEqual(third.sources.map((s) => s.state), ['fetched', ...Array(4).fill('unchanged')]);
  assert.equal(third.updated, 1);
  assert.deepEqual([...new Set(requests.map((r) => r.url))].sort(), Object.keys(texts).sort(), 'only what was listed');
  assert.equal((await bridge.learnFromFiles([home])).found, 0, 'copies in the store are no files of the folder around it');
  const stats = await bridge.getLearningStats();
  assert.deepEqual(stats.sources.map((s) => s.folder).sort(), sources.map((s) => s.url).sort(), 'sources go by their address');
});

test('documents: size, time, redirects and types are bounded; the others are learned all the same', async (t) => {
  const bridge = await open(t);
  let hang;
  const { at, requests } = await server(t, (request, response) => {
    const go = (location) => response.writeHead(302, { location }).end();
    if (request.url === '/good') return void response.writeHead(200, { 'content-type': 'text/markdown' }).end('# Good\n');
    if (request.url === '/moved') return go('/good');
    if (request.url === '/loop') return go('/loop');
    if (request.url === '/away') return go('http://localhost:1/secret');
    if (request.url === '/file') return go('file:///etc/passwd');
    if (request.url === '/zip') return void response.writeHead(200, { 'content-type': 'application/zip' }).end('PK');
    if (request.url === '/bad') return void response.writeHead(200, { 'content-type': 'text/plain' }).end(Buffer.from([0xff, 0xfe, 0xfd]));
    if (request.url === '/bomb') return void response.writeHead(200, { 'content-type': 'text/plain', 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(2_000_000, 'x')));
    if (request.url === '/slow') return void (hang = response.writeHead(200, { 'content-type': 'text/plain' })).write('x');
    response.writeHead(404, 'Not Found').end();
  });
  const reasons = { '/moved': null, '/loop': /more than 5 times/, '/away': /redirects to http:\/\/localhost:1\/secret: list that address/, '/file': /redirects to file:/, '/zip': /application\/zip is no text/,
    '/bad': /no text in utf-8/, '/bomb': /more than 1048576 bytes/, '/slow': /longer than 1000 ms/, '/absent': /404/, '/good': null };
  const report = await bridge.learnFromFiles([], { sources: Object.keys(reasons).map((path) => ({ url: at(path) })), fetch_timeout_ms: 1_000 });
  for (const [i, [path, why]] of Object.entries(reasons).entries()) {
    const { state, error } = report.sources[i];
    assert.equal(state, why ? 'failed' : 'fetched', `${path}: ${error}`);
    if (why) assert.match(error, why, path);
  }
  assert.equal(report.stored, 2);
  assert.ok(requests.every((r) => r.headers.authorization === undefined && r.headers.cookie === undefined));
  hang.destroy();
  const nobody = await bridge.learnFromFiles([folder()], { sources: [{ url: 'http://127.0.0.1:1/x' }] });
  assert.match(nobody.sources[0].error, /ECONNREFUSED|bad port|fetch failed/);
  await rejects(bridge.learnFromFiles([], { sources: [{ url: at('/absent') }] }), 'IO', /nothing could be fetched: .*404/);
  const stop = new AbortController();
  const stopped = bridge.learnFromFiles([], { sources: [{ url: at('/slow') }], signal: stop.signal });
  while (requests.filter((r) => r.url === '/slow').length < 2) await new Promise((turn) => setImmediate(turn));
  stop.abort();
  await rejects(stopped, 'ABORTED');
  hang.destroy();
});
