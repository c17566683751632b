import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

import { setting } from '../config.js';
import { bytes } from '../text.js';
import { fail, ok, warn, type Check } from './check.js';

/** A write needs a segment's tail and the reserve; below this the next ones fail. */
const LITTLE = 64 << 20;
const SOME = 1 << 30;

/** Node and the platform. */
export function machineChecks(): Check[] {
  const { glibcVersionRuntime: glibc } = (process.report.getReport() as unknown as { header: { glibcVersionRuntime?: string } }).header;
  const library = process.platform !== 'linux' ? '' : glibc === undefined ? ', no glibc' : `, glibc ${glibc}`;
  return [
    ok('node', `${process.versions.node} (20.17 or newer is needed)`), // `main` ends earlier on an older one
    ok('platform', `${process.platform}-${process.arch}${library}`), // whether there is an addon for it the loader tells
  ];
}

/** Is the folder that `fluorite learn` takes by default there? */
export async function spikesCheck(config_path: string): Promise<Check[]> {
  const written = await setting(config_path, 'spike_templates_path', 'spikeTemplatesPath').catch(() => undefined); // the check of the configuration tells
  if (written === undefined) return [];
  const folder = resolve(dirname(config_path), written);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return [ok('spikes', folder)];
  return [warn('spikes', `${folder} is no folder`, `make it, or correct spike_templates_path in ${config_path}`)];
}

function allowed(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

/** How this user comes to a folder it may not use: `chmod` is for the owner alone. */
function permit(folder: string, reading: boolean): string {
  const [owner, user] = [statSync(folder).uid, process.getuid?.()];
  const path = JSON.stringify(folder);
  if (user === undefined || user === owner) return `give this user the right: chmod -R u+${reading ? 'rX' : 'rwX'} ${path}, or choose another folder`;
  return `it belongs to user ${owner} and this is user ${user}: run as that one, make it this one's (chown -R ${user} ${path}), or choose another folder`;
}

/** Can the store's folder be written, and is there room? Where it is only read: can it be? */
export function folderChecks(memory_path: string, reading: boolean): Check[] {
  let there = memory_path;
  while (!existsSync(there) && dirname(there) !== there) there = dirname(there);
  if (!statSync(there).isDirectory()) {
    return [fail('folder', `${there} is a file`, 'name a folder with --memory-path, FLUORITE_MEMORY_PATH or memory_path')];
  }
  try {
    accessSync(there, constants.R_OK | constants.X_OK | (reading ? 0 : constants.W_OK));
  } catch (e) {
    const { code } = e as NodeJS.ErrnoException;
    const readable = allowed(there, constants.R_OK | constants.X_OK);
    const what = readable ? `${there} can be read, but not written (${code})` : `${there} cannot be read${reading ? '' : ' or written'} (${code})`;
    const look = !reading && readable && there === memory_path ? '; a store in it can be read with --read-only' : '';
    return [fail('folder', what, `${code === 'EROFS' ? 'the file system is read-only: choose another folder' : permit(there, reading)}${look}`)];
  }
  if (reading && there === memory_path) return [ok('folder', `${memory_path} can be read`)]; // what the disk has left is the writer's concern
  if (reading) return [fail('folder', `${memory_path} is not there, and reading makes none`, 'open the store for writing first: leave out --read-only (read_only of the configuration)')];
  const { bavail, bsize } = statfsSync(there);
  const free = bavail * bsize;
  const text = `${bytes(free)} free`;
  const made = there === memory_path ? `${memory_path} can be written` : `${memory_path} will be made when something is stored`;
  const disk = free < LITTLE ? fail('disk', text, 'free some space: writes fail with NO_SPACE')
    : free < SOME ? warn('disk', text, 'free some space soon')
    : ok('disk', text);
  return [ok('folder', made), disk];
}
