import { Command, CommanderError, Option } from 'commander';

import { commands } from './commands/index.js';
import { EXIT, exitCodeOf } from './exit.js';
import { failureOf, fileError } from './errors.js';
import { colorful } from './output.js';
import { number } from './values.js';
import { Session, type Globals, type Host, type Work } from './session.js';

/** The program with all commands; `host` runs them. */
export function build(host: Host): Command {
  const program = new Command('fluorite');
  const { version } = require('../package.json') as { version: string };
  program
    .description('A memory engine for text and code in one folder: store, learn, search.')
    .version(version, '-V, --version', 'print the version')
    .option('--memory-path <folder>', 'the store (FLUORITE_MEMORY_PATH; memory_path of the configuration)')
    .option('--models-path <folder>', 'where models lie (FLUORITE_MODELS_PATH)')
    .option('--config <file>', 'configuration (FLUORITE_CONFIG; else the nearest fluorite.toml from here upwards)')
    .option('--no-ml', 'load no model: words only')
    .option('--read-only', 'only read the store, also while another process writes it')
    .option('--wait <seconds>', 'wait for a store that is in use', number, 0)
    .option('--json', 'results as JSON on stdout')
    .option('--no-color', 'no colours (so does NO_COLOR)')
    .addOption(new Option('--progress <style>', 'on stderr: a bar on terminals, plain lines, or none').choices(['auto', 'plain', 'none']).default('auto'))
    .option('--debug', 'show where an error came from')
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false })
    .configureOutput({ outputError: () => undefined }) // told once, in `report`
    .showSuggestionAfterError()
    .exitOverride()
    .addHelpText('after', `
Exit codes: 0 ok, 1 failed, 2 usage or configuration, 3 not found, 4 store in use, 5 model, 6 damaged, 7 disk full, 130 interrupted.

Examples:
  $ fluorite init                          write a fluorite.toml
  $ fluorite learn ./src/spikes            learn a folder
  $ fluorite search "upload to s3" -n 5    ask
  $ fluorite doctor                        when something does not work`);
  for (const register of commands) register(program, host);
  return program;
}

/** Runs one command line and sets the exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  const stop = new AbortController();
  let ended: number | undefined; // decided by a signal or by the reader of stdout, whatever the command says then
  const end = (code: number): void => {
    if (ended === undefined) ended = code;
    else if (code !== EXIT.ok) {
      if (process.stderr.isTTY) process.stderr.write('\u001b[?25h'); // a bar may have hidden the cursor
      process.exit(code); // asked twice: at once
    }
    stop.abort();
  };
  process.on('SIGINT', () => end(EXIT.interrupted)).on('SIGTERM', () => end(EXIT.terminated));
  // `fluorite list | head` is no failure: the reader has what it wanted.
  let lost = false;
  const stdoutFailed = (e: NodeJS.ErrnoException): void => {
    if (e.code === 'EPIPE') return end(EXIT.ok);
    if (lost) return;
    lost = true;
    process.exitCode = report(fileError('write to', 'standard output', e), program.opts<Globals>(), undefined); // also when the command has ended before
    end(process.exitCode);
  };
  process.stdout.on('error', stdoutFailed);
  process.stderr.on('error', () => undefined);

  let code: number = EXIT.ok;
  const host: Host = {
    action<A extends unknown[]>(work: Work<A>) {
      return async (...args: [...A, Command]) => {
        const command = args[args.length - 1] as Command;
        const session = new Session(command.optsWithGlobals<Globals>(), stop.signal);
        code = (await work(session, ...(args.slice(0, -1) as A))) ?? EXIT.ok;
      };
    },
  };
  const program = build(host);
  try {
    await program.parseAsync(argv as string[]);
  } catch (e) {
    code = e instanceof CommanderError && e.exitCode === 0 ? EXIT.ok : report(e, program.opts<Globals>(), ended);
  }
  process.exitCode = ended ?? code;
}

/** Tells what went wrong, in one line on stderr; returns the exit code. */
function report(thrown: unknown, { json, debug, color }: Globals, ended: number | undefined): number {
  const { code, message, stack } = failureOf(thrown);
  if (ended !== undefined) {
    if ((ended === EXIT.interrupted || ended === EXIT.terminated) && !json) process.stderr.write('fluorite: interrupted; the store is closed\n');
    return ended;
  }
  if ((thrown as { code?: unknown }).code === 'commander.help') return EXIT.usage; // called without a command: help was shown
  if (json) process.stderr.write(`${JSON.stringify({ error: { code, message } })}\n`);
  else {
    const name = `fluorite: ${code}:`;
    process.stderr.write(`${colorful(process.stderr, color) ? `\u001b[31m${name}\u001b[39m` : name} ${message}\n`);
  }
  if (debug && stack) process.stderr.write(`${stack}\n`);
  return exitCodeOf(code);
}
