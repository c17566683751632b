// The data sets, by name.
export const SETS = Object.fromEntries(
  ['cosqa', 'locomo', 'docfn', 'spikes', 'repository', 'extra'].map((name) => [name, async () => (await import(`./${name}.mjs`)).load()]),
);
