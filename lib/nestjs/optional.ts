import { FluoriteError } from '../index.js';

/** A package that only a part of the module needs, loaded when that part is used. Says what to install where it is missing. */
export function optional<T>(load: () => T, name: string, user: string): T {
  try {
    return load();
  } catch (e) {
    if ((e as { code?: unknown } | null)?.code !== 'MODULE_NOT_FOUND') throw e;
    throw new FluoriteError('INVALID_CONFIG', `${user} needs ${name}, which could not be loaded: npm install ${name}`, e);
  }
}
