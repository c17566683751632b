// The code of README.md and docs/: what stands there whole compiles under strict settings and runs, the rest has the right names and types.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { folder, root } from './helpers.mjs';

/** Documents whose TypeScript is whole; the README's quick start is run by `snippet.spec.mjs`. */
const WHOLE = ['README.md', 'docs/nestjs.md'];
const FRAGMENTS = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`).filter((path) => !WHOLE.includes(path));

/** What fragments take for granted. */
const GIVEN = `import type { FluoriteBridge as Bridge, Progress } from 'fluorite-bridge';
declare global {
  const FluoriteBridge: typeof Bridge;
  const bridge: Bridge;
  const source: string, text: string, path: string, longText: string;
  const encryption_key: Uint8Array, newKey: Uint8Array;
  const signal: AbortSignal;
  const on_progress: (progress: Progress) => void;
}
`;
const SETTINGS = { target: 'es2022', lib: ['es2023', 'esnext.disposable'], types: ['node'], module: 'node16', experimentalDecorators: true, emitDecoratorMetadata: true, outDir: 'out' };
const STRICT = { strict: true, exactOptionalPropertyTypes: true, isolatedModules: true, skipLibCheck: true };

/** The blocks of a document in these languages. */
function blocks(path, languages) {
  const text = readFileSync(join(root, path), 'utf8');
  return [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```/gm)].filter(([, language]) => languages.includes(language)).map(([, , code]) => code);
}

/** A project with these files and the packages they import, compiled. */
function compiled(files, settings) {
  const at = folder();
  mkdirSync(join(at, 'node_modules'));
  symlinkSync(root, join(at, 'node_modules', 'fluorite-bridge'), 'junction');
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (name !== 'fluorite-bridge') symlinkSync(join(root, 'node_modules', name), join(at, 'node_modules', name), 'junction');
  }
  for (const [name, code] of Object.entries(files)) writeFileSync(join(at, name), code);
  writeFileSync(join(at, 'package.json'), '{"type":"module"}');
  writeFileSync(join(at, 'tsconfig.json'), JSON.stringify({ compilerOptions: { ...SETTINGS, ...settings }, include: Object.keys(files) }));
  const { status, stdout } = spawnSync(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc')], { cwd: at, encoding: 'utf8' });
  assert.equal(status, 0, stdout);
  return at;
}

/** Runs a module of a project; the JSON it prints. */
function runs(at, code) {
  writeFileSync(join(at, 'main.mjs'), code);
  const { status, stdout, stderr } = spawnSync(process.execPath, ['main.mjs'], { cwd: at, encoding: 'utf8', timeout: 120_000, env: { ...process.env, API_KEY: 'open sesame' } });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout);
}

/** Starts the application and asks it with and without the key. */
const ASK = (file) => `
  import 'reflect-metadata';
  import { NestFactory } from '@nestjs/core';
  import { AppModule } from './out/${file}';
  const app = await NestFactory.create(AppModule, { logger: false });
  await app.listen(0, '127.0.0.1');
  const ask = (key) => fetch(\`http://127.0.0.1:\${app.getHttpServer().address().port}/api/memory/stats\`, { headers: key === undefined ? {} : { 'x-api-key': key } });
  const got = [(await ask()).status, (await ask('wrong')).status, (await ask('open sesame')).status];
  await app.close();
  console.log(JSON.stringify(got));
`;

test('what stands whole in README.md and docs/nestjs.md compiles under strict settings, and runs', () => {
  const code = Object.fromEntries(WHOLE.flatMap((path) => blocks(path, ['ts']).map((block, i) => [`${path.replace(/\W+/g, '-')}-${i}.ts`, block])));
  const names = Object.keys(code);
  assert.deepEqual(names, ['README-md-0.ts', 'docs-nestjs-md-0.ts', 'docs-nestjs-md-1.ts']);
  const at = compiled(code, STRICT);
  for (const name of names.slice(0, 2)) assert.deepEqual(runs(at, ASK(name.replace('.ts', '.js'))), [403, 403, 200], name);
  assert.equal(runs(at, `import './out/docs-nestjs-md-1.js'; console.log('true');`), true);
});

test('every fragment of docs/ has the names and types there are', () => {
  const found = FRAGMENTS.flatMap((path) => blocks(path, ['js', 'ts']).map((block, i) => [`${path.replace(/\W+/g, '-')}-${i}.ts`, `${block}\nexport {};\n`]));
  assert.ok(found.length >= 10, `${found.length} fragments`);
  compiled({ ...Object.fromEntries(found), 'given.d.ts': GIVEN }, { skipLibCheck: true });
});
