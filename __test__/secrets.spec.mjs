// A secret in content, metadata, a query or a feedback is in the chunk and in the answer to whoever asks for it: in no
// message of an error, no event, no figure, and nothing is written to the terminal.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { child, endedWith, folder } from './helpers.mjs';

test('no error, event or figure tells a secret', async () => {
  const secret = 'c4n4ry-7f3a';
  const result = await child('secrets.mjs', { at: folder(), other: folder(), secret });
  endedWith(result, 0);
  assert.equal(result.stderr, '');
  assert.equal(result.lines.length, 1, 'nothing but the report is written');
  const told = JSON.parse(result.lines[0]);
  assert.ok(told.length > 80, `${told.length} things told`);
  const failed = told.filter((line) => line.includes('FluoriteError'));
  assert.ok(failed.length > 45, `${failed.length} errors`);
  assert.deepEqual(told.filter((line) => line.endsWith('it did not fail')), []);
  assert.ok(told.some((line) => line.startsWith('event: ') && line.includes('ChunkStored')));
  for (const line of told) assert.ok(!line.toLowerCase().includes(secret), line);
});
