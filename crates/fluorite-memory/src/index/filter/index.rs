//! Postings by key, quality and creation time by row.

use std::collections::hash_map::Entry;

use roaring::RoaringBitmap;

use super::{
    condition::{Condition, is_empty_filter},
    key::{self, Label},
    posting::Posting,
};
use crate::{
    chunk::Attributes,
    error::Result,
    index::{
        hash::{ByHash, table_bytes},
        rows::RowSet,
    },
    options::SearchFilter,
};

/// The rows a filter lets through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// Every live row: the filter asks nothing.
    All,
    /// These rows, all of them live.
    Some(RowSet),
}

/// Answers `SearchFilter`s with sets of rows.
///
/// Values are kept as 64-bit hashes only. A row costs 12 bytes for quality and time, and about 2 bytes for each value
/// it shares with others; a value of its own costs about 25.
#[derive(Debug, Default)]
pub struct FilterIndex {
    pub(super) postings: ByHash<Posting>,
    /// NaN where nothing was inserted.
    pub(super) quality: Vec<f32>,
    pub(super) created_at: Vec<i64>,
}

impl FilterIndex {
    /// The empty index.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds what is known of a row. `created_at` is in milliseconds since the epoch.
    ///
    /// A row that held something else must have gone through [`forget`](Self::forget) first. Cost: a hash and a table
    /// look-up per value.
    pub fn insert(&mut self, row: u32, namespace: &str, attributes: &Attributes, created_at: i64) {
        let a = attributes;
        self.add(row, Label::Namespace.key(namespace));
        self.add(row, key::chunk_type(a.chunk_type));
        for (label, values) in [(Label::Framework, &a.frameworks), (Label::Tag, &a.tags)] {
            for value in values {
                self.add(row, label.key(value));
            }
        }
        for (label, value) in [(Label::Language, &a.language), (Label::Source, &a.source)] {
            if let Some(value) = value {
                self.add(row, label.key(value));
            }
        }
        for key in a.metadata.iter().filter_map(|(name, value)| key::metadata(name, value)) {
            self.add(row, key);
        }
        let row = row as usize;
        if row >= self.quality.len() {
            self.quality.resize(row + 1, f32::NAN);
            self.created_at.resize(row + 1, 0);
        }
        self.quality[row] = a.quality_score;
        self.created_at[row] = created_at;
    }

    /// Whether anything was inserted for a row.
    #[must_use]
    pub fn knows(&self, row: u32) -> bool {
        self.quality.get(row as usize).is_some_and(|q| !q.is_nan())
    }

    /// Purges rows, so that they can be given to other chunks. Cost: a pass over all keys; give many rows at once.
    pub fn forget(&mut self, rows: &RowSet) {
        if rows.is_empty() {
            return;
        }
        let gone = rows.to_bitmap();
        self.postings.retain(|_, posting| posting.forget(&gone));
    }

    /// The live rows that meet every condition of the filter.
    ///
    /// Frameworks, tags and languages match without regard to case; namespaces, sources and metadata strings exactly.
    /// Cost: an operation on compressed sets per value asked for, then a pass over the rows found.
    ///
    /// # Errors
    /// `InvalidArgument` for a `min_quality` beyond 0 to 1, a moment that is none, a metadata value that is not a scalar.
    pub fn evaluate(&self, filter: &SearchFilter, live: &RowSet) -> Result<Selection> {
        if is_empty_filter(filter) {
            return Ok(Selection::All);
        }
        let condition = Condition::new(filter)?;
        let mut rows = match self.required(&condition) {
            None => live.clone(),
            Some(required) => {
                let mut rows = RowSet::from(&required);
                rows.and(live);
                rows
            }
        };
        if !condition.none.is_empty() {
            rows.and_not(&RowSet::from(&self.union(&condition.none)));
        }
        self.cut_ranges(&condition, &mut rows);
        Ok(Selection::Some(rows))
    }

    /// The quality of a row; `None` where nothing was inserted.
    #[must_use]
    pub fn quality(&self, row: u32) -> Option<f32> {
        self.quality.get(row as usize).copied().filter(|q| !q.is_nan())
    }

    /// Rows of which the two say different things, and how many. Cost: a pass over all keys of both.
    pub(crate) fn differing_rows(&self, other: &Self) -> RowSet {
        let mut differing = RoaringBitmap::new();
        let bits = |posting: Option<&Posting>| {
            let mut rows = RoaringBitmap::new();
            posting.into_iter().for_each(|p| p.add_to(&mut rows));
            rows
        };
        for (key, posting) in &self.postings {
            differing |= bits(Some(posting)) ^ bits(other.postings.get(key));
        }
        for (_, posting) in other.postings.iter().filter(|(key, _)| !self.postings.contains_key(key)) {
            posting.add_to(&mut differing);
        }
        let rows = self.quality.len().max(other.quality.len());
        let of = |index: &Self, row: usize| {
            let quality = index.quality.get(row).filter(|q| !q.is_nan());
            quality.map(|q| (q.to_bits(), index.created_at.get(row).copied().unwrap_or(0)))
        };
        differing.extend((0..rows).filter(|row| of(self, *row) != of(other, *row)).map(|row| row as u32));
        RowSet::from(&differing)
    }

    /// Estimated heap bytes. Cost: a pass over all keys.
    #[must_use]
    pub fn bytes(&self) -> usize {
        table_bytes(&self.postings)
            + self.postings.values().map(Posting::bytes).sum::<usize>()
            + self.quality.capacity() * 4
            + self.created_at.capacity() * 8
    }

    pub(super) fn add(&mut self, row: u32, key: u64) {
        match self.postings.entry(key) {
            Entry::Occupied(mut posting) => posting.get_mut().insert(row),
            Entry::Vacant(slot) => {
                slot.insert(Posting::One(row));
            }
        }
    }

    /// Rows that have every required key; `None` when no key is required.
    fn required(&self, condition: &Condition) -> Option<RoaringBitmap> {
        let mut found: Option<RoaringBitmap> = None;
        for keys in &condition.any {
            let union = self.union(keys);
            found = Some(match found {
                None => union,
                Some(rows) => rows & union,
            });
        }
        for key in &condition.all {
            let rows = found.get_or_insert_with(|| self.union(std::slice::from_ref(key)));
            match self.postings.get(key) {
                Some(posting) => posting.keep_in(rows),
                None => rows.clear(),
            }
        }
        found
    }

    fn union(&self, keys: &[u64]) -> RoaringBitmap {
        let mut rows = RoaringBitmap::new();
        for posting in keys.iter().filter_map(|key| self.postings.get(key)) {
            posting.add_to(&mut rows);
        }
        rows
    }

    fn cut_ranges(&self, condition: &Condition, rows: &mut RowSet) {
        if let Some(min) = condition.min_quality {
            rows.retain(|row| self.quality.get(row as usize).is_some_and(|&q| q >= min));
        }
        if condition.from.is_some() || condition.until.is_some() {
            let (from, until) = (condition.from.unwrap_or(i64::MIN), condition.until);
            rows.retain(|row| self.created_at.get(row as usize).is_some_and(|&t| t >= from && until.is_none_or(|u| t < u)));
        }
    }
}
