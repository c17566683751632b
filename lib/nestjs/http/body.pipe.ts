import type { PipeTransform } from '@nestjs/common';
import { validateSync, type ValidatorOptions } from 'class-validator';
import { FluoriteError } from '../../index.js';
import { membersOf } from './dto/fields.js';
import { InvalidFields, type InvalidField } from './problem.js';

/** A body that was checked. An alias, so that no class stands in the metadata and a global `ValidationPipe` leaves it to us. */
export type Checked<T> = T;

const CHECKS: ValidatorOptions = { stopAtFirstError: true, validationError: { target: false, value: false } };
/** As many errors as an answer lists. */
const LISTED = 20;
/** As many characters of a member's name as it shows: the name is the client's. */
const SHOWN = 100;

/** Items of a list that are checked in one turn of the event loop. */
const TURN = 32;

/**
 * Checks a body or query string against a class of `dto/`. No member but those of the class is let through, nothing is converted, and
 * `metadata` is not looked into, however deep it is.
 */
export class BodyPipe<T extends object> implements PipeTransform<unknown, Promise<T>> {
  constructor(private readonly type: new () => T, private readonly what: string) {}

  /** Called by Nest. */
  async transform(value: unknown): Promise<T> {
    const errors: InvalidField[] = [];
    await check(this.type, value ?? {}, '', errors);
    const [first] = errors;
    if (!first) return { ...(value as T) };
    const where = first.field === '' ? '' : `${first.field}: `;
    throw new FluoriteError('INVALID_ARGUMENT', `${this.what}: ${where}${first.message}`, new InvalidFields(errors));
  }
}

/** One object by itself, then what is nested in it: class-validator would check a long list without letting go of the event loop. */
async function check(type: new () => object, value: unknown, path: string, errors: InvalidField[]): Promise<void> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse(errors, path, 'must be a JSON object');
  const members = membersOf(type);
  const instance = new type() as Record<string, unknown>;
  const before = errors.length;
  for (const [key, member] of Object.entries(value)) {
    // class-validator's own whitelist lets `constructor` and `__proto__` through
    if (members.has(key)) instance[key] = member;
    else refuse(errors, within(path, key), 'is not known here');
  }
  if (errors.length > before) return;
  const wrong = new Set<string>();
  for (const { property, constraints } of validateSync(instance, CHECKS)) {
    wrong.add(property);
    refuse(errors, within(path, property), Object.values(constraints ?? {})[0] ?? 'is refused');
  }
  for (const [key, nested] of members) {
    const member = instance[key];
    if (!nested || member === undefined || member === null || wrong.has(key)) continue;
    const items = Array.isArray(member) ? (member as unknown[]) : undefined;
    if (!items) await check(nested(), member, within(path, key), errors);
    for (let i = 0; items && i < items.length && errors.length < LISTED; i++) {
      if (i % TURN === TURN - 1) await new Promise((turn) => setImmediate(turn));
      await check(nested(), items[i], within(path, `${key}.${i}`), errors);
    }
  }
}

function within(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

function refuse(errors: InvalidField[], field: string, message: string): void {
  if (errors.length < LISTED) errors.push({ field: field.slice(0, SHOWN), message });
}
