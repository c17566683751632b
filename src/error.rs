//! Failures on their way to JavaScript: an engine error, or a call at the wrong moment of the bridge's life.

use std::any::Any;

use fluorite_memory::Error;

/// Most characters of a message: a path or an id of the caller's may stand in it.
const LONGEST: usize = 2_000;

/// What an export fails with.
#[derive(Debug, Clone)]
pub(crate) enum Fail {
    Engine(Error),
    NotInitialized,
    AlreadyInitialized,
}

impl Fail {
    pub(crate) fn argument(message: impl Into<String>) -> Self {
        Self::Engine(Error::argument(message))
    }

    /// A caught panic: a defect of this library, never the end of the process.
    pub(crate) fn panic(payload: &(dyn Any + Send)) -> Self {
        let text = payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        Self::Engine(Error::internal(text.unwrap_or("a panic without a message")))
    }

    /// What JavaScript is told: the start of the message.
    pub(crate) fn message(&self) -> String {
        let mut text = self.to_string();
        if let Some((end, _)) = text.char_indices().nth(LONGEST) {
            text.truncate(end);
            text.push('…');
        }
        text
    }

    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Engine(e) => e.code(),
            Self::NotInitialized => "NOT_INITIALIZED",
            Self::AlreadyInitialized => "ALREADY_INITIALIZED",
        }
    }
}

impl std::fmt::Display for Fail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Engine(e) => e.fmt(f),
            Self::NotInitialized => f.write_str("the bridge is not initialized: await initialize({ memory_path }) first"),
            Self::AlreadyInitialized => {
                f.write_str("the bridge is initialized already: make another FluoriteBridge for another store")
            }
        }
    }
}

impl From<Error> for Fail {
    fn from(e: Error) -> Self {
        Self::Engine(e)
    }
}
