"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.listAll = listAll;
const call_js_1 = require("./call.js");
const damage_js_1 = require("./damage.js");
const errors_js_1 = require("./errors.js");
const records_js_1 = require("./records.js");
/** Chunks page by page. */
async function* listAll(native, options) {
    try {
        let cursor;
        const tell = (0, damage_js_1.damageOf)(options);
        do {
            (0, call_js_1.hooksOf)(options); // an aborted signal ends the listing before the next page
            const [records, next, damaged] = await native.list(options, cursor, tell !== undefined);
            tell?.(damaged);
            for (const record of records)
                yield (0, records_js_1.toChunk)(record);
            cursor = next;
        } while (cursor !== undefined);
    }
    catch (e) {
        throw (0, errors_js_1.fluoriteError)(e);
    }
}
