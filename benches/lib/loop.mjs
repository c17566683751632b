// How long the event loop is kept from its work.
import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { round } from './stats.mjs';

/** Delay of a 1 ms timer while `work` runs; ms. Includes the timer's own millisecond. */
export async function delays(work) {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  let gc = 0;
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) gc = Math.max(gc, entry.duration);
  });
  observer.observe({ entryTypes: ['gc'] });
  histogram.enable();
  await work();
  histogram.disable();
  await sleep(10); // the observer is told a little later
  observer.disconnect();
  const ms = (ns) => round(ns / 1e6);
  return { p50_ms: ms(histogram.percentile(50)), p99_ms: ms(histogram.percentile(99)), max_ms: ms(histogram.max), longest_gc_ms: round(gc) };
}

/**
 * The longest time between two turns of the loop while `work` runs; ms. It keeps the loop turning and so takes one core
 * from the engine: never at the same time as `delays`.
 */
export async function longestBlock(work) {
  let longest = 0;
  let last = performance.now();
  let going = true;
  const turn = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (going) setImmediate(turn);
  };
  setImmediate(turn);
  await work();
  going = false;
  return round(longest);
}

/** Calls `work` for every item, `width` calls at a time. */
export async function inFlight(items, width, work) {
  let next = 0;
  const worker = async () => {
    while (next < items.length) await work(items[next++]);
  };
  await Promise.all(Array.from({ length: width }, worker));
}
