import { setTimeout } from 'node:timers/promises';

import { FluoriteError } from '../../facade/errors.js';
import type { FluoriteBridge } from '../../index.js';
import { withBridge } from '../bridge.js';
import { examples } from '../help.js';
import type { Register, Session } from '../session.js';
import { count } from '../text.js';

/** Milliseconds without a new vector after which something must be wrong. */
const STUCK = 60_000;

/** `embed`: vectors that wait. */
export const embed: Register = (program, host) => {
  program
    .command('embed')
    .description('compute the vectors that wait: of what was stored with --background or --no-ml')
    .addHelpText('after', examples('fluorite import big.jsonl --background && fluorite embed'))
    .action(host.action(work));
};

async function work(session: Session): Promise<void> {
  const result = await withBridge(session, { model: true }, async (bridge) => {
    if (!(await bridge.getStats()).model.enabled) throw new FluoriteError('INVALID_ARGUMENT', 'the model is off: leave out --no-ml, or set enable_ml = true');
    return follow(session, bridge);
  });
  await session.out.result(result, () => `${count(result.vectors)} vectors, none waits`);
}

/** An open store embeds what waits by itself; `flush` would wait for that as well, but could be neither watched nor stopped. */
async function follow(session: Session, bridge: FluoriteBridge): Promise<{ vectors: number; pending: number }> {
  const meter = session.meter();
  const began = performance.now();
  let total: number | undefined;
  let last = { at: began, pending: Infinity };
  try {
    for (;;) {
      const { vectors, pending } = await bridge.getStats();
      const now = performance.now();
      total ??= pending;
      const done = Math.max(total - pending, 0);
      const rate = done / ((now - began) / 1000);
      meter.on_progress?.({ phase: 'embed', done, total, rate, seconds_left: rate > 0 ? pending / rate : null });
      if (pending === 0) return { vectors, pending };
      if (pending < last.pending) last = { at: now, pending };
      else if (now - last.at > STUCK) throw new FluoriteError('EMBEDDING_FAILED', `${count(pending)} chunks wait and none was embedded for a minute: \`fluorite health\` and \`fluorite doctor\` say why`);
      await setTimeout(100, undefined, { signal: session.signal }).catch(() => undefined);
      session.check();
    }
  } finally {
    meter.stop();
  }
}
