#!/usr/bin/env node
// The screens in docs/cli.md: runs each command on a terminal of 100 columns over a folder of spikes (examples/spikes when
// none is named), in a folder that is removed afterwards, and prints them, or with --write puts them into the document
// between their marks.
//   node scripts/cli-screens.mjs [folder] [--write]
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const main = join(root, 'cli', 'main.js');
const folder = mkdtempSync(join(tmpdir(), 'fluorite-screens-'));
const home = join(folder, 'project');
const named = process.argv.slice(2).find((a) => !a.startsWith('-'));
cpSync(named ?? join(root, 'examples', 'spikes'), join(home, 'spikes'), { recursive: true });

try {
  const init = screen('fluorite init --spikes ./spikes');
  const learn = `${screen('fluorite learn')}\n${screen('fluorite learn')}`;
  const search = screen('fluorite search "upload files to s3" -n 3');
  const screens = named ? { all: `${learn}\n${search}` } : {
    init,
    learn,
    search: `${search}\n${screen('fluorite search "認証 ミドルウェア" -n 2 --explain')}`,
    doctor: screen('ORT_DYLIB_PATH=/opt/old/libonnxruntime.so fluorite doctor'),
  };
  if (!process.argv.includes('--write')) {
    console.log(Object.values(screens).join('\n'));
  } else {
    const file = join(root, 'docs', 'cli.md');
    let text = readFileSync(file, 'utf8');
    for (const [name, shown] of Object.entries(screens)) {
      const mark = new RegExp(`(<!-- screen: ${name} -->\\n\`\`\`text\\n)[\\s\\S]*?(\`\`\`)`);
      if (!mark.test(text)) throw new Error(`docs/cli.md has no place for ${name}`);
      text = text.replace(mark, (_, before, after) => `${before}${shown}${after}`);
    }
    writeFileSync(file, text);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** The command line and what a terminal shows of it: of a progress bar, the frame in the middle. */
function screen(line) {
  const env = { ...process.env, TERM: 'xterm', HOME: folder };
  for (const name of ['FLUORITE_MEMORY_PATH', 'FLUORITE_CONFIG', 'FLUORITE_MODELS_PATH', 'NO_COLOR']) delete env[name];
  const typed = line.replace(/\bfluorite\b/, `'${process.execPath}' '${main}'`);
  const { error, stdout } = spawnSync('script', ['-qec', `stty cols 100 rows 40; ${typed}`, '/dev/null'], { cwd: home, env, encoding: 'utf8' });
  if (error) throw error;
  const frames = [];
  // cli-progress goes to the first column before each frame
  const rest = stdout.replace(/\r\n/g, '\n').split(/\u001b\[\d*G/).map(stripVTControlCharacters).filter((part) => {
    const bar = /^\S+ \[[#.]+\]/.test(part);
    if (bar) frames.push(part.trimEnd());
    return !bar;
  });
  const middle = frames[frames.length >> 1];
  const text = rest.join('').replaceAll(home, '/home/you/project').replace(/^\n+/, '');
  return `$ ${line}\n${middle ? `${middle}\n` : ''}${text}`;
}
