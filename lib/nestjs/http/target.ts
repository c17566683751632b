import type { NamespaceMethods } from '../namespace.js';

/** What the routes work on: the whole store, or a namespace of it. */
export const FLUORITE_TARGET = Symbol('FLUORITE_TARGET');

/** The methods the routes need. */
export type MemoryTarget = NamespaceMethods;
