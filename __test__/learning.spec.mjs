// learnFromFiles, patterns, relations and rendering.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { hashEmbedding } from '../testing/index.js';
import { entry, folder, open, rejects, root } from './helpers.mjs';

test('learnFromFiles: by structure, incremental, renamed files keep their history', async (t) => {
  const bridge = await open(t);
  const src = folder();
  mkdirSync(join(src, 'docs'));
  writeFileSync(join(src, 'docs', 'guide.md'), '# Guide\n\nHow to install the zebra.\n');
  writeFileSync(join(src, 'conf.yaml'), 'name: x\nport: 1\n');
  const phases = [];
  const first = await bridge.learnFromFiles([src], { on_progress: (p) => phases.push(p) });
  assert.deepEqual([first.found, first.stored, first.chunks_stored, first.invalid], [2, 2, 2, []]);
  assert.ok(phases.length > 0 && phases.at(-1).done === 2);
  const [hit] = await bridge.searchSimilar('install the zebra');
  assert.deepEqual([hit.id, hit.metadata.start_line, hit.chunk_type, hit.source], ['file:docs/guide.md#Guide', 1, 'documentation', 'docs/guide.md']);
  renameSync(join(src, 'docs', 'guide.md'), join(src, 'howto.md'));
  rmSync(join(src, 'conf.yaml'));
  const second = await bridge.learnFromFiles([src]);
  assert.deepEqual([second.renamed, second.removed, second.stored], [1, 1, 0]);
  assert.deepEqual((await bridge.history(hit.id)).map((v) => v.source), ['docs/guide.md', 'howto.md']);
  await rejects(bridge.learnFromFiles([join(src, 'missing')]), 'INVALID_ARGUMENT', /missing/);
  await rejects(bridge.learnFromFiles([]), 'INVALID_ARGUMENT', /paths/);
  await rejects(bridge.learnFromFiles(src), 'INVALID_ARGUMENT', /paths/);
  await rejects(bridge.learnFromFiles([src], { max_tokns: 1 }), 'INVALID_ARGUMENT', /max_tokens/);
  await rejects(bridge.learnFromFiles([src], { signal: AbortSignal.abort() }), 'ABORTED');
});

test('learnFromSpikes: quality, patterns with stable ids that can be stored, relations with evidence', async (t) => {
  const bridge = await open(t);
  const path = join(root, 'examples', 'spikes');
  const report = await bridge.learnFromSpikes({ path, skip_low_quality: true });
  const { histogram, scored, threshold } = report.quality;
  assert.equal(histogram.reduce((a, b) => a + b), scored);
  assert.equal(threshold, 0.7);
  assert.ok(report.stored > 20 && report.skipped_low_quality > 0, JSON.stringify({ ...report, patterns: 0, combinations: 0 }));
  const again = await bridge.learnFromSpikes({ path, skip_low_quality: true });
  assert.deepEqual([again.stored, again.patterns.map((p) => p.id)], [0, report.patterns.map((p) => p.id)]);
  const stored = await bridge.storeChunks(report.patterns);
  assert.deepEqual(stored.ids, report.patterns.map((p) => p.id));
  const related = await bridge.suggestFrameworks(['express'], 5);
  assert.ok(related.length > 0 && related.every((r) => r.evidence.length > 0 && r.confidence <= 1));
  const evidence = await bridge.getChunks(related.flatMap((r) => r.evidence));
  assert.ok(evidence.every((c) => c.metadata.uses.includes('express')));
  const patterns = await bridge.getIntegrationPatterns('Express', related[0].framework);
  assert.ok(patterns.length > 0 && patterns.every((p) => p.metadata.members.length > 0 && p.chunk_type === 'pattern'));
  await rejects(bridge.suggestFrameworks([]), 'INVALID_ARGUMENT', /frameworks/);
  await rejects(bridge.suggestFrameworks(['express'], 0), 'INVALID_ARGUMENT', /limit/);
  await rejects(bridge.getIntegrationPatterns('react', 'React.js'), 'INVALID_ARGUMENT', /same framework/);
});

