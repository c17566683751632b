import { text, texts } from './fields.js';

/** Where a chunk lies, in the query string. */
export class FluoriteWhere {
  @text({ description: 'default when absent.' })
  namespace?: string;
}

/** Which chunk is deleted, and how, in the query string. */
export class FluoriteWhereDelete {
  @text({ description: 'default when absent.' })
  namespace?: string;

  @text({ values: ['true', 'false'], description: 'true: every byte of it and of its older versions leaves the disk within about a minute.' })
  purge?: 'true' | 'false';
}

/** Chunks by id. */
export class FluoriteGet {
  @texts({ required: true, most: 1000, description: 'The ids.' })
  ids!: string[];

  @text({ description: 'default when absent.' })
  namespace?: string;
}
