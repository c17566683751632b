import type { FeedbackMembers } from '../../../index.js';
import { number, text } from './fields.js';

const KINDS = ['rating', 'success', 'failure', 'correction', 'usage'] as const satisfies readonly FeedbackMembers['kind'][];

/** What is said about a chunk. */
export class FluoriteFeedback {
  @text({ required: true, description: 'The chunk.' })
  chunk_id!: string;

  @text({ description: 'default when absent.' })
  namespace?: string;

  @text({ description: 'The query that found it; without one no preference between chunks is trained.' })
  query?: string;

  @text({ required: true, values: KINDS, description: 'rating, with rating; correction, with correction; success or failure at its job; usage: it was taken.' })
  kind!: FeedbackMembers['kind'];

  @number({ least: 0, most: 1, description: '0 (useless) to 1 (perfect), with kind rating.' })
  rating?: number;

  @text({ description: 'The whole text as it should be, with kind correction.' })
  correction?: string;

  @text({ description: 'Field of work whose ranking this trains: general.' })
  domain?: string;

  @text({ description: 'A remark that is kept with it.' })
  comment?: string;
}
