//! What a text is to its chunk.

/// What a text is to its chunk; its words count this many times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// Content: once.
    Body,
    /// Id, title, name of what it defines: three times.
    Name,
    /// Tags and frameworks: twice.
    Tags,
    /// Path or other source, and what the whole that a piece was cut from is about: twice.
    Path,
}

impl Field {
    /// How many times a word of this field counts.
    #[must_use]
    pub const fn weight(self) -> u8 {
        match self {
            Self::Body => 1,
            Self::Name => 3,
            Self::Tags | Self::Path => 2,
        }
    }
}
