/** The public types, a file a noun. */
export type * from './case.js';
export type * from './chunk.js';
export type * from './config.js';
export type * from './call.js';
export type * from './events.js';
export type * from './write.js';
export type * from './filter.js';
export type * from './search.js';
export type * from './context.js';
export type * from './stats.js';
export type * from './care.js';
export type * from './learning.js';
export type * from './source.js';
export type * from './watch.js';
export type * from './patterns.js';
export type * from './feedback.js';
export type * from './text.js';
