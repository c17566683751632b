#!/usr/bin/env node
// Does a test go red for each bug that is planted? Builds the tests once with the feature `mutants`, then runs them with
// FLUORITE_MUTANT naming one bug after the other: the tests meant for it first, then all the others until one is red.
//   node scripts/mutants.mjs              all of them
//   node scripts/mutants.mjs NAME ...     some of them
//   node scripts/mutants.mjs --baseline   the tests meant for them, without a bug: all must be green
import { spawnSync } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

/** Planted bug -> the tests (binary, name) meant to find it. Where it is planted: grep -rn 'mutant!' crates. */
const MUTANTS = {
  dropped_fsync: [['power', 'nothing_acknowledged_is_lost']],
  dropped_directory_sync: [['power', 'nothing_acknowledged_is_lost']],
  manifest_before_data: [['power', 'nothing_acknowledged_is_lost']],
  torn_tail_accepted: [['power', 'nothing_acknowledged_is_lost']],
  half_a_batch_kept: [['power', 'nothing_acknowledged_is_lost']],
  id_table_newer_than_log: [['power', 'nothing_acknowledged_is_lost']],
  shortened_log_accepted: [['damage', 'after_a_shutdown_damage_to_the_end_is_corrupt']],
  sequence_used_twice: [['strays', 'a_sequence_number_is_not_used_twice']],
  checksum_ignored: [['damage', 'a_flipped_bit_in_every_byte_of_every_file']],
  tombstone_lost: [['model', 'random_calls_agree_with_a_map']],
  older_version_revived: [['power', 'nothing_acknowledged_is_lost']],
  stale_posting: [['model', 'random_calls_agree_with_a_map']],
  ttl_ignored: [['model', 'the_wall_clock_jumps_ten_years']],
  filter_ignored_by_vectors: [['graphs', 'a_small_namespace_among_a_big_one']],
  deleted_row_of_a_graph: [['graphs', 'recall_holds_through']],
  half_a_batch_seen: [['mixed', 'every_key_is_one_register']],
  poison_forgotten: [['faults', 'after_a_failed_fsync']],
  short_write_taken_for_whole: [['faults', 'short_reads_and_writes']],
  salvage_skips_behind_damage: [['salvage', 'damage_at_every_byte']],
  salvage_revives_deleted: [['salvage', 'an_undamaged_store_is_saved_whole']],
  snapshot_without_flush: [['snapshot', 'what_is_acknowledged_and_not_durable_is_in_the_copy']],
  bad_line_counts_as_stored: [['jsonl', 'bad_lines_are_numbered']],
  export_skips_at_page_end: [['jsonl', 'every_page_of_an_export']],
  reader_misses_moved_rows: [['read_only', 'listeners_hear_what_came_with_a_whole_state']],
  reader_keeps_purged: [['refresh', 'what_is_purged_is_gone_for_a_reader']],
  a_look_for_each_refresh: [['refresh', 'any_number_of_refreshes']],
  purge_leaves_vector: [['purge', 'a_purge_and_optimize_leave_no_byte']],
  purge_leaves_text: [['purge', 'the_background_purges_without_being_asked']],
  purge_leaves_sample: [['purge', 'a_sample_takes_its_dictionary_along']],
  purge_beside_a_build_missed: [['purge_corners', 'what_is_purged_and_compacted_while_a_graph']],
  purge_not_durable: [['purge_corners', 'a_purge_is_durable']],
  purged_record_copied: [['purge', 'a_purge_and_optimize_leave_no_byte']],
  former_graph_kept: [['purge_corners', 'a_graph_of_former_dimensions']],
  replaced_feedback_unsynced: [['lib', 'what_follows_a_replacement_that_failed']],
  expired_tombstone_lost: [['expired', 'what_is_over_for_good']],
  expired_not_deleted: [['expired', 'what_is_over_for_good']],
  tables_locked_while_syncing: [['reads_beside_disk', 'no_read_waits_for_the_disk']],
  a_call_leaks: [['mixed', 'a_long_life_forgets_nothing']],
  usage_count_believed: [['corpus', 'record']],
  payload_count_believed: [['corpus', 'payload']],
  dictionary_number_overflows: [['corpus', 'manifest']],
  term_of_any_length: [['corpus', 'terms']],
  shared_weights_unguarded: [['taste', 'a_taste_ranks_the_searches_of_its_domain_alone']],
  stale_piece_kept: [['auto_split', 'random_calls_agree_with_a_map_of_whole_texts']],
  foreign_piece_taken: [['auto_split_rules', 'chunks_that_are_merely_called_like_pieces']],
  purged_piece_kept: [['auto_split_life', 'a_purge_leaves_no_byte_of_any_piece']],
  former_form_kept: [['auto_split_rules', 'a_purge_by_filter_takes_the_other_form']],
  pieces_hidden: [['auto_split_rules', 'texts_do_not_hide_each_others_pieces']],
  nonce_reused: [['encryption', 'no_nonce_is_used_twice']],
  place_not_sealed: [['encryption', 'a_record_opens_in_its_place_alone']],
  index_written_plain: [['encryption', 'nothing_in_the_folder_can_be_read']],
  new_key_used_before_it_is_kept: [['key_rotation', 'a_failing_disk_leaves_one_key']],
  derived_files_keep_the_old_key: [['key_rotation', 'the_new_key_opens']],
};

