import { text } from './fields.js';

/** Which events, in the query string. */
export class FluoriteEventsQuery {
  @text({ description: 'Names with commas between them; all events when absent.' })
  types?: string;

  @text({ description: 'Only events of this namespace, and those about the store itself; all when absent.' })
  namespace?: string;
}
