// better-sqlite3: WAL, transactions of 1,000. While loading synchronous=NORMAL with a checkpoint at the end: the cheapest way
// to be durable when the load ends. Single puts are durable each: synchronous=FULL.
import { join } from 'node:path';
import { peer } from './peer.mjs';

export const settings = 'WAL, transactions of 1,000, synchronous=NORMAL + wal_checkpoint(TRUNCATE) at the end, cache_size 512 MiB; lists and metadata as JSON text columns; get is synchronous: row + 3 JSON.parse';
export const sync = true;

/** Opens a database and prepares writing and reading; shared with the layout of one JSON column. */
export function database(folder, { table, insert, row, read }) {
  const db = new (peer('better-sqlite3'))(join(folder, 'bench.db'));
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = NORMAL');
  db.pragma('cache_size = -524288');
  db.exec(table);
  const put = db.prepare(insert);
  const get = read(db);
  const putAll = db.transaction((chunks, from, to) => {
    for (let i = from; i < to; i++) put.run(row(chunks[i]));
  });
  return {
    load(chunks) {
      for (let at = 0; at < chunks.length; at += 1000) putAll(chunks, at, Math.min(at + 1000, chunks.length));
      db.pragma('wal_checkpoint(TRUNCATE)');
    },
    get,
    durablePuts: () => db.pragma('synchronous = FULL'),
    put: (chunk) => put.run(row(chunk)),
    close: () => db.close(),
  };
}

export async function open(folder) {
  return database(folder, {
    table: 'CREATE TABLE chunks (id TEXT PRIMARY KEY, content TEXT, frameworks TEXT, tags TEXT, quality_score REAL, chunk_type TEXT, language TEXT, source TEXT, metadata TEXT)',
    insert: 'INSERT OR REPLACE INTO chunks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
    row: (c) => [c.id, c.content, JSON.stringify(c.frameworks), JSON.stringify(c.tags), c.quality_score, c.chunk_type, c.language, c.source, JSON.stringify(c.metadata)],
    read(db) {
      const get = db.prepare('SELECT * FROM chunks WHERE id = ?');
      return (id) => {
        const row = get.get(id);
        row.frameworks = JSON.parse(row.frameworks);
        row.tags = JSON.parse(row.tags);
        row.metadata = JSON.parse(row.metadata);
        return row;
      };
    },
  });
}
