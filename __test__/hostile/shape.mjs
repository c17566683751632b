// What values a declared type takes, as data: read from the declarations by the TypeScript compiler.
import ts from 'typescript';

/** Types that are looked at as a whole, by name: `values.mjs` has values that are none of them, and values that only look it. */
const CLASSES = new Set(['Uint8Array', 'Float32Array', 'Buffer', 'Date', 'AbortSignal', 'ReadableStream', 'WritableStream', 'Writable']);
const DEEPEST = 6;

/**
 * A shape: which kinds of values are taken, with the parts of lists and objects.
 *   `kinds`    undefined, null, boolean, string, number, function, any
 *   `literals` the values of literal types
 *   `classes`  names of CLASSES
 *   `list`     shape of the elements of an array, `items` of an iterable
 *   `members`  name -> { shape, optional }
 *   `record`   shape of the values of an index signature
 */
export function shapeOf(checker, type, depth = 0, where = '') {
  const shape = { kinds: new Set(), literals: new Set(), classes: new Set(), list: undefined, items: undefined, members: undefined, record: undefined };
  add(checker, type, shape, depth, where);
  if (shape.literals.has(true) && shape.literals.has(false)) {
    shape.kinds.add('boolean');
    for (const both of [true, false]) shape.literals.delete(both);
  }
  dropCamelCase(shape);
  return shape;
}

const FLAGS = [
  [ts.TypeFlags.AnyOrUnknown, 'any'],
  [ts.TypeFlags.Undefined | ts.TypeFlags.Void, 'undefined'],
  [ts.TypeFlags.Null, 'null'],
  [ts.TypeFlags.Boolean, 'boolean'],
  [ts.TypeFlags.String | ts.TypeFlags.TemplateLiteral, 'string'],
  [ts.TypeFlags.Number, 'number'],
  [ts.TypeFlags.Never, undefined],
];

function add(checker, type, shape, depth, where) {
  for (const [flag, kind] of FLAGS) if (type.flags & flag) return void (kind && shape.kinds.add(kind));
  if (type.flags & (ts.TypeFlags.StringLiteral | ts.TypeFlags.NumberLiteral)) return void shape.literals.add(type.value);
  if (type.flags & ts.TypeFlags.BooleanLiteral) return void shape.literals.add(type.intrinsicName === 'true');
  if (type.isUnion()) return type.types.forEach((t) => add(checker, t, shape, depth, where));
  const list = type.isIntersection() && type.types.find((t) => checker.isArrayType(t));
  if (list) return add(checker, list, shape, depth, where);
  if (type.flags & (ts.TypeFlags.TypeParameter | ts.TypeFlags.Conditional | ts.TypeFlags.IndexedAccess)) {
    const bound = checker.getBaseConstraintOfType(type);
    if (!bound || bound === type) throw new Error(`${where}: a type without a bound: ${checker.typeToString(type)}`);
    return add(checker, bound, shape, depth, where);
  }
  if (!(type.flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection))) throw new Error(`${where}: no hostile values for the type ${checker.typeToString(type)}`);
  object(checker, type, shape, depth, where);
}

function object(checker, type, shape, depth, where) {
  const name = type.symbol?.name;
  const inner = (t, at) => shapeOf(checker, t, depth + 1, `${where}${at}`);
  if (depth > DEEPEST) throw new Error(`${where}: declared deeper than ${DEEPEST} levels`);
  if (checker.isArrayType(type) || checker.isTupleType(type)) return void (shape.list = inner(checker.getTypeArguments(type)[0], '[]'));
  if (CLASSES.has(name)) return void shape.classes.add(name);
  if (name === 'Iterable' || name === 'AsyncIterable') return void (shape.items ??= inner(checker.getTypeArguments(type)[0], '[]'));
  if (type.getCallSignatures().length > 0) return void shape.kinds.add('function');
  const index = type.getStringIndexType();
  if (index) return void (shape.record = inner(index, '{}'));
  const members = type.getProperties();
  if (members.some((m) => (m.declarations ?? []).some((d) => /[\\/]node_modules[\\/]/.test(d.getSourceFile().fileName)))) {
    throw new Error(`${where}: no hostile values for the type ${checker.typeToString(type)}: add it to CLASSES in shape.mjs and to values.mjs`);
  }
  shape.members ??= new Map();
  for (const member of members) {
    const optional = (member.flags & ts.SymbolFlags.Optional) !== 0;
    const before = shape.members.get(member.name);
    shape.members.set(member.name, { shape: inner(checker.getTypeOfSymbol(member), `.${member.name}`), optional, kinds: (before?.kinds ?? 0) + 1 });
  }
  shape.objects = (shape.objects ?? 0) + 1;
}

const snakeOf = (name) => name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);

/**
 * Of members in both spellings one is enough: they are told apart at one place for all (`both spellings` in values.mjs).
 * One that not every object of a union has may be left out.
 */
function dropCamelCase(shape) {
  const names = [...(shape.members?.keys() ?? [])];
  for (const name of names) {
    const member = shape.members.get(name);
    const twin = snakeOf(name) === name ? names.find((n) => n !== name && snakeOf(n) === name) : undefined;
    if (member.kinds + (twin ? shape.members.get(twin).kinds : 0) < shape.objects) member.optional = true;
  }
  for (const name of names) if (snakeOf(name) !== name && shape.members.has(snakeOf(name))) shape.members.delete(name);
}

/** Both of two overloads at the same place. */
export function merged(a, b) {
  const union = (x, y) => new Set([...x, ...y]);
  return {
    kinds: union(a.kinds, b.kinds),
    literals: union(a.literals, b.literals),
    classes: union(a.classes, b.classes),
    list: a.list ?? b.list,
    items: a.items ?? b.items,
    members: a.members && b.members ? new Map([...a.members, ...b.members]) : (a.members ?? b.members),
    record: a.record ?? b.record,
  };
}
