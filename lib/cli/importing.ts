import type { Readable } from 'node:stream';

import type { FluoriteBridge } from '../index.js';
import type { ImportOptions, ImportReport } from '../facade/types/index.js';
import type { Session } from './session.js';

/** Stores the records of a stream of JSON lines, with a meter. */
export async function importLines(
  session: Session,
  bridge: FluoriteBridge,
  input: Readable,
  options: Pick<ImportOptions, 'defaults' | 'force' | 'embeddings' | 'embed'>,
): Promise<ImportReport> {
  const meter = session.meter();
  try {
    return await bridge.importJsonl(input, { ...options, signal: session.signal, on_progress: meter.on_progress });
  } finally {
    meter.stop();
    input.destroy(); // a pipe that stays open must not hold an interrupted command
  }
}
