import type { NamespaceMethods } from '../namespace.js';

/** What the routes work on: the whole store, or a namespace of it. */
export const FLUORITE_TARGET = Symbol('FLUORITE_TARGET');

/** The methods the routes need. */
export type MemoryTarget = NamespaceMethods;

/** The namespace the routes are confined to, `null` for none. */
export const FLUORITE_SCOPE = Symbol('FLUORITE_SCOPE');
