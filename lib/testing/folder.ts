import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** An empty folder under the system's temporary folder. */
export interface TemporaryFolder {
  /** Absolute path. */
  readonly path: string;
  /** Deletes the folder and what is in it; a second call does nothing. Close the stores in it before. */
  remove(): Promise<void>;
}

/** Windows lets go of a file some time after it was closed. */
const REMOVAL = { recursive: true, force: true, maxRetries: 5, retryDelay: 50 } as const;
const left = new Set<string>();

/** Makes an empty folder. What was not removed is removed when the process exits. Errors are those of `node:fs`. */
export async function temporaryFolder(): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(tmpdir(), 'fluorite-test-'));
  if (left.size === 0) process.once('exit', removeAll);
  left.add(path);
  return {
    path,
    remove: async () => {
      await rm(path, REMOVAL);
      if (left.delete(path) && left.size === 0) process.removeListener('exit', removeAll);
    },
  };
}

function removeAll(): void {
  for (const path of left) {
    try {
      rmSync(path, REMOVAL);
    } catch {
      // a folder left in the temporary folder is no reason to fail an exit
    }
  }
}
