#!/usr/bin/env node
// How good search is: figures per data set and leg. Data that is absent is skipped with a line that says so.
//   npm run eval                          all sets, all legs, development questions
//   npm run eval -- --sets cosqa,spikes --legs lexical,hybrid
//   npm run eval -- --split frozen        questions that decide (dev | frozen | all); not to be tuned on
//   npm run eval -- --record              writes eval/last.json, which every run is compared with; implies --split all
//   npm run eval -- --dump FILE           both legs' best 200 per query, with components, as JSON Lines
//   npm run eval -- --fresh               builds the stores anew (they are kept in eval/.cache)
//   npm run eval -- --exact               scans vectors instead of walking the graph
//   npm run eval -- --slice               the small fixed slice of CI, see slice.mjs
//   node eval/run.mjs --json              one JSON object on stdout instead of Markdown
import { rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { say } from './data.mjs';
import { evaluate, ofSplit, summarize } from './evaluate.mjs';
import { LEGS } from './legs.mjs';
import { model as findModel } from './model.mjs';
import { compare, readRecord, writeRecord } from './record.mjs';
import { SETS } from './sets/index.mjs';
import { markdown } from './table.mjs';

const SPLITS = ['dev', 'frozen', 'all'];

const { values: args } = parseArgs({
  options: {
    sets: { type: 'string' },
    legs: { type: 'string' },
    split: { type: 'string' },
    dump: { type: 'string' },
    record: { type: 'boolean', default: false },
    fresh: { type: 'boolean', default: false },
    exact: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    slice: { type: 'boolean', default: false },
  },
});

if (args.slice) process.exitCode = await (await import('./slice.mjs')).slice(args);
else await run();

async function run() {
  const sets = chosen('sets', args.sets, Object.keys(SETS));
  const legs = chosen('legs', args.legs, LEGS);
  const [split] = chosen('split', args.split ?? (args.record ? 'all' : 'dev'), SPLITS);
  if (args.record && (split !== 'all' || !legs.includes('hybrid') || args.exact)) refuse('--record needs --split all, the leg hybrid and no --exact');
  if (args.dump) rmSync(args.dump, { force: true });
  const model = findModel();
  const [results, skipped] = [[], []];
  for (const name of sets) {
    const set = await SETS[name]();
    if (!set.absent && ofSplit(set.queries, split).length === 0) set.absent = `no question in split ${split}`;
    if (set.absent) {
      skipped.push({ name, absent: set.absent });
      say(`${name}: skipped, ${set.absent}`);
      continue;
    }
    say(`${name}: ${set.queries.length} queries`);
    results.push(await evaluate(set, model, { legs, split, fresh: args.fresh, exact: args.exact, dumpFile: args.dump }));
  }
  const settings = { split, legs, search: args.exact ? { exact: true } : 'defaults' };
  const against_record = compare(results, readRecord(), model);
  const report = { model, settings, results, skipped, summary: summarize(results), against_record };
  process.stdout.write(args.json ? `${JSON.stringify(report)}\n` : markdown(report));
  if (args.record) say(`recorded in ${writeRecord(results, { model, settings })}`);
}

function chosen(option, value, known) {
  if (value === undefined) return known;
  const names = value.split(',').map((s) => s.trim()).filter(Boolean);
  const unknown = names.filter((n) => !known.includes(n));
  if (unknown.length > 0 || names.length === 0) refuse(`--${option} ${value}: known are ${known.join(', ')}`);
  return names;
}

function refuse(why) {
  console.error(why);
  process.exit(2);
}
