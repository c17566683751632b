import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { lstat, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { devNull } from 'node:os';
import { dirname, join } from 'node:path';

import type { Address } from './address.js';
import { replaced } from './replaced.js';

/** Where git would look for another repository than the one it is told. */
const FOREIGN = [
  'GIT_DIR', 'GIT_WORK_TREE', 'GIT_IMPLICIT_WORK_TREE', 'GIT_INDEX_FILE', 'GIT_OBJECT_DIRECTORY', 'GIT_ALTERNATE_OBJECT_DIRECTORIES', 'GIT_COMMON_DIR',
  'GIT_NAMESPACE', 'GIT_PREFIX', 'GIT_SHALLOW_FILE', 'GIT_GRAFT_FILE', 'GIT_REPLACE_REF_BASE', 'GIT_QUARANTINE_PATH',
];
/** Nothing of the fetched repository is run, and nothing but what was asked for is fetched. */
const SETTINGS = [`core.hooksPath=${devNull}`, 'core.fsmonitor=false', 'core.symlinks=false', 'core.autocrlf=false', 'submodule.recurse=false', 'fetch.recurseSubmodules=false', 'protocol.ext.allow=never', 'gc.auto=0'];
/** Characters of what git says that are passed on. */
const SAID = 500;

type Git = (...args: string[]) => Promise<string>;

/** Brings the copy of a repository to the newest commit; its id, and whether it is another one than before. */
export async function fetchRepository({ address, ref, shown }: Address, folder: string, signal: AbortSignal): Promise<{ changed: boolean; revision: string }> {
  const within = (place: string): Git => (...args) => run(place, args, signal, [address, shown]);
  const before = await revisionOf(folder);
  if (await isRepository(folder, within(folder), signal)) {
    // what a power cut or somebody else left of it is mended, or not learned any more
    if (before !== undefined && !(await checkedOut(within(folder), folder, before, signal))) return anew();
    const revision = await newest(within(folder), address, ref);
    if (await checkedOut(within(folder), folder, revision, signal)) return { changed: before !== revision, revision };
  }
  return anew();

  /** Made beside the copy, which it replaces when it is whole. */
  async function anew(): Promise<{ changed: boolean; revision: string }> {
    await rm(mark(folder), { force: true });
    const place = `${folder}.new`;
    try {
      await rm(place, { recursive: true, force: true });
      await mkdir(place, { recursive: true, mode: 0o700 });
      await within(place)('init', '--quiet', '--template=');
      const revision = await newest(within(place), address, ref);
      await checkout(within(place), revision);
      await rm(folder, { recursive: true, force: true });
      await rename(place, folder);
      await replaced(mark(folder), JSON.stringify({ revision }));
      return { changed: before !== revision, revision };
    } finally {
      await rm(place, { recursive: true, force: true });
    }
  }
}

/** The commit whose files lie in a copy, all of them; `undefined` when it cannot be said. */
export async function revisionOf(folder: string): Promise<string | undefined> {
  try {
    const { revision } = JSON.parse(await readFile(mark(folder), 'utf8')) as { revision?: unknown };
    return typeof revision === 'string' && /^[0-9a-f]{40,64}$/.test(revision) && existsSync(folder) ? revision : undefined;
  } catch {
    return undefined;
  }
}

/** Says that a copy is whole: gone while its files change. */
function mark(folder: string): string {
  return `${folder}.json`;
}

/** Without a folder `.git` that git takes for a repository (a file would lead elsewhere) there is nothing to bring up to date. */
async function isRepository(folder: string, git: Git, signal: AbortSignal): Promise<boolean> {
  const found = await lstat(join(folder, '.git')).catch(() => undefined);
  if (!found?.isDirectory()) return false;
  return git('rev-parse', '--git-dir').then(() => true, (e: unknown) => {
    if (signal.aborted || e instanceof NoGit) throw e;
    return false;
  });
}

async function newest(git: Git, address: string, ref: string | undefined): Promise<string> {
  await git('fetch', '--quiet', '--depth=1', '--no-tags', '--no-recurse-submodules', '--', address, ref ?? 'HEAD');
  return git('rev-parse', '--verify', 'FETCH_HEAD^{commit}');
}

async function checkout(git: Git, revision: string): Promise<void> {
  await git('checkout', '--quiet', '--force', '--detach', revision); // also what somebody changed in the copy
  await git('clean', '--quiet', '-ffdx');
}

/** Whether a copy could be brought to a commit; if not it is no whole one any more. */
async function checkedOut(git: Git, folder: string, revision: string, signal: AbortSignal): Promise<boolean> {
  await rm(mark(folder), { force: true });
  try {
    await checkout(git, revision);
  } catch (e) {
    if (signal.aborted) throw e;
    return false; // a lock of a git that was killed, an object that is missing
  }
  await replaced(mark(folder), JSON.stringify({ revision }));
  return true;
}

class NoGit extends Error {}

function run(folder: string, args: string[], signal: AbortSignal, [address, shown]: [string, string]): Promise<string> {
  const env: NodeJS.ProcessEnv = { ...process.env, GIT_TERMINAL_PROMPT: '0', GIT_ALLOW_PROTOCOL: 'https:ssh:file', GIT_LFS_SKIP_SMUDGE: '1', LC_ALL: 'C' };
  for (const name of FOREIGN) delete env[name];
  env['GIT_CEILING_DIRECTORIES'] = dirname(folder);
  env['GIT_SSH_COMMAND'] ??= 'ssh -oBatchMode=yes'; // no question that nobody answers
  // named, never looked for: a copy may lie within a repository of the user
  const all = [`--git-dir=${join(folder, '.git')}`, `--work-tree=${folder}`, ...SETTINGS.flatMap((setting) => ['-c', setting]), ...args];
  return new Promise((done, fail) => {
    const child = execFile('git', all, { cwd: folder, env, signal, maxBuffer: 1 << 20, windowsHide: true }, (e, stdout, stderr) => {
      if (!e) return done(stdout.trim());
      if (signal.aborted) return fail(signal.reason as Error);
      if ((e as NodeJS.ErrnoException).code === 'ENOENT') return fail(new NoGit('git is not installed, or not on the PATH'));
      const said = (stderr.trim() || e.message).replaceAll(address, shown);
      fail(new Error(`git ${args[0]} failed: ${said.slice(0, SAID)}`));
    });
    child.stdin?.end();
  });
}
