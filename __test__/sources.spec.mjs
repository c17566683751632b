// learnFromFiles with `sources`: a local git repository and a local HTTP server stand for the rest of the world.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
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
  const copy = readdirSync(cache_dir).find((entry) => !entry.endsWith('.json'));
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

test('git: a damaged copy is made anew, and the repository it lies in is not touched', async (t) => {
  const repo = repository({ 'a.md': '# A\n' });
  const damages = {
    'an empty HEAD': (git) => writeFileSync(join(git, 'HEAD'), ''),
    'an empty .git': (git) => mkdirSync(git),
    'no .git': () => undefined,
    'a .git that leads elsewhere': (git, mine) => writeFileSync(git, `gitdir: ${join(mine.dir, '.git')}\n`),
    'a lock of a git that was killed': (git) => writeFileSync(join(git, 'index.lock'), ''),
    'no objects': (git) => rmSync(join(git, 'objects'), { recursive: true }),
  };
  for (const [name, damage] of Object.entries(damages)) {
    const mine = repository({ 'mine.txt': 'committed\n', '.gitignore': 'memory\nignored.txt\n' });
    const bridge = await open(t, { memory_path: join(mine.dir, 'memory') });
    const learn = () => bridge.learnFromFiles([], { sources: [{ git: repo.dir }] });
    await learn();
    const cache = join(mine.dir, 'memory', '.sources');
    const git = join(cache, readdirSync(cache).find((entry) => entry.startsWith('git-') && !entry.includes('.')), '.git');
    for (const file of ['mine.txt', 'new.txt', 'ignored.txt']) writeFileSync(join(mine.dir, file), 'not committed\n');
    if (/^(an empty .git|no .git|a .git that)/.test(name)) rmSync(git, { recursive: true });
    damage(git, mine);
    const state = () => [mine.git('status', '--porcelain', '--ignored=no'), mine.git('rev-parse', 'HEAD'), readdirSync(join(mine.dir, '.git')).sort()];
    const before = state();
    for (const expected of ['unchanged', 'unchanged']) assert.deepEqual((await learn()).sources, [{ address: repo.dir, state: expected, revision: repo.head, error: null }], name);
    assert.deepEqual(state(), before, name);
    for (const file of ['mine.txt', 'new.txt', 'ignored.txt']) assert.equal(readFileSync(join(mine.dir, file), 'utf8'), 'not committed\n', name);
    assert.deepEqual(readdirSync(cache).length, 2, 'the copy and what is known of it');
    await bridge.shutdown();
  }
});

test('git: a commit that cannot be checked out is not learned, nor the half of it', async (t) => {
  const cache_dir = folder();
  const bridge = await open(t);
  const repo = repository({ 'a.md': '# A\n', 'b.md': '# B\n' });
  const learn = (paths = []) => bridge.learnFromFiles(paths, { sources: [{ git: repo.dir }], cache_dir });
  await learn();
  // no file system takes such a name; what comes before it in the tree is checked out
  const blob = repo.git('hash-object', '-w', 'a.md');
  rmSync(join(repo.dir, 'b.md'));
  writeFileSync(join(repo.dir, 'a.md'), '# A of the half\n');
  repo.git('add', '-A');
  repo.git('update-index', '--add', '--cacheinfo', `100644,${blob},${'x'.repeat(300)}.md`);
  repo.git('commit', '-q', '-m', 'x');
  for (const run of [1, 2]) {
    const report = await learn([folder()]);
    assert.equal(report.sources[0].state, 'failed', `${run}`);
    assert.match(report.sources[0].error, /git checkout failed/);
    assert.deepEqual([report.found, report.removed], [0, 0]);
    assert.deepEqual(await ids(bridge), ['file:a.md#A', 'file:b.md#B']);
  }
  repo.git('reset', '-q', '--hard', 'HEAD~1');
  const head = repo.commit({ 'c.md': '# C\n' });
  const mended = await learn();
  assert.deepEqual([mended.sources[0].state, mended.sources[0].revision, mended.stored, mended.unchanged], ['fetched', head, 1, 2]);
});

