//! The one error type of the crate, and the stable code each variant carries.

use std::path::PathBuf;

/// Result of every fallible call of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// Model id of a store whose vectors were supplied by its caller.
pub const SUPPLIED_MODEL: &str = "supplied";

/// What went wrong, and what to do about it.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The configuration names an unknown key, a wrong type or an impossible value.
    #[error("{message}")]
    InvalidConfig {
        /// The key and the remedy.
        message: String,
    },
    /// An argument has the wrong type or an impossible value.
    #[error("{message}")]
    InvalidArgument {
        /// The argument and the remedy.
        message: String,
    },
    /// A chunk id is empty, too long or not well-formed text.
    #[error("invalid id: {message}")]
    InvalidId {
        /// What is wrong with the id.
        message: String,
    },
    /// Content exceeds `max_chunk_size`.
    #[error(
        "chunk {id:?} has {size} bytes, the limit is {limit}: set memory.auto_split to have it stored in pieces, raise memory.max_chunk_size, or store it in parts"
    )]
    ChunkTooLarge {
        /// The chunk's id.
        id: String,
        /// Bytes of content.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// A text that is to be stored in pieces cannot be.
    #[error("chunk {id:?} cannot be stored in pieces: {why}")]
    Unsplittable {
        /// The chunk's id.
        id: String,
        /// The limit and the remedy.
        why: String,
    },
    /// No chunk with that id.
    #[error("{what} was not found")]
    NotFound {
        /// What was looked for.
        what: String,
    },
    /// The model or the runtime library is missing or was refused, or a text could not be embedded.
    #[error(transparent)]
    Embedding(#[from] fluorite_ml::Error),
    /// A supplied vector does not have the store's dimensions.
    #[error("vector has {found} dimensions, this store has {expected}: supply vectors of the store's model")]
    DimensionMismatch {
        /// Dimensions of the store.
        expected: usize,
        /// Dimensions of the vector.
        found: usize,
    },
    /// The store holds vectors of another model.
    #[error("{}", model_changed(.stored, .configured))]
    ModelChanged {
        /// Model id in the manifest.
        stored: String,
        /// Model id of the configuration.
        configured: String,
    },
    /// Another process (or another copy of the addon) has the store open.
    #[error(
        "{path:?} is in use by process {pid}: close it there, open it read_only to read it meanwhile, or open another memory_path"
    )]
    StoreLocked {
        /// Folder of the store.
        path: PathBuf,
        /// The owner, 0 when it could not be read.
        pid: u32,
    },
    /// A write to a store that was opened for reading only.
    #[error(
        "{path:?} is open read-only here: write through the process that has it open for writing, or open it without read_only"
    )]
    ReadOnly {
        /// Folder of the store.
        path: PathBuf,
    },
    /// Stored bytes are damaged.
    #[error(
        "{path:?} is damaged at offset {offset}: {what}; restore this file from a copy, or save what is readable with salvage"
    )]
    Corrupt {
        /// The damaged file.
        path: PathBuf,
        /// Offset in bytes.
        offset: u64,
        /// What does not fit.
        what: String,
    },
    /// The store is encrypted, and no key was given.
    #[error("{path:?} is encrypted: give its key as memory.encryption_key or in FLUORITE_ENCRYPTION_KEY")]
    KeyRequired {
        /// Folder of the store.
        path: PathBuf,
    },
    /// The key given does not open the store.
    #[error("the encryption key does not open {path:?}: give the key the store was created or last rotated with")]
    KeyWrong {
        /// Folder of the store.
        path: PathBuf,
    },
    /// A key was given for a store that is not encrypted.
    #[error(
        "{path:?} is not encrypted: leave the encryption key out, or make an encrypted copy of it (`salvage` with new_encryption_key)"
    )]
    NotEncrypted {
        /// Folder of the store.
        path: PathBuf,
    },
    /// An encrypted store holds as many rows as it may: its indexes lie in memory.
    #[error(
        "an encrypted store holds at most {limit} versions, because its indexes lie in memory: delete chunks and call optimize(), or spread them over several stores"
    )]
    EncryptedFull {
        /// Versions.
        limit: u64,
    },
    /// The file was written by another format version.
    #[error("{path:?} has format version {found}, this build reads {expected}: use the release that wrote it")]
    UnsupportedFormat {
        /// The file.
        path: PathBuf,
        /// Version this build reads.
        expected: u32,
        /// Version in the file.
        found: u32,
    },
    /// The disk is full; reads go on, and writes resume when there is room.
    #[error("no space left for {path:?}: free some disk space, or delete chunks and call optimize()")]
    NoSpace {
        /// The file that could not grow.
        path: PathBuf,
    },
    /// An earlier failure (for example a failed fsync) makes further writes unsafe.
    #[error("the store is read-only since an earlier failure ({cause}): reopen it")]
    Poisoned {
        /// The first failure.
        cause: String,
    },
    /// The call was cancelled.
    #[error("the call was aborted")]
    Aborted,
    /// Too many calls are waiting.
    #[error("{waiting} calls are waiting already: await some of them first, or use storeChunks")]
    Busy {
        /// Calls in the queue.
        waiting: usize,
    },
    /// The key cannot change while a copy is made.
    #[error("a snapshot is being made, and has the key it began with: rotate the key when it has ended")]
    CopyUnderWay,
    /// The engine was shut down.
    #[error("the engine is closed: open it again")]
    Closed,
    /// An operating-system error.
    #[error("{action} {path:?}: {message}")]
    Io {
        /// What was attempted.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's message.
        message: String,
    },
    /// A defect of this library.
    #[error("internal error: {message}; please report it")]
    Internal {
        /// What was violated.
        message: String,
    },
}

