import type { Progress, SignalOptions } from './call.js';
import type { EitherCase } from './case.js';
import type { LearningProgress } from './events.js';
import type { FileLearnOptionsMembers, FilesReport, LearningReport, LearnOptionsMembers } from './learning.js';
/** The members of {@link WatchOptions}; camelCase is taken as well. */
export interface WatchOptionsMembers extends SignalOptions {
    /** Folders of spike templates; `spike_templates_path` of the configuration when neither these nor `paths` are named. */
    spikes?: readonly string[];
    /** Files and folders, as `learnFromFiles` takes them. */
    paths?: readonly string[];
    /** How `spikes` are learned; patterns are drawn only with `patterns: true`. */
    spike_options?: EitherCase<Omit<LearnOptionsMembers, 'path' | 'namespace' | 'signal' | 'on_progress'>>;
    /** How `paths` are learned. */
    file_options?: EitherCase<Omit<FileLearnOptionsMembers, 'namespace' | 'signal' | 'on_progress' | 'sources' | 'cache_dir' | 'fetch_timeout_ms'>>;
    /** Namespace of the chunks: `default`. */
    namespace?: string;
    /** Milliseconds without a change before what has changed is learned, 1 to 60,000: 300. Changes without a pause are learned after ten times that. */
    debounce_ms?: number;
    /** Look every so many milliseconds, 10 to 3,600,000, instead of being told by the system: for network folders, and where the limit of inotify is reached. */
    poll_interval_ms?: number;
}
/** Options of `watch`. */
export type WatchOptions = EitherCase<WatchOptionsMembers>;
/**
 * What a watch tells. `phase` is that of a run while it learns (as told to `on_progress`), `done` with its `report`, `failed` with its
 * `error`, and once `watching`: everything that was there is learned, and changes from then on are seen.
 */
export interface WatchProgress extends Progress, LearningProgress {
    /** What is learned; `null` with `watching`. */
    kind: 'spikes' | 'files' | null;
    /** The folder or file, as it was given; `null` with `watching`. */
    path: string | null;
    /** Of the run, with `done`: that of `learnFromSpikes` or `learnFromFiles`. */
    report: LearningReport | FilesReport | null;
    /** Why the run failed. The watch goes on and tries again, after a second at first and after a minute at most. */
    error: {
        /** Stable code of the failure. */
        code: string;
        /** What happened and what to do. */
        message: string;
    } | null;
    /**
     * How many were dropped right before this one because nobody read them: 0 for a reader that keeps up. The newest 1,024 are kept (how far
     * a run is counts once), and `watching` in any case. What was learned is learned all the same.
     */
    missed: number;
}
