"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.damageOf = damageOf;
const errors_js_1 = require("./errors.js");
/** The `on_damage` of options, read once and checked. What it throws stops the call. */
function damageOf(options) {
    if (typeof options !== 'object' || options === null)
        return undefined;
    let told;
    try {
        const o = options;
        told = o.on_damage ?? o.onDamage ?? undefined;
    }
    catch (e) {
        throw (0, errors_js_1.inputError)('options', e);
    }
    if (told === undefined)
        return undefined;
    if (typeof told !== 'function')
        throw new errors_js_1.FluoriteError('INVALID_ARGUMENT', 'options: on_damage must be a function');
    const tell = told;
    return (messages) => {
        for (const message of messages) {
            try {
                tell(new errors_js_1.FluoriteError('CORRUPT', message));
            }
            catch (e) {
                throw new errors_js_1.FluoriteError('ABORTED', 'on_damage threw, which stopped the call', e);
            }
        }
    };
}