fn model_changed(stored: &str, configured: &str) -> String {
    if stored == SUPPLIED_MODEL {
        return format!(
            "the store holds vectors that were supplied to it, which those of {configured} cannot be compared with: \
             open it with enable_ml: false, delete those chunks first, or store into a new folder"
        );
    }
    format!(
        "the store was built with model {stored}, this configuration has {configured}: \
         open it with the first, or store into a new folder"
    )
}

impl Error {
    /// The stable code of the public API (`API.md`).
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidConfig { .. } => "INVALID_CONFIG",
            Self::InvalidArgument { .. } => "INVALID_ARGUMENT",
            Self::InvalidId { .. } => "INVALID_ID",
            Self::ChunkTooLarge { .. } | Self::Unsplittable { .. } => "CHUNK_TOO_LARGE",
            Self::NotFound { .. } => "NOT_FOUND",
            Self::Embedding(e) => e.code(),
            Self::DimensionMismatch { .. } => "DIMENSION_MISMATCH",
            Self::ModelChanged { .. } => "MODEL_REJECTED",
            Self::StoreLocked { .. } => "STORE_LOCKED",
            Self::ReadOnly { .. } => "READ_ONLY",
            Self::Corrupt { .. } => "CORRUPT",
            Self::KeyRequired { .. } => "KEY_REQUIRED",
            Self::KeyWrong { .. } => "KEY_WRONG",
            Self::NotEncrypted { .. } => "NOT_ENCRYPTED",
            Self::EncryptedFull { .. } => "ENCRYPTED_STORE_FULL",
            Self::UnsupportedFormat { .. } => "UNSUPPORTED_FORMAT",
            Self::NoSpace { .. } => "NO_SPACE",
            Self::Poisoned { .. } => "POISONED",
            Self::Aborted => "ABORTED",
            Self::Busy { .. } | Self::CopyUnderWay => "BUSY",
            Self::Closed => "CLOSED",
            Self::Io { .. } => "IO",
            Self::Internal { .. } => "INTERNAL",
        }
    }

    /// `InvalidArgument` with this message.
    pub fn argument(message: impl Into<String>) -> Self {
        Self::InvalidArgument { message: message.into() }
    }

    /// `InvalidConfig` with this message.
    pub fn config(message: impl Into<String>) -> Self {
        Self::InvalidConfig { message: message.into() }
    }

    /// `Internal` with this message.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::Internal { message: message.into() }
    }

    /// An operating-system error, with a full disk told apart.
    pub fn io(action: &'static str, path: impl Into<PathBuf>, e: &std::io::Error) -> Self {
        let path = path.into();
        match e.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Self::NoSpace { path },
            std::io::ErrorKind::InvalidData => Self::Corrupt { path, offset: 0, what: e.to_string() },
            _ => Self::Io { action, path, message: e.to_string() },
        }
    }
}
