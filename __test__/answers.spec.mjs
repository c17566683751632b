// What methods answer is what their types say: every member that is there is declared, and every declared one is there.
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import ts from 'typescript';

import { FluoriteBridge, salvage } from '../index.mjs';
import { hashEmbedder } from '../testing/index.js';
import { folder, root } from './helpers.mjs';

const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
const program = ts.createProgram([join(root, 'index.d.ts')], { ...options, noEmit: true });
const checker = program.getTypeChecker();
const exported = new Map(checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(join(root, 'index.d.ts')))).map((s) => [s.name, s.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(s) : s]));

/** What is wrong with a value of a type: nothing, or one line for each place. */
function wrong(value, type, at) {
  if (type.flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown)) return [];
  if (type.isUnion()) {
    const tried = type.types.map((one) => wrong(value, one, at));
    return tried.find((t) => t.length === 0) ?? tried.sort((a, b) => a.length - b.length || b[0].length - a[0].length)[0];
  }
  if (type.flags & ts.TypeFlags.StringLiteral) return value === type.value ? [] : [`${at}: ${JSON.stringify(value)} is not ${JSON.stringify(type.value)}`];
  const name = checker.typeToString(type);
  const plain = { string: ts.TypeFlags.StringLike, number: ts.TypeFlags.NumberLike, boolean: ts.TypeFlags.BooleanLike, undefined: ts.TypeFlags.Undefined | ts.TypeFlags.Void };
  const told = value === null ? 'null' : typeof value;
  if (told === 'null') return type.flags & ts.TypeFlags.Null ? [] : [`${at}: null is no ${name}`];
  if (told !== 'object') return type.flags & (plain[told] ?? 0) ? (name === 'true' || name === 'false') && String(value) !== name ? [`${at}: ${value}`] : [] : [`${at}: a ${told} is no ${name}`];
  if (!(type.flags & ts.TypeFlags.Object)) return [`${at}: an object is no ${name}`];
  if (value instanceof Float32Array || Buffer.isBuffer(value)) return /^(Float32Array|Buffer)\b/.test(name) ? [] : [`${at}: bytes are no ${name}`];
  if (Array.isArray(value)) {
    const of = checker.getIndexTypeOfType(type, ts.IndexKind.Number);
    return of ? value.flatMap((v, i) => wrong(v, of, `${at}[${i}]`)).slice(0, 20) : [`${at}: a list is no ${name}`];
  }
  const record = checker.getIndexTypeOfType(type, ts.IndexKind.String);
  if (record) return Object.entries(value).flatMap(([key, v]) => wrong(v, record, `${at}.${key}`));
  const declared = new Map(type.getProperties().map((p) => [p.name, p]));
  const more = Object.keys(value).filter((key) => !declared.has(key)).map((key) => `${at}.${key} is there, and not declared by ${name.slice(0, 60)}`);
  return more.concat([...declared].flatMap(([key, p]) => {
    if (key in value) return wrong(value[key], checker.getTypeOfSymbol(p), `${at}.${key}`);
    return p.flags & ts.SymbolFlags.Optional ? [] : [`${at}.${key} is declared, and not there`];
  }));
}

/** The type a method or function resolves with, or yields; with overloads the one of the general signature. */
function answerOf(name) {
  const of = exported.get(name);
  const member = of ?? checker.getDeclaredTypeOfSymbol(exported.get('FluoriteBridge')).getProperty(name);
  const result = checker.getTypeOfSymbol(member).getCallSignatures().at(-1).getReturnType();
  return checker.getTypeArguments(result)[0];
}

const check = (name, value) => assert.deepEqual(wrong(value, answerOf(name), name), [], JSON.stringify(value)?.slice(0, 2_000));

