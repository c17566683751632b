// The data sets, by name.
export const SETS = Object.fromEntries(
  ['cosqa', 'locomo'].map((name) => [name, async () => (await import(`./${name}.mjs`)).load()]),
);
