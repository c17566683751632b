#!/usr/bin/env node
// Runs on any Node that can parse it, so that an old one gets a sentence instead of a stack.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 17)) {
  process.stderr.write(`fluorite: Node ${process.versions.node} is too old: install Node 20.17 or newer\n`);
  process.exitCode = 1;
} else {
  import('./program.js').then(
    ({ main }) => main(process.argv),
    (e: Error) => {
      process.stderr.write(`fluorite: the installation is incomplete (${e.message.split('\n')[0]}): reinstall the package\n`);
      process.exitCode = 1;
    },
  );
}
