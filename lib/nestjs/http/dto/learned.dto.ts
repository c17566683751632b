// What was learned, for OpenAPI alone: the values are the engine's own.
import { apiProperty } from '../openapi.js';

const whole = (description: string): PropertyDecorator => apiProperty({ type: 'integer', description });
const counts = (description: string): PropertyDecorator => apiProperty({ type: 'object', description, additionalProperties: { type: 'integer' } });
const shown = (type: unknown, description: string, more: object = {}): PropertyDecorator => apiProperty({ type, description, ...more } as Parameters<typeof apiProperty>[0]);

/** A folder that was learned. */
export class FluoriteLearnedSource {
  @shown(String, 'As what.', { enum: ['spikes', 'files'] })
  kind!: string;
  @shown(String, 'Namespace of its chunks.')
  namespace!: string;
  @shown(String, 'Its path on the server.')
  folder!: string;
  @whole('Files with chunks.')
  files!: number;
  @whole('Their chunks.')
  chunks!: number;
  @shown(String, 'When the last of them changed.', { format: 'date-time' })
  changed_at!: string;
}

/** A run of learning. */
export class FluoriteLearningRun {
  @shown(String, 'What was learned from.', { enum: ['spikes', 'files'] })
  kind!: string;
  @shown(String, 'Where its chunks went.')
  namespace!: string;
  @shown([String], 'Folders and files on the server, the first ten.')
  paths!: string[];
  @shown(String, 'When it began.', { format: 'date-time' })
  started_at!: string;
  @whole('Milliseconds it took.')
  duration_ms!: number;
  @shown(String, 'done, or the code of the error that ended it.')
  outcome!: string;
  @counts('The numbers of its report, and the lengths of its lists, by name.')
  counts!: Record<string, number>;
}

/** What has been learned so far. */
export class FluoriteLearned {
  @counts('total, spikes, files, patterns, other')
  chunks!: Record<string, number>;
  @shown(FluoriteLearnedSource, 'Folders learned.', { isArray: true })
  sources!: FluoriteLearnedSource[];
  @shown('object', 'Scores of the spike templates: scored, mean and a histogram of ten bins.', { additionalProperties: true })
  quality!: object;
  @counts('stored, members')
  patterns!: Record<string, number>;
  @whole('Frameworks that chunks use.')
  frameworks!: number;
  @shown(FluoriteLearningRun, 'The last twenty, newest first.', { isArray: true })
  runs!: FluoriteLearningRun[];
  @shown('object', 'Events (also by kind), bytes, damaged places, and the trained domains with their accuracy.', { additionalProperties: true })
  feedback!: object;
}
