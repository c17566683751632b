//! A dense set of rows.

use roaring::RoaringBitmap;

/// A bitset over rows: one bit per row up to the highest one ever inserted, and a cached count.
///
/// Meant for dense rows (0, 1, 2, …): a set holding row `n` takes `n / 8` bytes. Two sets are equal when they hold the
/// same rows, whatever room they have.
#[derive(Debug, Clone, Default)]
pub struct RowSet {
    words: Vec<u64>,
    len: usize,
}

impl RowSet {
    /// The empty set; allocates nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { words: Vec::new(), len: 0 }
    }

    /// The rows below `count`.
    #[must_use]
    pub fn below(count: u32) -> Self {
        let n = count as usize;
        let mut words = vec![u64::MAX; n.div_ceil(64)];
        if let (Some(last), 1..) = (words.last_mut(), n % 64) {
            *last = (1 << (n % 64)) - 1;
        }
        Self { words, len: n }
    }

    /// Adds a row; `false` when it was there. O(1), amortised over growth.
    pub fn insert(&mut self, row: u32) -> bool {
        let (word, bit) = place(row);
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        let fresh = self.words[word] & bit == 0;
        self.words[word] |= bit;
        self.len += usize::from(fresh);
        fresh
    }

    /// Takes a row out; `false` when it was not there. O(1).
    pub fn remove(&mut self, row: u32) -> bool {
        let (word, bit) = place(row);
        let Some(w) = self.words.get_mut(word) else { return false };
        let found = *w & bit != 0;
        *w &= !bit;
        self.len -= usize::from(found);
        found
    }

    /// Whether the row is in the set. O(1).
    #[must_use]
    pub fn contains(&self, row: u32) -> bool {
        let (word, bit) = place(row);
        self.words.get(word).is_some_and(|w| w & bit != 0)
    }

    /// Rows in the set. O(1).
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none. O(1).
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The rows, ascending.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.words.iter().enumerate().flat_map(|(i, &word)| bits(word).map(move |bit| i as u32 * 64 + bit))
    }

    /// The rows that both sets hold, ascending; no allocation.
    pub fn both<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = u32> + 'a {
        let words = self.words.iter().zip(&other.words).enumerate();
        words.flat_map(|(i, (a, b))| bits(a & b).map(move |bit| i as u32 * 64 + bit))
    }

    /// Takes all rows out and keeps the room.
    pub fn clear(&mut self) {
        self.words.clear();
        self.len = 0;
    }

    /// Keeps the rows that `other` holds too. O(words).
    pub fn and(&mut self, other: &Self) {
        self.words.truncate(other.words.len());
        self.merge(other, |a, b| a & b);
    }

    /// Takes out the rows that `other` holds. O(words).
    pub fn and_not(&mut self, other: &Self) {
        self.merge(other, |a, b| a & !b);
    }

    /// Adds the rows that `other` holds. O(words).
    pub fn or(&mut self, other: &Self) {
        if other.words.len() > self.words.len() {
            self.words.resize(other.words.len(), 0);
        }
        self.merge(other, |a, b| a | b);
    }

    /// Keeps the rows for which `keep` holds. O(words + rows).
    pub fn retain(&mut self, mut keep: impl FnMut(u32) -> bool) {
        for (i, word) in self.words.iter_mut().enumerate() {
            for bit in bits(*word) {
                if !keep(i as u32 * 64 + bit) {
                    *word &= !(1 << bit);
                    self.len -= 1;
                }
            }
        }
    }

    /// Whether `other` holds all rows of this set. O(words).
    #[must_use]
    pub fn is_subset(&self, other: &Self) -> bool {
        self.len <= other.len && self.words.iter().enumerate().all(|(i, w)| w & !other.word(i) == 0)
    }

    /// Rows that both sets hold. O(words), no allocation.
    #[must_use]
    pub fn and_len(&self, other: &Self) -> usize {
        self.words.iter().zip(&other.words).map(|(a, b)| (a & b).count_ones() as usize).sum()
    }

    /// The same rows, compressed. O(rows).
    #[must_use]
    pub fn to_bitmap(&self) -> RoaringBitmap {
        self.iter().collect()
    }

    /// Estimated heap bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.words.capacity() * 8
    }

    /// Bits of rows `64 * index ..`; 0 behind the end.
    pub(super) fn word(&self, index: usize) -> u64 {
        self.words.get(index).copied().unwrap_or(0)
    }

    fn merge(&mut self, other: &Self, op: impl Fn(u64, u64) -> u64) {
        let mut len = 0;
        for (i, word) in self.words.iter_mut().enumerate() {
            *word = op(*word, other.word(i));
            len += word.count_ones() as usize;
        }
        self.len = len;
    }
}

/// The set bits of a word, ascending.
pub(super) fn bits(mut word: u64) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        (word != 0).then(|| {
            let bit = word.trailing_zeros();
            word &= word - 1;
            bit
        })
    })
}

