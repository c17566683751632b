// `fluorite schedule` and the two scripts, in a home of their own, with a crontab and a launchctl that are files.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, test } from 'node:test';

import { ended, environment, json, run } from './cli.mjs';
import { folder, root } from './helpers.mjs';

const posix = { skip: process.platform === 'win32' && 'needs bash' };
const script = (name) => join(root, 'scripts', name);

/** A home with a store's configuration, and programs that stand in for the system's. */
function home() {
  const at = folder();
  const bin = join(at, 'bin');
  mkdirSync(bin);
  const program = (name, text) => {
    writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(bin, name), 0o755);
  };
  program('crontab', `
table="${at}/crontab"
[ ! -e "${at}/forbidden" ] || { echo "you are not allowed to use this program (crontab)" >&2; exit 1; }
case $1 in
  -l) [ -e "$table" ] || { echo "no crontab for user" >&2; exit 1; }; cat "$table" ;;
  -) echo write >> "${at}/writes"; cat > "$table" ;;
esac`);
  program('launchctl', `echo "$@" >> "${at}/launchctl.log"`);
  writeFileSync(join(at, 'fluorite.toml'), 'memory_path = "memory"\nenable_ml = false\n');
  const env = { HOME: at, PATH: `${bin}${delimiter}${process.env.PATH}` };
  const crontab = join(at, 'crontab');
  return {
    at, env, crontab,
    schedule: (...args) => run(['schedule', ...args], { cwd: at, env }),
    table: () => (existsSync(crontab) ? readFileSync(crontab, 'utf8') : ''),
    writes: () => (existsSync(join(at, 'writes')) ? readFileSync(join(at, 'writes'), 'utf8').split('\n').length - 1 : 0),
    script: (name, ...args) => spawnSync('bash', [script(name), ...args], { cwd: at, env: environment(env), encoding: 'utf8' }),
  };
}

function spikes(at) {
  const to = join(at, 'my spikes');
  mkdirSync(to);
  for (const name of ['fastapi-minimal', 'fastify-minimal']) copyFileSync(join(root, 'examples', 'spikes', `${name}.json`), join(to, `${name}.json`));
  return to;
}

