import { z } from 'zod';

import type { SystemHealth } from '../../index.js';
import type { Core } from '../core.js';
import { remark } from '../told.js';
import type { Tool } from '../tool.js';

const input = z.object({}).strict();
const part = z.object({ status: z.string(), detail: z.string().nullable() });
const output = {
  chunks: z.number().int().describe('Memories that can be found'),
  vectors: z.number().int().describe('Memories with a vector'),
  pending: z.number().int().describe('Memories whose vector is still to be computed'),
  raw_bytes: z.number().int().describe('Text and metadata before compression'),
  disk_bytes: z.number().int().describe('All files of the store'),
  segments: z.number().int(),
  cache_hit_rate: z.number(),
  model: z.object({ id: z.string().nullable(), dimensions: z.number().int().nullable(), enabled: z.boolean() }),
  follow: z.object({
    looks: z.number().int().describe('Times it has looked at what was written'),
    reloads: z.number().int().describe('Looks that read the store anew'),
    age_ms: z.number().describe('What was stored before this many milliseconds ago can be found'),
  }).nullable().describe('How this server, which only reads, keeps up with the process that writes; null where it writes itself'),
  health: z.object({ status: z.string(), storage: part, index: part, embedder: part }),
};

/** Figures and health of the store. */
export function statsTool(core: Core): Tool<typeof input, typeof output> {
  return {
    name: 'memory_stats',
    title: 'Figures of the memory',
    description: 'How much is stored, what it takes on disk, which model embeds it, and whether everything works.',
    input,
    output,
    annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
    async run() {
      const [stats, health] = await Promise.all([core.bridge.getStats(), core.bridge.health()]);
      const { chunks, vectors, pending, raw_bytes, disk_bytes, segments, follow } = stats;
      const { id, dimensions, enabled } = stats.model;
      return { chunks, vectors, pending, raw_bytes, disk_bytes, segments, cache_hit_rate: stats.cache.hit_rate, model: { id, dimensions, enabled }, follow, health: safe(health) };
    },
  };
}

/** Health whose remarks name no file of the machine. */
function safe({ status, storage, index, embedder }: SystemHealth): Pick<SystemHealth, 'status' | 'storage' | 'index' | 'embedder'> {
  const told = ({ status, detail }: SystemHealth['storage']): SystemHealth['storage'] => ({ status, detail: detail === null ? null : remark(detail) });
  return { status, storage: told(storage), index: told(index), embedder: told(embedder) };
}
