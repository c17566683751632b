//! Keeps a store in step with folders of documents, source code and catalogs.
//!
//! Owns: finding files (`walk`), cutting them (`cut`, `sections`, `about`), deciding what is new, changed, renamed or gone (`stored`, `run`). Must
//! not know: how code is parsed (`fluorite_chunking`) or a chunk stored (`fluorite_memory`). In: paths. Out: a report.
//! As for spikes, what was learned is remembered by the chunks themselves: no side file that could disagree with the store.

mod about;
mod cut;
mod options;
mod report;
mod run;
mod sections;
mod stored;
mod walk;

/// The byte ranges a catalog (`yaml`, `json`, `toml`) falls into, and why it was told by its lines; for the fuzzer.
#[doc(hidden)]
pub fn catalog_ranges(text: &str, language: &str, most: usize) -> Result<(Vec<std::ops::Range<usize>>, Option<String>), String> {
    sections::ranges(text, language, most)
}

pub(crate) use about::about;
pub(crate) use cut::outline;
pub use options::FileOptions;
pub use report::FilesReport;
pub(crate) use run::learn_changed_files;
pub use run::learn_from_files;
pub(crate) use stored::MARK;
pub(crate) use walk::{Root, files_of, folders_of, is_learned, root};
