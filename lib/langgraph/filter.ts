const OPERATORS: Record<string, (value: unknown, given: unknown) => boolean> = {
  $eq: (value, given) => value === given,
  $ne: (value, given) => value !== given,
  $gt: (value, given) => Number(value) > Number(given),
  $gte: (value, given) => Number(value) >= Number(given),
  $lt: (value, given) => Number(value) < Number(given),
  $lte: (value, given) => Number(value) <= Number(given),
  $in: (value, given) => Array.isArray(given) && given.includes(value),
  $nin: (value, given) => !Array.isArray(given) || !given.includes(value),
};

/** A filter of LangGraph: members that equal a value or meet operators. */
export type ItemFilter = Record<string, unknown> | undefined;

/** Does a value meet every condition? */
export function meets(value: Record<string, unknown>, filter: ItemFilter): boolean {
  return Object.entries(filter ?? {}).every(([key, condition]) => {
    const found = Object.hasOwn(value, key) ? value[key] : undefined;
    return hasOperators(condition) ? Object.entries(condition).every(([name, given]) => OPERATORS[name]?.(found, given)) : found === condition;
  });
}

/** The conditions the engine can decide itself: members that equal a scalar. */
export function equalities(filter: ItemFilter): Record<string, string | number | boolean> {
  const scalars: Record<string, string | number | boolean> = {};
  for (const [key, condition] of Object.entries(filter ?? {})) {
    const value = hasOperators(condition) ? condition.$eq : condition;
    if (typeof value === 'string' || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) scalars[key] = value;
  }
  return scalars;
}

function hasOperators(condition: unknown): condition is Record<string, unknown> {
  return typeof condition === 'object' && condition !== null && Object.keys(condition).every((name) => Object.hasOwn(OPERATORS, name));
}
