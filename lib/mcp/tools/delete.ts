import { z } from 'zod';

import type { Core } from '../core.js';
import type { Tool } from '../tool.js';
import { chunkId, namespace } from './fields.js';
import { notTheGraph } from './store.js';

const purge = z.boolean().optional().describe('Remove every byte of it and of its older versions from the disk: for secrets and what people want erased.');
const input = z.object({ id: chunkId, namespace, purge }).strict();

/** Deletes a chunk. */
export function deleteTool(core: Core): Tool<typeof input, { deleted: z.ZodBoolean }> {
  return {
    name: 'memory_delete',
    title: 'Delete a memory',
    description: 'Forgets one memory; with purge every byte of it leaves the disk. Deleting what is not there is no error.',
    input,
    output: { deleted: z.boolean().describe('Was there one?') },
    annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
    async run(args) {
      notTheGraph(core, args.namespace);
      return { deleted: await core.bridge.deleteChunk(args.id, { namespace: args.namespace, purge: args.purge }) };
    },
  };
}
