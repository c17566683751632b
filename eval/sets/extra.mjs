// More questions about the files of `repository`, written for development: nothing of them decides.
import { join } from 'node:path';
import { questions } from '../data.mjs';
import * as repository from './repository.mjs';

export const name = 'extra';

export async function load() {
  const set = await repository.load();
  if (set.absent) return { ...set, name };
  return { ...set, name, store: set.name, queries: repository.asked(join(questions, 'extra-repository.jsonl')) };
}
