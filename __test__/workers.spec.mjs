// Worker threads that come and go: never a crash, and what was acknowledged is there afterwards.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';

import { child, endedWith, folder, holdsAcknowledged, several, withModel } from './helpers.mjs';

test('worker.terminate in the middle of calls, 180 times', async () => {
  const ways = [
    { rounds: 60, ml: false, shared: true },
    { rounds: 84, ml: false, shared: false },
    { rounds: 18, ml: withModel, shared: true },
    { rounds: 18, ml: withModel, shared: false },
  ];
  await several(ways.length, 2, async (i) => {
    const at = folder();
    const result = await child('terminating.mjs', { ...ways[i], at });
    endedWith(result, 0);
    assert.equal(result.lines.at(-1), 'done');
    const acknowledged = await holdsAcknowledged(at, result.lines, JSON.stringify(ways[i]));
    assert.ok(acknowledged > ways[i].rounds, `${acknowledged} acknowledged`);
  });
});

for (const [stores, ml] of [[1, false], [8, false], [1, withModel]]) {
  test(`8 workers at once, half of them terminated, ${stores === 1 ? 'on one store' : 'each on its own store'}, enable_ml: ${ml}`, async () => {
    const at = folder();
    const result = await child('eight.mjs', { at, ml, stores });
    endedWith(result, 0);
    const codes = result.lines.find((l) => l.startsWith('codes ')).split(' ').slice(1);
    assert.deepEqual(codes.filter((_, i) => i % 2 === 0), ['0', '0', '0', '0'], 'those that were left alone');
    for (let store = 0; store < stores; store++) {
      const lines = result.lines.filter((l) => l.startsWith(`${store} `)).map((l) => l.slice(2));
      assert.ok((await holdsAcknowledged(join(at, String(store)), lines, `store ${store}`)) >= (stores === 1 ? 320 : 24));
    }
  });
}

for (const main of [false, true]) {
  test(`the addon is loaded and unloaded 30 times${main ? ', with the main thread holding on to it' : ''}`, async () => {
    const at = folder();
    const result = await child('loading.mjs', { rounds: 30, at, ml: withModel && main, main });
    endedWith(result, 0);
    assert.equal(result.lines.at(-1), 'done');
    assert.equal(await holdsAcknowledged(at, result.lines, 'loaded and unloaded'), 24);
  });
}
