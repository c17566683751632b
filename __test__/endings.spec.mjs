// Every way a process can end with 96 calls in flight: never by a crash, and what was acknowledged is there afterwards.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { FluoriteBridge } from '../index.mjs';
import { contentOf } from './children/content.mjs';
import { child, endedWith, folder, holdsAcknowledged, several, withModel } from './helpers.mjs';

const ROUNDS = 20;
/** Acknowledgements before the end: at once (before any call has begun), in the first ones, and well on the way. */
const AFTER = [-1, 0, 1, 3, 10, 40, 110];

/** Ends `ROUNDS` processes; `check` says how each must have ended. */
async function endings(end, check, line) {
  let acknowledged = 0;
  await several(ROUNDS, 3, async (round) => {
    const at = folder();
    const ml = withModel && round % 4 === 3;
    const after = AFTER[round % AFTER.length];
    const durability = round % 5 === 4 ? 'buffered' : 'sync'; // what the operating system has outlives the process
    const result = await child('ending.mjs', { at, ml, end, after, durability }, { line });
    check(result);
    acknowledged += await holdsAcknowledged(at, result.lines, `${end}, round ${round}: ml ${ml}, after ${after}`);
  });
  assert.ok(acknowledged > ROUNDS, `${acknowledged} acknowledged in all`);
}

test(`process.exit with 96 calls in flight, ${ROUNDS} times`, () => endings('exit', (result) => endedWith(result, 7)));

test(`an uncaught exception with 96 calls in flight, ${ROUNDS} times`, () =>
  endings('throw', (result) => {
    endedWith(result, 1);
    assert.match(result.stderr, /thrown on purpose/);
  }));

test(`SIGTERM with 96 calls in flight, ${ROUNDS} times`, { skip: process.platform === 'win32' }, () =>
  endings(
    'signal',
    ({ code, signal, stderr }) => assert.deepEqual([code, signal], [null, 'SIGTERM'], stderr),
    (line, process_) => { if (line === 'now') process_.kill('SIGTERM'); },
  ));

test(`SIGTERM that process.exit answers, ${ROUNDS} times`, { skip: process.platform === 'win32' }, () =>
  endings(
    'handled',
    (result) => endedWith(result, 143),
    (line, process_) => { if (line !== 'now') process_.kill('SIGTERM'); }, // at the first acknowledgement
  ));

test(`process.exit while a store opens, ${ROUNDS} times`, () =>
  several(ROUNDS, 3, async (round) => {
    const at = folder();
    const bridge = await FluoriteBridge.open({ memory_path: at, enable_ml: false });
    await bridge.storeChunk({ id: 'c0', content: contentOf('c0') });
    await bridge.shutdown();
    endedWith(await child('ending.mjs', { at, ml: withModel, end: 'opening', after: round * 5 }), 7);
    await holdsAcknowledged(at, ['c0'], `round ${round}`);
  }));
