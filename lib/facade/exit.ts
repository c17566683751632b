/** What ends its threads before the process exits. */
interface Native {
  tearDown(): void;
}

const opened = new Set<Native>();

/**
 * Has the bridge end its threads when the process exits: `process.exit` would run C destructors under them. Environment
 * clean-up does it for worker threads, but does not run for `process.exit` of the main thread.
 */
export function atExit(native: Native): void {
  if (opened.size === 0) process.once('exit', tearDownAll);
  opened.add(native);
}

/** A closed bridge has no threads. */
export function notAtExit(native: Native): void {
  if (opened.delete(native) && opened.size === 0) process.removeListener('exit', tearDownAll);
}

function tearDownAll(): void {
  for (const native of opened) native.tearDown();
}
