// Metrics: figures that equal the calls made, and text that a strict parser of Prometheus' format takes.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hashEmbedding } from '../testing/index.js';
import { folder, open, rejects, root, vector } from './helpers.mjs';
import { run } from './cli.mjs';
import { served } from './nest-helpers.mjs';
import { FluoriteHttpModule } from '../nestjs/index.js';

/**
 * The text exposition format 0.0.4, by the letter: HELP and TYPE once and before their samples, the samples of a family together, label
 * values escaped, no series twice, histograms with rising buckets up to +Inf that equal _count.
 */
function parse(text) {
  assert.ok(text.endsWith('\n'), 'the last line ends');
  const families = new Map();
  const seen = new Set();
  let current;
  for (const line of text.slice(0, -1).split('\n')) {
    const comment = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)$/.exec(line);
    if (comment) {
      const [, kind, name, rest] = comment;
      if (kind === 'HELP') {
        assert.ok(!families.has(name), `${name} comes twice`);
        assert.match(rest, /^([^\\]|\\\\|\\n)+$/, `HELP of ${name}`);
        families.set(name, (current = { name, samples: [] }));
      } else {
        assert.equal(current?.name, name, 'TYPE follows its HELP');
        assert.ok(['counter', 'gauge', 'histogram'].includes(rest), `${name} is a ${rest}`);
        assert.equal(current.samples.length, 0);
        current.type = rest;
      }
      continue;
    }
    const sample = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/.exec(line);
    assert.ok(sample, `not a sample: ${JSON.stringify(line)}`);
    const [, name, inside = '', number] = sample;
    const labels = {};
    const rest = inside.replace(/([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(,|$)/y, '$&');
    for (const [, key, value] of rest.matchAll(/([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(?:,|$)/gy)) labels[key] = value;
    assert.equal(Object.entries(labels).map(([k, v]) => `${k}="${v}"`).join(','), inside, `labels of ${line}`);
    const value = number === '+Inf' ? Infinity : Number(number);
    assert.ok(!Number.isNaN(value), `a number: ${line}`);
    assert.ok(current?.type, `${name} without HELP and TYPE`);
    const suffix = current.type === 'histogram' ? '(_bucket|_sum|_count)' : '';
    assert.match(name, new RegExp(`^${current.name}${suffix}$`), `${name} stands among ${current.name}`);
    if (current.type === 'counter') assert.match(name, /_total$/);
    assert.ok(current.type !== 'counter' || value >= 0);
    assert.ok(!seen.has(`${name}{${inside}}`), `${name}{${inside}} comes twice`);
    seen.add(`${name}{${inside}}`);
    current.samples.push({ name, labels, value });
  }
  for (const { name, type, samples } of families.values()) {
    assert.ok(samples.length > 0, `${name} has no sample`);
    if (type === 'histogram') histogram(name, samples);
  }
  return families;
}

function histogram(name, samples) {
  const series = new Map();
  for (const { name: full, labels: { le, ...labels }, value } of samples) {
    const key = JSON.stringify(labels);
    const one = series.get(key) ?? { buckets: [] };
    series.set(key, one);
    if (full.endsWith('_bucket')) one.buckets.push([le === '+Inf' ? Infinity : Number(le), value]);
    else one[full.slice(name.length + 1)] = value;
  }
  for (const [key, { buckets, sum, count }] of series) {
    assert.equal(buckets.at(-1)[0], Infinity, `${key} ends with +Inf`);
    assert.equal(buckets.at(-1)[1], count, `${key}: +Inf is the count`);
    for (let i = 1; i < buckets.length; i++) {
      assert.ok(buckets[i][0] > buckets[i - 1][0] && buckets[i][1] >= buckets[i - 1][1], `${key}: buckets rise`);
    }
    assert.ok(sum >= 0 && (count > 0 || sum === 0), key);
  }
}

const stage = (families, name) => families.get('fluorite_stage_duration_seconds').samples.find((s) => s.name.endsWith('_count') && s.labels.stage === name).value;

test('what is counted is what was called', async (t) => {
  const bridge = await open(t);
  await bridge.storeChunks(Array.from({ length: 10 }, (_, i) => ({ id: `c${i}`, content: `number ${i}`, embedding: vector(i), quality_score: i / 10 })));
  for (let i = 0; i < 4; i++) await bridge.searchSimilar('number');
  for (let i = 0; i < 3; i++) await bridge.searchSimilar(vector(i)); // inline
  await bridge.searchMany(['number', vector(1)]);
  const m = await bridge.getMetrics();
  assert.deepEqual([m.chunks, m.vectors, m.latency.total.count, m.latency.text.count, m.latency.vector.count, m.latency.store.count], [10, 10, 9, 5, 4, 1]);
  assert.deepEqual(m.quality, { chunks: 10, mean: m.quality.mean, histogram: Array(10).fill(1) });
  assert.ok(Math.abs(m.quality.mean - 0.45) < 1e-6);
  assert.ok(m.latency.fsync.count >= 1 && m.latency.commit.count >= 1 && m.latency.total.sum_seconds > 0);
  assert.equal(m.accuracy, null);
  const families = parse(await bridge.getMetrics({ format: 'prometheus' }));
  assert.equal(stage(families, 'total'), 9);
  assert.equal(families.get('fluorite_chunks').samples[0].value, 10);
  assert.deepEqual(families.get('fluorite_quality_chunks').samples.map((s) => s.value), Array(10).fill(1));
  assert.ok(families.get('fluorite_cache_hits_total').samples.some((s) => s.labels.cache === 'chunks'));
  assert.ok(!families.has('fluorite_accuracy_hit_at_10_ratio'), 'what was not measured is not told');
});

test('accuracy on request, with progress, a signal and refusals', async (t) => {
  const bridge = await open(t);
  await bridge.storeChunks(Array.from({ length: 20 }, (_, i) => ({ content: `topic${i % 2} text. part${i}`, tags: [`t${i % 2}`] })));
  const seen = [];
  const m = await bridge.getMetrics({ accuracy: true, sample: 6, on_progress: (p) => seen.push(p) });
  assert.deepEqual([m.accuracy.sampled, m.accuracy.measured, m.accuracy.hit_at_10, m.accuracy.mode], [6, 6, 1, 'lexical']);
  assert.ok(seen.some((p) => p.phase === 'accuracy' && p.total === 6));
  const text = await bridge.getMetrics({ format: 'prometheus' });
  assert.equal(parse(text).get('fluorite_accuracy_hit_at_10_ratio').samples[0].value, 1);
  assert.doesNotMatch(text, /topic|part\d/, 'no text of a chunk');
  await rejects(bridge.getMetrics({ sample: 0, accuracy: true }), 'INVALID_ARGUMENT', /sample/);
  await rejects(bridge.getMetrics({ format: 'xml' }), 'INVALID_ARGUMENT', /format/);
  await rejects(bridge.getMetrics({ acuracy: true }), 'INVALID_ARGUMENT', /accuracy/);
  await rejects(bridge.getMetrics({ accuracy: true, signal: AbortSignal.abort() }), 'ABORTED');
});

test('learning is counted', async (t) => {
  const bridge = await open(t);
  const report = await bridge.learnFromFiles([`${root}/examples/nest-app/src`]);
  await rejects(bridge.learnFromFiles(['/nowhere/at/all']), 'INVALID_ARGUMENT');
  const { learning } = await bridge.getMetrics();
  assert.deepEqual([learning.runs, learning.failed_runs, learning.files, learning.stored], [1, 0, report.found, report.chunks_stored]);
  assert.ok(learning.files_per_second > 0);
});

test('the route for Prometheus is opt-in, guarded, and never of a namespace', async (t) => {
  const { http } = await served(t);
  assert.equal((await http.get('/api/memory/metrics')).status, 404, 'without the option it is the id of a chunk that is not there');
  const { http: with_ } = await served(t, { metrics: true });
  const answer = await with_.get('/api/memory/metrics').expect(200);
  assert.match(answer.headers['content-type'], /^text\/plain;.*version=0\.0\.4/); // Express puts the charset first
  parse(answer.text);
  const { http: guarded } = await served(t, { metrics: true, guards: [{ canActivate: () => false }] });
  assert.equal((await guarded.get('/api/memory/metrics')).status, 403);
  assert.throws(() => FluoriteHttpModule.register({ metrics: true, namespace: 'a' }), { code: 'INVALID_CONFIG' });
});

test('fluorite metrics', async (t) => {
  const memory_path = folder();
  const bridge = await open(t, { memory_path });
  await bridge.storeChunks(Array.from({ length: 4 }, (_, i) => ({ content: `common text. part${i}`, tags: ['t'], embedding: hashEmbedding(`${i}`) })));
  await bridge.shutdown();
  const cli = (...args) => run(['--memory-path', memory_path, '--no-ml', ...args]);
  const json = JSON.parse((await cli('metrics', '--json', '--accuracy', '--sample', '3')).stdout);
  assert.deepEqual([json.chunks, json.accuracy.sampled, json.accuracy.hit_at_10], [4, 3, 1]);
  assert.equal(parse((await cli('metrics', '--prometheus')).stdout).get('fluorite_chunks').samples[0].value, 4);
  const { stdout } = await cli('metrics', '--accuracy');
  assert.match(stdout, /^chunks {2,}4, 4 with a vector/);
  assert.match(stdout, /leave-one-out hit@10 {2}100\.0 % of 4/);
  assert.equal((await cli('metrics', '--json', '--prometheus')).code, 2);
});

test('the parser is strict', () => {
  const head = '# HELP a b\n# TYPE a gauge\n';
  for (const bad of ['a 1\n', `${head}a 1`, `${head}a{x="1} 1\n`, `${head}a x\n`, `${head}a 1\na 2\n`, `${head}b 1\n`, '# TYPE a gauge\n', head, `${head}a{x="\\q"} 1\n`, `${head}a 1\n${head}a{x="1"} 1\n`,
    '# HELP h x\n# TYPE h histogram\nh_bucket{le="1"} 2\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n', '# HELP h x\n# TYPE h histogram\nh_bucket{le="1"} 1\nh_sum 1\nh_count 1\n', '# HELP c x\n# TYPE c counter\nc 1\n']) {
    assert.throws(() => parse(bad), undefined, bad);
  }
  parse(`${head}a{x="a \\"b\\" \\\\ \\n",y=""} 1.5\n`);
});
