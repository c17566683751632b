import type { FluoriteBridge } from '../index.js';

/** The tokenizer counts a word of over 100 characters as one token, so characters are bounded as well. */
const CHARACTERS_A_TOKEN = 8;

/** Measures and cuts output. */
export class Budget {
  readonly #bridge: FluoriteBridge;

  /** @param bridge - its tokenizer counts. */
  constructor(bridge: FluoriteBridge) {
    this.#bridge = bridge;
  }

  /** Tokens of a text by the model's tokenizer, at least one for every 8 characters. Linear in the text. */
  cost(text: string): number {
    return Math.max(this.#bridge.countTokens(text), Math.ceil(text.length / CHARACTERS_A_TOKEN));
  }

  /** Does the text cost at most this much? What is too long by its characters alone is not counted. */
  fits(text: string, tokens: number): boolean {
    return this.weigh(text, tokens).cost <= tokens;
  }

  /** What a text costs, not counted beyond `most`, and what its characters alone cost. */
  weigh(text: string, most: number): { cost: number; least: number } {
    const least = Math.ceil(text.length / CHARACTERS_A_TOKEN);
    return { cost: least > most ? least : this.cost(text), least };
  }

  /** A start of a text, in whole characters, whose JSON form fits: the longest, or up to 1 % of it shorter. Counts a few times. */
  cut(text: string, tokens: number): string {
    if (tokens <= 0) return '';
    let [fitting, over] = [0, Math.min(text.length, tokens * CHARACTERS_A_TOKEN) + 1];
    for (let next = over - 1; over - fitting > 1 + fitting / 100; ) {
      const took = this.cost(JSON.stringify(text.slice(0, next)));
      if (took <= tokens) fitting = next;
      else over = next;
      const likely = Math.floor((next * tokens) / took); // if the rest is as dense as this
      next = likely > fitting && likely < over ? likely : (fitting + over) >> 1;
    }
    const last = text.charCodeAt(fitting - 1);
    const split = fitting < text.length && last >= 0xd800 && last < 0xdc00;
    return text.slice(0, split ? fitting - 1 : fitting);
  }

  /** Calls `make` with smaller and smaller bounds until the JSON of what it makes fits. */
  shrink<T>(tokens: number, make: (tokens: number) => T, text: (made: T) => string): T {
    for (let bound = tokens; ; bound = Math.floor(bound * 0.9)) {
      const made = make(bound);
      if (bound < 1 || this.fits(text(made), tokens)) return made;
    }
  }
}
