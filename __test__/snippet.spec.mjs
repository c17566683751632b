// The quick start: the issue's own snippet among other chunks, and the README's blocks word for word, in an empty folder.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { folder, root } from './helpers.mjs';

const unrelated = `
  const subjects = ['a queue worker', 'an image resizer', 'a date picker', 'a tax table', 'a mail template', 'a chess clock', 'a weather chart', 'a login form'];
  const verbs = ['retries', 'renders', 'parses', 'sorts', 'caches', 'prints', 'merges', 'validates', 'rounds', 'exports'];
  const others = Array.from({ length: 200 }, (_, i) => ({
    id: 'other-' + i,
    content: subjects[i % subjects.length] + ' that ' + verbs[i % verbs.length] + ' item ' + i + ' and then ' + verbs[(i * 7 + 3) % verbs.length] + ' the result',
  }));
  await bridge.storeChunks(others);
`;

const snippet = (ml) => `
  const bridge = new FluoriteBridge();
  await bridge.initialize({
    memory_path: './memory',
    models_path: './models',
    spike_templates_path: './src/spikes',
    enable_ml: ${ml},
  });
  ${unrelated}
  await bridge.storeChunk({
    id: 'nextjs-hono-bff',
    content: 'Next.js + Hono BFF pattern: API routes of Next.js forward to a Hono server that aggregates the backends',
    frameworks: ['nextjs', 'hono'],
    quality_score: 0.9,
  });
  const results = await bridge.searchSimilar('BFF implementation', 10);
  console.log(JSON.stringify(results.map((r) => r.id)));
  await bridge.shutdown();
`;

/** What a program prints in an empty folder that has the package; nothing on standard error. */
function printed(name, source) {
  const at = folder();
  mkdirSync(join(at, 'memory-engine'));
  mkdirSync(join(at, 'node_modules'));
  symlinkSync(root, join(at, 'memory-engine', 'fluorite-bridge'), 'junction');
  symlinkSync(root, join(at, 'node_modules', 'fluorite-bridge'), 'junction');
  writeFileSync(join(at, name), source);
  const { status, stdout, stderr } = spawnSync(process.execPath, [name], { cwd: at, encoding: 'utf8', timeout: 120_000 });
  assert.equal(status, 0, stderr);
  assert.equal(stderr, '', 'nothing is printed');
  return stdout;
}

function runs(name, source) {
  const stdout = printed(name, source);
  assert.equal(JSON.parse(stdout)[0], 'nextjs-hono-bff', stdout);
}

const blocks = [...readFileSync(join(root, 'README.md'), 'utf8').matchAll(/```js\n\/\/ (\S+)\n([\s\S]*?)```/g)];

test('the README shows the quick start for both kinds of module', () => {
  assert.deepEqual(blocks.map(([, name]) => name), ['quick-start.mjs', 'quick-start.cjs']);
});
for (const [, name, source] of blocks) {
  test(`the README's ${name}, as it stands there`, () => assert.match(printed(name, source), /^nextjs-hono-bff 0\.\d+\n$/));
}

for (const ml of [true, false]) {
  test(`CommonJS, enable_ml: ${ml}`, () => {
    runs('app.cjs', `const { FluoriteBridge } = require('./memory-engine/fluorite-bridge');\n(async () => {${snippet(ml)}})();`);
  });
  test(`ESM, enable_ml: ${ml}`, () => {
    runs('app.mjs', `import { FluoriteBridge } from 'fluorite-bridge';\n${snippet(ml)}`);
  });
}
