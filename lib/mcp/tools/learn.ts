import { realpath } from 'node:fs/promises';
import { isAbsolute, relative, resolve, sep } from 'node:path';

import { z } from 'zod';

import type { Core } from '../core.js';
import { printable } from '../text.js';
import { remark, ToldError } from '../told.js';
import type { Tool } from '../tool.js';
import { namespace } from './fields.js';
import { notTheGraph } from './store.js';

const input = z.object({
  path: z.string().min(1).optional().describe('Folder of spike files inside a folder the server allows; the first of those when absent'),
  include_generated: z.boolean().default(false).describe('Take in generated templates as well'),
  namespace,
}).strict();
const file = z.object({ file: z.string(), reason: z.string() });
const output = {
  found: z.number().int().describe('Spike files in the folder'),
  stored: z.number().int(),
  updated: z.number().int(),
  unchanged: z.number().int(),
  removed: z.number().int().describe('Memories deleted because their file is gone'),
  skipped_generated: z.number().int(),
  repaired: z.number().int().describe('Files read after a repair'),
  invalid: z.number().int().describe('Files left out'),
  invalid_files: z.array(file).describe('The first 10 of them'),
};
/** Invalid files told, and characters of a reason. */
const LISTED = 10;
const REASON = 160;

/** Stores spike templates. */
export function learnTool(core: Core): Tool<typeof input, typeof output> {
  return {
    name: 'learn_spikes',
    title: 'Learn spike templates',
    description: 'Stores every readable spike template of a folder as a memory; unchanged files are skipped, memories of files that are gone are deleted.',
    input,
    output,
    annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
    async run(args, { signal, progress }) {
      notTheGraph(core, args.namespace);
      const path = await allowed(core.spike_paths, args.path);
      const report = await core.bridge.learnFromSpikes({
        path, include_generated: args.include_generated, namespace: args.namespace, signal, on_progress: progress,
      });
      const { found, stored, updated, unchanged, removed, skipped_generated, repaired, invalid } = report;
      const short = (text: string): string => printable(text.length > REASON ? `${text.slice(0, REASON - 1)}…` : text);
      const invalid_files = invalid.slice(0, LISTED).map((i) => ({ file: short(i.file), reason: short(remark(i.reason)) }));
      return { found, stored, updated, unchanged, removed, skipped_generated, repaired: repaired.length, invalid: invalid.length, invalid_files };
    },
  };
}

/** The folder to read, links resolved; only what lies in a folder the operator named. */
async function allowed(folders: readonly string[], path: string | undefined): Promise<string> {
  const [first] = folders;
  if (first === undefined) throw new ToldError('INVALID_CONFIG', 'this server has no folder of spikes: its operator names one with --spikes');
  if (path === undefined) return first;
  const asked = await realpath(resolve(first, path)).catch(() => undefined);
  for (const folder of folders) {
    const root = await realpath(folder).catch(() => undefined);
    if (asked === undefined || root === undefined) continue;
    const inside = relative(root, asked);
    if (inside !== '..' && !inside.startsWith(`..${sep}`) && !isAbsolute(inside)) return asked;
  }
  throw new ToldError('INVALID_ARGUMENT', 'path must be a folder inside one of the folders this server allows; leave it out for the first of them');
}
