import { resolve } from 'node:path';

/** Settings of the environment that a job needs too. Paths start at the folder this runs in, which is not the job's. */
const PATHS = ['FLUORITE_ADDON_PATH', 'FLUORITE_LOG_DIR', 'FLUORITE_MODELS_PATH', 'ORT_DYLIB_PATH'] as const;
const VALUES = ['FLUORITE_NUM_THREADS'] as const;

/**
 * The settings in force as `NAME=value`. FLUORITE_MEMORY_PATH and FLUORITE_CONFIG are not among them: the job is told which store and which
 * configuration they name. Nor is anything secret (FLUORITE_MCP_TOKEN): a crontab is no place for it.
 */
export function carried(env: NodeJS.ProcessEnv = process.env): string[] {
  const set = (name: string): string | undefined => (env[name]?.trim() ? env[name] : undefined);
  const of = (names: readonly string[], value: (text: string) => string): string[] =>
    names.flatMap((name) => {
      const text = set(name);
      return text === undefined ? [] : [`${name}=${value(text)}`];
    });
  return [...of(PATHS, (path) => resolve(path)), ...of(VALUES, (text) => text)];
}
