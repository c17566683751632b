import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

import { FluoriteError, isFluoriteError } from '../facade/errors.js';
import type { FluoriteBridge } from '../index.js';
import { failureOf, fileError } from './errors.js';
import { locate } from './config.js';
import { holder } from './holder.js';
import type { Session } from './session.js';

/** What a command needs of the store. */
export interface Needs {
  /** Texts are embedded: load the model, unless it is switched off. Opening takes a quarter of a second longer. */
  model?: boolean;
  /** Make the store when there is none. */
  create?: boolean;
}

/** Bytes at the beginning of each segment, docs/format.md. */
const SEGMENT_HEADER = 64;

/** Whether there is a store, or what is left of one: a log without its MANIFEST is damage, not an empty folder. */
export function isStore(memory_path: string): boolean {
  const log = join(memory_path, 'log');
  try {
    if (statSync(join(memory_path, 'MANIFEST'), { throwIfNoEntry: false })) return true;
    if (statSync(log, { throwIfNoEntry: false })?.isDirectory() !== true) return false;
    // a first segment that is a bare header is a creation that was interrupted
    const holds = (name: string): boolean => /^\d{8}\.seg$/.test(name) && (name !== '00000001.seg' || statSync(join(log, name)).size > SEGMENT_HEADER);
    return readdirSync(log).some(holds);
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === 'ENOTDIR') return false;
    throw fileError('look into', memory_path, e); // not to be seen is not the same as not there
  }
}

/** Opens the store, does the work and closes the store, also after a failure or an interruption. */
export async function withBridge<T>(session: Session, needs: Needs, work: (bridge: FluoriteBridge) => Promise<T>): Promise<T> {
  const { config_path, memory_path } = await locate(session.options);
  if ((!needs.create || session.options.readOnly) && !isStore(memory_path)) {
    throw new FluoriteError('NOT_FOUND', `there is no store in ${JSON.stringify(memory_path)}: fill one with \`fluorite learn\` or \`fluorite store\`, or name another with --memory-path`);
  }
  session.check();
  // Loaded here, so that `doctor` and `--help` work where the addon does not.
  const { FluoriteBridge } = await import('../index.js').catch((e: unknown) => {
    throw isFluoriteError(e) ? e : new FluoriteError('INTERNAL', 'the native addon does not load: `fluorite doctor` says what to do', e);
  });
  const models_path = session.options.modelsPath;
  const config = {
    memory_path,
    ...(config_path === undefined ? {} : { config_path }),
    ...(models_path === undefined ? {} : { models_path }),
    ...(session.options.readOnly ? { read_only: true } : {}),
    ...(needs.model && session.options.ml ? {} : { enable_ml: false }),
  };
  const bridge = await patiently(session, memory_path, () => FluoriteBridge.open(config));
  let failed = true;
  try {
    session.check();
    const result = await work(bridge);
    failed = false;
    return result;
  } finally {
    const closed = bridge.shutdown();
    await (failed ? closed.catch(() => undefined) : closed); // the first failure is the one to tell
  }
}

/** Opens again while another process has the store, as long as the user wants to wait. The lock tells nobody when it is free. */
async function patiently(session: Session, memory_path: string, open: () => Promise<FluoriteBridge>): Promise<FluoriteBridge> {
  const until = performance.now() + session.options.wait * 1000;
  for (let told = false; ; told = true) {
    try {
      return await open();
    } catch (e) {
      const { code } = failureOf(e);
      if (code !== 'STORE_LOCKED') throw e;
      const held = `${JSON.stringify(memory_path)} is in use by ${holder(memory_path)}`;
      if (performance.now() >= until) {
        throw new FluoriteError(code, `${held}: wait for it with --wait <seconds>, read it meanwhile with --read-only, or name another store`, e);
      }
      if (!told && !session.options.json) session.note(`waiting: ${held}`);
      await setTimeout(200, undefined, { signal: session.signal }).catch(() => session.check());
    }
  }
}
