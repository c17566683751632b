"use strict";
var _a;
Object.defineProperty(exports, "__esModule", { value: true });
exports.runtimeDir = exports.NativeBridge = exports.ROOT = void 0;
const node_fs_1 = require("node:fs");
const node_path_1 = require("node:path");
const errors_js_1 = require("./errors.js");
/** Platforms with a package of their own, by `process.platform` and `process.arch`. */
const PACKAGED = {
    'linux-x64': 'linux-x64-gnu',
    'linux-arm64': 'linux-arm64-gnu',
    'darwin-arm64': 'darwin-arm64',
    'win32-x64': 'win32-x64-msvc',
    'win32-arm64': 'win32-arm64-msvc',
};
/** The root of this package. */
exports.ROOT = (0, node_path_1.dirname)(__dirname);
/**
 * The addon: the file `FLUORITE_ADDON_PATH` names, that of a checkout, or that of the platform's package. Throws
 * `ADDON_NOT_FOUND`, saying what is missing and what to do.
 */
function load() {
    const named = process.env['FLUORITE_ADDON_PATH'];
    if (named)
        return { NativeBridge: open(named).NativeBridge, runtimeDir: (0, node_path_1.dirname)(named) };
    const here = `${process.platform}-${process.arch}`;
    const built = ['', '-gnu', '-musl', '-msvc'].map((abi) => (0, node_path_1.join)(exports.ROOT, `fluorite-bridge.${here}${abi}.node`)).find((file) => (0, node_fs_1.existsSync)(file));
    if (built)
        return { NativeBridge: open(built).NativeBridge, runtimeDir: (0, node_path_1.join)(exports.ROOT, 'runtime') };
    const name = PACKAGED[here];
    const folder = name && folderOf(`fluorite-bridge-${name}`);
    if (!folder)
        throw missing(here, name);
    return { NativeBridge: open((0, node_path_1.join)(folder, `fluorite-bridge.${name}.node`)).NativeBridge, runtimeDir: folder };
}
function open(file) {
    try {
        return require(file);
    }
    catch (e) {
        const why = e instanceof Error ? e.message : String(e);
        throw new errors_js_1.FluoriteError('ADDON_NOT_FOUND', `the addon ${file} cannot be loaded: ${why.split('\n')[0]}; ${remedyOf(why)}`, e);
    }
}
/** What to do about a library that is there and does not load. */
function remedyOf(why) {
    if (why.includes('GLIBC'))
        return 'the glibc of this system is too old: use a newer system or image (ONNX Runtime needs glibc 2.27 or newer), or build from source';
    if (why.includes('musl') || isMusl())
        return MUSL;
    if (process.platform === 'win32')
        return 'install the Visual C++ 2015-2022 redistributable, then reinstall this package';
    return 'reinstall this package: remove node_modules/fluorite-bridge*, then npm install';
}
/** The folder of a platform package of the same version as this one. */
function folderOf(name) {
    let manifest;
    try {
        manifest = require.resolve(`${name}/package.json`);
    }
    catch {
        return undefined;
    }
    const version = (path) => require(path).version;
    const [found, expected] = [version(manifest), version((0, node_path_1.join)(exports.ROOT, 'package.json'))];
    if (found !== expected) {
        throw new errors_js_1.FluoriteError('ADDON_NOT_FOUND', `${name} is of version ${found}, fluorite-bridge of ${expected}: reinstall both (npm install fluorite-bridge@${expected})`);
    }
    return (0, node_path_1.dirname)(manifest);
}
const MUSL = 'ONNX Runtime is not built for musl (Alpine): use an image with glibc, such as node:22-slim, or build from source and set FLUORITE_ADDON_PATH';
function isMusl() {
    if (process.platform !== 'linux')
        return false;
    const report = process.report.getReport();
    return report.header?.glibcVersionRuntime === undefined;
}
function missing(here, name) {
    const build = 'build it from source (npm run build in a checkout) and set FLUORITE_ADDON_PATH to the .node file';
    if (isMusl())
        return new errors_js_1.FluoriteError('ADDON_NOT_FOUND', `there is no package for ${here} with musl: ${MUSL}`);
    if (!name)
        return new errors_js_1.FluoriteError('ADDON_NOT_FOUND', `there is no package for ${here}, only for ${Object.values(PACKAGED).join(', ')}: ${build}`);
    return new errors_js_1.FluoriteError('ADDON_NOT_FOUND', `fluorite-bridge-${name}, the package with the addon for ${here}, is not installed. Reinstall without --omit=optional (--no-optional). A lock file ` +
        `or node_modules of another platform lacks it too: run npm install fluorite-bridge here, or npm install --os=${process.platform} --cpu=${process.arch} where it is copied from`);
}
_a = load(), exports.NativeBridge = _a.NativeBridge, exports.runtimeDir = _a.runtimeDir;
