// `fluorite feedback` and `fluorite train`: what is said about chunks, and what is learned from it.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { ended, json, onStore, records } from './cli.mjs';
import { folder } from './helpers.mjs';

const asLines = (values) => values.map((v) => `${JSON.stringify(v)}\n`).join('');

test('feedback: one at a time, a correction is a new version, mistakes are told', async () => {
  const cwd = folder();
  const at = onStore(cwd);
  ended(await at(['store', '--id', 'a', '--tag', 't'], { input: 'the wrong zebra' }));
  assert.equal(ended(await at(['feedback', 'a', 'success', '--query', 'zebra', '--domain', 'animals'])), 'kept\n');
  assert.deepEqual(json(await at(['feedback', 'a', 'rating', '0.2', '--comment', 'meh', '--json'])), { kept: 1 });
  ended(await at(['feedback', 'a', 'correction', '-'], { input: 'the right lion' }));
  const [chunk] = records(await at(['get', 'a', '--json']));
  assert.deepEqual([chunk.content, chunk.tags, chunk.version], ['the right lion', ['t'], 2]);
  assert.equal(records(await at(['get', 'a', '--history'])).length, 2);

  ended(await at(['feedback', 'nope', 'success']), 3);
  ended(await at(['feedback', 'a', 'praise']), 2);
  ended(await at(['feedback', 'a', 'rating']), 2);
  ended(await at(['feedback', 'a', 'rating', 'high']), 2);
  ended(await at(['feedback', 'a', 'success', '1']), 2);
  ended(await at(['feedback', 'a']), 2);
  const report = json(await at(['train', '--json']));
  assert.deepEqual([report.events, report.applied], [3, false]);
  assert.match(ended(await at(['train', '--all'])), /^3 events, nothing changed/);
});

test('train: many lines of feedback move what is wanted up; --no-learned leaves it out', async () => {
  const cwd = folder();
  const at = onStore(cwd);
  const chunks = Array.from({ length: 40 }, (_, i) => ({
    id: `c${i}`,
    content: `topic${i % 10} retry request backoff ${i % 2 ? '' : 'and more words beside them that say little'}`,
    tags: i % 2 ? [] : ['wanted'],
  }));
  ended(await at(['store', '--jsonl'], { input: asLines(chunks) }));
  const said = [];
  for (let topic = 0; topic < 9; topic++) {
    for (const [i, c] of chunks.entries()) {
      if (i % 10 === topic || i % 10 === topic + 1) said.push({ chunk_id: c.id, query: `topic${topic} retry request`, kind: i % 2 ? 'failure' : 'success', domain: 'http' });
    }
  }
  const bad = [...asLines(said.slice(0, 3)).trimEnd().split('\n'), '{"chunk_id":"gone","kind":"success"}', '{', ...asLines(said.slice(3)).trimEnd().split('\n')];
  const kept = await at(['feedback', '--jsonl', '-', '--json'], { input: bad.join('\n') });
  assert.deepEqual(json(kept, 1), { kept: said.length, failed: 2 });
  assert.match(kept.stderr, /line 5: not JSON/);
  assert.match(kept.stderr, /NOT_FOUND","message":"line 4: /);

  const ids = async (...args) => ended(await at(['search', 'topic9 backoff', '-n', '5', '--ids', ...args]));
  const before = await ids();
  const early = await at(['search', 'topic9 backoff', '--ids', '--domain', 'http']);
  ended(early);
  assert.match(early.stderr, /^--domain http: nothing was trained for it, so this ranks without anything learned: .*`fluorite train`\)\n$/);
  const trained = await at(['train', '--progress', 'plain']);
  assert.match(ended(trained), /^72 events, something new is in use .*\n {2}http: \d+ pairs of \d+ queries, \d+ held out: \S+ % -> \S+ % in the right order, in use\n {4}searches without a domain are ranked as before: .*; 100.0 % now\n$/);
  assert.match(trained.stderr, /train|known_items/);
  const after = await ids('--domain', 'http');
  const asked = await at(['search', 'topic9 backoff', '--domain', 'http']);
  ended(asked);
  assert.equal(asked.stderr, '');
  const unknown = await at(['search', 'topic9 backoff', '--json', '--domain', 'htpp']);
  assert.ok(json(unknown).hits.length > 0);
  assert.equal(unknown.stderr, '--domain htpp: nothing was trained for it, so this ranks by what all domains taught (trained: http)\n');
  assert.notEqual(after, before);
  assert.ok(after.trim().split('\n').every((id) => Number(id.slice(1)) % 2 === 0), after);
  assert.equal(await ids('--no-learned'), before);

  writeFileSync(join(cwd, 'pairs.jsonl'), asLines([{ query: 'topic1', preferred: 'c1', rejected: 'c1' }]));
  ended(await at(['train', '--examples', 'pairs.jsonl']), 2);
});
