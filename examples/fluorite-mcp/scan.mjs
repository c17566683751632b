// How fluorite-mcp chooses a template without an index, written anew from its behaviour: every call lists the folder, reads and
// parses every file, and counts which words of the task occur in id, name, stack, tags and description.
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** The best templates for a task: `{ items: { id, score }[], read, unreadable }`. */
export async function scan(folder, task, limit = 5) {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort();
  const words = [...new Set(task.toLowerCase().split(/[^a-z0-9_@#:+.-]+/))].filter((word) => word !== '');
  const items = [];
  let unreadable = 0;
  for (const name of names) {
    let spike;
    try {
      spike = JSON.parse(await readFile(join(folder, name), 'utf8'));
    } catch {
      unreadable++;
      continue;
    }
    const text = [spike.id, spike.name, ...(spike.stack ?? []), ...(spike.tags ?? []), spike.description ?? ''].join(' ').toLowerCase();
    const score = words.length === 0 ? 0 : words.filter((word) => text.includes(word)).length / words.length;
    if (score > 0) items.push({ id: spike.id ?? name.slice(0, -5), score });
  }
  items.sort((a, b) => b.score - a.score);
  return { items: items.slice(0, limit), read: names.length, unreadable };
}
