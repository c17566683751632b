import type { NativeBridge } from '../native.js';
import type { FilesReport } from './types/index.js';
/** Learns files and folders, and the copies of listed sources, which are fetched first. */
export declare function learnFiles(native: NativeBridge, paths: unknown, options: unknown): Promise<FilesReport>;