// each test has its own folder: two at a time halve what starting processes costs
describe('fluorite schedule and the scripts', { concurrency: 2 }, () => {
  test('cron: keeps the lines of others, is there once, can be moved, and goes', posix, async () => {
    const h = home();
    const foreign = '# mine\n\nMAILTO=me\n5 4 * * 0 backup --all # weekly   ';
    for (const name of ['a b', '100%', 'spikes']) mkdirSync(join(h.at, name));
    writeFileSync(h.crontab, foreign); // no line break at the end
    ended(await h.schedule('--kind', 'cron', '--dry-run', 'a b', '100%'));
    assert.equal(h.table(), foreign);
    const first = json(await h.schedule('--kind', 'cron', '--json', 'a b', '100%'));
    assert.equal(first.installed && first.changed, true);
    const line = h.table().slice(foreign.length + 1);
    assert.equal(h.table(), `${foreign}\n${line}`);
    assert.match(line, /^0 2 \* \* \* \/bin\/bash \S+fluorite-auto-learn\.sh --node \S+ --memory-path \S+memory --config \S+fluorite\.toml -- '\S+a b' '\S+100\\%' # fluorite auto-learn [0-9a-f]{12}\n$/);

    assert.equal(json(await h.schedule('--kind', 'cron', '--json', 'a b', '100%')).changed, false);
    assert.equal(h.writes(), 1, 'what stands there already is not written again');
    ended(await h.schedule('--kind', 'cron', '--at', '03:30', 'spikes'));
    assert.match(h.table(), /\n30 3 \* \* \* [^\n]*auto-learn [0-9a-f]{12}\n$/);
    assert.equal(h.table().split('# fluorite auto-learn').length, 2);
    // another store has a job of its own
    ended(await h.schedule('--kind', 'cron', '--memory-path', join(h.at, 'other'), 'spikes'));
    assert.equal(h.table().split('# fluorite auto-learn').length, 3);

    assert.match(ended(await h.schedule('--kind', 'cron', '--uninstall', '--dry-run')), /would be taken away; afterwards:\n# mine/);
    assert.equal(h.table().split('# fluorite auto-learn').length, 3);
    ended(await h.schedule('--kind', 'cron', '--uninstall'));
    ended(await h.schedule('--kind', 'cron', '--uninstall', '--memory-path', join(h.at, 'other')));
    assert.equal(h.table(), `${foreign}\n`);
    assert.match(ended(await h.schedule('--kind', 'cron', '--uninstall')), /there is no job/);
  });

  test('cron: a crontab that cannot be read is not written over', posix, async () => {
    const h = home();
    writeFileSync(h.crontab, 'mine\n');
    writeFileSync(join(h.at, 'forbidden'), '');
    mkdirSync(join(h.at, 'spikes'));
    const refused = await h.schedule('--kind', 'cron', 'spikes');
    ended(refused, 1);
    assert.match(refused.stderr, /not allowed to use this program.*nothing was changed/);
    assert.equal(h.table(), 'mine\n');
    assert.equal(h.writes(), 0);
    const dry = await h.schedule('--kind', 'cron', '--dry-run', 'spikes');
    assert.match(ended(dry), /would stand there \(cron\):\n0 2 \* \* \* /);
    assert.match(dry.stderr, /cannot be read, so this is our line alone/);
  });

  test('a dry run needs no crontab', posix, async () => {
    const h = home();
    mkdirSync(join(h.at, 'spikes'));
    const without = { cwd: h.at, env: { HOME: h.at, PATH: join(h.at, 'absent') } };
    const dry = await run(['schedule', '--kind', 'cron', '--dry-run', 'spikes'], without);
    assert.match(ended(dry), /would stand there \(cron\):\n0 2 \* \* \* \S+bash /);
    assert.match(dry.stderr, /crontab cannot be run/);
    ended(await run(['schedule', '--kind', 'cron', 'spikes'], without), 3);
    for (const more of [['--dry-run'], []]) {
      const gone = await run(['schedule', '--kind', 'cron', '--uninstall', ...more], without);
      assert.equal(ended(gone), 'there is no job for this store\n');
      assert.equal(gone.stderr, 'no program crontab is on the PATH, so there is no crontab that a job could stand in\n');
    }
    writeFileSync(join(h.at, 'forbidden'), '');
    for (const more of [['--dry-run'], []]) {
      const unknown = await h.schedule('--kind', 'cron', '--uninstall', ...more);
      ended(unknown, 1);
      assert.match(unknown.stderr, /^fluorite: IO: crontab -l failed: .*not allowed/, 'whether there is a job cannot be told');
    }
  });

  test('a job that would have nothing to learn is refused', posix, async () => {
    const h = home();
    for (const kind of ['cron', 'launchd', 'manual']) {
      const refused = await h.schedule('--kind', kind);
      ended(refused, 2);
      assert.match(refused.stderr, /nothing to learn: name folders .*--files, --git or --url, or set spike_templates_path in \S+fluorite\.toml/);
      const absent = await h.schedule('--kind', kind, 'absent');
      ended(absent, 3);
      assert.match(absent.stderr, /absent/);
    }
    writeFileSync(join(h.at, 'fluorite.toml'), '\ufeffmemory_path = "memory"\nspike_templates_path = "mine"\n'); // as some editors begin a file
    const folderless = await h.schedule('--kind', 'cron');
    ended(folderless, 3);
    assert.match(folderless.stderr, /mine", spike_templates_path of .*is no folder: make it/);
    assert.equal(h.table(), '');
    mkdirSync(join(h.at, 'mine'));
    ended(await h.schedule('--kind', 'cron'));
    assert.match(h.table(), /auto-learn/);
    ended(await h.schedule('--kind', 'cron', '--git', 'https://example.org/x#main', '--url', 'https://example.org/y'));
    assert.match(h.table(), / --git 'https:\/\/example\.org\/x#main' --url https:\/\/example\.org\/y # fluorite/);
  });

  test('the settings in force go with the job, secrets do not', posix, async () => {
    const h = home();
    mkdirSync(join(h.at, 'spikes'));
    const env = { ...h.env, FLUORITE_MODELS_PATH: 'my models', ORT_DYLIB_PATH: '/opt/ort/libonnxruntime.so', FLUORITE_NUM_THREADS: '2', FLUORITE_MCP_TOKEN: 'secret', FLUORITE_LOG_DIR: '' };
    const { command } = json(await run(['schedule', '--kind', 'cron', '--json', 'spikes'], { cwd: h.at, env }));
    assert.deepEqual(command.slice(0, 5), ['/usr/bin/env', `FLUORITE_MODELS_PATH=${join(h.at, 'my models')}`, 'ORT_DYLIB_PATH=/opt/ort/libonnxruntime.so', 'FLUORITE_NUM_THREADS=2', '/bin/bash']);
    assert.doesNotMatch(h.table(), /secret/);
  });

  test('cron: the line does what it says when a shell runs it', posix, async () => {
    const h = home();
    const from = spikes(h.at);
    ended(await h.schedule('--kind', 'cron', '--wait', '5', from));
    assert.match(h.table(), / --wait 5 -- /);
    const command = h.table().replace(/^0 2 \* \* \* /, '').replace(/\\%/g, '%');
    // cron's own environment: no PATH of ours, another folder
    const done = spawnSync('/bin/sh', ['-c', command], { cwd: '/', env: { HOME: h.at, PATH: '/usr/bin:/bin' }, encoding: 'utf8' });
    assert.deepEqual([done.status, done.stdout, done.stderr], [0, '', '']);
    assert.equal(json(await run(['stats', '--json'], { cwd: h.at })).chunks, 2);
  });

  test('launchd: a property list that is loaded, replaced and unloaded', posix, async () => {
    const h = home();
    const agents = join(h.at, 'Library', 'LaunchAgents');
    for (const name of ['a & b', 'a & <b>']) mkdirSync(join(h.at, name));
    ended(await h.schedule('--kind', 'launchd', '--dry-run', 'a & b'));
    assert.equal(existsSync(agents), false);
    const made = json(await h.schedule('--kind', 'launchd', '--json', '--at', '3:05', 'a & <b>'));
    const [name] = readdirSync(agents);
    assert.equal(name, `fluorite.auto-learn.${made.key}.plist`);
    const text = readFileSync(join(agents, name), 'utf8');
    assert.match(text, /<string>[^<]*a &amp; &lt;b&gt;<\/string>/);
    assert.match(text, /<key>Hour<\/key><integer>3<\/integer><key>Minute<\/key><integer>5<\/integer>/);
    assert.equal(json(await h.schedule('--kind', 'launchd', '--json', '--at', '3:05', 'a & <b>')).changed, false);
    const calls = () => readFileSync(join(h.at, 'launchctl.log'), 'utf8').trim().split('\n').map((l) => l.split(' ')[0]);
    assert.deepEqual(calls(), ['bootout', 'bootstrap']);
    ended(await h.schedule('--kind', 'launchd', '--uninstall'));
    assert.deepEqual(calls(), ['bootout', 'bootstrap', 'bootout']);
    assert.deepEqual(readdirSync(agents), []);
  });

  test('manual, usage, and the set-up script', posix, async () => {
    const h = home();
    const from = spikes(h.at);
    const manual = await run(['schedule', '--kind', 'manual', from], { cwd: h.at, env: { ...h.env, FLUORITE_NUM_THREADS: '1', FLUORITE_LOG_DIR: 'my logs' } });
    assert.match(manual.stderr, /^run this every day; as a line of a crontab it is:\n0 2 \* \* \* /);
    // the line printed is a command: a shell runs it as it is, somewhere else and with nothing set
    const shell = spawnSync('/bin/sh', ['-c', ended(manual)], { cwd: '/', env: { HOME: h.at, PATH: '/usr/bin:/bin' }, encoding: 'utf8' });
    assert.deepEqual([shell.status, shell.stdout, shell.stderr], [0, '', '']);
    assert.equal(json(await run(['stats', '--json'], { cwd: h.at })).chunks, 2);
    assert.match(readdirSync(join(h.at, 'my logs'))[0], /^learning-/);
    ended(await h.schedule('--at', '25:00'), 2);
    ended(await h.schedule('--commit'), 2);
    assert.equal(h.writes(), 0);
    const { status, stdout } = h.script('fluorite-schedule-setup.sh', '--kind', 'cron', '--at', '04:00', from);
    assert.equal(status, 0);
    assert.match(stdout, /learns daily at 04:00 \(cron\)/);
    assert.equal(h.script('fluorite-schedule-setup.sh', '--kind', 'cron', '--uninstall').status, 0);
    assert.equal(h.table(), '');
  });

  test('auto-learn: learns, logs in a folder of its own, exports, and commits only when told', posix, async () => {
    const h = home();
    const from = spikes(h.at);
    const logs = join(h.at, 'tmp', 'fluorite-learning');
    const dry = h.script('fluorite-auto-learn.sh', '--dry-run', '--output-dir', 'out', '--commit', from);
    assert.match(dry.stdout, /main\.js --progress plain learn \S*my\\ spikes \n.* train \n.*\n.*export out\/chunks\.jsonl \ncommit_export \n$/);
    assert.deepEqual([existsSync(logs), existsSync(join(h.at, 'memory')), existsSync(join(h.at, 'out'))], [false, false, false]);
    const listed = h.script('fluorite-auto-learn.sh', '--dry-run', '--git', 'https://example.org/x#main', '--url', 'https://example.org/y', '--files', 'a b.md');
    assert.match(listed.stdout, /learn --files --git https:\/\/example\.org\/x#main --url https:\/\/example\.org\/y -- a\\ b\.md \n/);

    const repository = join(h.at, 'repository');
    const git = (...args) => spawnSync('git', ['-C', repository, ...args], { env: environment(h.env), encoding: 'utf8' });
    mkdirSync(repository);
    git('init', '--quiet');
    git('config', 'user.name', 'test');
    git('config', 'user.email', 'test@localhost');
    writeFileSync(join(repository, 'other.txt'), 'not ours');
    git('add', 'other.txt');
    const out = join(repository, 'learning-chunks');
    const quiet = h.script('fluorite-auto-learn.sh', '--output-dir', out, '--', from);
    assert.deepEqual([quiet.status, quiet.stdout, quiet.stderr], [0, '', '']);
    assert.equal(readFileSync(join(out, 'chunks.jsonl'), 'utf8').trim().split('\n').length, 2);
    assert.equal(git('log').status, 128, 'nothing was committed');
    assert.equal(statSync(logs).mode & 0o777, 0o700);
    const [log] = readdirSync(logs);
    assert.match(log, /^learning-\d{8}-\d{6}-\d+\.log$/);
    assert.match(readFileSync(join(logs, log), 'utf8'), /2 spikes in [^\n]*\n {2}2 new, [\s\S]*0 events, nothing changed/);

    writeFileSync(join(h.at, 'notes.md'), '# Notes\n\nDeploys happen on Fridays.\n');
    const withFiles = h.script('fluorite-auto-learn.sh', '--files', 'notes.md', '--log-dir', join(h.at, 'file-logs'));
    assert.equal(withFiles.status, 0, withFiles.stderr);
    assert.match(readFileSync(join(h.at, 'file-logs', readdirSync(join(h.at, 'file-logs'))[0]), 'utf8'), /learn --files -- notes\.md\n[\s\S]*1 files in /);
    assert.equal(h.script('fluorite-auto-learn.sh', '--output-dir', out, from).status, 0);

    for (let i = 0; i < 2; i++) assert.equal(h.script('fluorite-auto-learn.sh', '--output-dir', out, '--commit', '--keep', '2', from).status, 0);
    assert.equal(git('rev-list', '--count', 'HEAD').stdout.trim(), '1', 'the second run changed nothing');
    assert.match(git('show', '--name-only', '--format=%s').stdout, /^fluorite: learned chunks\n\nlearning-chunks\/chunks\.jsonl\n$/);
    assert.equal(git('status', '--short', 'other.txt').stdout, 'A  other.txt\n', 'what was staged is not ours to commit');
    assert.equal(readdirSync(logs).length, 2);

    const failed = h.script('fluorite-auto-learn.sh', '--log-dir', join(h.at, 'logs'), join(h.at, 'absent'));
    assert.equal(failed.status, 3);
    assert.match(failed.stderr, /absent[\s\S]*ended with exit code 3; the log: .*logs\/learning-/);
    for (const args of [['--nope'], ['--commit'], ['--keep', '0'], ['--log-dir']]) assert.equal(h.script('fluorite-auto-learn.sh', ...args).status, 2, args.join(' '));
  });

  test('the scripts parse, and pass shellcheck where there is one', posix, () => {
    for (const name of ['fluorite-auto-learn.sh', 'fluorite-schedule-setup.sh']) {
      assert.equal(spawnSync('bash', ['-n', script(name)]).status, 0, name);
      const checked = spawnSync('shellcheck', [script(name)], { encoding: 'utf8' });
      if (!checked.error) assert.equal(checked.status, 0, checked.stdout);
    }
  });
});
