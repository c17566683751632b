import type { NativeBridge as Native } from '../native.js';
export declare const NativeBridge: new () => Native, runtimeDir: string;
