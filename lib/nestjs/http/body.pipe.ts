import type { PipeTransform } from '@nestjs/common';
import { validateSync, type ValidationError } from 'class-validator';
import { FluoriteError } from '../../index.js';
import { membersOf, type Nested } from './dto/fields.js';
import { InvalidFields, type InvalidField } from './problem.js';

/** A body that was checked. An alias, so that no class stands in the metadata and a global `ValidationPipe` leaves it to us. */
export type Checked<T> = T;

/** As many errors as an answer lists. */
const LISTED = 20;
/** As many characters of a member's name as it shows: the name is the client's. */
const SHOWN = 100;

/**
 * Checks a body or query string against a class of `dto/`. No member but those of the class is let through, nothing is converted, and
 * `metadata` is not looked into, however deep it is.
 */
export class BodyPipe<T extends object> implements PipeTransform<unknown, T> {
  constructor(private readonly type: new () => T, private readonly what: string) {}

  /** Called by Nest. */
  transform(value: unknown): T {
    const errors: InvalidField[] = [];
    const instance = instantiate(this.type, value ?? {}, '', errors);
    if (errors.length === 0) flatten(validateSync(instance, { stopAtFirstError: true, validationError: { target: false, value: false } }), '', errors);
    const [first] = errors;
    if (!first) return { ...(value as T) };
    const where = first.field === '' ? '' : `${first.field}: `;
    throw new FluoriteError('INVALID_ARGUMENT', `${this.what}: ${where}${first.message}`, new InvalidFields(errors));
  }
}

/**
 * The value as an instance of its class, nested classes included, as class-validator wants it. Unknown members are refused here: its own
 * whitelist lets `constructor` and `__proto__` through.
 */
function instantiate<T extends object>(type: new () => T, value: unknown, path: string, errors: InvalidField[]): T {
  const instance = new type();
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    refuse(errors, path, 'must be a JSON object');
    return instance;
  }
  const members = membersOf(type);
  for (const [key, member] of Object.entries(value)) {
    const at = path === '' ? key : `${path}.${key}`;
    if (!members.has(key)) refuse(errors, at, 'is not known here');
    else (instance as Record<string, unknown>)[key] = build(members.get(key), member, at, errors);
    if (errors.length >= LISTED) break;
  }
  return instance;
}

/** A member that is an object of another class as its instance; the decorators judge what is left as it is. */
function build(nested: Nested | undefined, value: unknown, path: string, errors: InvalidField[]): unknown {
  if (!nested || value === null || value === undefined) return value;
  if (nested.many === 0) return instantiate(nested.type(), value, path, errors);
  if (!Array.isArray(value) || value.length > nested.many) return value;
  return value.map((item, i) => instantiate(nested.type(), item, `${path}.${i}`, errors));
}

function flatten(found: readonly ValidationError[], path: string, errors: InvalidField[]): void {
  for (const { property, constraints, children } of found) {
    const field = path === '' ? property : `${path}.${property}`;
    const [message] = Object.values(constraints ?? {});
    if (message !== undefined) refuse(errors, field, message);
    flatten(children ?? [], field, errors);
  }
}

function refuse(errors: InvalidField[], field: string, message: string): void {
  if (errors.length < LISTED) errors.push({ field: field.slice(0, SHOWN), message });
}
