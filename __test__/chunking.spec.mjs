import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { open, rejects } from './helpers.mjs';

const SOURCE = readFileSync(new URL('../lib/index.ts', import.meta.url), 'utf8');

/** In order, nothing left out, counted as countTokens counts, within the limit. */
function check(bridge, text, pieces, max) {
  let at = 0;
  for (const p of pieces) {
    assert.equal(p.content, text.slice(p.start, p.end));
    assert.equal(text.slice(at, p.start).trim(), '');
    assert.equal(p.tokens, bridge.countTokens(p.content));
    assert.ok(p.tokens <= max, `${p.tokens} tokens`);
    assert.equal(p.start_line, text.slice(0, p.start).split('\n').length);
    assert.equal(p.end_line, p.start_line + p.content.split('\n').length - 1);
    at = p.end;
  }
  assert.equal(text.slice(at).trim(), '');
}

test('code: pieces within the limit, symbols, scope, kept comments', async (t) => {
  const bridge = await open(t);
  for (const max_tokens of [32, 100, 200, 1_000]) {
    const pieces = await bridge.chunkText(SOURCE, { max_tokens, path: 'lib/index.ts' });
    check(bridge, SOURCE, pieces, max_tokens);
    const symbols = pieces.flatMap((p) => p.symbols);
    assert.deepEqual(symbols[0], { name: 'FluoriteBridge', kind: 'class' });
    assert.ok(symbols.some((s) => s.name === 'searchSimilar' && s.kind === 'method'));
    assert.ok(pieces.every((p) => p.kind === 'code' && p.headings.length === 0));
  }
  const pieces = await bridge.chunkText(SOURCE, { path: 'lib/index.ts' });
  const counts = pieces.find((p) => p.symbols.some((s) => s.name === 'countTokens'));
  assert.match(counts.content, /Tokens of a text by the model's tokenizer/);
  assert.equal(counts.scope[0], 'FluoriteBridge');
});

test('Markdown: headings; prose: no structure; snake and camel case', async (t) => {
  const bridge = await open(t);
  const text = `# Guide 🎈\n\nIntro.\n\n## Install\n\n${'Run the installer 🚀 and wait for it. '.repeat(12)}\n\n## Use\n\n${'Call it with a text. '.repeat(20)}\n`;
  const pieces = await bridge.chunkText(text, { maxTokens: 120 });
  check(bridge, text, pieces, 120);
  assert.deepEqual(pieces.map((p) => p.kind), pieces.map(() => 'markdown'));
  assert.deepEqual(pieces.at(-1).headings, ['Guide 🎈', 'Use']);
  const prose = 'A family 👨‍👩‍👧 and some words. '.repeat(60);
  const plain = await bridge.chunkText(prose, { max_tokens: 64 });
  check(bridge, prose, plain, 64);
  assert.ok(plain.length > 3 && plain.every((p) => p.kind === 'prose'));
  assert.equal(plain.map((p) => p.content).join(' ').trim(), prose.trim());
});

test('a text that fits is one piece, a blank one none, overlap repeats', async (t) => {
  const bridge = await open(t);
  assert.deepEqual(await bridge.chunkText(' \n\t '), []);
  assert.deepEqual(await bridge.chunkText(''), []);
  assert.deepEqual(await bridge.chunkText('const a = 1;', { language: 'ts' }), [{
    content: 'const a = 1;', start: 0, end: 12, start_line: 1, end_line: 1, tokens: bridge.countTokens('const a = 1;'),
    kind: 'code', symbols: [{ name: 'a', kind: 'constant' }], scope: [], headings: [],
  }]);
  const text = Array.from({ length: 80 }, (_, i) => `line ${i} of the text`).join('\n');
  const pieces = await bridge.chunkText(text, { max_tokens: 64, overlap_tokens: 16 });
  for (let i = 1; i < pieces.length; i++) {
    assert.ok(pieces[i].start < pieces[i - 1].end && pieces[i].tokens <= 64);
    assert.match(pieces[i].content, /^line /);
  }
});

test('options are checked', async (t) => {
  const bridge = await open(t);
  await rejects(bridge.chunkText('x', { max_tokens: 15 }), 'INVALID_ARGUMENT', /16 to 8192/);
  await rejects(bridge.chunkText('x', { max_tokens: 8_193 }), 'INVALID_ARGUMENT', /16 to 8192/);
  await rejects(bridge.chunkText('x', { max_tokens: 100, overlap_tokens: 51 }), 'INVALID_ARGUMENT', /half/);
  await rejects(bridge.chunkText('x', { language: 'klingon' }), 'INVALID_ARGUMENT', /typescript/);
  await rejects(bridge.chunkText('x', { max_token: 100 }), 'INVALID_ARGUMENT', /max_tokens/);
  await rejects(bridge.chunkText(7), 'INVALID_ARGUMENT', /text/);
  await rejects(bridge.chunkText('\ud800'), 'INVALID_ARGUMENT', /surrogate/);
  await rejects(bridge.chunkText('x'.repeat((16 << 20) + 1)), 'INVALID_ARGUMENT', /limit/);
});

test('hostile texts end, and a signal stops', async (t) => {
  const bridge = await open(t);
  for (const text of ['('.repeat(100_000), 'f(1);'.repeat(50_000), '👩🏽‍🚀'.repeat(5_000), `e${'\u0301'.repeat(100_000)}`]) {
    for (const language of ['typescript', 'markdown', 'text']) {
      const pieces = await bridge.chunkText(text, { language });
      check(bridge, text, pieces, 200);
    }
  }
  const stop = new AbortController();
  const stopped = bridge.chunkText(SOURCE.repeat(200), { language: 'typescript', signal: stop.signal });
  setImmediate(() => stop.abort());
  await rejects(stopped, 'ABORTED');
  assert.equal((await bridge.chunkText('it still works')).length, 1);
});
