//! From places to pieces: from the front, each piece as far as the size allows, ending at the best place within reach.

use std::ops::Range;

use crate::cuts::{Cut, GLUED};
use crate::error::ChunkingError;
use crate::graphemes::{is_boundary, last_break, trim_end};
use crate::measure::Measure;
use crate::options::ChunkingOptions;
use crate::piece::PieceKind;
use crate::size::ChunkSize;

/// A piece that ends before this part of the limit is too small to stand alone.
const SMALL: usize = 8;
/// A text of at most this many bytes a token may fit whole: counted before anything else.
const WHOLE: usize = 16;
/// Most bytes of indentation a piece begins with.
const INDENTATION: usize = 256;
/// Most tries to begin an overlap.
const OVERLAP_TRIES: usize = 4;

/// A piece by its places.
pub(crate) struct Packed {
    pub(crate) range: Range<usize>,
    /// First byte that is not white space and not repeated from the piece before.
    pub(crate) first: usize,
    pub(crate) tokens: usize,
}

/// One packing.
pub(crate) struct Packer<'a> {
    text: &'a str,
    cuts: &'a [Cut],
    size: &'a dyn ChunkSize,
    measure: Measure,
    max: usize,
    overlap: usize,
    kind: PieceKind,
}

impl<'a> Packer<'a> {
    pub(crate) fn new(
        text: &'a str,
        cuts: &'a [Cut],
        options: &ChunkingOptions,
        size: &'a dyn ChunkSize,
        kind: PieceKind,
    ) -> Result<Self, ChunkingError> {
        let measure = Measure::of(text, size).map_err(ChunkingError::Size)?;
        Ok(Self { text, cuts, size, measure, max: options.max_tokens, overlap: options.overlap_tokens, kind })
    }

    pub(crate) fn pack(&self) -> Result<Vec<Packed>, ChunkingError> {
        if let Some(whole) = self.whole()? {
            return Ok(vec![whole]);
        }
        let mut pieces: Vec<Packed> = Vec::new();
        let mut at = 0;
        while let Some((start, first)) = self.begin(at) {
            let room = if pieces.is_empty() { self.max } else { self.max - self.overlap };
            let (next, range, tokens) = self.piece(start, first, room)?;
            let piece = Packed { range, first, tokens };
            let piece = match pieces.last() {
                Some(last) if self.overlap > 0 => self.overlapped(last.range.clone(), piece)?,
                _ => piece,
            };
            pieces.push(piece);
            at = next;
        }
        Ok(pieces)
    }

    /// The whole text as one piece, when it fits.
    fn whole(&self) -> Result<Option<Packed>, ChunkingError> {
        let Some((start, first)) = self.begin(0) else { return Ok(None) };
        let end = trim_end(self.text, first, self.text.len());
        if end - start > self.max.saturating_mul(WHOLE) {
            return Ok(None);
        }
        let tokens = self.count(start, end)?;
        Ok((tokens <= self.max).then_some(Packed { range: start..end, first, tokens }))
    }

    /// Where the next piece begins (with its indentation, unless in prose), and its first byte that is not white space.
    fn begin(&self, at: usize) -> Option<(usize, usize)> {
        let rest = self.text.get(at..)?;
        let mut first = at + rest.len() - rest.trim_start().len();
        if first == self.text.len() {
            return None;
        }
        while first > at && !is_boundary(self.text, first) {
            first -= 1; // white space that a mark is put on
        }
        let line = self.text.get(at..first)?.rfind('\n').map_or(at, |i| at + i + 1);
        let indented = self.kind != PieceKind::Prose && first - line <= INDENTATION;
        Some((if indented { line } else { first }, first))
    }

