import { text, texts } from './fields.js';

/** Where a chunk lies, in the query string. */
export class FluoriteWhere {
  @text({ description: 'default when absent.' })
  namespace?: string;
}

/** Chunks by id. */
export class FluoriteGet {
  @texts({ required: true, most: 1000, description: 'The ids.' })
  ids!: string[];

  @text({ description: 'default when absent.' })
  namespace?: string;
}
