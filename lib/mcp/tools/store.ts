import { z } from 'zod';

import type { ChunkInput } from '../../index.js';
import type { Core } from '../core.js';
import { printable } from '../text.js';
import { ToldError } from '../told.js';
import type { Tool } from '../tool.js';
import { chunkId, chunkType, namespace } from './fields.js';

const input = z.object({
  content: z.string().min(1).describe('The text to remember, at most 1 MiB'),
  id: chunkId.optional().describe('Id of the memory; an existing memory of this id is replaced. A new id is made when absent'),
  namespace,
  frameworks: z.array(z.string()).max(64).optional().describe('Frameworks it belongs to'),
  tags: z.array(z.string()).max(64).optional().describe('Free labels'),
  chunk_type: chunkType.optional().describe('What it is; "component" when absent'),
  language: z.string().optional().describe('Programming or natural language'),
  source: z.string().optional().describe('Where it came from: a path, a URL'),
  quality_score: z.number().min(0).max(1).optional().describe('0 to 1; 0.5 when absent'),
  metadata: z.record(z.unknown()).optional().describe('Any JSON object'),
  ttl_seconds: z.number().positive().optional().describe('Seconds until it expires; never when absent'),
}).strict();

/** Stores a chunk. */
export function storeTool(core: Core): Tool<typeof input, { id: z.ZodString; namespace: z.ZodString }> {
  return {
    name: 'memory_store',
    title: 'Store a memory',
    description: 'Remembers a text for later searches. Durable when the call returns. With the id of an existing memory it replaces that memory.',
    input,
    output: { id: z.string(), namespace: z.string() },
    annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: false },
    async run(args, { signal }) {
      notTheGraph(core, args.namespace);
      const id = await core.bridge.storeChunk(args as ChunkInput, { signal }); // absent and undefined are the same to the engine
      return { id: printable(id), namespace: printable(args.namespace) };
    },
  };
}

/** Refuses to change the graph's chunks one by one, which would leave halves of facts behind. */
export function notTheGraph(core: Core, given: string): void {
  if (given !== core.graph.namespace) return;
  throw new ToldError('INVALID_ARGUMENT', `the namespace ${given} is the knowledge graph's: change it with create_entities, add_observations, delete_entities and the like`);
}