test('answers hold what their types declare, and nothing else', async (t) => {
  const at = folder();
  const spikes = join(folder(), 'spikes');
  mkdirSync(spikes);
  const templates = readdirSync(join(root, 'examples', 'spikes')).filter((n) => n.endsWith('.json')).slice(0, 20);
  for (const name of templates) cpSync(join(root, 'examples', 'spikes', name), join(spikes, name));
  writeFileSync(join(spikes, 'broken.json'), 'no JSON');
  const files = join(folder(), 'files');
  mkdirSync(files);
  writeFileSync(join(files, 'a.md'), '# Title\n\nSome text about sessions.\n');
  writeFileSync(join(files, 'b.yaml'), 'a: 1\nb: [2\n');
  const config = { memory_path: at, ml: { embedder: hashEmbedder() } };
  const bridge = await FluoriteBridge.open(config);
  t.after(() => bridge.shutdown());
  const events = bridge.events();
  const ask = async (name, ...args) => {
    const answer = await bridge[name](...args);
    await t.test(name, () => check(name, answer));
    return answer;
  };
  await ask('getStats');
  await ask('health');
  await ask('getMetrics');
  await ask('storeChunk', { id: 'a', content: 'sessions are kept in a cookie', tags: ['x'], metadata: { path: 'src/a.ts', deep: { n: 1 } }, ttl_seconds: 3_600 });
  await ask('storeChunks', [{ id: 'b', content: 'b' }, { content: 'x', quality_score: 7 }, { id: 'c', content: 'cookies of sessions' }], { on_error: 'collect' });
  await bridge.storeChunk({ id: 'a', content: 'sessions are kept in a signed cookie', tags: ['x'] });
  for (const name of ['getChunk', 'getContentBuffer', 'history']) await ask(name, 'a');
  await ask('getChunks', ['a', 'no']);
  await ask('searchSimilar', 'sessions', { explain: true });
  await ask('searchMany', ['sessions', 'cookie']);
  await ask('findRelated', 'a', { explain: true });
  await ask('buildContext', 'sessions', { budget_tokens: 200 });
  await ask('semanticSearch', 'sessions', ['a cookie', 'a session']);
  await ask('generateEmbedding', 'x');
  await ask('generateEmbeddings', ['x', 'y']);
  await ask('chunkText', '# A\n\ntext\n\n## B\n\nmore', { language: 'markdown' });
  await ask('learnFromSpikes', { path: spikes });
  await ask('learnFromFiles', [files]);
  await ask('learnFromFiles', [files], { sources: [{ url: 'http://127.0.0.1:1/no.md' }] });
  for await (const progress of bridge.watch({ paths: [files] })) {
    check('watch', progress);
    if (progress.phase === 'watching') break;
  }
  await ask('suggestFrameworks', ['react']);
  await ask('getIntegrationPatterns', 'react', 'vite');
  for await (const chunk of bridge.listChunks()) {
    check('listChunks', chunk);
    const rendered = await bridge.renderSpike(chunk.id).catch(() => undefined);
    if (rendered) check('renderSpike', rendered);
  }
  await ask('addFeedback', [{ chunk_id: 'a', kind: 'success', query: 'sessions' }, { chunk_id: 'b', kind: 'failure', query: 'sessions' }]);
  await ask('trainIncremental');
  await ask('getLearningStats');
  await ask('cluster');
  await ask('cluster', { algorithm: 'density' });
  await ask('memoryMap');
  await ask('getMetrics', { accuracy: true });
  await ask('deleteChunk', 'b');
  await ask('deleteWhere', { tags: { any: ['none'] } });
  await ask('exportJsonl', join(at, '..', 'out.jsonl'), { embeddings: true });
  await ask('importJsonl', [Buffer.from('{"content":"x"}\nno\n')]);
  await ask('verify', { deep: true });
  await ask('optimize');
  await ask('snapshot', `${at}-copy`);
  const reader = await FluoriteBridge.open({ ...config, read_only: true });
  t.after(() => reader.shutdown());
  check('getStats', await reader.getStats());
  check('refresh', await reader.refresh());
  await bridge.shutdown();
  let told = 0;
  for await (const event of events) check('events', event), told++;
  assert.ok(told > 5);
  await reader.shutdown();
  await t.test('salvage', async () => check('salvage', await salvage(at, `${at}-saved`)));
});

test('a store that splits long texts answers as its types declare', async (t) => {
  const bridge = await FluoriteBridge.open({ memory_path: folder(), memory: { auto_split: true }, ml: { embedder: hashEmbedder() } });
  t.after(() => bridge.shutdown());
  const content = Array.from({ length: 400 }, (_, i) => `Paragraph ${i} says something about sessions.`).join('\n\n');
  check('storeChunk', await bridge.storeChunk({ id: 'long', content }));
  check('storeChunks', await bridge.storeChunks([{ id: 'other', content }]));
  for (const name of ['getChunk', 'getContentBuffer', 'history']) check(name, await bridge[name]('long'));
  check('searchSimilar', await bridge.searchSimilar('sessions', { explain: true }));
  check('buildContext', await bridge.buildContext('sessions', { budget_tokens: 500 }));
  check('getStats', await bridge.getStats());
  for await (const chunk of bridge.listChunks()) check('listChunks', chunk);
});
