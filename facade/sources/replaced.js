"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.replaced = replaced;
const promises_1 = require("node:fs/promises");
/** Puts a file in the place of another in one step: after a kill or a power cut it is the old or the new one. */
async function replaced(path, text) {
    await (0, promises_1.writeFile)(`${path}.tmp`, text, { mode: 0o600, flush: true });
    await (0, promises_1.rename)(`${path}.tmp`, path);
}
