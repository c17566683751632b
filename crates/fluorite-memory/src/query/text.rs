//! The English text of an expanded query, written piece by piece.

/// Words and characters with single spaces between them.
#[derive(Debug, Default)]
pub(super) struct Text {
    written: String,
    gap: bool,
}

impl Text {
    /// A word of its own.
    pub(super) fn word(&mut self, word: &str) {
        self.gap = true;
        self.space();
        self.written.push_str(word);
        self.gap = true;
    }

    /// A character in its place.
    pub(super) fn character(&mut self, c: char) {
        self.space();
        self.written.push(c);
    }

    /// Something left out: what comes next does not join what came before.
    pub(super) fn gap(&mut self) {
        self.gap = true;
    }

    /// The text.
    pub(super) fn finish(self) -> String {
        self.written
    }

    fn space(&mut self) {
        if std::mem::take(&mut self.gap) && !self.written.is_empty() {
            self.written.push(' ');
        }
    }
}
