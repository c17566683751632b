//! The crate's error type.

use std::path::{Path, PathBuf};

/// Result of every fallible call of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// Why there is no model, or no vector.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No model, or no ONNX Runtime library, where it was looked for.
    #[error("{what} was not found (looked in: {}); {remedy}", .looked.iter().map(|p| p.display().to_string()).collect::<Vec<_>>().join(", "))]
    ModelNotFound {
        /// The missing thing.
        what: String,
        /// Where it was looked for.
        looked: Vec<PathBuf>,
        /// What to do.
        remedy: &'static str,
    },
    /// The model file is there but may not be used.
    #[error("{path:?} was refused: {reason}")]
    ModelRejected {
        /// The file.
        path: PathBuf,
        /// Why, and what to do.
        reason: String,
    },
    /// The runtime could not be loaded, or a text could not be embedded.
    #[error("{message}")]
    EmbeddingFailed {
        /// What failed, and what to do.
        message: String,
    },
}

impl Error {
    /// A model file that may not be used.
    pub(crate) fn rejected(path: &Path, reason: impl Into<String>) -> Self {
        Self::ModelRejected { path: path.to_path_buf(), reason: reason.into() }
    }

    /// A failure of the runtime, or of one text.
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self::EmbeddingFailed { message: message.into() }
    }

    /// The stable code of the public API.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::ModelNotFound { .. } => "MODEL_NOT_FOUND",
            Self::ModelRejected { .. } => "MODEL_REJECTED",
            Self::EmbeddingFailed { .. } => "EMBEDDING_FAILED",
        }
    }
}
