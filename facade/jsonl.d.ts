import type { NativeBridge } from '../native.js';
import type { ExportReport, ImportReport } from './types/index.js';
/** Writes chunks as JSON lines into a file, which appears when it is complete, or a stream, which is not ended. */
export declare function exportLines(native: NativeBridge, target: unknown, options: unknown): Promise<ExportReport>;
/** Stores the lines of a file or a stream, several blocks at a time, in the order of the lines. */
export declare function importLines(native: NativeBridge, source: unknown, options: unknown): Promise<ImportReport>;
