"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.fetchRepository = fetchRepository;
const node_child_process_1 = require("node:child_process");
const node_fs_1 = require("node:fs");
const promises_1 = require("node:fs/promises");
const node_os_1 = require("node:os");
const node_path_1 = require("node:path");
/** Where git would look for another repository than the one it is told. */
const FOREIGN = ['GIT_DIR', 'GIT_WORK_TREE', 'GIT_INDEX_FILE', 'GIT_OBJECT_DIRECTORY', 'GIT_ALTERNATE_OBJECT_DIRECTORIES', 'GIT_COMMON_DIR', 'GIT_NAMESPACE', 'GIT_PREFIX'];
/** Nothing of the fetched repository is run, and nothing but what was asked for is fetched. */
const SETTINGS = [`core.hooksPath=${node_os_1.devNull}`, 'core.fsmonitor=false', 'core.symlinks=false', 'core.autocrlf=false', 'submodule.recurse=false', 'fetch.recurseSubmodules=false', 'protocol.ext.allow=never', 'gc.auto=0'];
/** Characters of what git says that are passed on. */
const SAID = 500;
/** Brings the copy of a repository to the newest commit; its id, and whether it is another one than before. */
async function fetchRepository({ address, ref, shown }, folder, signal) {
    const git = (...args) => run(folder, args, signal, [address, shown]);
    await (0, promises_1.mkdir)(folder, { recursive: true, mode: 0o700 });
    if (!(0, node_fs_1.existsSync)((0, node_path_1.join)(folder, '.git')))
        await git('init', '--quiet', '--template=');
    const before = await git('rev-parse', '--verify', '--quiet', 'HEAD').catch(() => '');
    try {
        await git('fetch', '--quiet', '--depth=1', '--no-tags', '--no-recurse-submodules', '--', address, ref ?? 'HEAD');
    }
    catch (e) {
        if (before === '')
            await (0, promises_1.rm)(folder, { recursive: true, force: true }); // what is there is an earlier copy, or nothing
        throw e;
    }
    const revision = await git('rev-parse', '--verify', 'FETCH_HEAD^{commit}');
    await git('checkout', '--quiet', '--force', '--detach', revision); // also what somebody changed in the copy
    await git('clean', '--quiet', '-ffdx');
    return { changed: before !== revision, revision };
}
function run(folder, args, signal, [address, shown]) {
    const env = { ...process.env, GIT_TERMINAL_PROMPT: '0', GIT_ALLOW_PROTOCOL: 'https:ssh:file', GIT_LFS_SKIP_SMUDGE: '1', LC_ALL: 'C' };
    for (const name of FOREIGN)
        delete env[name];
    env['GIT_SSH_COMMAND'] ??= 'ssh -oBatchMode=yes'; // no question that nobody answers
    const all = ['-C', folder, ...SETTINGS.flatMap((setting) => ['-c', setting]), ...args];
    return new Promise((done, fail) => {
        const child = (0, node_child_process_1.execFile)('git', all, { env, signal, maxBuffer: 1 << 20, windowsHide: true }, (e, stdout, stderr) => {
            if (!e)
                return done(stdout.trim());
            if (signal.aborted)
                return fail(signal.reason);
            if (e.code === 'ENOENT')
                return fail(new Error('git is not installed, or not on the PATH'));
            const said = (stderr.trim() || e.message).replaceAll(address, shown);
            fail(new Error(`git ${args[0]} failed: ${said.slice(0, SAID)}`));
        });
        child.stdin?.end();
    });
}
