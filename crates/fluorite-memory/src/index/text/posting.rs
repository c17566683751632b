//! The rows that hold a term, ascending, with how often.

use crate::index::rows::RowSet;

/// A row and the weighted count of the term in it; five bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C, packed)]
pub(super) struct Posting {
    pub(super) row: u32,
    /// Saturates at 255, where BM25 has long stopped growing.
    pub(super) frequency: u8,
}

/// Postings of one term. Most terms occur in one row; those take no heap.
#[derive(Debug)]
pub(super) enum Postings {
    One(Posting),
    Many(Box<List>),
}

#[derive(Debug)]
pub(super) struct List {
    postings: Vec<Posting>,
    /// Rows below the last one that came later (reused rows): kept apart, so that they do not move a long list each.
    late: Vec<Posting>,
}

/// Shorter lists take late rows in directly.
const MIN_LATE: usize = 512;

impl Postings {
    /// Two ascending runs; a row is in one of them.
    pub(super) fn runs(&self) -> [&[Posting]; 2] {
        match self {
            Self::One(posting) => [std::slice::from_ref(posting), &[]],
            Self::Many(list) => [&list.postings, &list.late],
        }
    }

    /// Adds a row that is not there. O(1) behind the last row, else about O(sqrt(rows)), amortised.
    pub(super) fn insert(&mut self, posting: Posting) {
        match self {
            Self::One(first) => {
                let mut list = List { postings: vec![*first], late: Vec::new() };
                list.insert(posting);
                *self = Self::Many(Box::new(list));
            }
            Self::Many(list) => list.insert(posting),
        }
    }

    /// Takes rows out; `false` when none is left.
    pub(super) fn forget(&mut self, gone: &RowSet) -> bool {
        match self {
            Self::One(posting) => !gone.contains(posting.row),
            Self::Many(list) => {
                list.forget(gone);
                !(list.postings.is_empty() && list.late.is_empty())
            }
        }
    }

    /// Heap bytes.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::One(_) => 0,
            Self::Many(list) => size_of::<List>() + (list.postings.capacity() + list.late.capacity()) * size_of::<Posting>(),
        }
    }
}

impl List {
    fn insert(&mut self, posting: Posting) {
        let row = posting.row;
        if self.postings.last().is_none_or(|last| last.row < row) {
            self.postings.push(posting);
        } else if self.postings.len() < MIN_LATE {
            place(&mut self.postings, posting);
        } else {
            place(&mut self.late, posting);
            if self.late.len() * self.late.len() > 16 * self.postings.len() {
                self.merge();
            }
        }
    }

    fn merge(&mut self) {
        self.postings.append(&mut self.late);
        self.late = Vec::new();
        self.postings.sort_by_key(|p| p.row); // two ascending runs: linear
    }

    fn forget(&mut self, gone: &RowSet) {
        for run in [&mut self.postings, &mut self.late] {
            run.retain(|p| !gone.contains(p.row));
            if run.capacity() > 4 * run.len() {
                run.shrink_to_fit();
            }
        }
        if self.postings.len() < MIN_LATE && !self.late.is_empty() {
            self.merge();
        }
    }
}

fn place(run: &mut Vec<Posting>, posting: Posting) {
    let row = posting.row;
    let at = run.partition_point(|p| p.row < row);
    run.insert(at, posting);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn rows_in_any_order_stay_apart_and_ascending(
            late in proptest::collection::vec(0u32..3_000, 0..600),
            gone in proptest::collection::btree_set(0u32..3_000, 0..2_500),
        ) {
            // Even rows come in order, odd ones as they like.
            let mut list = Postings::One(Posting { row: 0, frequency: 1 });
            let mut model = std::collections::BTreeSet::from([0]);
            for row in (2..3_000).step_by(2) {
                list.insert(Posting { row, frequency: 1 });
                model.insert(row);
            }
            for row in late.into_iter().map(|row| row | 1) {
                if model.insert(row) {
                    list.insert(Posting { row, frequency: 1 });
                }
            }
            let check = |list: &Postings, model: &std::collections::BTreeSet<u32>| {
                let mut all: Vec<u32> = Vec::new();
                for run in list.runs() {
                    assert!(run.is_sorted_by_key(|p| p.row));
                    all.extend(run.iter().map(|p| p.row));
                }
                all.sort_unstable();
                assert_eq!(all, model.iter().copied().collect::<Vec<_>>());
            };
            check(&list, &model);
            model.retain(|row| !gone.contains(row));
            prop_assert_eq!(list.forget(&gone.iter().copied().collect()), !model.is_empty());
            check(&list, &model);
        }
    }
}
