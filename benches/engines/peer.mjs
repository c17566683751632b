// Packages of benches/compare, which is installed on demand.
import { createRequire } from 'node:module';

const require = createRequire(new URL('../compare/package.json', import.meta.url));

/** The package, as benches/compare has it. */
export const peer = (name) => require(name);

/** Is it installed, and does its binary load? */
export function installed(name) {
  try {
    // Loading it here would bring in an ONNX Runtime of another version than Fluorite's, and a process can have but one.
    if (name === '@huggingface/transformers') return require.resolve(name) !== '';
    const found = require(name);
    // better-sqlite3 loads its binary with the first database alone.
    if (name === 'better-sqlite3') new found(':memory:').close();
    return true;
  } catch {
    return false;
  }
}
