// The calls of a soak: every kind, in a fixed proportion, on a few hundred chunks.
const IDS = 400;
const WORDS = 'memory engine store vector search chunk index graph token query merge segment journal cache lock thread'.split(' ');

/** Text of some words that only depends on `n`; `IDS` different ones, so that texts come again and caches are used. */
function text(n) {
  let x = ((n % IDS) * 2654435761 + 12345) >>> 0;
  return Array.from({ length: 12 }, () => {
    x = (Math.imul(x, 1103515245) + 12345) >>> 0;
    return WORDS[(x >>> 16) % WORDS.length];
  }).join(' ');
}

function vector(n) {
  let x = (n * 2654435761 + 1) >>> 0;
  return Float32Array.from({ length: 384 }, () => {
    x = (Math.imul(x, 1103515245) + 12345) >>> 0;
    return x / 2 ** 31 - 1;
  });
}

/** What refuses: part of the calls, for errors must not leak either. */
async function refused(call) {
  try {
    await call();
  } catch (e) {
    if (e?.name === 'FluoriteError' && e.code !== 'INTERNAL') return;
    throw e;
  }
  throw new Error('a call that had to be refused was not');
}

/** A chunk with a vector that stays: without any, a vector of other dimensions would rightly not be refused. */
export async function begin(bridge) {
  await bridge.storeChunk({ id: 'stays', content: 'a chunk that stays', embedding: vector(0) });
}

/** A function that makes the n-th call. */
export function mixture(bridge, enable_ml) {
  const id = (n) => `chunk ${(n * 7) % IDS}`;
  const chunk = (n) => ({ id: id(n), content: `${text(n)} ${n}`, tags: [`t${n % 5}`], metadata: { n, path: `src/${n % 50}.ts` }, embedding: vector(n % 1_000) });
  const durability = 'buffered'; // the calls are what is measured, not the disk
  const kinds = [
    (n) => bridge.storeChunk(chunk(n), { durability }),
    (n) => bridge.getChunk(id(n)),
    (n) => bridge.searchSimilar(text(n), { mode: 'lexical', limit: 5 }),
    (n) => bridge.getChunks([id(n), id(n + 1), 'none']),
    (n) => bridge.searchSimilar(vector(n % 1_000), { limit: 5, fields: [] }),
    (n) => bridge.storeChunk({ ...chunk(n), ttl_seconds: 3_600 }, { durability }),
    (n) => bridge.getContentBuffer(id(n)),
    (n) => bridge.searchSimilar(text(n), { limit: 5, explain: true, filter: { tags: { any: [`t${n % 5}`] } } }),
    (n) => bridge.deleteChunk(id(n)),
    (n) => bridge.storeChunks([chunk(n), chunk(n + 1), chunk(n + 2)], { durability, on_progress: () => undefined }),
    (n) => bridge.searchMany([text(n), vector(n % 1_000)], { limit: 3 }),
    (n) => bridge.history(id(n)),
    async (n) => { for await (const _ of bridge.listChunks({ limit: 5, order: n % 2 ? 'stored' : 'updated' })); },
    async (n) => {
      const listener = () => undefined;
      bridge.on('ChunkStored', listener);
      await bridge.storeChunk(chunk(n), { durability });
      bridge.off('ChunkStored', listener);
    },
    async (n) => {
      const stop = new AbortController();
      const found = bridge.searchSimilar(text(n), { mode: 'lexical', signal: stop.signal });
      stop.abort();
      await found.catch(() => undefined); // stopped, or already done
    },
    (n) => refused(() => bridge.storeChunk({ id: id(n), content: n })),
    (n) => refused(() => bridge.searchSimilar(vector(n).subarray(1))),
    () => bridge.getStats(),
    () => bridge.health(),
    async (n) => {
      const events = bridge.events({ types: ['ChunkStored'] });
      await bridge.storeChunk(chunk(n), { durability });
      await events.next();
      await events.return();
    },
    (n) => bridge.countTokens(text(n)),
    (n) => bridge.buildContext(text(n), { budget_tokens: 64, mode: 'lexical' }),
    (n) => bridge.chunkText(text(n), { max_tokens: 16 }),
    (n) => bridge.deleteWhere({ tags: { all: [`t${n % 5}`] }, metadata: { n: -1 } }),
    // an embedding that is in no cache takes a thousand times as long as most calls here: one of 400
    (n) => (enable_ml && n % 400 < 25 ? bridge.generateEmbedding(`${text(n)} ${n}`) : bridge.getChunk(id(n))),
  ];
  return (n) => kinds[n % kinds.length](n);
}
