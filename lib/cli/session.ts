import type { Command } from 'commander';

import { FluoriteError } from '../facade/errors.js';
import { failureOf } from './errors.js';
import { exitCodeOf } from './exit.js';
import { colorful, Output } from './output.js';
import { meter, type Meter, type ProgressStyle } from './progress.js';

/** Options every command takes. */
export interface Globals {
  json?: boolean;
  color: boolean;
  debug?: boolean;
  progress: ProgressStyle;
  memoryPath?: string;
  modelsPath?: string;
  config?: string;
  ml: boolean;
  /** Open the store for reading alone, also while another process writes it. */
  readOnly?: boolean;
  /** Seconds to wait for a store that is in use. */
  wait: number;
}

/** What a command works with. */
export class Session {
  readonly out: Output;

  /** @param options - those every command takes. @param signal - aborted when the user wants an end. */
  constructor(readonly options: Globals, readonly signal: AbortSignal) {
    this.out = new Output(options.json === true, colorful(process.stdout, options.color), process.stdout);
  }

  /** A meter in the style asked for. */
  meter(): Meter {
    return meter(this.options.progress);
  }

  /** The same for a command that prints while it works: on a terminal what it prints is the progress. */
  meterBeside(): Meter {
    return meter(this.out.terminal ? 'none' : this.options.progress);
  }

  /** A remark beside the result, on stderr. */
  note(text: string): void {
    process.stderr.write(`${text}\n`);
  }

  /** Reports a failure that does not end the command, in one line on stderr. */
  fail(code: string, message: string): void {
    this.note(this.options.json ? JSON.stringify({ error: { code, message } }) : `fluorite: ${code}: ${message}`);
  }

  /** The same for something thrown; returns the exit code. */
  failure(what: string, thrown: unknown): number {
    const { code, message } = failureOf(thrown);
    this.fail(code, `${what}: ${message}`);
    return exitCodeOf(code);
  }

  /** Throws when the user wants an end. */
  check(): void {
    if (this.signal.aborted) throw new FluoriteError('ABORTED', 'interrupted');
  }
}

/** The work of a command: its arguments, then its options. The number it may resolve with is the exit code. */
export type Work<A extends unknown[]> = (session: Session, ...args: A) => Promise<number | void>;

/** Turns work into what commander calls. */
export interface Host {
  action<A extends unknown[]>(work: Work<A>): (...args: [...A, Command]) => Promise<void>;
}

/** Adds one command (or the commands of one noun) to the program. */
export type Register = (program: Command, host: Host) => void;
