import type { MessageEvent } from '@nestjs/common';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Observable } from 'rxjs';
import type { FluoriteEvent } from '../../index.js';

/** Milliseconds between pings: proxies cut connections that are silent for a minute. */
const PING_EVERY = 25_000;

/** Milliseconds a closing application leaves a client to read the rest of its stream. */
const LET_GO_AFTER = 2_000;

/**
 * Events as server-sent events: `event` is the type, `data` the event. Begins with `ready`, from which on nothing is missed, and pings
 * while nothing happens. Reads no faster than the client: what waits does so in the engine's bounded queue, and what is dropped there
 * is told as `Lagged`.
 *
 * @param open - opens the events; they end with its signal. @param response - where they go. @param closing - ends them too.
 */
export function eventStream(open: (signal: AbortSignal) => AsyncIterable<FluoriteEvent>, response: ServerResponse, closing: AbortSignal): Observable<MessageEvent> {
  return new Observable((subscriber) => {
    const { socket } = response;
    const gone = new AbortController();
    const signal = AbortSignal.any([gone.signal, closing]);
    const ping = setInterval(() => subscriber.next({ type: 'ping', data: {} }), PING_EVERY);
    ping.unref();
    const pump = async (): Promise<void> => {
      const events = open(signal);
      subscriber.next({ type: 'ready', data: {} });
      for await (const event of events) {
        subscriber.next({ type: event.type, data: event });
        if (response.writableNeedDrain) await once(response, 'drain', { signal }).catch(() => undefined);
      }
    };
    pump().then(() => subscriber.complete(), (e: unknown) => subscriber.error(e));
    return () => {
      clearInterval(ping);
      gone.abort();
      if (closing.aborted && socket) letGo(response, socket);
    };
  });
}

/** A connection kept alive, or whose client has stopped reading, would hold the close of the HTTP server. */
function letGo(response: ServerResponse, socket: Socket): void {
  const late = setTimeout(() => socket.destroy(), LET_GO_AFTER);
  late.unref();
  socket.once('close', () => clearTimeout(late));
  response.once('finish', () => socket.destroySoon());
}
