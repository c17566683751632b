"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.parsed = parsed;
const promises_1 = require("node:timers/promises");
/** The items of JSON arrays, parsed a piece in a turn of the event loop: a long result must not hold it. */
async function parsed(pieces) {
    const all = [];
    for (const [i, piece] of pieces.entries()) {
        if (i > 0)
            await (0, promises_1.setImmediate)();
        all.push(...JSON.parse(piece));
    }
    return all;
}
