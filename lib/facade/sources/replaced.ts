import { rename, writeFile } from 'node:fs/promises';

/** Puts a file in the place of another in one step: after a kill or a power cut it is the old or the new one. */
export async function replaced(path: string, text: string): Promise<void> {
  await writeFile(`${path}.tmp`, text, { mode: 0o600, flush: true });
  await rename(`${path}.tmp`, path);
}
