"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.atExit = atExit;
exports.notAtExit = notAtExit;
const opened = new Set();
/**
 * Has the bridge end its threads when the process exits: `process.exit` would run C destructors under them. Environment
 * clean-up does it for worker threads, but does not run for `process.exit` of the main thread.
 */
function atExit(native) {
    if (opened.size === 0)
        process.once('exit', tearDownAll);
    opened.add(native);
}
/** A closed bridge has no threads. */
function notAtExit(native) {
    if (opened.delete(native) && opened.size === 0)
        process.removeListener('exit', tearDownAll);
}
function tearDownAll() {
    for (const native of opened)
        native.tearDown();
}
