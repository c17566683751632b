import type { Command } from 'commander';

import type { ChunkType, SearchFilter } from '../facade/types/index.js';
import { UsageError } from './errors.js';
import { number, object, several } from './values.js';

/** The options of commands that take a filter. */
export interface FilterFlags {
  namespace?: string[];
  framework?: string[];
  tag?: string[];
  notTag?: string[];
  type?: string[];
  language?: string[];
  source?: string[];
  meta?: string[];
  minQuality?: number;
  since?: string;
  until?: string;
  generated: boolean;
  where?: Record<string, unknown>;
}

/** Adds the options of a filter. */
export function filtered(command: Command): Command {
  return command
    .option('--namespace <name>', 'in this namespace (repeatable)', several)
    .option('--framework <name>', 'of one of these frameworks (repeatable)', several)
    .option('--tag <tag>', 'with one of these tags (repeatable)', several)
    .option('--not-tag <tag>', 'without these tags (repeatable)', several)
    .option('--type <type>', 'of these chunk types (repeatable)', several)
    .option('--language <name>', 'in these languages (repeatable)', several)
    .option('--source <path>', 'from these sources (repeatable)', several)
    .option('--meta <key=value>', 'whose metadata has this value (repeatable)', several)
    .option('--min-quality <0..1>', 'of at least this quality', number)
    .option('--since <time>', 'created at or after: 2026-01-31, an ISO time')
    .option('--until <time>', 'created before')
    .option('--no-generated', 'without chunks tagged `generated`')
    .option('--where <json>', 'a whole filter as JSON, as in searchSimilar; its keys come before the options above', object);
}

/** The filter of the options; `undefined` when none was given. */
export function filterOf(flags: FilterFlags): SearchFilter | undefined {
  const filter: Record<string, unknown> = {};
  const give = (key: string, value: unknown): void => {
    if (value !== undefined) filter[key] = value;
  };
  give('namespace', flags.namespace);
  give('frameworks', flags.framework && { any: flags.framework });
  const tags = { ...(flags.tag && { any: flags.tag }), ...(flags.notTag && { none: flags.notTag }) };
  give('tags', Object.keys(tags).length > 0 ? tags : undefined);
  give('chunk_type', flags.type as ChunkType[] | undefined);
  give('language', flags.language);
  give('source', flags.source);
  give('metadata', flags.meta && Object.fromEntries(flags.meta.map(pair)));
  give('min_quality', flags.minQuality);
  give('created_after', flags.since);
  give('created_before', flags.until);
  give('include_generated', flags.generated ? undefined : false);
  Object.assign(filter, flags.where);
  return Object.keys(filter).length > 0 ? (filter as SearchFilter) : undefined;
}

/** `key=value`; numbers, true, false and null are read as such, `key="5"` is a text. */
function pair(text: string): [string, unknown] {
  const at = text.indexOf('=');
  if (at < 1) throw new UsageError(`--meta ${text}: give key=value`);
  const value = text.slice(at + 1);
  try {
    const read: unknown = JSON.parse(value);
    if (typeof read !== 'object' || read === null) return [text.slice(0, at), read];
  } catch {
    // a plain word
  }
  return [text.slice(0, at), value];
}
