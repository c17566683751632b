//! `index/filters` against the log.

use super::{Check, REBUILD};
use crate::chunk::Attributes;
use crate::engine::filter_file::{load_filters, read_filters};
use crate::error::Result;
use crate::index::FilterIndex;

const FILE: &str = "index/filters";
const LOST: &str = "nothing; until it is removed, filters may leave chunks out or let others in";

/// The saved entries, and what the log says they must be.
#[derive(Default)]
pub(super) struct Filters {
    body: Vec<u8>,
    /// Sequence numbers by rank.
    covered: Vec<u64>,
    /// By rank.
    expected: FilterIndex,
    created: Vec<Option<i64>>,
}

impl Filters {
    pub(super) fn load(check: &mut Check<'_>) -> Result<Self> {
        match read_filters(check.shared) {
            Ok(None) => Ok(Self::default()),
            Ok(Some((body, covered))) => {
                check.report.files += 1;
                let created = vec![None; covered.len()];
                Ok(Self { body, covered, created, expected: FilterIndex::new() })
            }
            Err(e) => check.note(e, "nothing: chunks are read at the next open instead", REBUILD).map(|()| Self::default()),
        }
    }

    pub(super) fn version(&mut self, sequence: u64, namespace: &str, attributes: &Attributes, created_at: i64) {
        if let Ok(rank) = self.covered.binary_search(&sequence)
            && let Some(slot @ None) = self.created.get_mut(rank)
        {
            *slot = Some(created_at);
            self.expected.insert(rank as u32, namespace, attributes, created_at);
        }
    }

    pub(super) fn end(self, check: &mut Check<'_>) -> Result<()> {
        if self.body.is_empty() {
            return Ok(());
        }
        let rows: Vec<_> = self.created.iter().enumerate().map(|(rank, at)| at.map(|at| (rank as u32, at))).collect();
        let what = match load_filters(&self.body, check.shared.store_id, &rows) {
            None => "the entries do not parse".to_owned(),
            Some(found) => match found.differing_rows(&self.expected).len() {
                0 => return Ok(()),
                n => format!("the entries of {n} chunks are not those of the log"),
            },
        };
        check.note(check.corrupt(FILE, 0, &what), LOST, REBUILD)
    }
}
