import type { NativeBridge } from '../native.js';
import { cancellable, hooksOf, long } from './call.js';
import { FluoriteError } from './errors.js';
import { listedOf, withSources } from './sources/index.js';
import type { FilesReport } from './types/index.js';

/** Learns files and folders, and the copies of listed sources, which are fetched first. */
export async function learnFiles(native: NativeBridge, paths: unknown, options: unknown): Promise<FilesReport> {
  const listed = listedOf(options);
  if (!listed) return long<FilesReport>(native, options, (call) => native.learnFiles(paths, options, call.report, call.number));
  if (!Array.isArray(paths)) throw new FluoriteError('INVALID_ARGUMENT', 'paths must be a list, which may be empty with sources');
  const hooks = hooksOf(listed.rest);
  await native.store([], undefined, 0, 0); // refused where nothing may be written: nothing is fetched for that
  return cancellable(native, hooks, (call) => withSources(listed, native.storePath(), call, hooks.signal, async ({ reports, folders }) => {
    const all = [...(paths as unknown[]), ...folders.keys()];
    if (all.length === 0 && reports.length > 0) throw new FluoriteError('IO', `nothing could be fetched: ${reports[0]?.address}: ${reports[0]?.error}`);
    const told = { ...listed.rest, folder_names: Object.fromEntries(folders) };
    const report = JSON.parse(await native.learnFiles(all, told, call.report, call.number)) as FilesReport;
    return { ...report, sources: reports };
  }));
}
