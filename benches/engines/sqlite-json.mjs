// better-sqlite3 with the whole chunk in one JSON column.
import { database } from './sqlite.mjs';

export const settings = 'as sqlite, the chunk as one JSON text column; get is synchronous: row + 1 JSON.parse';
export const sync = true;

export async function open(folder) {
  return database(folder, {
    table: 'CREATE TABLE chunks (id TEXT PRIMARY KEY, chunk TEXT)',
    insert: 'INSERT OR REPLACE INTO chunks VALUES (?, ?)',
    row: (c) => [c.id, JSON.stringify(c)],
    read(db) {
      const get = db.prepare('SELECT chunk FROM chunks WHERE id = ?').pluck();
      return (id) => JSON.parse(get.get(id));
    },
  });
}
