import { Inject, Query, Sse, type MessageEvent } from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import type { Observable } from 'rxjs';
import { FluoriteError, type FluoriteEvent, type FluoriteEventName } from '../../index.js';
import type { FluoriteService } from '../fluorite.service.js';
import { FluoriteLifecycle } from '../lifecycle.js';
import { FLUORITE_ROOT } from '../tokens.js';
import { BodyPipe, type Checked } from './body.pipe.js';
import { FluoriteEventsQuery } from './dto/events.dto.js';
import { eventStream } from './event-stream.js';
import { apiOperation, apiQuery, apiResponse } from './openapi.js';
import { RawResponse } from './response.decorator.js';
import { FLUORITE_SCOPE } from './target.js';

/** What happens in the store, as it happens. */
export class EventsController {
  constructor(
    @Inject(FLUORITE_ROOT) private readonly service: FluoriteService,
    @Inject(FLUORITE_SCOPE) private readonly scope: string | null,
    @Inject(FluoriteLifecycle) private readonly lifecycle: FluoriteLifecycle,
  ) {}

  /** Server-sent events. */
  @Sse('events')
  @apiOperation({ summary: 'Events as server-sent events', description: '`ready` first, then the events; `ping` while nothing happens. Ends when the server closes.' })
  @apiQuery('types', 'Names with commas between them; all when absent.')
  @apiQuery('namespace', 'Only events of this namespace, and those about the store itself.')
  @apiResponse({ status: 200, description: 'text/event-stream' })
  async events(
    @Query(new BodyPipe(FluoriteEventsQuery, 'query')) query: Checked<FluoriteEventsQuery>,
    @RawResponse() response: ServerResponse,
  ): Promise<Observable<MessageEvent>> {
    if (this.scope !== null && query.namespace !== undefined && query.namespace !== this.scope) {
      throw new FluoriteError('INVALID_ARGUMENT', 'query: these routes are confined to another namespace: leave namespace out');
    }
    const options = {
      types: query.types?.split(',') as FluoriteEventName[] | undefined, // the bridge says which it does not know
      namespace: this.scope ?? query.namespace,
    };
    await this.#check(options);
    return eventStream((signal) => this.#within(this.service.events({ ...options, signal })), response, this.lifecycle.closing);
  }

  /** Wrong options and a closed store are answered with their status, which a stream that has begun could not. */
  async #check(options: Parameters<FluoriteService['events']>[0]): Promise<void> {
    const probe = this.service.events(options);
    const first = probe.next();
    await probe.return?.();
    await first;
  }

  /** Confined routes say nothing of the store as a whole. */
  async *#within(events: AsyncIterable<FluoriteEvent>): AsyncGenerator<FluoriteEvent> {
    for await (const event of events) {
      if (this.scope === null || event.type === 'Lagged' || ('namespace' in event && event.namespace === this.scope)) yield event;
    }
  }
}
