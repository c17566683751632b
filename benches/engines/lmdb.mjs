// lmdb-js with its defaults (fsync on, msgpack). Puts are batched by the library; `flushed` resolves after the fsync.
import { peer } from './peer.mjs';

export const settings = 'defaults: msgpack objects, safe commits; un-awaited puts, backlog bounded by awaiting every 1,000th, then await flushed; get is synchronous';
export const sync = true;

export async function open(folder) {
  const db = peer('lmdb').open({ path: folder });
  return {
    async load(chunks) {
      for (let i = 0; i < chunks.length; i++) {
        const put = db.put(chunks[i].id, chunks[i]);
        if (i % 1000 === 999) await put;
      }
      await db.flushed;
    },
    get: (id) => db.get(id),
    async put(chunk) {
      await db.put(chunk.id, chunk);
      await db.flushed;
    },
    close: () => db.close(),
  };
}
