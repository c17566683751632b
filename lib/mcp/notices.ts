/** Milliseconds in which several changes are one notice: a client that does not read must not pile them up. */
export const APART = 100;

/** Notices to one client that something changed: the first at once, those of the next moment as one, none while one is being sent. */
export class Notices {
  readonly #send: () => Promise<void>;
  #resting = false;
  #due = false;
  #over = false;

  /** @param send - sends one; resolves when the client takes more. */
  constructor(send: () => Promise<void>) {
    this.#send = send;
  }

  /** Something changed. */
  changed(): void {
    this.#due = true;
    if (!this.#resting && !this.#over) void this.#next();
  }

  /** Sends no more. */
  end(): void {
    this.#over = true;
  }

  async #next(): Promise<void> {
    this.#resting = true;
    while (this.#due && !this.#over) {
      this.#due = false;
      await this.#send().catch(() => undefined); // the client is gone
      await new Promise((later) => setTimeout(later, APART).unref());
    }
    this.#resting = false;
  }
}
