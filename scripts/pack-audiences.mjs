// What each audience does first, from the installed package.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { cli, mcp, nest } from './pack-adapters.mjs';
import { root, run } from './pack-run.mjs';

/** `ok`, or what went wrong, of each. */
export async function audiences(packed, app, work) {
  const tasks = {
    'CommonJS snippet': () => snippet(app, work, 'cjs', true),
    'ESM snippet': () => snippet(app, work, 'mjs', true),
    'CommonJS snippet without the model': () => snippet(app, work, 'cjs', false),
    'ESM snippet without the model': () => snippet(app, work, 'mjs', false),
    'strict TypeScript': () => typescript(app),
    'command line': () => cli(app, work),
    'MCP session, every tool': () => mcp(app, work),
    'Nest application: start, health, search': () => nest(packed, work),
  };
  const outcomes = {};
  for (const [what, task] of Object.entries(tasks)) outcomes[what] = await outcome(task);
  return outcomes;
}

async function outcome(task) {
  try {
    await task();
    return 'ok';
  } catch (e) {
    return e.message;
  }
}

/** The README's quick start for this kind of module, among 200 unrelated chunks. */
function snippet(app, work, kind, ml) {
  const [, block] = new RegExp(`\`\`\`js\\n// quick-start\\.${kind}\\n([\\s\\S]*?)\`\`\``).exec(readFileSync(join(root, 'README.md'), 'utf8'));
  const noise = `await bridge.storeChunks(Array.from({ length: 200 }, (_, i) => ({ id: 'noise-' + i, content: 'Garden note ' + i + ': water the tomatoes and prune the roses' })))\n`;
  const code = block
    .replace('enable_ml: true', `enable_ml: ${ml}`)
    .replace('await bridge.storeChunk(', `${noise}await bridge.storeChunk(`)
    .replace(/console\.log\(.*\)/, 'console.log(results[0].id)');
  const file = join(app, `snippet-${ml}.${kind}`);
  writeFileSync(file, code);
  const folder = join(work, `${kind}-${ml}`);
  mkdirSync(folder);
  const first = run(process.execPath, [file], folder).stdout.trim();
  if (first !== 'nextjs-hono-bff') throw new Error(`the stored chunk is not first, but ${first}`);
}

/** Every entry point's declarations under settings stricter than most, and a program that uses them, run as JavaScript. */
function typescript(app) {
  const entries = Object.entries(JSON.parse(readFileSync(join(app, 'node_modules', 'fluorite-bridge', 'package.json'), 'utf8')).exports);
  // the adapters' declarations name their frameworks', which this project does not have
  const names = entries.filter(([name, target]) => target.types && ['.', './testing'].includes(name)).map(([name]) => `fluorite-bridge${name.slice(1)}`);
  const folder = join(app, 'ts');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'program.mts'), `${names.map((name, i) => `import * as entry${i} from '${name}';`).join('\n')}
import { FluoriteBridge, isFluoriteError, type Chunk, type FluoriteEvent, type SearchHit } from 'fluorite-bridge';

const bridge = await FluoriteBridge.open({ memory_path: process.argv[2]!, enableMl: false });
const told: FluoriteEvent['type'][] = [];
bridge.on('ChunkStored', ({ type, id }) => { if (id === 'a') told.push(type); });
await bridge.storeChunk({ id: 'a', content: 'a walrus', qualityScore: 0.9 });
const hits: SearchHit[] = await bridge.searchSimilar('walrus', { limit: 1 });
const chunk: Chunk | null = await bridge.getChunk(hits[0]!.id);
try {
  await bridge.getChunk('');
} catch (e) {
  if (isFluoriteError(e) && e.code === 'INVALID_ID') console.log(chunk?.id, told.join(), ${names.map((_, i) => `typeof entry${i}`).join(', ')});
}
await bridge.shutdown();
`);
  const compilerOptions = { target: 'es2022', module: 'node16', strict: true, exactOptionalPropertyTypes: true, isolatedModules: true, noUncheckedIndexedAccess: true, verbatimModuleSyntax: true, skipLibCheck: false, lib: ['es2023', 'esnext.disposable', 'dom'], types: ['node'], typeRoots: [join(root, 'node_modules', '@types')] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['program.mts'] }));
  run(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', folder], folder);
  const store = join(folder, 'store');
  const { stdout } = run(process.execPath, [join(folder, 'program.mjs'), store], folder);
  if (!stdout.startsWith('a ChunkStored object') || !existsSync(store)) throw new Error(`the program printed ${stdout}`);
}
