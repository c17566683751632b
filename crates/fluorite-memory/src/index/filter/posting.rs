//! The rows of one key.

use roaring::RoaringBitmap;

/// One row (most sources and metadata values occur once), or a compressed set.
#[derive(Debug)]
pub(super) enum Posting {
    One(u32),
    Many(Box<RoaringBitmap>),
}

impl Posting {
    pub(super) fn insert(&mut self, row: u32) {
        match self {
            Self::One(first) if *first == row => {}
            Self::One(first) => *self = Self::Many(Box::new(RoaringBitmap::from_iter([*first, row]))),
            Self::Many(rows) => {
                rows.insert(row);
            }
        }
    }

    /// Takes rows out; `false` when none is left.
    pub(super) fn forget(&mut self, gone: &RoaringBitmap) -> bool {
        match self {
            Self::One(row) => !gone.contains(*row),
            Self::Many(rows) => {
                **rows -= gone;
                !rows.is_empty()
            }
        }
    }

    /// Calls `f` with every row, ascending.
    pub(super) fn each(&self, f: impl FnMut(u32)) {
        match self {
            Self::One(row) => std::iter::once(*row).for_each(f),
            Self::Many(rows) => rows.iter().for_each(f),
        }
    }

    pub(super) fn add_to(&self, set: &mut RoaringBitmap) {
        match self {
            Self::One(row) => {
                set.insert(*row);
            }
            Self::Many(rows) => *set |= rows.as_ref(),
        }
    }

    pub(super) fn keep_in(&self, set: &mut RoaringBitmap) {
        match self {
            Self::One(row) => {
                let found = set.contains(*row);
                set.clear();
                if found {
                    set.insert(*row);
                }
            }
            Self::Many(rows) => *set &= rows.as_ref(),
        }
    }

    /// Estimated heap bytes.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::One(_) => 0,
            Self::Many(rows) => 96 + rows.serialized_size(),
        }
    }
}
