"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.fetchRepository = fetchRepository;
exports.revisionOf = revisionOf;
const node_child_process_1 = require("node:child_process");
const node_fs_1 = require("node:fs");
const promises_1 = require("node:fs/promises");
const node_os_1 = require("node:os");
const node_path_1 = require("node:path");
const replaced_js_1 = require("./replaced.js");
/** Where git would look for another repository than the one it is told. */
const FOREIGN = [
    'GIT_DIR', 'GIT_WORK_TREE', 'GIT_IMPLICIT_WORK_TREE', 'GIT_INDEX_FILE', 'GIT_OBJECT_DIRECTORY', 'GIT_ALTERNATE_OBJECT_DIRECTORIES', 'GIT_COMMON_DIR',
    'GIT_NAMESPACE', 'GIT_PREFIX', 'GIT_SHALLOW_FILE', 'GIT_GRAFT_FILE', 'GIT_REPLACE_REF_BASE', 'GIT_QUARANTINE_PATH',
];
/** Nothing of the fetched repository is run, and nothing but what was asked for is fetched. */
const SETTINGS = [`core.hooksPath=${node_os_1.devNull}`, 'core.fsmonitor=false', 'core.symlinks=false', 'core.autocrlf=false', 'submodule.recurse=false', 'fetch.recurseSubmodules=false', 'protocol.ext.allow=never', 'gc.auto=0'];
/** Characters of what git says that are passed on. */
const SAID = 500;
/** Brings the copy of a repository to the newest commit; its id, and whether it is another one than before. */
async function fetchRepository({ address, ref, shown }, folder, signal) {
    const within = (place) => (...args) => run(place, args, signal, [address, shown]);
    const before = await revisionOf(folder);
    if (await isRepository(folder, within(folder), signal)) {
        // what a power cut or somebody else left of it is mended, or not learned any more
        if (before !== undefined && !(await checkedOut(within(folder), folder, before, signal)))
            return anew();
        const revision = await newest(within(folder), address, ref);
        if (await checkedOut(within(folder), folder, revision, signal))
            return { changed: before !== revision, revision };
    }
    return anew();
    /** Made beside the copy, which it replaces when it is whole. */
    async function anew() {
        await (0, promises_1.rm)(mark(folder), { force: true });
        const place = `${folder}.new`;
        try {
            await (0, promises_1.rm)(place, { recursive: true, force: true });
            await (0, promises_1.mkdir)(place, { recursive: true, mode: 0o700 });
            await within(place)('init', '--quiet', '--template=');
            const revision = await newest(within(place), address, ref);
            await checkout(within(place), revision);
            await (0, promises_1.rm)(folder, { recursive: true, force: true });
            await (0, promises_1.rename)(place, folder);
            await (0, replaced_js_1.replaced)(mark(folder), JSON.stringify({ revision }));
            return { changed: before !== revision, revision };
        }
        finally {
            await (0, promises_1.rm)(place, { recursive: true, force: true });
        }
    }
}
/** The commit whose files lie in a copy, all of them; `undefined` when it cannot be said. */
async function revisionOf(folder) {
    try {
        const { revision } = JSON.parse(await (0, promises_1.readFile)(mark(folder), 'utf8'));
        return typeof revision === 'string' && /^[0-9a-f]{40,64}$/.test(revision) && (0, node_fs_1.existsSync)(folder) ? revision : undefined;
    }
    catch {
        return undefined;
    }
}
/** Says that a copy is whole: gone while its files change. */
function mark(folder) {
    return `${folder}.json`;
}
/** Without a folder `.git` that git takes for a repository (a file would lead elsewhere) there is nothing to bring up to date. */
async function isRepository(folder, git, signal) {
    const found = await (0, promises_1.lstat)((0, node_path_1.join)(folder, '.git')).catch(() => undefined);
    if (!found?.isDirectory())
        return false;
    return git('rev-parse', '--git-dir').then(() => true, (e) => {
        if (signal.aborted || e instanceof NoGit)
            throw e;
        return false;
    });
}
async function newest(git, address, ref) {
    await git('fetch', '--quiet', '--depth=1', '--no-tags', '--no-recurse-submodules', '--', address, ref ?? 'HEAD');
    return git('rev-parse', '--verify', 'FETCH_HEAD^{commit}');
}
async function checkout(git, revision) {
    await git('checkout', '--quiet', '--force', '--detach', revision); // also what somebody changed in the copy
    await git('clean', '--quiet', '-ffdx');
}
/** Whether a copy could be brought to a commit; if not it is no whole one any more. */
async function checkedOut(git, folder, revision, signal) {
    await (0, promises_1.rm)(mark(folder), { force: true });
    try {
        await checkout(git, revision);
    }
    catch (e) {
        if (signal.aborted)
            throw e;
        return false; // a lock of a git that was killed, an object that is missing
    }
    await (0, replaced_js_1.replaced)(mark(folder), JSON.stringify({ revision }));
    return true;
}
class NoGit extends Error {
}
function run(folder, args, signal, [address, shown]) {
    const env = { ...process.env, GIT_TERMINAL_PROMPT: '0', GIT_ALLOW_PROTOCOL: 'https:ssh:file', GIT_LFS_SKIP_SMUDGE: '1', LC_ALL: 'C' };
    for (const name of FOREIGN)
        delete env[name];
    env['GIT_CEILING_DIRECTORIES'] = (0, node_path_1.dirname)(folder);
    env['GIT_SSH_COMMAND'] ??= 'ssh -oBatchMode=yes'; // no question that nobody answers
    // named, never looked for: a copy may lie within a repository of the user
    const all = [`--git-dir=${(0, node_path_1.join)(folder, '.git')}`, `--work-tree=${folder}`, ...SETTINGS.flatMap((setting) => ['-c', setting]), ...args];
    return new Promise((done, fail) => {
        const child = (0, node_child_process_1.execFile)('git', all, { cwd: folder, env, signal, maxBuffer: 1 << 20, windowsHide: true }, (e, stdout, stderr) => {
            if (!e)
                return done(stdout.trim());
            if (signal.aborted)
                return fail(signal.reason);
            if (e.code === 'ENOENT')
                return fail(new NoGit('git is not installed, or not on the PATH'));
            const said = (stderr.trim() || e.message).replaceAll(address, shown);
            fail(new Error(`git ${args[0]} failed: ${said.slice(0, SAID)}`));
        });
        child.stdin?.end();
    });
}