const fn place(row: u32) -> (usize, u64) {
    ((row / 64) as usize, 1 << (row % 64))
}

impl PartialEq for RowSet {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && self.is_subset(other)
    }
}

impl Eq for RowSet {}

impl FromIterator<u32> for RowSet {
    fn from_iter<I: IntoIterator<Item = u32>>(rows: I) -> Self {
        let mut set = Self::new();
        set.extend(rows);
        set
    }
}

impl Extend<u32> for RowSet {
    fn extend<I: IntoIterator<Item = u32>>(&mut self, rows: I) {
        for row in rows {
            self.insert(row);
        }
    }
}

impl From<&RoaringBitmap> for RowSet {
    /// Runs of rows a word at a time, scattered rows one by one.
    fn from(bitmap: &RoaringBitmap) -> Self {
        let span = bitmap.max().map_or(0, |m| m as usize + 1);
        let len = bitmap.len() as usize;
        let mut words = vec![0; span.div_ceil(64)];
        let mut rows = bitmap.iter();
        if len > span / 4 * 3 {
            while let Some(run) = rows.next_range() {
                fill(&mut words, *run.start(), *run.end());
            }
        } else {
            for row in rows {
                fill(&mut words, row, row);
            }
        }
        Self { words, len }
    }
}

/// Sets the bits of rows `first` to `last`.
fn fill(words: &mut [u64], first: u32, last: u32) {
    let (from, to) = ((first / 64) as usize, (last / 64) as usize);
    let (head, tail) = (u64::MAX << (first % 64), u64::MAX >> (63 - last % 64));
    match words.get_mut(from..=to) {
        Some([only]) => *only |= head & tail,
        Some([start, middle @ .., end]) => {
            *start |= head;
            middle.fill(u64::MAX);
            *end |= tail;
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn rows() -> impl Strategy<Value = BTreeSet<u32>> {
        proptest::collection::btree_set(0u32..300, 0..60)
    }

    fn same(set: &RowSet, model: &BTreeSet<u32>) {
        assert_eq!(set.iter().collect::<Vec<_>>(), model.iter().copied().collect::<Vec<_>>());
        assert_eq!(set.len(), model.len());
        assert_eq!(set.is_empty(), model.is_empty());
    }

    proptest! {
        #[test]
        fn algebra_equals_a_tree_set(a in rows(), b in rows()) {
            let (x, y): (RowSet, RowSet) = (a.iter().copied().collect(), b.iter().copied().collect());
            let apply = |f: fn(&mut RowSet, &RowSet)| { let mut s = x.clone(); f(&mut s, &y); s };
            same(&apply(RowSet::and), &a.intersection(&b).copied().collect());
            same(&apply(RowSet::and_not), &a.difference(&b).copied().collect());
            same(&apply(RowSet::or), &a.union(&b).copied().collect());
            prop_assert_eq!(x.and_len(&y), a.intersection(&b).count());
            prop_assert_eq!(x.is_subset(&y), a.is_subset(&b));
            prop_assert_eq!(x == y, a == b);
            prop_assert_eq!(&RowSet::from(&x.to_bitmap()), &x);
            let mut even = x.clone();
            even.retain(|row| row % 2 == 0);
            same(&even, &a.iter().copied().filter(|r| r % 2 == 0).collect());
        }

        #[test]
        fn changes_equal_a_tree_set(steps in proptest::collection::vec((0u32..300, any::<bool>()), 0..200)) {
            let (mut set, mut model) = (RowSet::new(), BTreeSet::new());
            for (row, add) in steps {
                if add {
                    prop_assert_eq!(set.insert(row), model.insert(row));
                } else {
                    prop_assert_eq!(set.remove(row), model.remove(&row));
                }
                prop_assert_eq!(set.contains(row), add);
            }
            same(&set, &model);
            set.clear();
            same(&set, &BTreeSet::new());
        }

        #[test]
        fn below_holds_the_first_rows(count in 0u32..400) {
            same(&RowSet::below(count), &(0..count).collect());
        }
    }

    #[test]
    fn long_runs_survive_compression() {
        for (first, last) in [(0, 0), (0, 63), (1, 64), (60, 130), (5, 70_000), (65_535, 65_536), (64, 127)] {
            let set: RowSet = (first..=last).collect();
            let dense: RowSet = (0..=last).filter(|row| *row != first + 1).collect();
            assert_eq!(RowSet::from(&set.to_bitmap()), set);
            assert_eq!(RowSet::from(&dense.to_bitmap()).iter().collect::<Vec<_>>(), dense.iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn room_does_not_matter_to_equality() {
        let mut wide = RowSet::from_iter([1, 500]);
        wide.remove(500);
        assert_eq!(wide, RowSet::from_iter([1]));
        assert_ne!(wide, RowSet::from_iter([2]));
    }
}