    /// A piece from `start` of at most `room` tokens: where the next begins, its bytes, its tokens.
    fn piece(&self, start: usize, first: usize, room: usize) -> Result<(usize, Range<usize>, usize), ChunkingError> {
        let available = room.saturating_sub(self.measure.fixed);
        let mut limit = available;
        while limit > 0 {
            let mut reach = self.measure.after(start, limit);
            while !self.text.is_char_boundary(reach) {
                reach -= 1;
            }
            if reach <= first {
                break;
            }
            let end = if reach >= self.text.len() { self.text.len() } else { self.best(start, first, reach) };
            let body = trim_end(self.text, first, end);
            let tokens = self.count(start, body)?;
            if tokens <= room {
                return Ok((end.max(body), start..body, tokens));
            }
            // The estimate was too low here: less by as much, and a little more.
            let counted = tokens.saturating_sub(self.measure.fixed).max(1);
            let nearer = limit.min(self.measure.tokens(start, end)) * available / counted;
            limit = nearer.min(limit - 1) * 15 / 16;
        }
        self.least(first, room)
    }

    /// The best place after `first`, up to `reach`: by rank, then the last; one that leaves a small piece only when what
    /// else there is would cut a line.
    fn best(&self, start: usize, first: usize, reach: usize) -> usize {
        let small = self.measure.after(start, (self.max / SMALL).saturating_sub(self.measure.fixed));
        let (from, to) = (self.cuts.partition_point(|c| c.at <= first), self.cuts.partition_point(|c| c.at <= reach));
        let within = self.cuts.get(from..to).unwrap_or_default();
        let large = within.partition_point(|c| c.at < small);
        let (early, late) = within.split_at(large);
        let best = |cuts: &[Cut]| cuts.iter().rev().min_by_key(|c| c.rank).copied();
        let (early, late) = (best(early), best(late));
        match (late, early.filter(|c| c.rank <= GLUED)) {
            (Some(late), _) if late.rank <= GLUED => late.at,
            (_, Some(early)) => early.at,
            (Some(late), None) => late.at,
            (None, None) => last_break(self.text, first, small, reach).unwrap_or(reach),
        }
    }

    /// The longest piece that halving finds: whole graphemes while there is one, else characters.
    fn least(&self, first: usize, room: usize) -> Result<(usize, Range<usize>, usize), ChunkingError> {
        let rest = self.text.get(first..).unwrap_or_default();
        let mut len = rest.len().min(self.max * WHOLE);
        loop {
            len = (0..=len).rev().find(|i| rest.is_char_boundary(*i)).unwrap_or(0);
            if len == 0 {
                len = rest.chars().next().map_or(0, char::len_utf8);
            }
            let end = last_break(self.text, first, first + len, first + len).filter(|_| len < rest.len()).unwrap_or(first + len);
            let tokens = self.count(first, end)?;
            if tokens <= room {
                return Ok((end, first..end, tokens));
            }
            if rest.chars().next().is_some_and(|c| len <= c.len_utf8()) {
                return Err(ChunkingError::NoRoom { tokens, max_tokens: self.max });
            }
            len /= 2;
        }
    }

    /// The piece begun earlier, with the end of the one before it: from a line, else a word.
    fn overlapped(&self, last: Range<usize>, piece: Packed) -> Result<Packed, ChunkingError> {
        let mut from = self.measure.before(piece.range.start, self.overlap).max(last.start);
        for _ in 0..OVERLAP_TRIES {
            while !self.text.is_char_boundary(from) {
                from += 1;
            }
            let next = self.cuts.get(self.cuts.partition_point(|c| c.at < from)).map(|c| c.at);
            let start = match next.filter(|at| *at < last.end) {
                Some(at) => at,
                None => match self.text.get(from..last.end).and_then(|t| t.find(char::is_whitespace)) {
                    Some(i) => from + i,
                    None => break,
                },
            };
            let Some((start, _)) = self.begin(start).filter(|(s, _)| *s < last.end && is_boundary(self.text, *s)) else { break };
            let tokens = self.count(start, piece.range.end)?;
            if tokens <= self.max && self.count(start, last.end)? <= self.overlap + self.measure.fixed {
                return Ok(Packed { range: start..piece.range.end, tokens, ..piece });
            }
            from = start + (piece.range.start - start) / 4 + 1;
        }
        Ok(piece)
    }

    fn count(&self, start: usize, end: usize) -> Result<usize, ChunkingError> {
        self.size.size(self.text.get(start..end).unwrap_or_default()).map_err(ChunkingError::Size)
    }
}
