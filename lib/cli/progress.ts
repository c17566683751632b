import type { Progress } from '../facade/types/index.js';
import { count, duration } from './text.js';

/** How progress is shown: a bar on a terminal, plain lines, or not at all. */
export type ProgressStyle = 'auto' | 'plain' | 'none';

/** Shows the progress of one long call, on stderr. */
export interface Meter {
  /** For the option of the same name; `undefined` when nothing is shown, which costs nothing. */
  on_progress: ((p: Progress) => void) | undefined;
  /** Takes the bar off the screen. Call it before anything else is printed. */
  stop(): void;
}

/** A meter for `stream`. */
export function meter(style: ProgressStyle, stream: NodeJS.WriteStream = process.stderr): Meter {
  if (style === 'plain') return { on_progress: plain(stream), stop: () => undefined };
  if (style === 'none' || !stream.isTTY) return { on_progress: undefined, stop: () => undefined };
  const { SingleBar } = require('cli-progress') as typeof import('cli-progress'); // not worth its load time for commands without a bar
  const bar = new SingleBar({
    stream,
    fps: 10,
    hideCursor: true,
    clearOnComplete: true,
    stopOnComplete: false,
    linewrap: false,
    gracefulExit: false,
    format: (options, { progress, value, total }, p: Partial<Progress>) => {
      const size = options.barsize ?? 30;
      const full = Math.round(Math.min(Math.max(progress, 0), 1) * size);
      const shown = p.total === null ? '' : `[${'#'.repeat(full)}${'.'.repeat(size - full)}] `;
      const of = p.total === null ? '' : `/${count(total)}`;
      return `${p.phase ?? ''} ${shown}${count(value)}${of}${tail(p)}`;
    },
  });
  let shown = false;
  return {
    on_progress(p) {
      if (!shown) bar.start(p.total ?? 0, p.done, p);
      else {
        bar.setTotal(p.total ?? 0);
        bar.update(p.done, p);
      }
      shown = true;
    },
    stop() {
      if (shown) bar.stop();
    },
  };
}

function tail({ rate, seconds_left }: Partial<Progress>): string {
  const left = seconds_left === null || seconds_left === undefined ? '' : `, ${duration(seconds_left)} left`;
  return `  ${count(rate ?? 0)}/s${left}`;
}

/** Tells a meter how many of `total` things are done. */
export function counter({ on_progress }: Meter, phase: string, total: number | null): () => void {
  const began = performance.now();
  let done = 0;
  return () => {
    done++;
    const rate = done / Math.max((performance.now() - began) / 1000, 1e-6);
    on_progress?.({ phase, done, total, rate, seconds_left: total === null ? null : Math.max(total - done, 0) / rate });
  };
}

/** A line whenever another tenth is done; without a total, whenever the number doubled. */
function plain(stream: NodeJS.WriteStream): (p: Progress) => void {
  let phase = '';
  let next = 0;
  return (p) => {
    if (p.phase !== phase) [phase, next] = [p.phase, 0];
    if (p.done < next && p.done !== p.total) return;
    next = p.total === null ? Math.max(p.done * 2, 1) : p.done + p.total / 10;
    stream.write(`${p.phase} ${count(p.done)}${p.total === null ? '' : `/${count(p.total)}`}${tail(p)}\n`);
  };
}
