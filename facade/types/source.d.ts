import type { EitherCase } from './case.js';
/** A git repository, fetched by the user's own `git`: the newest commit alone, no submodules, no hooks. */
export interface GitSource {
    /** `https://`, `ssh://`, `user@host:path`, `file://`, or a folder. */
    git: string;
    /** Branch, tag or commit; the remote's `HEAD` when absent. */
    ref?: string | undefined;
}
/** A document, fetched by Node's own `fetch`: Markdown, HTML, plain text, JSON, YAML, TOML, XML or code. */
export interface UrlSource {
    /** `https://` or `http://`. */
    url: string;
}
/** The members of {@link SourceOptions}; camelCase is taken as well. */
export interface SourceOptionsMembers {
    /** Addresses to fetch and learn beside the paths, at most 100. Nothing else is ever fetched. */
    sources?: readonly (GitSource | UrlSource)[];
    /** Folder of the fetched copies: `.sources` in the store. */
    cache_dir?: string;
    /** Milliseconds for one address, 1 to 3,600,000: 30,000 for a document, 600,000 for a repository. */
    fetch_timeout_ms?: number;
}
/** Options about what is fetched. */
export type SourceOptions = EitherCase<SourceOptionsMembers>;
/** What became of an address. */
export interface SourceReport {
    /** The address without password; the `folder` of its chunks. */
    address: string;
    /** `unchanged`: what was fetched earlier is still so. `failed`: what was fetched earlier was learned, if it is there and whole; else its chunks stay as they are. */
    state: 'fetched' | 'unchanged' | 'failed';
    /** Commit, or ETag or date of the document, where there is one. */
    revision: string | null;
    /** Why it failed. */
    error: string | null;
}
