import type { NativeBridge } from '../native.js';
import { EmbedderQueue, partConfig } from './embedder.js';
import { FluoriteError, guard } from './errors.js';
import { EventStream } from './event-stream.js';
import type { Emitter } from './events.js';
import { atExit, notAtExit } from './exit.js';
import { ROOT, runtimeDir } from './native.js';
import { WatchStream } from './watch-stream.js';

/** The life of a bridge: opened once, closed once, and what has to end with it. */
export class Life {
  readonly #native: NativeBridge;
  readonly #emitter: Emitter;
  readonly #streams = new Set<EventStream>();
  readonly #watches = new Set<WatchStream>();
  #opening: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  /** @param emitter - tells listeners from the open on. */
  constructor(native: NativeBridge, emitter: Emitter) {
    this.#native = native;
    this.#emitter = emitter;
  }

  /** Opens; after a failure it can be called again. */
  async open(config: unknown): Promise<void> {
    if (this.#closing) throw new FluoriteError('CLOSED', 'this bridge was shut down: open the store with another (FluoriteBridge.open)');
    const { config: data, embedder } = partConfig(config);
    const queue = embedder && new EmbedderQueue(this.#native, embedder);
    const opening = this.#native.initialize(data, ROOT, runtimeDir, embedder?.model_id, embedder?.dimensions, queue?.ask);
    atExit(this.#native);
    this.#opening = opening;
    try {
      await opening;
      this.#emitter.connect();
    } catch (e) {
      notAtExit(this.#native);
      throw e;
    }
  }

  /** Events until the end. */
  events(options: unknown): EventStream {
    const stream = new EventStream(this.#native, options, (ended) => this.#streams.delete(ended));
    if (stream.listens) this.#streams.add(stream);
    return stream;
  }

  /** A watch, which ends with the bridge. */
  watch(options: unknown): WatchStream {
    const stream = new WatchStream(this.#native, options);
    this.#watches.add(stream);
    void stream.ended.then(() => this.#watches.delete(stream));
    return stream;
  }

  /** Closes when everything under way has ended; every call waits for the same end. */
  close(): Promise<void> {
    return (this.#closing ??= guard(() => this.#close()));
  }

  async #close(): Promise<void> {
    await this.#opening?.catch(() => undefined);
    const watched = [...this.#watches].map((stream) => stream.return());
    try {
      await this.#native.shutdown();
      await Promise.all(watched);
    } finally {
      notAtExit(this.#native);
      for (const stream of this.#streams) stream.close();
      await this.#emitter.close();
    }
  }
}
