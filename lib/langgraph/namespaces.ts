import type { ListNamespacesOperation, MatchCondition } from '@langchain/langgraph-checkpoint';

/** The namespaces an operation asks for, sorted, each once. */
export function selectNamespaces(all: Iterable<readonly string[]>, { matchConditions, maxDepth, limit, offset }: ListNamespacesOperation): string[][] {
  const found = new Map<string, string[]>();
  for (const namespace of all) {
    if (!(matchConditions ?? []).every((condition) => matches(namespace, condition))) continue;
    const cut = maxDepth === undefined ? [...namespace] : namespace.slice(0, maxDepth);
    found.set(JSON.stringify(cut), cut);
  }
  const sorted = [...found.values()].sort((a, b) => a.join(':').localeCompare(b.join(':'))); // a label holds no colon
  return sorted.slice(offset ?? 0, (offset ?? 0) + (limit ?? sorted.length));
}

function matches(namespace: readonly string[], { matchType, path }: MatchCondition): boolean {
  const start = matchType === 'prefix' ? 0 : namespace.length - path.length;
  return path.length <= namespace.length && path.every((label, i) => label === '*' || label === namespace[start + i]);
}
