// Clusters and the map through the public API and the command line: topics planted in the vectors are found, named and drawn.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { crc32, inflateSync } from 'node:zlib';

import { hashEmbedding } from '../testing/index.js';
import { run } from './cli.mjs';
import { folder, open, rejects } from './helpers.mjs';

const TOPICS = { gardening: 'roses soil compost', astronomy: 'telescope galaxy orbit', cooking: 'butter flour oven' };

/** 12 chunks of each topic, with vectors of their words. */
async function topics(bridge) {
  const chunks = Object.entries(TOPICS).flatMap(([topic, words]) => Array.from({ length: 12 }, (_, i) => {
    const text = `${words} ${topic} note${i}`;
    return { id: `${topic}-${i}`, content: text, embedding: hashEmbedding(text), chunk_type: 'documentation' };
  }));
  await bridge.storeChunks(chunks);
}

test('topics become named clusters', async (t) => {
  const bridge = await open(t);
  await topics(bridge);
  const seen = [];
  const report = await bridge.cluster({ k: 3, members: true, seed: 5, on_progress: (p) => seen.push(p.phase) });
  assert.deepEqual([report.chunks, report.points, report.clusters.length, report.algorithm], [36, 36, 3, 'kmeans']);
  const found = new Set();
  for (const c of report.clusters) {
    const topic = c.members[0][1].split('-')[0];
    found.add(topic);
    assert.equal(c.size, 12);
    assert.ok(c.members.every(([namespace, id]) => namespace === 'default' && id.startsWith(topic)), `${c.members}`);
    assert.ok(c.label.split(', ').every((word) => `${TOPICS[topic]} ${topic}`.includes(word)), c.label);
    assert.ok(c.representatives.length === 3 && c.representatives[0].similarity >= c.representatives[2].similarity);
  }
  assert.equal(found.size, 3);
  assert.ok(seen.includes('read') && seen.includes('labels'), `${seen}`);
  const again = await bridge.cluster({ k: 3, members: true, seed: 5 });
  assert.deepEqual({ ...again, duration_ms: 0 }, { ...report, duration_ms: 0 });
  assert.equal((await bridge.cluster()).clusters.length, 3, 'k is chosen');
  assert.equal((await bridge.cluster({ filter: { namespace: 'none' } })).points, 0);
  await rejects(bridge.cluster({ k: 0 }), 'INVALID_ARGUMENT', /k must be 1 to 512/);
  await rejects(bridge.cluster({ algorithm: 'magic' }), 'INVALID_ARGUMENT', /kmeans/);
  await rejects(bridge.cluster({ kk: 3 }), 'INVALID_ARGUMENT');
  await rejects(bridge.cluster({ signal: AbortSignal.abort() }), 'ABORTED');
});

test('the map has each chunk once, beside its like', async (t) => {
  const bridge = await open(t);
  await topics(bridge);
  const map = await bridge.memoryMap({ seed: 2 });
  assert.deepEqual(map.map((p) => p.id), [...map.map((p) => p.id)].sort());
  assert.equal(new Set(map.map((p) => p.id)).size, 36);
  let beside = 0;
  for (const p of map) {
    assert.ok(p.x >= 0 && p.x <= 1 && p.y >= 0 && p.y <= 1 && p.chunk_type === 'documentation');
    const [nearest] = map.filter((q) => q !== p).sort((a, b) => Math.hypot(a.x - p.x, a.y - p.y) - Math.hypot(b.x - p.x, b.y - p.y));
    beside += nearest.id.split('-')[0] === p.id.split('-')[0] ? 1 : 0;
  }
  // two dimensions cannot keep every neighbour, and where points begin depends on the order of rows, another one in each store
  assert.ok(beside >= 32, `${beside} of 36`);
  assert.deepEqual(await bridge.memoryMap({ seed: 2 }), map);
  assert.deepEqual(await (await open(t)).memoryMap(), []);
  await rejects(bridge.memoryMap({ neighbours: 51 }), 'INVALID_ARGUMENT', /neighbours/);
  await rejects(bridge.memoryMap({ signal: AbortSignal.abort() }), 'ABORTED');
});

test('more points than fit in a piece arrive in order', async (t) => {
  const bridge = await open(t);
  const chunks = Array.from({ length: 2_500 }, (_, i) => ({ id: `c${String(i).padStart(5, '0')}`, content: 'x', embedding: hashEmbedding(`${i % 50} ${i}`, 8) }));
  await bridge.storeChunks(chunks, { durability: 'buffered' });
  const map = await bridge.memoryMap({ k: 4 });
  assert.deepEqual(map.map((p) => p.id), chunks.map((c) => c.id));
});

