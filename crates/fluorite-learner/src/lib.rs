//! Spike templates and the configuration of the whole product.
//!
//! Owns: reading spike files (and repairing broken ones), turning them into chunks, keeping a store in step with a
//! folder of them, judging them, drawing patterns and combinations of frameworks from them, rendering them, learning files and what changes in folders, telling what was learned, cutting long texts, and resolving the configuration from its four sources. Must not know: how chunks are stored or
//! found, Node. In: folders, configuration trees. Out: calls of `fluorite_memory::Engine`, reports.
//!
//! ```
//! use fluorite_learner::{Config, LearningPipeline};
//!
//! # async fn learn(config: Config) -> fluorite_memory::Result<usize> {
//! let pipeline = LearningPipeline::new(config).await?;
//! let report = pipeline.learn_from_spikes().await?;
//! let memory_engine = pipeline.engine();
//! let patterns = report.patterns.len();
//! for pattern in report.patterns {
//!     memory_engine.store_chunk(pattern).await?;
//! }
//! memory_engine.shutdown().await?;
//! # Ok(patterns)
//! # }
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let dir = tempfile::tempdir()?;
//! # let mut config = Config::new(dir.path().join("memory"));
//! # config.enable_ml = false;
//! # config.learning.spike_templates_path = Some(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/spikes").into());
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(learn(config))?;
//! # Ok(())
//! # }
//! ```

mod config;
mod each;
mod files;
mod frameworks;
mod history;
mod learn;
mod mark;
mod meter;
mod pattern;
mod quality;
mod relations;
mod render;
mod shown;
mod spike;
mod split;
mod stats;
mod watch;

pub use config::{Config, resolve};
#[doc(hidden)]
pub use files::catalog_ranges; // for the fuzzer
pub use files::{FileOptions, FilesReport, learn_from_files};
pub use frameworks::{Combination, FrameworkRelationship};
pub use learn::{
    Histogram, InvalidFile, LearnOptions, LearningConfig, LearningPipeline, LearningReport, QualityReport, RepairedFile,
    learn_from_spikes,
};
pub use pattern::{Pattern, PatternParam};
pub use quality::{Part as QualityPart, Quality, is_generated, score};
pub use relations::{integration_patterns, suggest_frameworks};
pub use render::{Rendered, RenderedFile, render_spike};
pub use spike::{MAX_SPIKE_BYTES, Reading, SpikeFile, SpikeParam, SpikeTemplate, Unreadable, read_spike, repair_json};
pub use split::StructureSplitter;
pub use stats::{LearnedChunks, LearnedPatterns, LearnedSource, LearningStats, learning_stats};
pub use watch::{WatchFailure, WatchFn, WatchOptions, WatchProgress, WatchReport, watch};
