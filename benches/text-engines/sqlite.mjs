// SQLite: FTS5 (BM25, unicode61) and sqlite-vec (vec0, exact, cosine) in one database, joined by reciprocal ranks as its documentation shows.
// A hit is id, text and score. Queries are the words, each quoted, joined by OR.
import { join } from 'node:path';
import { peer } from '../engines/peer.mjs';

const DEPTH = 100; // candidates of each leg
const RANK = 60; // the constant of reciprocal rank fusion

export const create = (folder, dims) => using(folder, dims, true);
export const open = (folder, dims) => using(folder, dims, false);

function using(folder, dims, fresh) {
  const db = new (peer('better-sqlite3'))(join(folder, 'bench.db'));
  if (dims !== null) peer('sqlite-vec').load(db);
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = NORMAL');
  db.pragma('cache_size = -524288');
  if (fresh) {
    db.exec('CREATE VIRTUAL TABLE words USING fts5(content)');
    if (dims !== null) db.exec(`CREATE VIRTUAL TABLE vectors USING vec0(embedding float[${dims}] distance_metric=cosine)`);
  }
  const put = db.prepare('INSERT INTO words (rowid, content) VALUES (?, ?)');
  const putVector = dims === null ? null : db.prepare('INSERT INTO vectors (rowid, embedding) VALUES (?, ?)');
  const text = db.prepare('SELECT content FROM words WHERE rowid = ?');
  const best = db.prepare('SELECT rowid AS id, content, -rank AS score FROM words WHERE words MATCH ? ORDER BY rank LIMIT 10');
  const leg = db.prepare(`SELECT rowid AS id FROM words WHERE words MATCH ? ORDER BY rank LIMIT ${DEPTH}`);
  const near = dims === null ? null : db.prepare(`SELECT rowid AS id FROM vectors WHERE embedding MATCH ? AND k = ${DEPTH}`);
  const slice = db.transaction((texts, vector, from, to) => {
    for (let i = from; i < to; i++) {
      put.run(i + 1, texts[i]);
      putVector?.run(BigInt(i + 1), bytes(vector(i)));
    }
  });
  return {
    load(texts, vector) {
      for (let at = 0; at < texts.length; at += 1000) slice(texts, vector, at, Math.min(at + 1000, texts.length));
      db.pragma('wal_checkpoint(TRUNCATE)');
    },
    lexical: (query) => best.all(match(query)),
    hybrid(query, vector) {
      const scores = new Map();
      for (const found of [leg.all(match(query)), near.all(bytes(vector))]) {
        for (const [rank, { id }] of found.entries()) scores.set(id, (scores.get(id) ?? 0) + 1 / (RANK + rank + 1));
      }
      const top = [...scores].sort((a, b) => b[1] - a[1]).slice(0, 10);
      return top.map(([id, score]) => ({ id, score, content: text.get(id).content }));
    },
    close: () => db.close(),
  };
}

const match = (query) => query.split(' ').map((word) => `"${word}"`).join(' OR ');
const bytes = (vector) => Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);
