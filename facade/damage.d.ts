/** Tells the caller of chunks that cannot be read; `undefined` when nobody wants to be told, and the first one ends the call. */
export type TellDamage = ((messages: readonly string[]) => void) | undefined;
/** The `on_damage` of options, read once and checked. What it throws stops the call. */
export declare function damageOf(options: unknown): TellDamage;
