import type { FluoriteBridge } from '../index.js';
import type { KnowledgeGraph } from './graph/index.js';
import { APART } from './notices.js';

/**
 * Tells the listeners of a graph what another process changes in it, when that has come to a bridge that only reads. A change is many
 * chunks: those of a tenth of a second are told as one.
 *
 * @returns ends it.
 */
export function follow(bridge: FluoriteBridge, graph: KnowledgeGraph): () => void {
  let gathering: NodeJS.Timeout | undefined;
  const tell = (): void => {
    gathering = undefined;
    graph.changed();
  };
  const changed = ({ namespace }: { namespace: string }): void => {
    if (namespace === graph.namespace) gathering ??= setTimeout(tell, APART).unref();
  };
  bridge.on('ChunkStored', changed).on('ChunkDeleted', changed);
  return () => {
    bridge.off('ChunkStored', changed).off('ChunkDeleted', changed);
    clearTimeout(gathering);
  };
}
