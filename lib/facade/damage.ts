import { FluoriteError, inputError } from './errors.js';
import type { DamageOptions } from './types/index.js';

/** Tells the caller of chunks that cannot be read; `undefined` when nobody wants to be told, and the first one ends the call. */
export type TellDamage = ((messages: readonly string[]) => void) | undefined;

/** The `on_damage` of options, read once and checked. What it throws stops the call. */
export function damageOf(options: unknown): TellDamage {
  if (typeof options !== 'object' || options === null) return undefined;
  let told: DamageOptions['on_damage'];
  try {
    const o = options as DamageOptions & { onDamage?: DamageOptions['on_damage'] };
    told = o.on_damage ?? o.onDamage ?? undefined;
  } catch (e) {
    throw inputError('options', e);
  }
  if (told === undefined) return undefined;
  if (typeof told !== 'function') throw new FluoriteError('INVALID_ARGUMENT', 'options: on_damage must be a function');
  const tell = told;
  return (messages) => {
    for (const message of messages) {
      try {
        tell(new FluoriteError('CORRUPT', message));
      } catch (e) {
        throw new FluoriteError('ABORTED', 'on_damage threw, which stopped the call', e);
      }
    }
  };
}
