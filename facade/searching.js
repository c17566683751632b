"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.searchMany = searchMany;
exports.findRelated = findRelated;
exports.rank = rank;
exports.cut = cut;
const call_js_1 = require("./call.js");
const records_js_1 = require("./records.js");
/** The best hits of each query. */
async function searchMany(native, queries, options) {
    const all = await (0, call_js_1.cancellable)(native, (0, call_js_1.hooksOf)(options), (call) => native.searchMany(queries, options, call.number));
    return all.map((found) => (0, records_js_1.toHits)(found, (0, records_js_1.fieldsOf)(options)));
}
/** The chunks most like a stored one. */
async function findRelated(native, id, options) {
    const found = await (0, call_js_1.cancellable)(native, (0, call_js_1.hooksOf)(options), (call) => native.findRelated(id, options, call.number));
    return (0, records_js_1.toHits)(found, (0, records_js_1.fieldsOf)(options));
}
/** Texts ranked by meaning. */
async function rank(native, query, documents, top_k, options) {
    const work = (call) => native.semanticSearch(query, documents, top_k, options, call.number);
    return (0, records_js_1.toRanked)(await (0, call_js_1.cancellable)(native, (0, call_js_1.hooksOf)(options), work));
}
/** The pieces of a text. */
async function cut(native, text, options) {
    const cuts = await (0, call_js_1.long)(native, options, (call) => native.chunkText(text, options, call.number));
    return cuts.map((piece) => ({ content: text.slice(piece.start, piece.end), ...piece }));
}