test('documents: an earlier copy is there until the new one is; a half one is not learned', async (t) => {
  const cache_dir = folder();
  const bridge = await open(t);
  const doc = { type: 'text/markdown', text: '# Guide\n' };
  let before = () => undefined;
  const { at } = await server(t, (_, response) => {
    before();
    response.writeHead(200, { 'content-type': doc.type }).end(doc.text);
  });
  const learn = () => bridge.learnFromFiles([], { sources: [{ url: at('/guide') }], cache_dir });
  await learn();
  const copy = join(cache_dir, readdirSync(cache_dir).find((entry) => !entry.endsWith('.json')));
  Object.assign(doc, { type: 'text/html', text: '<h1>Other</h1>' });
  before = () => mkdirSync(join(copy, 'guide.html.tmp'), { recursive: true }); // as a full disk: it cannot be written
  const failed = await learn();
  assert.deepEqual([failed.sources[0].state, failed.removed, failed.unchanged], ['failed', 0, 1]);
  assert.deepEqual(await ids(bridge), ['file:guide.md#Guide']);
  before = () => undefined;
  writeFileSync(join(copy, 'left.md'), '# Left\n'); // what a kill between the two steps leaves
  const now = await learn();
  assert.deepEqual([now.sources[0].state, now.stored, now.removed], ['fetched', 1, 1]);
  assert.deepEqual(readdirSync(copy), ['guide.html']);
  rmSync(join(copy, 'guide.html'));
  before = () => mkdirSync(join(copy, 'guide.html.tmp'), { recursive: true });
  await rejects(learn(), 'IO', /nothing could be fetched/);
  assert.equal((await ids(bridge)).length, 1, 'no copy is no reason to delete');
});

test('a copy changes for nobody while it is learned; waiting ends with the signal', async (t) => {
  const cache_dir = folder();
  const bridge = await open(t);
  const order = [];
  const { at } = await server(t, (request, response) => {
    order.push(request.url);
    response.writeHead(200, { 'content-type': 'text/plain' }).end(`text ${order.length}`);
  });
  const learn = (paths, more) => bridge.learnFromFiles([], { sources: paths.map((path) => ({ url: at(path) })), cache_dir, ...more });
  const stop = new AbortController();
  const first = learn(['/a', '/b', '/a']).then(() => order.push('first'));
  const second = learn(['/b', '/a']).then(() => order.push('second')); // in the other order: no dead end
  const third = learn(['/a'], { signal: stop.signal });
  stop.abort();
  await rejects(third, 'ABORTED');
  await Promise.all([first, second]);
  // whoever comes first: one run is whole before the other begins
  const runs = [['/a', '/b', '/a', 'first'], ['/b', '/a', 'second']];
  assert.deepEqual(order, (order[0] === '/a' ? runs : runs.reverse()).flat());
});

test('max_file_bytes is judged before anything is fetched', async (t) => {
  const bridge = await open(t);
  const { at, requests } = await server(t, (_, response) => response.end('x'));
  for (const most of [NaN, Infinity, 0, -1, 1.5, (16 << 20) + 1, '5', {}]) {
    await rejects(bridge.learnFromFiles([], { sources: [{ url: at('/') }], max_file_bytes: most }), 'INVALID_ARGUMENT', /max_file_bytes must be 1 to 16777216/);
    await rejects(bridge.learnFromFiles([], { sources: [{ url: at('/') }], maxFileBytes: most }), 'INVALID_ARGUMENT', /max_file_bytes/);
  }
  assert.equal(requests.length, 0);
});

test('redirects stay at the port that was listed', async (t) => {
  const bridge = await open(t);
  const inner = await server(t, (_, response) => response.writeHead(200, { 'content-type': 'text/plain' }).end('secret'));
  const { at } = await server(t, (request, response) => response.writeHead(302, { location: request.url === '/port' ? inner.at('/x') : inner.at('/x').replace('http:', 'https:') }).end());
  for (const path of ['/port', '/https']) await rejects(bridge.learnFromFiles([], { sources: [{ url: at(path) }] }), 'IO', /redirects to https?:.*list that address/);
  assert.equal(inner.requests.length, 0);
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
