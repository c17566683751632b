//! What is timed.

use serde::Serialize;

/// A stage of the work that has a latency histogram.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// A call waited for a thread of the pool.
    Wait,
    /// A search's text became a vector, whether from the cache or the model.
    Embed,
    /// A search looked for near vectors.
    Vector,
    /// A search looked words up.
    Text,
    /// A search joined and ranked what both found; reads the chunks its signals need.
    Fuse,
    /// A search read the chunks of its hits.
    Load,
    /// A search, from the moment a thread took it.
    Total,
    /// The model embedded a text that was in no cache, for a search or a store.
    Model,
    /// A call that stored chunks, from the moment a thread took it until they were durable and could be found.
    Store,
    /// A group of writes was appended, synced where asked, and applied.
    Commit,
    /// The log was synced to the disk.
    Fsync,
}

impl Stage {
    /// All, in the order of the report.
    pub const ALL: [Self; 11] = [
        Self::Wait,
        Self::Embed,
        Self::Vector,
        Self::Text,
        Self::Fuse,
        Self::Load,
        Self::Total,
        Self::Model,
        Self::Store,
        Self::Commit,
        Self::Fsync,
    ];

    /// Its name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Wait => "wait",
            Self::Embed => "embed",
            Self::Vector => "vector",
            Self::Text => "text",
            Self::Fuse => "fuse",
            Self::Load => "load",
            Self::Total => "total",
            Self::Model => "model",
            Self::Store => "store",
            Self::Commit => "commit",
            Self::Fsync => "fsync",
        }
    }
}
