// A log of decisions: records them, and finds the one that answers a question. Everything is typed; no `any` is needed.
import { FluoriteBridge, isFluoriteError, type ChunkInput, type PartialHit } from 'fluorite-bridge';

interface Decision {
  id: string;
  text: string;
  area: 'storage' | 'api' | 'release';
}

const DECISIONS: readonly Decision[] = [
  { id: 'adr-1', area: 'storage', text: 'We keep an append-only log, so that a crash never leaves half a record behind' },
  { id: 'adr-2', area: 'api', text: 'Every public method returns a promise; nothing blocks the event loop' },
  { id: 'adr-3', area: 'release', text: 'Releases go out on Tuesdays, never before a holiday' },
];

/** A decision as a chunk; the area becomes a tag, by which searches can filter. */
function chunkOf({ id, text, area }: Decision): ChunkInput {
  return { id, content: text, tags: [area], chunk_type: 'documentation', quality_score: 0.9 };
}

/** The best decision about a question, of one area where it is given; `undefined` when there is none. */
async function answer(memory: FluoriteBridge, question: string, area?: Decision['area']): Promise<PartialHit<'content' | 'tags'> | undefined> {
  const [best] = await memory.searchSimilar(question, { limit: 1, fields: ['content', 'tags'], ...(area ? { filter: { tags: { any: [area] } } } : {}) });
  return best;
}

const [path = './decisions'] = process.argv.slice(2);
await using memory = await FluoriteBridge.open({ memory_path: path });

const { stored, failed } = await memory.storeChunks(DECISIONS.map(chunkOf), { on_progress: ({ done }) => console.log(`${done} recorded`) });
console.log(`${stored} stored, ${failed.length} failed`);

console.log('when do we ship?', (await answer(memory, 'On which day do releases go out?'))?.id);
console.log('what about crashes?', (await answer(memory, 'crash safety', 'storage'))?.content);

try {
  await memory.storeChunk({ id: '', content: 'without an id' });
} catch (e) {
  if (!isFluoriteError(e)) throw e;
  console.log(`refused: ${e.code}`); // the message says what to do
}
