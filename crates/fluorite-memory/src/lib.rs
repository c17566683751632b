//! Chunks on disk, caches, indexes and search.

mod cancel;
mod chunk;
mod engine;
mod error;
pub mod index;
pub mod input;
mod options;
mod pending;
mod report;

pub use cancel::CancelToken;
pub use chunk::{Attributes, Chunk, ChunkInput, ChunkType, Content, DEFAULT_NAMESPACE, MAX_ID_BYTES, MemoryType, check_id};
pub use engine::{Engine, EngineConfig, Query};
pub use error::{Error, Result};
pub use options::*;
pub use pending::{Pending, Settler, pending};
pub use report::*;
