import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

import type { NativeBridge as Native } from '../native.js';
import { FluoriteError } from './errors.js';

/** Platforms with a package of their own, by `process.platform` and `process.arch`. */
const PACKAGED: Readonly<Record<string, string>> = {
  'linux-x64': 'linux-x64-gnu',
  'linux-arm64': 'linux-arm64-gnu',
  'darwin-arm64': 'darwin-arm64',
  'win32-x64': 'win32-x64-msvc',
  'win32-arm64': 'win32-arm64-msvc',
};

/** The root of this package. */
export const ROOT = dirname(__dirname);

/** The addon, and the folder of the ONNX Runtime library that belongs to it. */
interface Loaded {
  NativeBridge: new () => Native;
  runtimeDir: string;
}

type Addon = Pick<Loaded, 'NativeBridge'>;

/**
 * The addon: the file `FLUORITE_ADDON_PATH` names, that of a checkout, or that of the platform's package. Throws
 * `ADDON_NOT_FOUND`, saying what is missing and what to do.
 */
function load(): Loaded {
  const named = process.env['FLUORITE_ADDON_PATH'];
  if (named) return { NativeBridge: open(named).NativeBridge, runtimeDir: dirname(named) };
  const here = `${process.platform}-${process.arch}`;
  const built = ['', '-gnu', '-musl', '-msvc'].map((abi) => join(ROOT, `fluorite-bridge.${here}${abi}.node`)).find((file) => existsSync(file));
  if (built) return { NativeBridge: open(built).NativeBridge, runtimeDir: join(ROOT, 'runtime') };
  const name = PACKAGED[here];
  const folder = name && folderOf(`fluorite-bridge-${name}`);
  if (!folder) throw missing(here, name);
  return { NativeBridge: open(join(folder, `fluorite-bridge.${name}.node`)).NativeBridge, runtimeDir: folder };
}

function open(file: string): Addon {
  try {
    return require(file) as Addon;
  } catch (e) {
    const why = e instanceof Error ? e.message : String(e);
    throw new FluoriteError('ADDON_NOT_FOUND', `the addon ${file} cannot be loaded: ${why.split('\n')[0]}; ${remedyOf(why)}`, e);
  }
}

/** What to do about a library that is there and does not load. */
function remedyOf(why: string): string {
  if (why.includes('GLIBC')) return 'the glibc of this system is too old: use a newer system or image (ONNX Runtime needs glibc 2.27 or newer), or build from source';
  if (why.includes('musl') || isMusl()) return MUSL;
  if (process.platform === 'win32') return 'install the Visual C++ 2015-2022 redistributable, then reinstall this package';
  return 'reinstall this package: remove node_modules/fluorite-bridge*, then npm install';
}

/** The folder of a platform package of the same version as this one. */
function folderOf(name: string): string | undefined {
  let manifest;
  try {
    manifest = require.resolve(`${name}/package.json`);
  } catch {
    return undefined;
  }
  const version = (path: string): string => (require(path) as { version: string }).version;
  const [found, expected] = [version(manifest), version(join(ROOT, 'package.json'))];
  if (found !== expected) {
    throw new FluoriteError('ADDON_NOT_FOUND', `${name} is of version ${found}, fluorite-bridge of ${expected}: reinstall both (npm install fluorite-bridge@${expected})`);
  }
  return dirname(manifest);
}

const MUSL = 'ONNX Runtime is not built for musl (Alpine): use an image with glibc, such as node:22-slim, or build from source and set FLUORITE_ADDON_PATH';

function isMusl(): boolean {
  if (process.platform !== 'linux') return false;
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return report.header?.glibcVersionRuntime === undefined;
}

function missing(here: string, name: string | undefined): FluoriteError {
  const build = 'build it from source (npm run build in a checkout) and set FLUORITE_ADDON_PATH to the .node file';
  if (isMusl()) return new FluoriteError('ADDON_NOT_FOUND', `there is no package for ${here} with musl: ${MUSL}`);
  if (!name) return new FluoriteError('ADDON_NOT_FOUND', `there is no package for ${here}, only for ${Object.values(PACKAGED).join(', ')}: ${build}`);
  return new FluoriteError(
    'ADDON_NOT_FOUND',
    `fluorite-bridge-${name}, the package with the addon for ${here}, is not installed. Reinstall without --omit=optional (--no-optional). A lock file ` +
      `or node_modules of another platform lacks it too: run npm install fluorite-bridge here, or npm install --os=${process.platform} --cpu=${process.arch} where it is copied from`,
  );
}

export const { NativeBridge, runtimeDir } = load();
