import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

import { FluoriteError } from '../facade/errors.js';
import type { Globals } from './session.js';
import { fileError, UsageError } from './errors.js';

/** Name of the configuration file that is looked for. */
export const CONFIG_NAME = 'fluorite.toml';

/** Which configuration holds, and which store it names. */
export interface Place {
  /** The configuration file, absolute; `undefined` for none. */
  config_path: string | undefined;
  /** The store's folder, absolute. */
  memory_path: string;
}

/** The file named by `--config` or FLUORITE_CONFIG, else the nearest `fluorite.toml` from here upwards. */
export function configPath({ config }: Pick<Globals, 'config'>): string | undefined {
  const named = config ?? environment('FLUORITE_CONFIG');
  if (named !== undefined) return resolve(named);
  for (let folder = process.cwd(); ; folder = dirname(folder)) {
    const file = join(folder, CONFIG_NAME);
    if (existsSync(file)) return file;
    if (dirname(folder) === folder) return undefined;
  }
}

/** The store's folder: `--memory-path`, FLUORITE_MEMORY_PATH, then `memory_path` of the file, as the engine does; `undefined` when none says. */
export async function storeNamed(options: Pick<Globals, 'config' | 'memoryPath'>): Promise<string | undefined> {
  // the current folder is not what an unset variable means
  if (options.memoryPath?.trim() === '') throw new UsageError('--memory-path is empty: name a folder (is a variable of the shell not set?)');
  const named = options.memoryPath ?? environment('FLUORITE_MEMORY_PATH');
  if (named !== undefined) return resolve(named);
  const config_path = configPath(options);
  const written = config_path === undefined ? undefined : await setting(config_path, 'memory_path', 'memoryPath');
  return config_path === undefined || written === undefined ? undefined : resolve(dirname(config_path), written);
}

/** What to do where no store is named. */
export function nameOne(config_path: string | undefined): string {
  const first = config_path === undefined ? 'run `fluorite init` here' : `set memory_path in ${config_path}`;
  return `${first}, give --memory-path, or set FLUORITE_MEMORY_PATH`;
}

/** Finds the configuration and the store. */
export async function locate(options: Pick<Globals, 'config' | 'memoryPath'>): Promise<Place> {
  const config_path = configPath(options);
  const memory_path = await storeNamed(options);
  if (memory_path === undefined) throw new FluoriteError('INVALID_CONFIG', `no store is named: ${nameOne(config_path)}`);
  return { config_path, memory_path };
}

/** Is the store opened for reading alone: by `--read-only`, or by the file? A file that cannot be read says nothing here. */
export async function reading({ readOnly }: Pick<Globals, 'readOnly'>, config_path: string | undefined): Promise<boolean> {
  if (readOnly) return true;
  const tree = config_path === undefined ? {} : await parsed(config_path).catch(() => ({}) as Record<string, unknown>);
  return tree['read_only'] === true || tree['readOnly'] === true;
}

/** A top-level text of the file. What else the file says is the engine's to judge. */
export async function setting(config_path: string, ...names: string[]): Promise<string | undefined> {
  const tree = await parsed(config_path);
  for (const name of names) {
    const value = tree[name];
    if (typeof value === 'string' && value.trim() !== '') return value;
  }
  return undefined;
}

async function parsed(config_path: string): Promise<Record<string, unknown>> {
  const { parse } = await import('smol-toml');
  let text;
  try {
    text = readFileSync(config_path, 'utf8').replace(/^\ufeff/, '');
  } catch (e) {
    throw fileError('read the configuration file', config_path, e);
  }
  try {
    return parse(text);
  } catch (e) {
    const [what = 'it is no TOML'] = (e as Error).message.split('\n');
    const { line, column } = e as { line?: number; column?: number };
    throw new FluoriteError('INVALID_CONFIG', `configuration file ${JSON.stringify(config_path)}, line ${line}, column ${column}: ${what}`, e);
  }
}

function environment(name: string): string | undefined {
  const value = process.env[name];
  return value === undefined || value.trim() === '' ? undefined : value;
}
