// Arguments that are right, made from shapes, and the same with one place replaced.
import { join } from 'node:path';

/**
 * What a name stands for, before its type is asked; later methods mostly find their own here. `world` has the ids of
 * stored chunks, a closed store, a file of JSON lines and a folder of each kind. `undefined`: by type.
 */
function byName(name, shape, world) {
  if (shape.literals.size > 0) return [...shape.literals][0];
  if (!shape.kinds.has('string')) return undefined;
  if (/^(after|id|chunk_id|preferred|rejected)$/.test(name)) return name === 'rejected' ? world.other : world.id;
  if (/^memory_path$/.test(name)) return world.fresh();
  if (name === 'from') return world.closed;
  if (name === 'source') return world.lines;
  if (name === 'dir') return join(world.fresh(), 'out');
  if (/(^|_)(folder|dir|path|paths|templates_path)$/.test(name)) return world.texts;
  if (/^(to|file|target|output|destination)$/.test(name)) return join(world.fresh(), 'out');
  if (/^(created_|.*_(before|after|at|since|until)$)/.test(name)) return '2026-01-01T00:00:00Z';
  return undefined;
}

/** A value of this shape with the members it must have. */
export function right(shape, name, world) {
  const named = byName(name, shape, world);
  if (named !== undefined) return named;
  const { kinds, classes, list, items, members, record } = shape;
  if (kinds.has('string')) return 'text';
  if (kinds.has('any')) return { any: 'thing' };
  if (members) return Object.fromEntries([...members].filter(([, m]) => !m.optional).map(([n, m]) => [n, right(m.shape, n, world)]));
  if (list ?? items) return [right(list ?? items, name, world)];
  if (kinds.has('number')) return 16;
  if (kinds.has('boolean')) return false;
  if (record) return {};
  if (kinds.has('function')) return () => undefined;
  if (classes.has('Float32Array')) return new Float32Array(384).fill(0.5);
  if (classes.has('AbortSignal')) return new AbortController().signal;
  if (classes.has('Date')) return new Date(0);
  if (classes.has('Uint8Array') || classes.has('Buffer')) return Buffer.from('bytes');
  throw new Error(`${name}: no right value for ${JSON.stringify([...kinds, ...classes])}: say one in arguments.mjs`);
}

/** A right value with `hostile` at the place. */
function place(shape, name, world, [step, ...rest], hostile) {
  if (step === undefined) return hostile;
  if (step === '[]') return [place(shape.list ?? shape.items, name, world, rest, hostile)];
  if (step === '{}') return { key: place(shape.record, name, world, rest, hostile) };
  const required = right({ ...shape, kinds: new Set(), literals: new Set(), list: undefined, items: undefined }, name, world);
  return { ...required, [step]: place(shape.members.get(step).shape, step, world, rest, hostile) };
}

/** Right arguments of a row, for as many parameters as it must have. */
export function rightArguments(row, world) {
  return row.parameters.filter((p) => !p.optional).map((p) => right(p.shape, p.name, world));
}

/** The same with a hostile value at a place. */
export function hostileArguments(row, world, { path: [at, ...steps] }, hostile) {
  const args = row.parameters.slice(0, at).map((p) => (p.optional ? undefined : right(p.shape, p.name, world)));
  args[at] = place(row.parameters[at].shape, row.parameters[at].name, world, steps, hostile);
  for (const p of row.parameters.slice(at + 1)) if (!p.optional) args.push(right(p.shape, p.name, world));
  return args;
}
