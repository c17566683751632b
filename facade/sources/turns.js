"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.turns = turns;
const call_js_1 = require("../call.js");
/** The folders that calls of this process have, and when each ends. */
const busy = new Map();
/**
 * Waits until nobody else has any of the folders, and has them until what it returns is called. Taken in one order by everybody, so that
 * no two calls wait for each other. Rejects with `ABORTED` when the signal ends the waiting.
 */
async function turns(folders, signal) {
    const ends = [];
    const end = () => ends.forEach((one) => one());
    try {
        for (const folder of [...new Set(folders)].sort()) {
            for (let before = busy.get(folder); before; before = busy.get(folder))
                await ended(before, signal);
            let over = () => undefined;
            busy.set(folder, new Promise((done) => (over = done)));
            ends.push(() => {
                busy.delete(folder);
                over();
            });
        }
    }
    catch (e) {
        end();
        throw e;
    }
    return end;
}
async function ended(before, signal) {
    if (!signal)
        return before;
    if (signal.aborted)
        throw (0, call_js_1.aborted)(signal);
    let stop = () => undefined;
    const stopped = new Promise((_, fail) => (stop = () => fail((0, call_js_1.aborted)(signal))));
    (0, call_js_1.listen)(signal, stop);
    await Promise.race([before, stopped]).finally(() => (0, call_js_1.unlisten)(signal, stop));
}
