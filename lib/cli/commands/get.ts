import type { FluoriteBridge } from '../../index.js';
import { withBridge } from '../bridge.js';
import { failureOf } from '../errors.js';
import { EXIT } from '../exit.js';
import { examples } from '../help.js';
import type { Register, Session } from '../session.js';
import { clean } from '../text.js';

interface Flags {
  namespace?: string;
  history?: boolean;
}

/** `get <id...>`. */
export const get: Register = (program, host) => {
  program
    .command('get')
    .description('print stored chunks: the content exactly as stored, or with --json every field, one chunk a line')
    .argument('<id...>', 'ids of chunks')
    .option('--namespace <name>', 'where they lie')
    .option('--history', 'every kept version as JSON lines, oldest first')
    .addHelpText('after', examples('fluorite get spike:fastapi-minimal', 'fluorite get logo > logo.png', 'fluorite get a b --json | jq .tags'))
    .action(host.action(work));
};

function work(session: Session, ids: string[], flags: Flags): Promise<number> {
  return withBridge(session, {}, async (bridge) => {
    let code: number = EXIT.ok;
    for (const id of ids) {
      session.check();
      let found = false;
      try {
        found = await print(session, bridge, id, flags);
      } catch (e) {
        if (ids.length === 1 || failureOf(e).code !== 'CORRUPT') throw e;
        code = session.failure(JSON.stringify(id), e); // the others are still wanted
        continue;
      }
      if (!found) {
        code = EXIT.not_found;
        session.fail('NOT_FOUND', `chunk ${JSON.stringify(id)} was not found; \`fluorite list\` prints what is stored`);
      }
    }
    return code;
  });
}

/** Prints a chunk; `false` when there is none. */
async function print({ out }: Session, bridge: FluoriteBridge, id: string, flags: Flags): Promise<boolean> {
  const options = flags.namespace === undefined ? {} : { namespace: flags.namespace };
  if (flags.history) {
    const versions = await bridge.history(id, options);
    for (const version of versions) await out.record(version);
    return versions.length > 0;
  }
  if (out.json) {
    const chunk = await bridge.getChunk(id, options);
    if (chunk) await out.record(chunk);
    return chunk !== null;
  }
  const content = await bridge.getContentBuffer(id, options);
  if (content && out.terminal) await out.line(clean(content.toString()));
  else if (content) await out.write(content);
  return content !== null;
}
