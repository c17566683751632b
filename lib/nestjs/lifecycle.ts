import { Inject, Injectable, Optional, type BeforeApplicationShutdown, type OnApplicationShutdown } from '@nestjs/common';
import { FluoriteService } from './fluorite.service.js';
import { FLUORITE_AFTER_CLOSE, FLUORITE_ROOT } from './tokens.js';

/**
 * Closes the engine with the application. In this order: streams that would never end are ended, Nest lets the HTTP server answer
 * what it has begun, the engine waits for its calls in flight, saves and closes. A call made later rejects with `CLOSED`.
 */
@Injectable()
export class FluoriteLifecycle implements BeforeApplicationShutdown, OnApplicationShutdown {
  readonly #closing = new AbortController();

  constructor(
    @Inject(FLUORITE_ROOT) private readonly service: FluoriteService,
    @Optional() @Inject(FLUORITE_AFTER_CLOSE) private readonly afterClose?: () => Promise<void>,
  ) {}

  /** Aborted when the application begins to close. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** An open event stream would keep the HTTP server from closing. */
  beforeApplicationShutdown(): void {
    this.#closing.abort();
  }

  /** Not earlier: the requests in flight need the engine until the server is closed. */
  async onApplicationShutdown(): Promise<void> {
    await this.service.shutdown();
    await this.afterClose?.();
  }
}
