import { FluoriteError } from '../index.js';

/** Throws `INVALID_ARGUMENT` for options that are no object, saying what `method` takes. */
export function given(options: unknown, method: string, what: string): void {
  if (typeof options !== 'object' || options === null) throw new FluoriteError('INVALID_ARGUMENT', `${method} takes ${what}`);
}
