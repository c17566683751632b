// How texts and figures are shown.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';

import { root } from './helpers.mjs';

const { bytes, clean, count, duration, line, name, snippet } = await import(`file://${join(root, 'cli', 'text.js')}`);

test('a line fits its columns: wide characters take two, and no character is cut', () => {
  assert.equal(line('short\n  text ', 20), 'short text');
  assert.equal(line('abcdefghij', 10), 'abcdefghij');
  assert.equal(line('abcdefghijk', 10), 'abcdefghi…');
  assert.equal(line('日本語のテキスト', 16), '日本語のテキスト');
  assert.equal(line('日本語のテキスト', 10), '日本語の…');
  assert.equal(line('日本語のテキスト', 9), '日本語の…');
  assert.equal(line(`ab${'👨‍👩‍👧'.repeat(3)}`, 6), 'ab👨‍👩‍👧…');
  assert.ok(line('x'.repeat(1e6), 50).length === 50);
});

test('control characters and bidirectional overrides are not shown', () => {
  assert.equal(clean('a\u001b[31mb\u0007\u009b\u202ec\r\nd\te'), 'a\ufffd[31mb\ufffd\ufffd\ufffdc\nd\te');
});

test('a name stays in its line', () => {
  assert.equal(name('a\nb\tc\u001bd\u202e\r\u2028 日本 é'), 'a\\nb\\tc\\u001bd\\u202e\\r\\u2028 日本 é');
});

test('a snippet is where most words of the query stand together', () => {
  const text = ['title', '', 'nothing here', 'the Retry policy', 'of a request', 'and its backoff', 'retry', 'end'].join('\n');
  assert.deepEqual(snippet(text, 'request retry BACKOFF', 40), ['the Retry policy', 'of a request', 'and its backoff']);
  assert.deepEqual(snippet(text, 'absent', 40), ['title', 'nothing here', 'the Retry policy']);
  assert.deepEqual(snippet('', 'x', 40), []);
  assert.deepEqual(snippet('one', '', 40), ['one']);
});

test('figures', () => {
  assert.deepEqual([0, 1023, 1024, 1536, 5 << 20, 3 * 2 ** 40].map(bytes), ['0 B', '1023 B', '1.0 KiB', '1.5 KiB', '5.0 MiB', '3.0 TiB']);
  assert.deepEqual([0.0123, 4.25, 59.94, 60, 3599, 3600, 90061, NaN, -1].map(duration), ['12 ms', '4.3 s', '59.9 s', '1 min 0 s', '59 min 59 s', '1 h 0 min', '25 h 1 min', '?', '?']);
  assert.equal(count(1234567.4), '1,234,567');
});
