//! Keeps a store in step with a folder of spike templates.
//!
//! Owns: finding the files, deciding what is new, changed, gone or broken, and handing batches to the engine. Must not
//! know: how a file is parsed (`spike`) or a chunk stored (`fluorite_memory`). In: a folder. Out: a report.
//! What was learned is remembered by the chunks themselves (`metadata.folder`, `metadata.file_hash`): no side file that
//! could disagree with the store.

mod folder;
mod options;
mod pipeline;
mod report;
mod run;
mod stored;
mod survey;

pub(crate) use folder::{root, spike_files_of, spike_folders_of};
pub(crate) use options::MAX_BATCH;
pub(crate) use options::reading_threads;
pub use options::{LearnOptions, LearningConfig};
pub use pipeline::LearningPipeline;
pub use report::{Histogram, InvalidFile, LearningReport, QualityReport, RepairedFile};
pub(crate) use run::learn_changed_spikes;
pub use run::learn_from_spikes;
