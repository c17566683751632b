//! Where the lines of a text begin.

/// Starts of lines and of what is written on them.
pub(crate) struct Lines {
    /// Byte each line begins at; the first is 0.
    starts: Vec<usize>,
    /// First byte of each line that is not white space; the line's end for a blank line.
    firsts: Vec<usize>,
}

impl Lines {
    pub(crate) fn of(text: &str) -> Self {
        let (mut starts, mut firsts) = (Vec::new(), Vec::new());
        let mut at = 0;
        for line in text.split_inclusive('\n') {
            starts.push(at);
            firsts.push(at + line.len() - line.trim_start().len());
            at += line.len();
        }
        if starts.is_empty() {
            (starts, firsts) = (vec![0], vec![0]);
        }
        Self { starts, firsts }
    }

    /// Index of the line that `at` is on.
    pub(crate) fn line(&self, at: usize) -> usize {
        self.starts.partition_point(|s| *s <= at).saturating_sub(1)
    }

    /// Start of the line that `at` begins, when only white space is before it there.
    pub(crate) fn begun_by(&self, at: usize) -> Option<usize> {
        let line = self.line(at);
        (self.firsts.get(line) == Some(&at)).then(|| self.starts.get(line).copied())?
    }

    /// Start of the line that `at` is on.
    pub(crate) fn start(&self, at: usize) -> usize {
        self.starts.get(self.line(at)).copied().unwrap_or(0)
    }

    /// Is the line that `at` is on longer than `bytes`?
    pub(crate) fn is_long(&self, at: usize, bytes: usize, text: &str) -> bool {
        let line = self.line(at);
        let end = self.starts.get(line + 1).copied().unwrap_or(text.len());
        end - self.starts.get(line).copied().unwrap_or(0) > bytes
    }

    /// Start of each line that is not blank, its first other byte, and whether a blank line is before it.
    pub(crate) fn written<'a>(&'a self, text: &'a str) -> impl Iterator<Item = (usize, usize, bool)> + 'a {
        let ends = self.starts.iter().skip(1).copied().chain([text.len()]);
        let mut after_blank = false;
        self.starts.iter().zip(&self.firsts).zip(ends).filter_map(move |((start, first), end)| {
            let blank = *first >= end;
            let found = (!blank).then_some((*start, *first, after_blank));
            after_blank = blank;
            found
        })
    }
}
