import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import type { Progress, VerifyReport } from '../../facade/types/index.js';
import { holder } from '../holder.js';
import { bytes, count } from '../text.js';
import { fail, ok, skip, warn, type Check } from './check.js';
import type { Going, ProbeInput, Stage } from './probe.js';

const REINSTALL = 'reinstall the package (in a checkout: npm run build)';

/** Damaged places that are shown. */
const SHOWN = 3;
/** Milliseconds of silence after which a probe is ended. */
const SILENCE = 60_000;

/** What the checks need of the session. */
export interface Watcher {
  signal: AbortSignal;
  on_progress: ((p: Progress) => void) | undefined;
}

/** Tries addon, configuration, model and store in a process of its own. */
export async function engineChecks(input: ProbeInput, config_path: string | undefined, watcher: Watcher): Promise<Check[]> {
  const { stages, ended } = await probe(input, watcher);
  const of = (name: Stage['stage']): Stage | undefined => stages.find((s) => s.stage === name);
  const checks: Check[] = [];
  // the first stage without an outcome is the one that ended the process
  const crashed = (['addon', 'config', 'model', 'store'] as const).find((name) => !of(name));
  const addon = of('addon');
  if (!addon) return [fail('addon', `loading the native addon ended the process (${ended})`, `the file is damaged or for another machine: ${REINSTALL}`)];
  if (addon.error) return [fail('addon', what(addon.error.message), process.env['FLUORITE_ADDON_PATH'] ? 'correct or unset FLUORITE_ADDON_PATH' : remedyIn(addon.error.message) ?? REINSTALL)];
  checks.push(ok('addon', 'loads'));

  const config = of('config');
  const name = config_path === undefined ? 'options and environment' : config_path;
  if (!config || config.error) {
    const remedy = config_path === undefined ? 'correct the FLUORITE_* environment variables'
      : existsSync(config_path) ? `correct ${config_path}; \`fluorite init new.toml\` writes one with every setting explained`
      : `name another file with --config or FLUORITE_CONFIG, or write this one: fluorite init ${JSON.stringify(config_path)}`;
    checks.push(fail('config', config?.error?.message ?? `opening a store ended the process (${ended})`, remedy));
    return [...checks, skip('model', 'the configuration comes first'), skip('store', 'the configuration comes first')];
  }
  checks.push(ok('config', name));
  checks.push(...model(of('model'), ended));
  if (input.memory_path !== undefined) {
    checks.push(of('model') ? store(of('store'), input.memory_path, ended) : skip('store', `the ${crashed ?? 'model'} comes first`));
    if (of('store') && !of('store')?.error) checks.push(verified(of('verify'), input.memory_path, ended));
  }
  return checks;
}

function model(stage: Stage | undefined, ended: string): Check[] {
  const library = 'reinstall the package with its optional dependencies (in a checkout: npm run setup), set ORT_DYLIB_PATH to an ONNX Runtime 1.24 library, or set enable_ml = false to search by words';
  if (!stage) return [fail('runtime', `loading the model ended the process (${ended}): the ONNX Runtime library is damaged or for another machine`, library), skip('model', 'the ONNX Runtime library comes first')];
  const { error, found } = stage;
  if (error && /ONNX Runtime|ORT_DYLIB_PATH/.test(error.message)) return [fail('runtime', what(error.message), library), skip('model', 'the ONNX Runtime library comes first')];
  if (error) {
    const remedy = error.code === 'MODEL_NOT_FOUND' ? 'correct models_path and ml.embedding_model, reinstall the package with its models/ folder, or set enable_ml = false to search by words'
      : error.code === 'MODEL_REJECTED' ? 'the file is not the one that was published: reinstall the package, or name the folder in models_path if you trust it'
      : 'see the message; enable_ml = false searches by words meanwhile';
    return [fail('model', `${error.code}: ${what(error.message)}`, remedy)];
  }
  if (found?.['enabled'] === false) return [skip('runtime', 'not needed: enable_ml is off'), ok('model', 'off (enable_ml = false): search is by words')];
  return [ok('runtime', 'ONNX Runtime loads'), ok('model', `${String(found?.['id'])} (hash known or folder named by you), ${String(found?.['dimensions'])} dimensions; a text was embedded`)];
}

