// classic-level (LevelDB, snappy): batches of 1,000, the last one synced, which makes those before it durable too.
import { peer } from './peer.mjs';

export const settings = 'JSON values, batches of 1,000 awaited one by one, sync: true on the last; cacheSize 512 MiB; get = await get';

export async function open(folder) {
  const { ClassicLevel } = peer('classic-level');
  const db = new ClassicLevel(folder, { valueEncoding: 'json', cacheSize: 512 * 1024 * 1024 });
  await db.open();
  return {
    async load(chunks) {
      for (let at = 0; at < chunks.length; at += 1000) {
        const batch = chunks.slice(at, at + 1000).map((value) => ({ type: 'put', key: value.id, value }));
        await db.batch(batch, { sync: at + 1000 >= chunks.length });
      }
    },
    get: (id) => db.get(id),
    put: (chunk) => db.put(chunk.id, chunk, { sync: true }),
    close: () => db.close(),
  };
}
