//! Cancellation: a flag the caller raises and long work looks at.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Error, Result};

/// Shared flag; clones see the same state.
#[derive(Debug, Clone, Default)]
pub struct CancelToken(Arc<AtomicBool>);

impl CancelToken {
    /// Asks all holders to stop.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// True after `cancel`.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// `Err(Aborted)` after `cancel`; call it in loops.
    pub fn check(&self) -> Result<()> {
        if self.is_cancelled() { Err(Error::Aborted) } else { Ok(()) }
    }
}
