import { withBridge } from '../bridge.js';
import { examples } from '../help.js';
import type { Register, Session } from '../session.js';
import { clean, count, name } from '../text.js';
import { whole } from '../values.js';

interface Flags {
  limit?: number;
  namespace?: string;
}
const optionsOf = (session: Session, flags: Flags): { limit?: number; namespace?: string; signal: AbortSignal } => ({
  ...(flags.limit !== undefined && { limit: flags.limit }),
  ...(flags.namespace !== undefined && { namespace: flags.namespace }),
  signal: session.signal,
});

/** `suggest <framework...>`. */
export const suggest: Register = (program, host) => {
  program
    .command('suggest')
    .description('what goes with some frameworks, learned from what the chunks use')
    .argument('<framework...>', 'in any spelling')
    .option('-n, --limit <n>', 'most answers', whole)
    .option('--namespace <name>', 'whose chunks')
    .addHelpText('after', examples('fluorite suggest nextjs prisma', 'fluorite suggest hono --json | jq ".[].framework"'))
    .action(host.action(async (session: Session, names: string[], flags: Flags) => {
      const found = await withBridge(session, {}, (bridge) => bridge.suggestFrameworks(names, optionsOf(session, flags)));
      await session.out.result(found, () => found.map((f) =>
        `${session.out.paint('bold', clean(f.framework))}  ${count(f.support)} with ${clean(f.given.join(' + '))} (${Math.round(f.confidence * 100)} %, ${f.lift.toFixed(1)} times more often than by chance); ${name(f.evidence.slice(0, 3).join(', '))}`).join('\n') || 'nothing goes with them');
    }));
};

/** `patterns <a> <b>`. */
export const patterns: Register = (program, host) => {
  program
    .command('patterns')
    .description('how two frameworks are used together: a pattern for each family of chunks; with --json as lines that `fluorite import` takes')
    .argument('<a>', 'a framework, in any spelling')
    .argument('<b>', 'another one')
    .option('-n, --limit <n>', 'most patterns', whole)
    .option('--namespace <name>', 'whose chunks')
    .addHelpText('after', examples('fluorite patterns nextjs prisma', 'fluorite patterns nextjs prisma --json | fluorite import --namespace patterns'))
    .action(host.action(async (session: Session, a: string, b: string, flags: Flags) => {
      const found = await withBridge(session, {}, (bridge) => bridge.getIntegrationPatterns(a, b, optionsOf(session, flags)));
      const { out } = session;
      for (const p of found) {
        if (out.json) await out.record(p);
        else await out.line(`${out.paint('bold', name(p.id))}  ${count(p.metadata.member_count)} members: ${name(p.metadata.members.slice(0, 3).join(', '))}\n${clean(p.content)}\n`);
      }
      if (found.length === 0 && !out.json) session.note('no chunk uses both');
    }));
};
