import { z } from 'zod';

import type { Feedback } from '../../index.js';
import type { Core } from '../core.js';
import type { Tool } from '../tool.js';
import { chunkId, namespace, oneOf } from './fields.js';
import { notTheGraph } from './store.js';

const input = z.object({
  id: chunkId,
  namespace,
  kind: oneOf(['rating', 'success', 'failure', 'correction', 'usage'])
    .describe('success or failure: it did the job or not; usage: it was taken, nothing more is known; rating: see rating; correction: it was wrong, see correction'),
  query: z.string().optional().describe('The query that found it: needed to learn what to rank higher'),
  rating: z.number().min(0).max(1).optional().describe('0 (useless) to 1 (perfect); with kind rating alone'),
  correction: z.string().optional().describe('The whole text as it should be, which becomes a new version; with kind correction alone'),
  domain: z.string().optional().describe('Field of work whose ranking this trains; "general" when absent'),
  comment: z.string().optional().describe('A remark that is kept with it, at most 4 KiB'),
}).strict();

/** Keeps what a client says about a chunk. */
export function feedbackTool(core: Core): Tool<typeof input, { recorded: z.ZodBoolean }> {
  return {
    name: 'memory_feedback',
    title: 'Say how a memory did',
    description: 'Records whether a memory helped, so that later searches can rank better, or corrects its text. Durable when the call returns.',
    input,
    output: { recorded: z.boolean() },
    annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: false },
    async run({ id, ...rest }, { signal }) {
      if (rest.kind === 'correction') notTheGraph(core, rest.namespace);
      await core.bridge.addFeedback({ chunk_id: id, ...rest } as Feedback, { signal });
      return { recorded: true };
    },
  };
}
