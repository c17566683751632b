"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.ANSWERS = void 0;
exports.answerOf = answerOf;
exports.withoutPaths = withoutPaths;
const STOPPED = 'the memory is not open: it starts or stops';
const NO_MODEL = 'the embedding model is not available: search by words (mode lexical) still works';
const BROKEN = 'the memory failed; the log of the server says why';
/** What clients of a server are told in place of the engine's message, which may name files of the machine. */
exports.ANSWERS = {
    ALREADY_INITIALIZED: 'the memory is open already',
    STORE_LOCKED: 'another process has the memory open',
    READ_ONLY: 'the memory is open for reading only',
    ABORTED: 'the call was aborted',
    NOT_INITIALIZED: STOPPED,
    CLOSED: STOPPED,
    BUSY: 'too many calls are waiting: try again',
    POISONED: 'the memory takes no writes since an earlier failure; it must be reopened',
    MODEL_NOT_FOUND: NO_MODEL,
    MODEL_REJECTED: NO_MODEL,
    EMBEDDING_FAILED: NO_MODEL,
    NO_SPACE: 'the disk is full: deletions and reads still work',
    ENCRYPTED_STORE_FULL: 'the memory is full: deletions and reads still work',
    KEY_REQUIRED: BROKEN,
    KEY_WRONG: BROKEN,
    NOT_ENCRYPTED: BROKEN,
    INVALID_CONFIG: BROKEN,
    CORRUPT: BROKEN,
    UNSUPPORTED_FORMAT: BROKEN,
    IO: BROKEN,
    INTERNAL: BROKEN,
    ADDON_NOT_FOUND: BROKEN,
};
/** Codes whose message is about what the caller gave; one that this version does not know is a failure of the server. */
const CALLERS = ['INVALID_ARGUMENT', 'INVALID_ID', 'DIMENSION_MISMATCH', 'NOT_FOUND', 'CHUNK_TOO_LARGE'];
/** What a client of a server may be told of an error: no path of the machine stands in it. */
function answerOf({ code, message }) {
    return CALLERS.includes(code) ? withoutPaths(message) : (Object.hasOwn(exports.ANSWERS, code) ? exports.ANSWERS[code] : undefined) ?? BROKEN;
}
/** `/`, `C:\\` or `\\\\server`: how absolute paths of POSIX, Windows and UNC begin. */
const ROOT = String.raw `(?:\/|[A-Za-z]:[\\/]|\\\\)`;
/** Up to its closing quote, or to the end of what was cut off. */
const QUOTED = String.raw `(["'\x60])${ROOT}(?:(?!\1).)*(?:\1|$)`;
/** One segment is enough, in any script; not the second part of `and/or`, `a.b/c`, `http://x` or `</b>`. */
const BARE = String.raw `(?<![\p{L}\p{N}_.:/\\<])(?:\/[\p{L}\p{M}\p{N}_.@~%+-][^\s"'\x60,;:()<>]*|[A-Za-z]:[\\/][^\s"'\x60,;:]*|\\\\[^\s"'\x60,;:]+)`;
const PATHS = new RegExp(String.raw `file:\/\/[^\s"'\x60]*|${QUOTED}|${BARE}`, 'gsu');
/** As many characters of a message as an answer shows: a client's own words may stand in it. */
const SHOWN = 1_000;
/** The start of a message with absolute paths replaced by `[path]`. */
function withoutPaths(message) {
    return (message.length > SHOWN ? `${message.slice(0, SHOWN)}...` : message).replace(PATHS, '[path]');
}
