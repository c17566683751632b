"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.toChunk = toChunk;
exports.toVersion = toVersion;
exports.toHits = toHits;
exports.toRanked = toRanked;
exports.fieldsOf = fieldsOf;
const errors_js_1 = require("./errors.js");
/** The order of src/records.rs. */
const FIELDS = [
    'content', 'frameworks', 'tags', 'quality_score', 'chunk_type', 'memory_type', 'language', 'source', 'namespace',
    'metadata', 'pinned', 'created_at', 'updated_at', 'accessed_at', 'expires_at', 'usage_count', 'version', 'content_hash',
];
const WIDTH = FIELDS.length + 1;
function metadata(json) {
    return json === undefined ? {} : JSON.parse(json);
}
/** One literal per kind of object: V8 gives all of them one shape. */
function toChunk(t) {
    return {
        id: t[0], content: t[1], frameworks: t[2], tags: t[3], quality_score: t[4], chunk_type: t[5], memory_type: t[6],
        language: t[7], source: t[8], namespace: t[9], metadata: metadata(t[10]), pinned: t[11], created_at: t[12],
        updated_at: t[13], accessed_at: t[14], expires_at: t[15], usage_count: t[16], version: t[17], content_hash: t[18],
    };
}
/** An older version has no reads of its own. */
function toVersion(t) {
    const { usage_count, accessed_at, ...version } = toChunk(t);
    return version;
}
/** Hits with all fields, with some, or (flat: id, score, id, score) with none. */
function toHits(list, fields) {
    if (typeof list[0] === 'string') {
        const hits = new Array(list.length / 2);
        for (let i = 0, j = 0; j < list.length; i++, j += 2)
            hits[i] = { id: list[j], score: list[j + 1] };
        return hits;
    }
    const places = fields?.map((f) => FIELDS.indexOf(f) + 1);
    return list.map((t) => {
        const hit = (places ? some(t, places) : toChunk(t));
        hit.score = t[WIDTH];
        hit.similarity = t[WIDTH + 1];
        hit.lexical_score = t[WIDTH + 2];
        hit.pending = t[WIDTH + 3];
        hit.truncated = t[WIDTH + 4];
        if (t[WIDTH + 5] !== undefined)
            hit.explain = JSON.parse(t[WIDTH + 5]);
        return hit;
    });
}
/** Flat: index, score, text. */
function toRanked(list) {
    const ranked = new Array(list.length / 3);
    for (let i = 0, j = 0; j < list.length; i++, j += 3) {
        ranked[i] = { document_index: list[j], document_content: list[j + 2], similarity_score: list[j + 1] };
    }
    return ranked;
}
function some(t, places) {
    const out = { id: t[0] };
    for (const i of places) {
        const name = FIELDS[i - 1];
        if (name !== undefined)
            out[name] = name === 'metadata' ? metadata(t[i]) : t[i];
    }
    return out;
}
/** The fields asked for; whether they exist is the native part's to judge. */
function fieldsOf(options) {
    if (typeof options !== 'object' || options === null)
        return undefined;
    try {
        const { fields } = options;
        return Array.isArray(fields) ? fields : undefined;
    }
    catch (e) {
        throw (0, errors_js_1.inputError)('options: fields', e);
    }
}
