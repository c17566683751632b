/** What a check found. */
export interface Check {
  name: string;
  /** `warn` works, but not for long or not as it could; `skip` could not be looked at because of an earlier failure. */
  status: 'ok' | 'warn' | 'fail' | 'skip';
  detail: string;
  /** What to do; `null` when nothing is to be done. */
  remedy: string | null;
}

/** A check that passed. */
export const ok = (name: string, detail: string): Check => ({ name, status: 'ok', detail, remedy: null });
/** A check that failed. */
export const fail = (name: string, detail: string, remedy: string): Check => ({ name, status: 'fail', detail, remedy });
/** A check that passed, for now. */
export const warn = (name: string, detail: string, remedy: string): Check => ({ name, status: 'warn', detail, remedy });
/** A check that was not made. */
export const skip = (name: string, detail: string): Check => ({ name, status: 'skip', detail, remedy: null });
