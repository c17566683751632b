//! The filter index as bytes, by rank: the place of a row among those that are saved.

use roaring::RoaringBitmap;

use super::{index::FilterIndex, posting::Posting};
use crate::log::varint::{Reader, put, put_bytes};

/// Sets of fewer ranks are lists of distances, else compressed sets.
const FEW: u64 = 16;
/// A row that is not saved.
const NONE: u32 = u32::MAX;

impl FilterIndex {
    /// Appends what is known of these rows; a row's rank is its place in `rows`. Cost: a pass over all postings.
    pub(crate) fn save(&self, rows: &[u32], out: &mut Vec<u8>) {
        for row in rows {
            let quality = self.quality.get(*row as usize).copied().unwrap_or(f32::NAN);
            out.extend_from_slice(&quality.to_le_bytes());
        }
        let mut rank_of = vec![NONE; rows.iter().max().map_or(0, |m| *m as usize + 1)];
        for (rank, row) in rows.iter().enumerate() {
            rank_of[*row as usize] = rank as u32;
        }
        let mut ranks: Vec<u32> = Vec::new();
        for (key, posting) in &self.postings {
            ranks.clear();
            posting.each(|row| ranks.extend(rank_of.get(row as usize).copied().filter(|rank| *rank != NONE)));
            if ranks.is_empty() {
                continue;
            }
            ranks.sort_unstable(); // rows that are used again are not in the order of their ranks
            out.push(1);
            out.extend_from_slice(&key.to_le_bytes());
            put(out, ranks.len() as u64);
            if (ranks.len() as u64) < FEW {
                let mut last = 0;
                for rank in &ranks {
                    put(out, u64::from(rank - last));
                    last = *rank;
                }
            } else {
                let mut bytes = Vec::new();
                let written = RoaringBitmap::from_iter(ranks.iter().copied()).serialize_into(&mut bytes);
                debug_assert!(written.is_ok(), "a Vec takes everything");
                put_bytes(out, &bytes);
            }
        }
        out.push(0);
    }

    /// Reads what [`save`](Self::save) wrote. `rows`: the row of each rank and when its chunk was created; `None` for rows
    /// that are gone. `None` when the bytes make no sense.
    pub(crate) fn load(r: &mut Reader<'_>, rows: &[Option<(u32, i64)>]) -> Option<Self> {
        let mut index = Self::new();
        let qualities = r.take(rows.len().checked_mul(4)?)?.as_chunks::<4>().0;
        let end = rows.iter().flatten().map(|(row, _)| *row as usize + 1).max().unwrap_or(0);
        index.quality = vec![f32::NAN; end];
        index.created_at = vec![0; end];
        for ((row, created_at), quality) in rows.iter().zip(qualities).filter_map(|(row, q)| Some(((*row)?, q))) {
            index.quality[row as usize] = f32::from_le_bytes(*quality);
            index.created_at[row as usize] = created_at;
        }
        // as after most openings: ranks are rows, and sets are taken as they are
        let same = rows.iter().enumerate().all(|(rank, row)| row.is_some_and(|(row, _)| row == rank as u32));
        let count = u32::try_from(rows.len()).ok()?;
        let row_of = |rank: u32| rows.get(rank as usize).copied().flatten().map(|(row, _)| row);
        while r.u8()? == 1 {
            let (key, ranks) = (r.u64()?, r.varint()?);
            let set: RoaringBitmap = if ranks < FEW {
                let mut rank = 0u64;
                let mut set = RoaringBitmap::new();
                for _ in 0..ranks {
                    rank = rank.checked_add(r.varint()?).filter(|rank| *rank < u64::from(count))?;
                    set.insert(rank as u32);
                }
                set
            } else {
                RoaringBitmap::deserialize_from(r.bytes()?).ok()?
            };
            if set.len() != ranks || set.max().is_none_or(|max| max >= count) {
                return None;
            }
            let set = if same { set } else { set.iter().filter_map(row_of).collect() };
            match (set.len(), set.min()) {
                (0, _) | (_, None) => {}
                (1, Some(row)) => _ = index.postings.insert(key, Posting::One(row)),
                _ => _ = index.postings.insert(key, Posting::Many(Box::new(set))),
            }
        }
        r.0.is_empty().then_some(index)
    }

    /// Puts `loaded` under what was inserted since: rows here count, and rows of `loaded` that are not here. Cost: that of
    /// what is here.
    pub(crate) fn put_under(&mut self, loaded: Self) {
        let newer = std::mem::replace(self, loaded);
        for (key, posting) in newer.postings {
            posting.each(|row| self.add(row, key));
        }
        if self.quality.len() < newer.quality.len() {
            self.quality.resize(newer.quality.len(), f32::NAN);
            self.created_at.resize(newer.created_at.len(), 0);
        }
        for (row, (quality, created_at)) in
            newer.quality.iter().zip(&newer.created_at).enumerate().filter(|(_, (q, _))| !q.is_nan())
        {
            self.quality[row] = *quality;
            self.created_at[row] = *created_at;
        }
    }
}
