import type { ChunkType, MemoryType } from '../../../index.js';
import { flag, json, number, objects, text, texts, vector } from './fields.js';

/** Kinds of chunks. */
export const CHUNK_TYPES = [
  'spike_template', 'pattern', 'api_integration', 'component', 'application', 'configuration', 'best_practice', 'error_solution', 'performance',
  'security', 'testing', 'documentation', 'conversation', 'thought',
] as const satisfies readonly ChunkType[];
const MEMORY_TYPES = ['long_term', 'short_term', 'episodic', 'semantic', 'procedural'] as const satisfies readonly MemoryType[];

/** A chunk to store. */
export class FluoriteChunkInput {
  @text({ description: 'Made when absent. A chunk with this id gets a new version.' })
  id?: string;

  @text({ required: true, description: 'The text, at most 1 MiB unless the server is configured otherwise.' })
  content!: string;

  @texts({ most: 100, description: 'Frameworks it belongs to.' })
  frameworks?: string[];

  @texts({ most: 1000, description: 'Free labels.' })
  tags?: string[];

  @number({ least: 0, most: 1, description: '0.5 when absent.' })
  quality_score?: number;

  @text({ values: CHUNK_TYPES, description: 'What it is: component when absent.' })
  chunk_type?: ChunkType;

  @text({ values: MEMORY_TYPES, description: 'How long it is meant to matter: long_term when absent.' })
  memory_type?: MemoryType;

  @text({ description: 'Programming or natural language.' })
  language?: string;

  @text({ description: 'Where it came from: a path, a URL.' })
  source?: string;

  @text({ description: 'default when absent.' })
  namespace?: string;

  @json({ description: 'Any JSON object.' })
  metadata?: Record<string, unknown>;

  @vector({ description: "A vector of the store's model." })
  embedding?: number[];

  @number({ least: 0, description: 'Seconds until it expires.' })
  ttl_seconds?: number;

  @flag({ description: 'Never evicted by bounded memories.' })
  pinned?: boolean;
}

/** Chunks to store in one call. */
export class FluoriteBatch {
  @objects({ required: true, type: () => FluoriteChunkInput, most: 1000, description: 'The chunks.' })
  chunks!: FluoriteChunkInput[];

  @flag({ description: 'All or none: false.' })
  atomic?: boolean;

  @text({ values: ['abort', 'collect'], description: 'abort (default): the first failure refuses the call, slices stored before stay. collect: failures are listed.' })
  on_error?: 'abort' | 'collect';
}