test('getLearningStats: chunks by source, folders, runs that outlive the process, feedback and trained domains', async (t) => {
  const memory_path = folder();
  // a run is ended by its first embedding: however fast the machine, it cannot be done before
  const ending = new AbortController();
  const embed = async (texts) => {
    ending.abort();
    return texts.map((text) => hashEmbedding(text));
  };
  const config = { memory_path, enable_ml: true, ml: { embedder: { model_id: 'hash@1', dimensions: 384, embed } } };
  const bridge = await open(t, config);
  const nothing = await bridge.getLearningStats();
  assert.deepEqual([nothing.chunks.total, nothing.sources, nothing.runs, nothing.feedback.domains], [0, [], [], []]);
  const [spikes, src] = [folder(), folder()];
  for (const id of ['a', 'b']) writeFileSync(join(spikes, `${id}.json`), JSON.stringify({ id, name: id, stack: ['next.js'], files: [{ path: 'a.ts', template: 'run();\n' }] }));
  writeFileSync(join(spikes, 'broken.json'), '{');
  writeFileSync(join(src, 'guide.md'), `# One\n\n${'word '.repeat(200)}\n\n# Two\n\n${'word '.repeat(200)}\n`);
  await rejects(bridge.learnFromFiles([src], { namespace: 'docs', signal: ending.signal }), 'ABORTED');
  await bridge.learnFromSpikes({ path: spikes });
  await bridge.learnFromFiles([src], { namespace: 'docs' });
  await rejects(bridge.learnFromFiles([join(src, 'absent')]), 'INVALID_ARGUMENT');
  await bridge.storeChunks([{ content: 'by hand', frameworks: ['NextJS', 'hono'] }, { content: 'a pattern', chunk_type: 'pattern', metadata: { member_count: 4 } }]);
  await bridge.addFeedback([{ chunk_id: 'spike:a', kind: 'success' }, { chunk_id: 'spike:a', kind: 'rating', rating: 1 }, { chunk_id: 'spike:b', kind: 'success' }]);
  const check = (stats) => {
    const files = stats.chunks.files;
    assert.ok(files >= 2);
    assert.deepEqual(stats.chunks, { total: 4 + files, spikes: 2, files, patterns: 1, other: 1 });
    assert.deepEqual(stats.sources.map((s) => [s.kind, s.namespace, s.folder, s.files, s.chunks]), [['files', 'docs', realpathSync(src), 1, files], ['spikes', 'default', realpathSync(spikes), 2, 2]]);
    assert.ok(stats.sources.every((s) => Date.now() - Date.parse(s.changed_at) < 600_000));
    assert.equal(stats.quality.scored, 2);
    assert.equal(stats.quality.histogram.reduce((a, b) => a + b), 2);
    assert.deepEqual(stats.patterns, { stored: 1, members: 4 });
    assert.equal(stats.frameworks, 2, 'next.js and NextJS are one');
    assert.deepEqual(stats.runs.map((r) => [r.kind, r.namespace, r.outcome]), [['files', 'docs', 'done'], ['spikes', 'default', 'done'], ['files', 'docs', 'ABORTED']]);
    const [filesRun, spikesRun] = stats.runs;
    assert.deepEqual([filesRun.paths, filesRun.counts.chunks_stored, filesRun.counts.stored], [[src], files, 1]);
    assert.deepEqual([spikesRun.counts.found, spikesRun.counts.stored, spikesRun.counts.invalid], [3, 2, 1]);
    assert.deepEqual([stats.feedback.events, stats.feedback.kinds], [3, { rating: 1, success: 2 }]);
  };
  check(await bridge.getLearningStats());
  await bridge.shutdown();
  const again = await open(t, config);
  check(await again.getLearningStats());
  await rejects(again.getLearningStats({ signal: AbortSignal.abort() }), 'ABORTED');
  await rejects(again.getLearningStats({ namespace: 'x' }), 'INVALID_ARGUMENT', /namespace/);
  const more = folder();
  for (let i = 0; i < 20; i++) await again.learnFromFiles([more], { namespace: `n${i}` });
  const { runs } = await again.getLearningStats();
  assert.deepEqual(runs.map((r) => r.namespace), Array.from({ length: 20 }, (_, i) => `n${19 - i}`), 'the last twenty, newest first');
});

