import type { FluoriteBridge } from '../../index.js';
import { isFluoriteError } from '../../facade/errors.js';
import type { SearchFilter } from '../../facade/types/index.js';
import { confirm } from '../confirm.js';
import { UsageError } from '../errors.js';
import { withBridge } from '../bridge.js';
import { EXIT } from '../exit.js';
import { filtered, filterOf, type FilterFlags } from '../filter.js';
import { examples } from '../help.js';
import type { Register, Session } from '../session.js';
import { count } from '../text.js';

interface Flags extends FilterFlags {
  yes?: boolean;
  all?: boolean;
  purge?: boolean;
}

/** `delete [id...]`, or by filter. */
export const remove: Register = (program, host) => {
  const command = program
    .command('delete')
    .description('delete chunks by id, or all that a filter matches; asks first')
    .argument('[id...]', 'ids of chunks, in the one namespace named')
    .option('-y, --yes', 'do not ask')
    .option('--all', 'everything')
    .option('--purge', 'remove every byte of them from the disk, older versions too (also of ids deleted before); takes as long as optimize');
  filtered(command)
    .addHelpText('after', examples('fluorite delete draft-1 draft-2', 'fluorite delete --source old/notes.md', 'fluorite delete --purge leaked-key', `fluorite delete --where '{"tags":{"any":["draft"]}}' --yes`))
    .action(host.action(work));
};

function work(session: Session, ids: string[], flags: Flags): Promise<number> {
  const filter = filterOf(flags);
  if (ids.length > 0) {
    const { namespace, ...others } = filter ?? {};
    if (Object.keys(others).length > 0 || flags.all) throw new UsageError('give ids or a filter, not both');
    const names = [namespace ?? []].flat();
    if (names.length > 1) throw new UsageError('ids lie in one --namespace');
    return withBridge(session, {}, (bridge) => byId(session, bridge, ids, names[0], flags));
  }
  if (filter === undefined && !flags.all) throw new UsageError('name ids, a filter (--tag, --source, --where, ...) or --all');
  return withBridge(session, {}, (bridge) => byFilter(session, bridge, filter ?? {}, flags));
}

async function byId(session: Session, bridge: FluoriteBridge, ids: string[], namespace: string | undefined, { yes = false, purge = false }: Flags): Promise<number> {
  const options = namespace === undefined ? {} : { namespace };
  const found: boolean[] = [];
  for (const id of ids) found.push(await there(bridge, id, options));
  const present = ids.filter((_, i) => found[i]);
  const missing = ids.filter((_, i) => !found[i]);
  for (const id of missing) session.fail('NOT_FOUND', `chunk ${JSON.stringify(id)} was not found`);
  let deleted = 0;
  const named = purge ? ids : present; // what is not there any more may have left something
  if (named.length > 0) {
    if (!yes) await confirm(session, `${purge ? 'Purge' : 'Delete'} ${named.map((id) => JSON.stringify(id)).join(', ')}?`);
    for (const id of named) {
      session.check();
      if (await bridge.deleteChunk(id, { ...options, purge })) deleted++;
    }
    if (purge) await bridge.optimize({ signal: session.signal });
  }
  await session.out.result({ deleted, missing }, () => `${count(deleted)} deleted`);
  return missing.length > 0 ? EXIT.not_found : EXIT.ok;
}

/** One that is damaged is there, and can be deleted. */
async function there(bridge: FluoriteBridge, id: string, options: { namespace?: string }): Promise<boolean> {
  try {
    return (await bridge.getChunk(id, options)) !== null;
  } catch (e) {
    if (isFluoriteError(e) && e.code === 'CORRUPT') return true;
    throw e;
  }
}

async function byFilter(session: Session, bridge: FluoriteBridge, filter: SearchFilter, { yes = false, purge = false }: Flags): Promise<number> {
  if (!yes) {
    let matched = 0;
    const counted = (): void => void matched++; // one that cannot be read is deleted as well
    for await (const _ of bridge.listChunks({ filter, signal: session.signal, on_damage: counted })) counted();
    if (matched > 0) await confirm(session, `${purge ? 'Purge' : 'Delete'} ${count(matched)} chunks?`);
  }
  session.check();
  const deleted = await bridge.deleteWhere(filter, { all: true, purge });
  if (purge) await bridge.optimize({ signal: session.signal });
  await session.out.result({ deleted }, () => `${count(deleted)} deleted`);
  return EXIT.ok;
}
