//! Every version and delete that was met, and which version of each chunk counts.

use std::collections::HashMap;

use crate::log::UsageEntry;
use crate::mutants::mutant;

/// Where a record lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct At {
    /// Index of the segment among those of the source.
    pub segment: u32,
    pub offset: u32,
    pub length: u32,
}

/// One thing that happened to a chunk.
#[derive(Debug, Clone, Copy)]
pub struct Event {
    pub sequence: u64,
    /// `None`: known from the id table alone.
    pub at: Option<At>,
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// A version; `readable`: its content can be had.
    Stored {
        version: u32,
        expires_at: Option<i64>,
        readable: bool,
    },
    Deleted,
}

/// A vector of the store's model.
#[derive(Debug, Clone, Copy)]
pub struct FoundVector {
    pub chunk: u64,
    pub sequence: u64,
    pub model: u64,
    pub dimensions: u32,
    pub at: At,
}

/// What is known of all chunks.
#[derive(Debug, Default)]
pub struct Table {
    pub chunks: HashMap<u128, Vec<Event>>,
    pub vectors: Vec<FoundVector>,
    pub usage: HashMap<u128, UsageEntry>,
    /// Purges met without the seed that says whose key it is.
    pub purges: Vec<(u128, Event)>,
    pub last_sequence: u64,
}

/// What becomes of a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Saved from here; `lost_version`: the newest one, when that cannot be read.
    Saved {
        sequence: u64,
        at: At,
        version: u32,
        lost_version: Option<u32>,
    },
    Deleted {
        from_index: bool,
    },
    Expired,
    /// No version can be read.
    Lost,
}

impl Table {
    pub fn add(&mut self, key: u128, event: Event) {
        self.last_sequence = self.last_sequence.max(event.sequence);
        self.chunks.entry(key).or_default().push(event);
    }

    /// Takes in a counter; the latest counts.
    pub fn count(&mut self, entry: UsageEntry) {
        let known = self.usage.entry(entry.key).or_insert(entry);
        if (known.accessed_at, known.count) < (entry.accessed_at, entry.count) {
            *known = entry;
        }
    }
}

/// The newest version that can be read, unless the chunk was deleted or its time was over since.
pub fn fate(events: &mut [Event], now: i64) -> Fate {
    // the same version may be met twice (a compaction that was interrupted): deleted before readable before not
    let rank = |e: &Event| match e.what {
        What::Deleted => 0,
        What::Stored { readable: true, .. } => 1,
        What::Stored { .. } => 2,
    };
    events.sort_by(|a, b| b.sequence.cmp(&a.sequence).then(rank(a).cmp(&rank(b))));
    let (mut lost_version, mut done) = (None, None);
    for e in events {
        if done == Some(e.sequence) {
            continue;
        }
        done = Some(e.sequence);
        match (e.what, e.at) {
            (What::Deleted, _) if mutant!("salvage_revives_deleted") => {}
            (What::Deleted, at) => return Fate::Deleted { from_index: at.is_none() },
            (What::Stored { expires_at: Some(at), .. }, _) if at <= now => return Fate::Expired,
            (What::Stored { readable: true, version, .. }, Some(at)) => {
                return Fate::Saved { sequence: e.sequence, at, version, lost_version };
            }
            (What::Stored { version, .. }, _) => _ = lost_version.get_or_insert(version),
        }
    }
    Fate::Lost
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(sequence: u64, readable: bool) -> Event {
        let at = Some(At { segment: 0, offset: sequence as u32, length: 1 });
        Event { sequence, at, what: What::Stored { version: sequence as u32, expires_at: None, readable } }
    }

    #[test]
    fn versions_are_stepped_back_over_but_never_over_a_delete() {
        let deleted = |sequence| Event { sequence, at: None, what: What::Deleted };
        let of = |events: &[Event]| fate(&mut events.to_vec(), 100);
        let saved = |fate| matches!(fate, Fate::Saved { sequence: 1, lost_version: Some(3), .. });
        assert!(saved(of(&[stored(1, true), stored(3, false), stored(2, false)])));
        assert_eq!(of(&[stored(1, true), deleted(2), stored(3, false)]), Fate::Deleted { from_index: true });
        assert_eq!(of(&[stored(1, false)]), Fate::Lost);
        let mut gone = stored(3, false);
        gone.what = What::Stored { version: 1, expires_at: Some(100), readable: false };
        assert_eq!(of(&[stored(1, true), gone]), Fate::Expired);
        assert!(matches!(of(&[deleted(1), stored(2, true)]), Fate::Saved { lost_version: None, .. }));
    }
}