/** Runs a program that learns and kills it (SIGKILL) as soon as `enough` says so of what it told. */
async function killed(source, enough) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (d) => {
    out += d;
    if (out.split('\n').slice(0, -1).map(Number).some(enough)) child.kill('SIGKILL');
  });
  const [, signal] = await ended;
  assert.equal(signal, 'SIGKILL', 'it was not killed in the middle');
}

for (const way of ['files', 'spikes']) test(`a run that was killed in the middle and gone on with gives the store of an undisturbed one: ${way}`, async (t) => {
  let src = join(root, 'examples', 'spikes');
  if (way === 'files') {
    src = folder();
    for (let i = 0; i < 600; i++) writeFileSync(join(src, `f${i}.md`), Array.from({ length: 5 }, (_, n) => `# Part ${n} of ${i}\n\n${`word${i % 17} `.repeat(150)}\n\n`).join(''));
  }
  const learn = (bridge, more) => (way === 'files' ? bridge.learnFromFiles([src], more) : bridge.learnFromSpikes({ path: src, batch_size: 1, ...more }));
  const memory_path = folder();
  const total = way === 'files' ? 600 : 300;
  await killed(`
    import { FluoriteBridge } from ${JSON.stringify(entry)};
    const bridge = await FluoriteBridge.open({ memory_path: ${JSON.stringify(memory_path)}, enable_ml: false });
    const src = ${JSON.stringify(src)};
    const on_progress = (p) => { if (p.phase === 'learning') console.log(p.done); };
    await (${way === 'files' ? 'bridge.learnFromFiles([src], { on_progress })' : 'bridge.learnFromSpikes({ path: src, batch_size: 1, on_progress })'});
    setInterval(() => undefined, 1_000); // whoever is too late to kill the run must not find it ended
  `, (done) => done > total / 5);
  const [again, whole] = [await open(t, { memory_path }), await open(t)];
  const before = (await again.getStats()).chunks;
  const rest = await learn(again);
  await learn(whole);
  const contents = async (bridge) => {
    const all = {};
    for await (const { created_at, updated_at, accessed_at, usage_count, version, ...chunk } of bridge.listChunks()) all[chunk.id] = chunk;
    return all;
  };
  assert.ok(before > 0 && rest.stored > 0 && rest.unchanged > 0, `killed with ${before} chunks; then ${rest.stored} new, ${rest.unchanged} unchanged`);
  assert.equal(rest.updated, 0, 'what was stored was whole');
  assert.deepEqual(await contents(again), await contents(whole));
});

test('renderSpike: declared defaults, unknown placeholders by name, no path out', async (t) => {
  const bridge = await open(t);
  const spikes = folder();
  const spike = { id: 'a', name: 'A', params: [{ name: 'app_name', default: 'app' }], files: [{ path: '{{app_name}}/a.ts', template: 'run({{ app_name }}, {{ port }});\n' }] };
  writeFileSync(join(spikes, 'a.json'), JSON.stringify(spike));
  await bridge.learnFromSpikes({ path: spikes });
  assert.deepEqual(await bridge.renderSpike('spike:a', { port: 80 }), { id: 'spike:a', files: [{ path: 'app/a.ts', content: 'run(app, 80);' }], params: { app_name: 'app' } });
  await rejects(bridge.renderSpike('spike:a'), 'INVALID_ARGUMENT', /\{\{ port \}\}/);
  await rejects(bridge.renderSpike('spike:a', { port: 1, app_name: '..' }), 'INVALID_ARGUMENT', /leaves its folder/);
  await rejects(bridge.renderSpike('spike:a', { port: 1, appName: 'x' }), 'INVALID_ARGUMENT', /"appName"/);
  await rejects(bridge.renderSpike('spike:b'), 'NOT_FOUND', /spike:b/);
  await bridge.storeChunk({ id: 'plain', content: 'x' });
  await rejects(bridge.renderSpike('plain'), 'INVALID_ARGUMENT', /no spike template/);
});
