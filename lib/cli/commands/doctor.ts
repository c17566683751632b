import { isStore } from '../bridge.js';
import { configPath, locate, reading } from '../config.js';
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
  const checks = machineChecks();
  let memory_path: string | undefined;
  try {
    ({ memory_path } = await locate(options));
    checks.push(...folderChecks(memory_path, await reading(options, configPath(options))));
  } catch (e) {
    checks.push(fail('folder', failureOf(e).message, 'run `fluorite init` here, give --memory-path, or set FLUORITE_MEMORY_PATH'));
  }
  const config_path = configPath(options);
  if (config_path !== undefined) checks.push(...(await spikesCheck(config_path)));
  const config = {
    ...(config_path !== undefined && { config_path }),
    ...(options.modelsPath !== undefined && { models_path: options.modelsPath }),
    ...(!options.ml && { enable_ml: false }),
  };
  const stored = memory_path !== undefined && isStore(memory_path) ? memory_path : undefined;
  const probed = { config, memory_path: stored, ...(options.readOnly && { read_only: true }) };
  checks.push(...(await engineChecks(probed, config_path, { signal, on_progress: meter.on_progress }).finally(meter.stop)));
  if (stored === undefined) checks.push(skip('store', 'nothing is stored yet'));
  const wrong = checks.filter((c) => c.status === 'fail').length;
  await out.result({ ok: wrong === 0, checks }, () => text(out, checks, wrong));
  return wrong === 0 ? EXIT.ok : EXIT.failed;
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
