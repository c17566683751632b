//! Chunks on disk, caches, indexes and search.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))] // a test that fails may panic

mod cache;
mod cancel;
mod chunk;
mod clock;
mod context;
pub mod crypt;
mod engine;
mod error;
mod executor;
mod feedback;
mod history;
pub mod index;
pub mod input;
pub mod jsonl;
pub mod log;
mod metrics;
mod mutants;
mod options;
mod pending;
mod piece;
mod query;
mod report;
mod salvage;
mod search;
pub mod time;
pub mod vfs;
mod whole;

pub use cancel::CancelToken;
pub use chunk::{Attributes, Chunk, ChunkInput, ChunkType, Content, DEFAULT_NAMESPACE, MAX_ID_BYTES, MemoryType, check_id};
pub use clock::{Clock, ManualClock, SystemClock};
pub use crypt::EncryptionKey;
pub use engine::{DEFAULT_EVENT_BUFFER, Event, EventKind, EventOptions, IndexKind, MAX_EVENT_BUFFER, Subscription};
pub use engine::{Documents, Engine, EngineConfig, MOST_DOCUMENT_BYTES, MOST_DOCUMENTS, OwnEmbedder, Query, TokenCounter};
#[doc(hidden)]
pub use engine::{LoadEmbedder, Platform};
pub use engine::{LongText, Splitter, TextPart, TextSplitter};
pub use error::{Error, Result};
pub use executor::Executor;
pub use feedback::{
    DomainStats, DomainTraining, Feedback, FeedbackKind, FeedbackStats, KnownItemRate, LearningRun, MAX_FEEDBACK, Retained,
    SharedTraining, Taken, TrainOptions, TrainingExample, TrainingResult,
};
pub use metrics::{
    Accuracy, LatencyBucket, LatencyStats, LearningCount, LearningTotals, MemoryStats, Metrics, MetricsCaches, MetricsFormat,
    MetricsOptions, QualityDistribution, Stage,
};
pub use options::*;
pub use pending::{Pending, Settler, pending};
pub use query::{Expansion, Lexicon};
pub use report::*;
#[doc(hidden)]
pub use salvage::salvage_on;
pub use salvage::{SalvageOptions, SalvageReport, SteppedBack, salvage};