/** The test binary of fluorite-fuzz: what `just fuzz all --seconds 5` runs, a fixed number of times. */
const FUZZ = 'corpus';

const args = process.argv.slice(2);
const baseline = args.includes('--baseline');
const unknown = args.filter((a) => !(a in MUTANTS) && a !== '--baseline');
if (unknown.length) fail(`no such mutant: ${unknown.join(' ')}; there are ${Object.keys(MUTANTS).join(' ')}`);
const wanted = args.filter((a) => a in MUTANTS).length ? args : Object.keys(MUTANTS);
const meantBinaries = [...new Set((baseline ? Object.keys(MUTANTS) : wanted).flatMap((m) => MUTANTS[m]).map(([binary]) => binary))];
const binaries = [...build(meantBinaries.filter((name) => name !== FUZZ)), ...(meantBinaries.includes(FUZZ) ? buildFuzz() : [])];
let others; // built when a bug is still there after the tests meant for it
if (baseline) {
  const meant = [...new Set(Object.values(MUTANTS).flat().map((t) => t.join(' ')))].map((t) => t.split(' '));
  const red = meant.filter(([binary, name]) => candidates(binary).some((b) => run(b, [name]) !== undefined));
  console.log(red.length ? `red without a planted bug: ${red.join(', ')}` : `${meant.length} tests green without a planted bug`);
  process.exit(red.length ? 1 : 0);
}
let caught = 0;
for (const mutant of wanted) {
  const began = performance.now();
  const by = first(mutant);
  caught += by ? 1 : 0;
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`${mutant.padEnd(28)} ${by ? `caught by ${by}` : 'NOT CAUGHT'} (${seconds} s)`);
}
console.log(`${caught} of ${wanted.length} planted bugs caught`);
process.exit(caught === wanted.length ? 0 : 1);

/** The first test that is red with this bug. */
function first(mutant) {
  for (const [binary, name] of MUTANTS[mutant]) {
    for (const b of candidates(binary)) {
      const red = run(b, [name], mutant);
      if (red) return red;
    }
  }
  others ??= build();
  for (const b of others) {
    const red = run(b, [], mutant);
    if (red) return red;
  }
  return undefined;
}

function candidates(name) {
  return binaries.filter((b) => b.name === name);
}

/** Runs tests of a binary; the first that failed, undefined when all were green. */
function run(binary, names, mutant) {
  const env = { ...process.env, ...(mutant ? { FLUORITE_MUTANT: mutant } : {}) };
  const cwd = join(root, 'crates', binary.crate);
  const done = spawnSync(binary.path, names, { cwd, env, encoding: 'utf8', maxBuffer: 1 << 28, timeout: 600_000 });
  if (done.status === 0) return undefined;
  const failed = /^test (\S+) .*FAILED$/m.exec(done.stdout)?.[1];
  const how = done.error?.code === 'ETIMEDOUT' ? ' (does not end)' : done.signal ? ` (${done.signal})` : '';
  return `${binary.crate}/${binary.name}::${failed ?? names[0] ?? 'a test'}${how}`;
}

/** The test binaries of the engine and of the harness (only these, when named; `lib`: the tests within the crates), with the bugs compiled in. */
function build(only) {
  if (only?.length === 0) return [];
  const features = ['--features', 'fluorite-torture/mutants,fluorite-memory/mutants'];
  const packages = ['-p', 'fluorite-memory', '-p', 'fluorite-torture', '-p', 'fluorite-learner'];
  return compile([...packages, ...features, ...(only ?? []).flatMap((name) => (name === 'lib' ? ['--lib'] : ['--test', name]))]);
}

/** Those of the fuzzer. Of the whole workspace: the crates it reads are built as `npm test` builds them. */
function buildFuzz() {
  return compile(['--workspace', '--features', 'fluorite-fuzz/mutants', '--test', FUZZ]);
}

function compile(what) {
  const command = ['test', '--no-run', '-j2', '--message-format=json', ...what];
  const done = spawnSync('cargo', command, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'inherit'] });
  if (done.status !== 0) fail('the tests do not build with the feature mutants');
  return done.stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
    .filter((m) => m.reason === 'compiler-artifact' && m.profile.test && m.executable)
    .map((m) => ({ name: m.target.kind.includes('lib') ? 'lib' : m.target.name, crate: /crates[\\/]([^\\/]+)/.exec(m.manifest_path)[1], path: m.executable }));
}

function fail(message) {
  console.error(message);
  process.exit(2);
}
