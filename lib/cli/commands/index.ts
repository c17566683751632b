import type { Register } from '../session.js';
import { salvage, snapshot } from './care.js';
import { clusters } from './clusters.js';
import { completion } from './completion.js';
import { context } from './context.js';
import { remove } from './delete.js';
import { doctor } from './doctor.js';
import { embed } from './embed.js';
import { exporter } from './export.js';
import { feedback } from './feedback.js';
import { patterns, suggest } from './frameworks.js';
import { get } from './get.js';
import { importer } from './import.js';
import { init } from './init.js';
import { learn } from './learn.js';
import { list } from './list.js';
import { map } from './map.js';
import { mcp } from './mcp.js';
import { metrics } from './metrics.js';
import { health, optimize, stats, verify } from './operate.js';
import { related } from './related.js';
import { render } from './render.js';
import { rekey } from './rekey.js';
import { schedule } from './schedule.js';
import { search } from './search.js';
import { store } from './store.js';
import { train } from './train.js';
import { watch } from './watch.js';

/** All commands, in the order of the help. A new command is a file of its own and a line here. */
export const commands: readonly Register[] = [
  init, learn, watch, store, get, list, search, context, related, feedback, train, suggest, patterns, render, remove, clusters, map,
  stats, metrics, health, verify, salvage, snapshot, optimize, rekey, embed, exporter, importer,
  mcp, doctor, schedule, completion,
];
