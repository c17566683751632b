// A store per set, built once and kept in the cache under a hash of the set's content and the model.
import { cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FluoriteBridge } from '../index.mjs';
import { cache, say, sha256 } from './data.mjs';

/** Raised when this file fills stores in another way; old ones are built anew. */
const LAYOUT = 1;

/** Names the content of a set: `set.key`, or all its chunks. */
export const contentKey = (set) => set.key ?? sha256(JSON.stringify(set.chunks));

/**
 * Opens a copy of the set's store, building it first when it is not in the cache (`fresh`: in any case). A copy, because a
 * store has one writer and evaluations may run at once, and because nothing that a run leaves behind may change the next.
 * `close()` ends the bridge and deletes the copy.
 */
export async function openStore(set, model, { fresh = false } = {}) {
  const key = sha256(`${LAYOUT}`, contentKey(set), model.sha256).slice(0, 16);
  const kept = cache('stores', `${set.store ?? set.name}-${key}`);
  if (fresh) rmSync(kept, { recursive: true, force: true });
  if (!existsSync(kept)) await build(set, kept);
  const folder = mkdtempSync(join(tmpdir(), `fluorite-eval-${set.name}-`));
  const drop = () => rmSync(folder, { recursive: true, force: true });
  try {
    cpSync(kept, folder, { recursive: true });
    const bridge = await FluoriteBridge.open({ memory_path: folder });
    const close = async () => {
      await bridge.shutdown();
      drop();
    };
    return { bridge, key, close };
  } catch (e) {
    drop();
    throw new Error(`${set.name}: the cached store ${kept} could not be opened (run again with --fresh): ${e.message}`, { cause: e });
  }
}

async function build(set, kept) {
  mkdirSync(cache('stores'), { recursive: true });
  const part = mkdtempSync(`${kept}.part-`);
  const began = performance.now();
  say(`${set.name}: building the store`);
  try {
    const bridge = await FluoriteBridge.open({ memory_path: part });
    try {
      const on_progress = reporter(set.name);
      if (set.fill) await set.fill(bridge, on_progress);
      else await bridge.storeChunks(set.chunks, { durability: 'buffered', on_progress });
      await bridge.flush({ embedded: true });
      // One graph whatever the timing of background builds was: the same store gives the same figures.
      await bridge.optimize();
    } finally {
      await bridge.shutdown();
    }
    if (existsSync(kept)) rmSync(part, { recursive: true, force: true }); // another run was faster
    else renameSync(part, kept);
  } catch (e) {
    rmSync(part, { recursive: true, force: true });
    throw e;
  }
  say(`${set.name}: built in ${((performance.now() - began) / 1000).toFixed(0)} s`);
}

/** A line every five seconds. */
function reporter(name) {
  let last = 0;
  return ({ phase, done, total, rate, seconds_left }) => {
    const now = performance.now();
    if (now - last < 5_000) return;
    last = now;
    say(`${name}: ${phase} ${done}${total === null ? '' : ` / ${total}`}, ${rate.toFixed(0)}/s${seconds_left === null ? '' : `, ${Math.ceil(seconds_left)} s left`}`);
  };
}
