// Shared by the spec files. Everything goes through the public API; stores live in temporary folders.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { FluoriteBridge, isFluoriteError } from '../index.mjs';
import { contentOf } from './children/content.mjs';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
export const entry = pathToFileURL(join(root, 'index.mjs')).href;
export const DIMENSIONS = 384;

const folders = [];
after(() => folders.forEach((f) => rmSync(f, { recursive: true, force: true })));

/** An empty folder, removed when the file's tests are done. */
export function folder() {
  const made = mkdtempSync(join(tmpdir(), 'fluorite-'));
  folders.push(made);
  return made;
}

/** An open bridge on an empty store; words only unless told otherwise. Closed when the test ends. */
export async function open(t, config = {}) {
  const bridge = await FluoriteBridge.open({ memory_path: folder(), enable_ml: false, ...config });
  t.after(() => bridge.shutdown());
  return bridge;
}

/** Asserts that a promise rejects with a FluoriteError of this code. */
export async function rejects(promise, code, message) {
  await assert.rejects(promise, (e) => {
    assert.ok(isFluoriteError(e), `not a FluoriteError: ${e?.stack ?? e}`);
    assert.equal(e.name, 'FluoriteError');
    assert.ok([code].flat().includes(e.code), `${e.code}: ${e.message}, expected ${code}`);
    if (message) assert.match(e.message, message);
    return true;
  });
}

/** A vector that only depends on `seed`. */
export function vector(seed) {
  let x = seed * 2654435761 + 1;
  return Float32Array.from({ length: DIMENSIONS }, () => {
    x = (x * 1103515245 + 12345) % 2147483648;
    return x / 1073741824 - 1;
  });
}

/** Runs JavaScript (an ES module) in a new Node process; resolves with how it ended. */
export function node(source, { cwd = root, limit = 120_000, args = [] } = {}) {
  return new Promise((done) => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', source, ...args], { cwd });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (d) => (stdout += d));
    child.stderr.on('data', (d) => (stderr += d));
    const timer = setTimeout(() => child.kill('SIGKILL'), limit);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      done({ code, signal, stdout, stderr });
    });
  });
}

/** Asserts that a process ended by itself, not by a crash. */
export function endedWith(result, code) {
  const shown = `exit ${result.code} ${result.signal ?? ''}\n${result.stdout}\n${result.stderr}`;
  assert.equal(result.signal, null, shown);
  assert.equal(result.code, code, shown);
}


/** Runs a file of `children/` with one argument, as JSON; `line` is told each line of its output as it comes, and may kill it. */
export function child(name, argument, { line = () => undefined, limit = 120_000, args = [], env = process.env } = {}) {
  return new Promise((done) => {
    const process_ = spawn(process.execPath, [...args, join(root, '__test__', 'children', name), JSON.stringify(argument)], { cwd: root, env });
    const lines = [];
    let rest = '';
    let stderr = '';
    process_.stdout.setEncoding('utf8').on('data', (text) => {
      const parts = (rest + text).split('\n');
      rest = parts.pop();
      for (const part of parts) {
        lines.push(part);
        line(part, process_);
      }
    });
    process_.stderr.on('data', (d) => (stderr += d));
    const timer = setTimeout(() => process_.kill('SIGKILL'), limit);
    process_.on('close', (code, signal) => {
      clearTimeout(timer);
      done({ code, signal, lines, stdout: lines.join('\n'), stderr });
    });
  });
}

/** Calls `work` with 0 to `n - 1`, a few at once. */
export async function several(n, atOnce, work) {
  let next = 0;
  await Promise.all(Array.from({ length: atOnce }, async () => { while (next < n) await work(next++); }));
}

/**
 * Asserts that a store holds what its writers were told it holds, nothing wrong and nothing damaged; gives how many ids it looked for.
 * Lines, the last one of an id counts: `id` stored, `?id` its deletion was asked for, `-id` it was deleted.
 */
export async function holdsAcknowledged(at, lines, what) {
  const said = new Map(lines.flatMap((l) => { const m = /^([?-]?)(c\d.*)$/.exec(l); return m ? [[m[2], m[1]]] : []; }));
  const bridge = await FluoriteBridge.open({ memory_path: at, enable_ml: false });
  try {
    const ids = [...said.keys()];
    const found = await bridge.getChunks(ids);
    for (const [i, id] of ids.entries()) {
      if (said.get(id) === '') assert.equal(found[i]?.content, contentOf(id), `${what}: ${id} was acknowledged`);
      if (said.get(id) === '-') assert.equal(found[i], null, `${what}: ${id} was deleted`);
    }
    for await (const chunk of bridge.listChunks()) assert.equal(chunk.content, contentOf(chunk.id), what);
    const report = await bridge.verify();
    assert.ok(report.ok, `${what}: ${JSON.stringify(report.damaged)}`);
  } finally {
    await bridge.shutdown();
  }
  return said.size;
}

/** Is the model here? Without it tests go on by words alone. */
export const withModel = existsSync(join(root, 'runtime')) && existsSync(join(root, 'models', 'all-MiniLM-L6-v2'));