test('fluorite clusters and map', async (t) => {
  const memory_path = folder();
  const bridge = await open(t, { memory_path });
  await topics(bridge);
  const evil = 'a<script>&"\'\u0001]]>';
  await bridge.storeChunk({ id: evil, content: 'evil', embedding: hashEmbedding('roses soil compost') });
  await bridge.shutdown();
  const at = folder();
  const cli = (...args) => run(['--memory-path', memory_path, ...args], { cwd: at });
  const { stdout } = await cli('clusters', '-k', '3');
  assert.match(stdout, /^3 clusters of 37 chunks, silhouette/);
  for (const topic of Object.keys(TOPICS)) assert.ok(stdout.includes(topic), stdout);
  assert.equal(JSON.parse((await cli('clusters', '--json', '-k', '2')).stdout).clusters.length, 2);

  const drawn = await cli('map', '-k', '3');
  assert.equal(drawn.code, 0, drawn.stderr);
  const svg = readFileSync(join(at, 'fluorite-map.svg'), 'utf8');
  assert.equal(svg.match(/<circle /g).length, 37);
  assert.ok(svg.includes('<title>a&#60;script&#62;&#38;&#34;&#39;\ufffd]]&#62;</title>') && !svg.includes('<script'));
  assert.doesNotMatch(svg, /[\u0000-\u0008\u000e-\u001f]/);
  wellFormed(svg);
  assert.equal(new Set([...svg.matchAll(/<g fill="(#[0-9a-f]{6})">/g)].map((m) => m[1])).size, 3, 'a colour for each cluster');
  assert.equal(svg.match(/<text /g).length, 3, 'a legend');

  assert.equal((await cli('map', 'dots.png', '--size', '200', '-k', '3')).code, 0);
  const { width, height, colours } = png(readFileSync(join(at, 'dots.png')));
  assert.equal(Math.max(width, height) >= 220, true);
  assert.equal(colours.size, 4, 'white and three clusters');
  assert.equal(JSON.parse((await cli('map', '--json')).stdout).length, 37);
  assert.deepEqual(readdirSync(at).sort(), ['dots.png', 'fluorite-map.svg'], 'no picture that nobody named');
  const both = await cli('map', '--json', 'both.svg', '-k', '3');
  assert.equal(JSON.parse(both.stdout).length, 37);
  wellFormed(readFileSync(join(at, 'both.svg'), 'utf8'));
  const clash = await cli('map', '--json', '-');
  assert.equal(clash.code, 2);
  assert.match(clash.stderr, /both write to standard output/);
  assert.ok((await cli('map', '-', '-k', '3')).stdout.startsWith('<svg '));
  assert.equal((await cli('map', 'x.gif')).code, 2);
  assert.equal((await cli('map', '--size', '5')).code, 2);
  assert.equal(existsSync(join(at, 'x.gif')), false);
});

/** Tags closed in order, no bare `<` or `&`. */
function wellFormed(xml) {
  const open = [];
  for (const [, close, name, , empty, text] of xml.matchAll(/<(\/?)([a-z]+)((?:\s[a-z-]+="[^"<]*")*)(\/?)>([^<]*)/gi)) {
    assert.match(text, /^(?:[^&]|&#\d+;)*$/);
    if (close) assert.equal(open.pop(), name);
    else if (!empty) open.push(name);
  }
  assert.deepEqual(open, []);
  assert.equal(xml.replace(/<\/?[a-z]+(?:\s[a-z-]+="[^"<]*")*\/?>/gi, '').includes('<'), false);
}

/** Reads an 8-bit RGB PNG whose lines are not filtered; checks every checksum. */
function png(data) {
  assert.deepEqual([...data.subarray(0, 8)], [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const pieces = {};
  for (let at = 8; at < data.length;) {
    const length = data.readUInt32BE(at);
    const body = data.subarray(at + 4, at + 8 + length);
    assert.equal(crc32(body), data.readUInt32BE(at + 8 + length));
    pieces[body.toString('latin1', 0, 4)] = body.subarray(4);
    at += 12 + length;
  }
  const [width, height] = [pieces.IHDR.readUInt32BE(0), pieces.IHDR.readUInt32BE(4)];
  const lines = inflateSync(pieces.IDAT);
  assert.equal(lines.length, height * (width * 3 + 1));
  const colours = new Set();
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) colours.add(lines.readUIntBE(y * (width * 3 + 1) + 1 + x * 3, 3));
  return { width, height, colours };
}
