// Child processes of the pack check: in the user's folder, without what this machine's environment would add.
import { spawnSync } from 'node:child_process';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

/** Runs a command to its end; its standard output, or an error with all it said. */
export function run(command, args, cwd, env = {}) {
  const done = spawnSync(command, args, { cwd, encoding: 'utf8', maxBuffer: 1 << 26, timeout: 300_000, env: clean(env) });
  if (done.status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${done.status ?? done.signal}:\n${done.stdout}${done.stderr}`);
  return done;
}

/** An environment without settings that would stand in for parts of the package. */
export function clean(env = {}) {
  const kept = Object.entries(process.env).filter(([name]) => !/^(FLUORITE_|ORT_DYLIB_PATH|NODE_PATH|NODE_OPTIONS|npm_)/.test(name));
  return { ...Object.fromEntries(kept), ...env };
}
