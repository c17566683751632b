type CamelCase<S extends string> = S extends `${infer A}_${infer B}` ? `${A}${Capitalize<CamelCase<B>>}` : S;
/** Members that may be left out may also be `undefined`, whatever the caller's `exactOptionalPropertyTypes`. */
type Given<T, K extends keyof T> = Record<never, never> extends Pick<T, K> ? T[K] | undefined : T[K];
/**
 * Input objects take snake_case and camelCase; the same key in both spellings is refused. `null` is as good as absent where a member
 * may be left out, and a `Date` is its ISO text where a text is expected, as in JSON. `NaN` and infinities are refused.
 */
export type EitherCase<T> = {
    [K in keyof T]: Given<T, K>;
} | {
    [K in keyof T as K extends string ? CamelCase<K> : K]: Given<T, K>;
};
export {};
