import { withBridge } from '../bridge.js';
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
  const { out } = session;
  const options = flags.namespace === undefined ? {} : { namespace: flags.namespace };
  return withBridge(session, {}, async (bridge) => {
    let code: number = EXIT.ok;
    for (const id of ids) {
      session.check();
      let found = false;
      if (flags.history) {
        for (const version of await bridge.history(id, options)) {
          found = true;
          await out.record(version);
        }
      } else if (out.json) {
        const chunk = await bridge.getChunk(id, options);
        found = chunk !== null;
        if (chunk) await out.record(chunk);
      } else {
        const content = await bridge.getContentBuffer(id, options);
        found = content !== null;
        if (content && out.terminal) await out.line(clean(content.toString()));
        else if (content) await out.write(content);
      }
      if (!found) {
        code = EXIT.not_found;
        session.fail('NOT_FOUND', `chunk ${JSON.stringify(id)} was not found; \`fluorite list\` prints what is stored`);
      }
    }
    return code;
  });
}
