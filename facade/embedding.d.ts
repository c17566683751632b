import type { NativeBridge } from '../native.js';
/** Embeds one text. */
export declare function embedOne(native: NativeBridge, text: string, options: unknown): Promise<Float32Array>;
/** Embeds texts slice by slice, in their order. */
export declare function embedAll(native: NativeBridge, texts: unknown, options: unknown): Promise<Float32Array[]>;
