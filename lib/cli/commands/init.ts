import { writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

import { FluoriteError } from '../../facade/errors.js';
import { CONFIG_NAME } from '../config.js';
import { fileError } from '../errors.js';
import { examples } from '../help.js';
import type { Register, Session } from '../session.js';

interface Flags {
  spikes?: string;
}

/** `init [file]`: a configuration to start from. */
export const init: Register = (program, host) => {
  program
    .command('init')
    .description('write a fluorite.toml with every setting explained; never overwrites')
    .argument('[file]', 'where', CONFIG_NAME)
    .option('--spikes <folder>', 'folder of spike templates that `fluorite learn` takes by default')
    .addHelpText('after', examples('fluorite init', 'fluorite init --spikes ./src/spikes --memory-path ./memory'))
    .action(host.action(work));
};

async function work(session: Session, name: string, flags: Flags): Promise<void> {
  if (session.options.readOnly) throw new FluoriteError('READ_ONLY', 'init writes a configuration file: leave out --read-only, and set read_only = true in the file for a store that is only read');
  const file = resolve(name);
  // paths on the command line start here, those in the file at its folder
  const inFile = (path: string): string => (dirname(file) === process.cwd() ? path : resolve(path));
  const { memoryPath } = session.options;
  const spikes = flags.spikes === undefined ? undefined : inFile(flags.spikes);
  try {
    writeFileSync(file, template(memoryPath === undefined ? './memory' : inFile(memoryPath), spikes), { flag: 'wx' });
  } catch (e) {
    throw fileError('write', file, e);
  }
  await session.out.result({ file }, () => `${file} written; next: fluorite learn ${flags.spikes === undefined ? '<folder>' : ''}`.trim());
}

/** The file. What is commented out is the default. */
function template(memory_path: string, spikes: string | undefined): string {
  const text = (value: string): string => JSON.stringify(value); // a TOML basic string, for every text without DEL
  return `# Fluorite. Relative paths start at the folder of this file. What is commented out is the default.
# Options of a command and FLUORITE_* environment variables come before what stands here.

# Folder of the store; made when something is stored. Keep it out of version control.
memory_path = ${text(memory_path)}

# Folder of spike templates: what \`fluorite learn\` takes when it is given none.
${spikes === undefined ? '# spike_templates_path = "./spikes"' : `spike_templates_path = ${text(spikes)}`}

# Folder with models, searched before the one inside the package.
# models_path = "./models"

# false: no model, search is by words alone.
# enable_ml = true

# true: only read the store, also while another process writes it; and how often to look at what was written (0: only when asked).
# read_only = false
# refresh_interval_ms = 1000

# Learn only what changed since the last run.
# enable_incremental_learning = true

[memory]
# MiB for chunks that were read.
# cache_size_mb = 512
# zstd on or off, and its level (1 to 19).
# enable_compression = true
# compression_level = 3
# Largest content in bytes.
# max_chunk_size = 1048576
# Store texts over 256 tokens in pieces.
# auto_split = false
# "sync" survives power loss; "buffered" is faster and may lose the last 100 ms of it.
# durability = "sync"
# MiB after which a file of the log is closed and the next begun.
# segment_mb = 64
# The key of an encrypted store (encryption_key) better stays out of this file: set FLUORITE_ENCRYPTION_KEY.

# Own Japanese, Korean or Chinese terms and their English, before the bundled ones; | stands between alternatives.
# [memory.lexicon]
# "帳票" = "report|form"

[learning]
# Templates per step.
# batch_size = 32
# Read files on all threads.
# parallel_processing = true
# Least quality, 0 to 1, of a template that patterns are drawn from.
# quality_threshold = 0.7
# Take generated templates too.
# include_generated = false

[ml]
# Name of the model's folder.
# embedding_model = "all-MiniLM-L6-v2"
# Worker threads, 1 to 64; absent: cores, at most 8.
# num_threads = 4
`;
}
