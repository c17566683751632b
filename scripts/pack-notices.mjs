// Licences of what is linked into an addon: its crates with the C sources they bundle, and Rust's standard library. From `cargo
// metadata` for the platform: normal dependencies, without those of build scripts and procedural macros, which are not linked.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const LICENCE = /^(licen[cs]e|copying|copyright|notice|unlicense|patents)/i;
const CODE = /\.(rs|c|cc|cpp|h|hpp|js|mjs|ts|py|go|java|rb|toml|json|ya?ml|html|sh)$/i;
/** Folders of a crate that are not linked. */
const BESIDE = /^(tests?|test_data|benches|benchmarks?|examples?|fuzz|docs?|node_modules|target|\..*)$/;
const LIBRARY = "Rust's standard library (MIT OR Apache-2.0)";
/** Bundled C sources lie this deep, with their licences. */
const DEPTH = 3;

/** The target triple of a platform package. */
export function targetOf({ os: [os], cpu: [cpu] }) {
  const system = { linux: 'unknown-linux-gnu', darwin: 'apple-darwin', win32: 'pc-windows-msvc' }[os];
  return `${{ x64: 'x86_64', arm64: 'aarch64' }[cpu]}-${system}`;
}

/** The text of THIRD-PARTY-NOTICES for a target; throws where cargo cannot tell. */
export function notices(root, target) {
  const metadata = JSON.parse(output('cargo', ['metadata', '--format-version', '1', '--locked', '--filter-platform', target], root));
  return noticesOf(metadata, target, standardLibrary(root));
}

/** The same from what `cargo metadata` says. `library`: names and texts of the standard library's licences. */
export function noticesOf(metadata, target, library = []) {
  const crates = linked(metadata);
  const texts = new Map();
  const add = (text, whose) => texts.set(text, [...(texts.get(text) ?? []), whose]);
  const bare = [];
  for (const crate of crates) {
    const files = licences(dirname(crate.manifest_path));
    if (files.length === 0) bare.push(crate);
    for (const [name, text] of files) add(text, `${titled(crate)}: ${name}`);
  }
  for (const [name, text] of library) add(text, `${LIBRARY}: ${name}`);
  const head = `What is linked into the addon of fluorite-bridge for ${target}, and under which licences. Where there is a choice, of the expression or
of the files (zstd: BSD-3-Clause or GPL-2.0), the permissive licence is the one used.

${[...crates.map(titled), LIBRARY].join('\n')}`;
  const without = bare.length > 0 ? [`Published without a licence file; as they declare themselves:\n\n${bare.map(declared).join('\n')}`] : [];
  return `${[head, ...without, ...[...texts].map(([text, whose]) => `${whose.join('\n')}\n\n${text}`)].join(`\n\n${'='.repeat(80)}\n\n`)}\n`;
}

/** Packages of others that the root package links, by name. */
function linked({ packages, resolve }) {
  const byId = new Map(packages.map((p) => [p.id, p]));
  const nodes = new Map(resolve.nodes.map((node) => [node.id, node]));
  const seen = new Set([resolve.root]);
  for (const id of seen) {
    for (const { pkg, dep_kinds } of nodes.get(id).deps) {
      const macro = byId.get(pkg).targets.some(({ kind }) => kind.includes('proc-macro'));
      if (!macro && dep_kinds.some(({ kind }) => kind === null)) seen.add(pkg);
    }
  }
  const others = [...seen].map((id) => byId.get(id)).filter(({ source }) => source);
  return others.sort((a, b) => (titled(a) < titled(b) ? -1 : 1));
}

const titled = ({ name, version, license, license_file }) => `${name} ${version} (${license ?? license_file ?? 'no licence named'})`;

function declared(crate) {
  const by = crate.authors.map((author) => author.replace(/\s*<.*>/, '')).filter(Boolean).join(', ');
  return `${titled(crate)}${by ? `, by ${by}` : ''}${crate.repository ? `, ${crate.repository}` : ''}`;
}

/** Licence files of a folder and of what is bundled in it: names and texts. */
function licences(folder, base = folder, depth = 0) {
  return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1)).flatMap((entry) => {
    const at = join(folder, entry.name);
    if (entry.isDirectory()) return depth < DEPTH && !BESIDE.test(entry.name) ? licences(at, base, depth + 1) : [];
    if (!entry.isFile() || !LICENCE.test(entry.name) || CODE.test(entry.name)) return [];
    const text = normal(readFileSync(at, 'utf8'));
    return text === '' ? [] : [[relative(base, at).replaceAll('\\', '/'), text]];
  });
}

/** Both licences, from the toolchain; a distribution's own may lack them, and they stand with many crates. */
function standardLibrary(root) {
  const folder = join(output('rustc', ['--print', 'sysroot'], root).trim(), 'share', 'doc', 'rust', 'licenses');
  return ['MIT.txt', 'Apache-2.0.txt'].filter((name) => existsSync(join(folder, name))).map((name) => [name, normal(readFileSync(join(folder, name), 'utf8'))]);
}

/** Without what differs between equal texts. */
function normal(text) {
  return text.replaceAll('\r\n', '\n').replace(/[ \t]+$/gm, '').trim();
}

function output(command, args, cwd) {
  const { status, error, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8', maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? stderr}`);
  return stdout;
}
