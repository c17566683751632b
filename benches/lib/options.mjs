// Command lines of the benches: --name value, or --name alone for true.
import { parseArgs } from 'node:util';

/** Values by name, of the type of their defaults. An unknown name is an error. */
export function options(defaults) {
  const kinds = Object.fromEntries(Object.entries(defaults).map(([k, v]) => [k, { type: typeof v === 'boolean' ? 'boolean' : 'string' }]));
  const { values } = parseArgs({ options: kinds });
  return Object.fromEntries(Object.entries(defaults).map(([k, v]) => [k, values[k] === undefined ? v : typeof v === 'number' ? Number(values[k]) : values[k]]));
}
