//! Spike templates and the configuration of the whole product.
//!
//! Owns: reading spike files (and repairing broken ones), turning them into chunks, keeping a store in step with a
//! folder of them, and resolving the configuration from its four sources. Must not know: how chunks are stored or
//! found, Node. In: folders, configuration trees. Out: calls of `fluorite_memory::Engine`, reports.

mod config;
mod learn;
mod spike;

pub use config::{Config, resolve};
pub use learn::{InvalidFile, LearnOptions, LearningConfig, LearningPipeline, LearningReport, RepairedFile, learn_from_spikes};
pub use spike::{MAX_SPIKE_BYTES, Reading, SpikeFile, SpikeParam, SpikeTemplate, Unreadable, read_spike, repair_json};
