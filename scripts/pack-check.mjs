#!/usr/bin/env node
// Packs the package, installs the tarball into an empty folder outside the repository (offline, no install scripts),
// runs the README snippet there in CommonJS and ESM, with and without the model, and prints the sizes as JSON.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const work = mkdtempSync(join(tmpdir(), 'fluorite-pack-'));
try {
  run('npm', ['pack', '--silent', '--pack-destination', work], root);
  const tarball = readdirSync(work).find((n) => n.endsWith('.tgz'));
  const app = join(work, 'app');
  mkdirSync(app);
  writeFileSync(join(app, 'package.json'), JSON.stringify({ name: 'app', private: true }));
  run('npm', ['install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', join(work, tarball)], app);
  const runs = [];
  for (const kind of ['cjs', 'mjs']) {
    for (const ml of [true, false]) {
      const folder = join(work, `${kind}-${ml}`);
      mkdirSync(folder);
      const file = join(app, `snippet-${ml}.${kind}`);
      writeFileSync(file, snippet(kind, ml));
      const out = run(process.execPath, [file], folder, { ORT_DYLIB_PATH: undefined, FLUORITE_MODELS_PATH: undefined });
      runs.push({ module: kind, enable_ml: ml, first: out.trim() });
    }
  }
  const installed = join(app, 'node_modules', 'fluorite-bridge');
  const report = {
    tarball_mb: mb(statSync(join(work, tarball)).size),
    unpacked_mb: mb(size(installed)),
    files: Object.fromEntries(readdirSync(installed).map((n) => [n, mb(size(join(installed, n)))]).filter(([, s]) => s > 0.1)),
    runs,
  };
  console.log(JSON.stringify(report, null, 2));
  if (runs.some((r) => r.first !== 'nextjs-hono-bff')) throw new Error('the stored chunk is not first');
} finally {
  rmSync(work, { recursive: true, force: true });
}

/** The README's code block with its require or import, among 200 unrelated chunks. */
function snippet(kind, ml) {
  const block = /```js\n([\s\S]*?)```/.exec(readFileSync(join(root, 'README.md'), 'utf8'))[1];
  const [, ...body] = block.split('\n');
  const head = kind === 'cjs' ? `const { FluoriteBridge } = require('fluorite-bridge')` : `import { FluoriteBridge } from 'fluorite-bridge'`;
  const noise = `await bridge.storeChunks(Array.from({ length: 200 }, (_, i) => ({ id: 'noise-' + i, content: 'Garden note ' + i + ': water the tomatoes and prune the roses' })))\n`;
  const code = body.join('\n')
    .replace('enable_ml: true', `enable_ml: ${ml}`)
    .replace('await bridge.storeChunk(', `${noise}await bridge.storeChunk(`)
    .replace(/console\.log\(.*\)/, 'console.log(results[0].id)');
  return `${head};\n(async () => {\n${code}\n})()\n`;
}

function run(command, args, cwd, env = {}) {
  const done = spawnSync(command, args, { cwd, encoding: 'utf8', env: { ...process.env, ...env } });
  if (done.status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${done.status}:\n${done.stdout}${done.stderr}`);
  return done.stdout;
}

function size(path) {
  const s = statSync(path);
  return s.isDirectory() ? readdirSync(path).reduce((sum, n) => sum + size(join(path, n)), 0) : s.size;
}

function mb(bytes) {
  return Math.round(bytes / 1e5) / 10;
}