function store(stage: Stage | undefined, path: string, ended: string): Check {
  if (!stage) return fail('store', `opening ${path} ended the process (${ended})`, 'do not touch the files; report it with `ls -lR` of the folder');
  const { error, found } = stage;
  if (error?.code === 'CORRUPT') return fail('store', what(error.message), `restore the file named from a copy, or save what is readable: fluorite salvage ${JSON.stringify(path)} ${JSON.stringify(`${path}-saved`)}`);
  if (error && /^KEY_|^NOT_ENCRYPTED$/.test(error.code)) return fail('store', `${error.code}: ${what(error.message)}`, 'set FLUORITE_ENCRYPTION_KEY, or memory.encryption_key in the configuration file, to the key of this store; a plain store takes none');
  if (error && /permission denied|access is denied/i.test(error.message)) return fail('store', `${error.code}: ${first(error.message)}`, `give this user the right to read and write all of it: chmod -R u+rwX ${JSON.stringify(path)} as its owner`);
  if (error) return fail('store', `${error.code}: ${first(error.message)}`, 'see the message');
  const { chunks, disk_bytes, recovered_tail_bytes, health, held } = found as { chunks: number; disk_bytes: number; recovered_tail_bytes: number; held: boolean; health: { status: string; storage: { detail: string | null }; index: { detail: string | null } } };
  const text = `${path}: ${count(chunks)} chunks, ${bytes(disk_bytes)}`;
  if (health.status !== 'ok') return warn('store', `${text}; ${health.status}: ${[health.storage.detail, health.index.detail].filter(Boolean).join('; ')}`, '`fluorite verify --deep` names each damaged place and what to do; then `fluorite optimize`, or `fluorite salvage` where the log is damaged');
  if (held) return ok('store', `${text}, in use by ${holder(path)}: that is fine, and it was read beside it. While that one runs, commands that write end with exit code 4 (or wait with --wait), those that read take --read-only`);
  return ok('store', recovered_tail_bytes > 0 ? `${text}; ${count(recovered_tail_bytes)} bytes of an unfinished write were cut off` : text);
}

/** What reading all of the store came to. */
function verified(stage: Stage | undefined, path: string, ended: string): Check {
  const remedy = `\`fluorite verify --deep\` names every place and what to do; what is readable: fluorite salvage ${JSON.stringify(path)} ${JSON.stringify(`${path}-saved`)}`;
  if (!stage) return fail('verify', `reading all of ${path} ended the process (${ended})`, remedy);
  if (stage.error) return fail('verify', `${stage.error.code}: ${first(stage.error.message)}`, remedy);
  const v = stage.found as unknown as VerifyReport;
  const looked = v.deep ? 'every checksum, every version and every index' : 'every checksum (`fluorite verify --deep` looks into versions and indexes too)';
  if (v.ok) return ok('verify', `${count(v.records)} records, ${bytes(v.bytes)}: ${looked} compared, all sound`);
  const shown = v.damaged.slice(0, SHOWN).map((d) => `\n${d.file} at ${d.offset}: ${d.what}; lost: ${d.lost}`);
  const more = v.damages > shown.length ? `\nand ${count(v.damages - shown.length)} more` : '';
  return fail('verify', `${count(v.damages)} damaged ${v.damages === 1 ? 'place' : 'places'}:${shown.join('')}${more}`, remedy);
}

function first(message: string): string {
  return message.split(/\r?\n/).map((l) => l.trim()).filter(Boolean).join(' ').slice(0, 600);
}

/** The engine's own remedy, behind the first semicolon of a message. */
function remedyIn(message: string): string | undefined {
  return first(message).split('; ').slice(1).join('; ') || undefined;
}

/** The part of a message before the engine's own remedy, which ours takes the place of. */
function what(message: string): string {
  return first(message).split('; ')[0] ?? message;
}

/** Runs the probe; it is ended when nothing is heard of it for a minute. */
function probe(input: ProbeInput, { signal, on_progress }: Watcher): Promise<{ stages: Stage[]; ended: string }> {
  return new Promise((done, failed) => {
    const child = spawn(process.execPath, [join(__dirname, 'probe.js'), JSON.stringify(input)], { stdio: ['ignore', 'pipe', 'ignore'], signal });
    const silence = setTimeout(() => child.kill(), SILENCE);
    const stages: Stage[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => {
      silence.refresh();
      if (!line.startsWith('{')) return;
      const said = JSON.parse(line) as Stage | Going;
      if ('progress' in said) on_progress?.(said.progress);
      else stages.push(said);
    });
    child.on('error', failed);
    child.on('close', (code, killed) => {
      clearTimeout(silence);
      done({ stages, ended: killed ?? `exit code ${code}` });
    });
  });
}
