// Chooses the sample in examples/spikes from a folder of all real spike templates:
//   node scripts/sample-spikes.mjs <folder of spikes> [<target folder>]
// The same folder gives the same sample. Only hand-made templates (not tagged `generated`) are taken, in turns over
// their first framework so that the sample is varied; a share of them has a Japanese name; a few broken files are named.
import { copyFileSync, lstatSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const COUNT = 300
const JAPANESE = 100
const MAX_BYTES = 880_000
const MIN_TEXT = 200 // bytes of templates: shorter ones are stubs
const MAX_FILE = 16_000

/** Broken JSON, one of each kind; the last cannot be repaired, the two `tobi` files share one spike id. */
const NAMED = [
  'custom-kysely-union-all-query-minimal.json',
  'gha-node-ci.json',
  'nextjs-datadog-dd-trace-concept.json',
  'solr-update-json-minimal.json',
  'strike-tobi-prosody-annotator.json',
  'strike-tobi-prosody-annotator-fixed.json',
  'strike-x-sampa-ipa-converter.json',
]

/** Package hosts and home folders have no place in this repository. */
const UNWANTED = /registry\.|npmjs\.|pypi\.|crates\.io|ghcr\.io|gcr\.io|docker\.io|quay\.io|\/home\/|\/root\/|\/Users\//i

const [folder, target = join(dirname(fileURLToPath(import.meta.url)), '..', 'examples', 'spikes')] = process.argv.slice(2)
if (!folder) {
  console.error('usage: node scripts/sample-spikes.mjs <folder of spikes> [<target folder>]')
  process.exit(2)
}

/** FNV-1a: an order that has nothing to do with the alphabet and never changes. */
function hash(text) {
  let h = 0x811c9dc5
  for (const byte of Buffer.from(text)) h = Math.imul(h ^ byte, 0x01000193) >>> 0
  return h
}
const byHash = (a, b) => hash(a.file) - hash(b.file) || (a.file < b.file ? -1 : 1)

function read(file) {
  const path = join(folder, file)
  if (!lstatSync(path).isFile()) return null
  const text = readFileSync(path, 'utf8')
  let spike
  try {
    spike = JSON.parse(text)
  } catch {
    return null
  }
  const bytes = Buffer.byteLength(text)
  const body = (spike.files ?? []).reduce((n, f) => n + Buffer.byteLength(f.template ?? f.content ?? ''), 0)
  if (spike.tags?.includes('generated') || bytes > MAX_FILE || body < MIN_TEXT || UNWANTED.test(text)) return null
  return { file, bytes, group: (spike.stack?.[0] ?? '').toLowerCase(), japanese: /[\u3040-\u30ff\u4e00-\u9fff]/.test(spike.name) }
}

/** One of each group in turn until `count` are chosen or nothing is left. */
function inTurns(spikes, count) {
  const groups = new Map()
  for (const s of [...spikes].sort(byHash)) groups.set(s.group, [...(groups.get(s.group) ?? []), s])
  const queues = [...groups.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, queue]) => queue)
  queues.sort((a, b) => byHash(a[0], b[0]))
  const chosen = []
  for (let turn = 0; chosen.length < count && queues.some((q) => q.length > turn); turn++) {
    for (const q of queues) if (q.length > turn && chosen.length < count) chosen.push(q[turn])
  }
  return chosen
}

const names = readdirSync(folder).filter((f) => f.endsWith('.json')).sort()
const named = NAMED.filter((f) => names.includes(f))
const all = names.filter((f) => !named.includes(f)).map(read).filter(Boolean)
const japanese = inTurns(all.filter((s) => s.japanese), JAPANESE)
const others = inTurns(all.filter((s) => !s.japanese), COUNT - named.length - japanese.length)

let bytes = named.reduce((n, f) => n + lstatSync(join(folder, f)).size, 0)
const chosen = [...named]
for (const s of [...japanese, ...others]) {
  if (bytes + s.bytes > MAX_BYTES) continue
  bytes += s.bytes
  chosen.push(s.file)
}

mkdirSync(target, { recursive: true })
for (const old of readdirSync(target)) if (old.endsWith('.json')) rmSync(join(target, old))
for (const file of chosen) copyFileSync(join(folder, file), join(target, file))
console.log(`${chosen.length} files, ${bytes} bytes, ${new Set([...japanese, ...others].map((s) => s.group)).size} first frameworks`)
