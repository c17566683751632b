import { relative, sep } from 'node:path';
import type { Command } from 'commander';

import type { ChunkType, ChunkInput } from '../facade/types/index.js';
import { number, object, several, whole } from './values.js';

/** What `store` may say about a chunk. */
export interface FieldFlags {
  namespace?: string;
  tag?: string[];
  framework?: string[];
  type?: string;
  language?: string;
  source?: string;
  quality?: number;
  metadata?: Record<string, unknown>;
  ttl?: number;
  pinned?: boolean;
}
/** A chunk without its content and id. */
export type Fields = Omit<ChunkInput, 'content' | 'id'>;

/** Adds the options that describe a chunk. */
export function withFields(command: Command): Command {
  return command
    .option('--namespace <name>', 'namespace')
    .option('--tag <tag>', 'label (repeatable)', several)
    .option('--framework <name>', 'framework it belongs to (repeatable)', several)
    .option('--type <type>', 'chunk type: documentation, pattern, component, ...')
    .option('--language <name>', 'programming or natural language')
    .option('--source <path>', 'where it came from; the path of the file when absent')
    .option('--quality <0..1>', 'quality score', number)
    .option('--metadata <json>', 'a JSON object', object)
    .option('--ttl <seconds>', 'expires after', whole)
    .option('--pinned', 'never evicted');
}

/** The fields the options name. */
export function fieldsOf(input: string, flags: FieldFlags): Fields {
  const source = flags.source ?? idOf(input);
  return {
    ...(flags.namespace !== undefined && { namespace: flags.namespace }),
    ...(flags.tag && { tags: flags.tag }),
    ...(flags.framework && { frameworks: flags.framework }),
    ...(flags.type !== undefined && { chunk_type: flags.type as ChunkType }),
    ...(flags.language !== undefined && { language: flags.language }),
    ...(source !== undefined && { source }),
    ...(flags.quality !== undefined && { quality_score: flags.quality }),
    ...(flags.metadata && { metadata: flags.metadata }),
    ...(flags.ttl !== undefined && { ttl_seconds: flags.ttl }),
    ...(flags.pinned && { pinned: true }),
  };
}

/** The path as an id: from here when it lies below, with forward slashes; standard input has none. */
export function idOf(input: string): string | undefined {
  if (input === '-') return undefined;
  const below = relative(process.cwd(), input);
  return (below.startsWith('..') || below === '' ? input : below).split(sep).join('/');
}
