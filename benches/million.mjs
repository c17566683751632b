#!/usr/bin/env node
// A million vectors inside the engine; JSON on stdout, progress on stderr: the example `million` of the crate, whose head says
// what it measures.
//   node benches/million.mjs [--n 1000000] [--seed 42] [--rounds 3] [--dir folder] [--keep]
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const args = ['run', '--release', '-q', '--manifest-path', `${root}Cargo.toml`, '-p', 'fluorite-memory', '--example', 'million', '--', ...process.argv.slice(2)];
const { status, error } = spawnSync('cargo', args, { stdio: 'inherit' });
if (error) process.stderr.write(`cargo cannot be started: ${error.message}\n`);
process.exitCode = status ?? 1;
