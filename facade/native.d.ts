import type { NativeBridge as Native } from '../native.js';
/** The root of this package. */
export declare const ROOT: string;
export declare const NativeBridge: new () => Native, runtimeDir: string;
