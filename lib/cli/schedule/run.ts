import { spawn } from 'node:child_process';

import { FluoriteError } from '../../facade/errors.js';

/** What a program printed and how it ended. */
export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a system program with English messages. */
export function run(program: string, args: readonly string[], input?: string): Promise<Ran> {
  return new Promise((done, fail) => {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, LC_ALL: 'C' } });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (some: string) => (stdout += some));
    child.stderr.setEncoding('utf8').on('data', (some: string) => (stderr += some));
    child.stdin.on('error', () => undefined); // a program that does not read
    child.on('error', (e: NodeJS.ErrnoException) =>
      fail(new FluoriteError(e.code === 'ENOENT' ? 'NOT_FOUND' : 'IO', `${program} cannot be run (${e.code}): install it, or use --kind manual`, e)));
    child.on('close', (code) => done({ code: code ?? 1, stdout, stderr }));
    child.stdin.end(input ?? '');
  });
}
