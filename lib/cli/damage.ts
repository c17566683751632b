import type { FluoriteError } from '../facade/errors.js';
import { EXIT } from './exit.js';
import type { Session } from './session.js';
import { count } from './text.js';

/** Places that are told one by one. */
const TOLD = 20;

/** Tells on stderr what cannot be read while the command goes on with the rest. */
export class DamageMeter {
  /** Places so far. */
  found = 0;

  constructor(readonly session: Session) {}

  /** For a call's `on_damage`. */
  readonly on_damage = (e: FluoriteError): void => {
    if (++this.found <= TOLD) this.session.fail(e.code, e.message);
  };

  /** Says how much is missing and what to do; the exit code. */
  end(what: string): number {
    if (this.found === 0) return EXIT.ok;
    this.session.fail('CORRUPT', `${count(this.found)} ${what}: \`fluorite verify --deep\` names every damaged place, \`fluorite salvage\` saves what is readable into a new store`);
    return EXIT.damaged;
  }
}
