// Compiled, never run: learning.
import { expectTypeOf } from 'expect-type';
import type { FilesReport, FluoriteBridge, LearningProgress, LearningReport, LearningStats, WatchProgress } from 'fluorite-bridge';

declare const bridge: FluoriteBridge;

expectTypeOf(bridge.learnFromFiles([], { sources: [{ git: 'https://example.org/x', ref: undefined }, { url: 'https://example.org/y' }], cacheDir: 'c', maxTokens: 5 })).resolves.toEqualTypeOf<FilesReport>();
// @ts-expect-error one or the other
await bridge.learnFromFiles([], { sources: [{ address: 'https://example.org' }] });

for await (const progress of bridge.watch({ paths: ['docs'], spikeOptions: { patterns: true }, file_options: undefined, signal: new AbortController().signal } as const)) {
  expectTypeOf(progress).toEqualTypeOf<WatchProgress>();
  expectTypeOf(progress).toExtend<LearningProgress>();
  expectTypeOf(progress.report).toEqualTypeOf<LearningReport | FilesReport | null>();
  break;
}
// @ts-expect-error the folders of a watch are named beside its options
bridge.watch({ spike_options: { path: 'x' } });

expectTypeOf(bridge.getLearningStats()).resolves.toEqualTypeOf<LearningStats>();
