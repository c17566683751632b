// Shared by the spec files of the command line: runs `cli/main.js` as a user would.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { root } from './helpers.mjs';

export const main = join(root, 'cli', 'main.js');
export const withModel = existsSync(join(root, 'runtime')) && existsSync(join(root, 'models', 'all-MiniLM-L6-v2'));

/** The environment without anything that would name a store or switch colours. */
export function environment(more = {}) {
  const env = { ...process.env, ...more };
  for (const name of ['FLUORITE_MEMORY_PATH', 'FLUORITE_CONFIG', 'FLUORITE_MODELS_PATH', 'NO_COLOR', 'FORCE_COLOR', 'CI', 'NODE_OPTIONS']) {
    if (!(name in more)) delete env[name];
  }
  return env;
}

/** Runs a command line. With `start`, its input stays open; `on` is called with the child and what it wrote to stderr so far. */
export function run(args, { cwd = root, env = {}, input, start, on, program = process.execPath, script = main } = {}) {
  return new Promise((done) => {
    const child = spawn(program, script === null ? args : [script, ...args], { cwd, env: environment(env) });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (d) => (stdout += d));
    child.stderr.setEncoding('utf8').on('data', (d) => {
      stderr += d;
      on?.(child, stderr);
    });
    child.stdin.on('error', () => undefined);
    start?.(child);
    if (input !== undefined) child.stdin.end(input);
    else if (start === undefined) child.stdin.end();
    const timer = setTimeout(() => child.kill('SIGKILL'), 60_000);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      done({ code, signal, stdout, stderr });
    });
  });
}

/** A store of its own: `at(args)` runs a command on it without the model. */
export function onStore(folder, { ml = false, ...options } = {}) {
  const memory = join(folder, 'memory');
  const at = (args, more = {}) => run([...args, '--memory-path', memory, ...(ml ? [] : ['--no-ml'])], { cwd: folder, ...options, ...more });
  at.memory = memory;
  return at;
}

/** Asserts the exit code and returns what was printed. */
export function ended(result, code = 0) {
  assert.equal(result.signal, null, `ended by ${result.signal}\n${result.stderr}`);
  assert.equal(result.code, code, `exit code ${result.code}\n${result.stdout}\n${result.stderr}`);
  return result.stdout;
}

/** The one JSON document on stdout. */
export const json = (result, code = 0) => JSON.parse(ended(result, code));
/** The JSON lines on stdout. */
export const records = (result, code = 0) => ended(result, code).split('\n').filter(Boolean).map((l) => JSON.parse(l));
