import { isStore } from '../bridge.js';
import { configPath, nameOne, reading, storeNamed } from '../config.js';
import { fail, skip, type Check } from '../doctor/check.js';
import { engineChecks } from '../doctor/engine.js';
import { folderChecks, machineChecks, spikesCheck } from '../doctor/machine.js';
import { failureOf } from '../errors.js';
import { EXIT } from '../exit.js';
import { examples } from '../help.js';
import type { Output, Style } from '../output.js';
import type { Register, Session } from '../session.js';
import { clean } from '../text.js';

/** `doctor`: exit code 1 when something is wrong. */
export const doctor: Register = (program, host) => {
  program
    .command('doctor')
    .description('look at the installation, read all of the store, and say what is wrong and what to do')
    .addHelpText('after', examples('fluorite doctor', 'fluorite doctor --json | jq ".checks[] | select(.status != \\"ok\\")"'))
    .action(host.action(work));
};

async function work(session: Session): Promise<number> {
  const { options, out, signal } = session;
  const meter = session.meter();
  const config_path = configPath(options);
  const place = await storeNamed(options).then((memory_path) => ({ memory_path }), (e: unknown) => ({ memory_path: undefined, unread: failureOf(e).message }));
  const { memory_path } = place;
  const there = memory_path === undefined ? 'absent' : seen(memory_path);
  const config = {
    ...(config_path !== undefined && { config_path }),
    ...(options.modelsPath !== undefined && { models_path: options.modelsPath }),
    ...(!options.ml && { enable_ml: false }),
  };
  const probed = { config, memory_path: there === 'store' ? memory_path : undefined, ...(options.readOnly && { read_only: true }) };
  const engine = await engineChecks(probed, config_path, { signal, on_progress: meter.on_progress }).finally(meter.stop);
  const configured = !engine.some((c) => c.name === 'config' && c.status === 'fail');
  const folder = memory_path !== undefined ? folderChecks(memory_path, await reading(options, config_path))
    : !configured ? [skip('folder', 'the configuration comes first: it is where the folder is named')]
    : [fail('folder', 'unread' in place ? place.unread : 'no store is named', nameOne(config_path))];
  const checks = [...machineChecks(), ...folder, ...(config_path === undefined ? [] : await spikesCheck(config_path)), ...blamed(engine, folder)];
  if (!engine.some((c) => c.name === 'store')) {
    checks.push(skip('store', memory_path === undefined ? 'the folder comes first: none is named' : there === 'hidden' ? 'the folder comes first: what is in it cannot be seen' : 'nothing is stored yet'));
  }
  const wrong = checks.filter((c) => c.status === 'fail').length;
  await out.result({ ok: wrong === 0, checks }, () => text(out, checks, wrong));
  return wrong === 0 ? EXIT.ok : EXIT.failed;
}

/** Is there a store, as far as this user can see? */
function seen(memory_path: string): 'store' | 'absent' | 'hidden' {
  try {
    return isStore(memory_path) ? 'store' : 'absent';
  } catch {
    return 'hidden';
  }
}

/** A store that does not open because of its folder is not told as a second thing that is wrong. */
function blamed(engine: readonly Check[], folder: readonly Check[]): Check[] {
  const wrong = folder.some((c) => c.name === 'folder' && c.status === 'fail');
  return engine.map((c) => (wrong && c.name === 'store' && c.status === 'fail' && c.detail.startsWith('IO: ') ? skip('store', `the folder comes first: ${c.detail.slice(4)}`) : c));
}

const STYLES: Record<Check['status'], Style> = { ok: 'green', warn: 'yellow', fail: 'red', skip: 'dim' };

function text(out: Output, checks: readonly Check[], wrong: number): string {
  const width = Math.max(...checks.map((c) => c.name.length));
  const lines = checks.flatMap(({ name, status, detail, remedy }) => [
    `${out.paint(STYLES[status], status.padEnd(4))}  ${name.padEnd(width)}  ${clean(detail).replace(/\n/g, `\n${' '.repeat(width + 8)}`)}`,
    ...(remedy === null ? [] : [`${' '.repeat(width + 8)}${out.paint('bold', `-> ${clean(remedy)}`)}`]),
  ]);
  return [...lines, '', wrong === 0 ? 'nothing is wrong' : `${wrong} ${wrong === 1 ? 'thing is' : 'things are'} wrong`].join('\n');
}
