//! New groups of the live segment, taken in as if they had been committed here.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::apply::{Effect, apply_to};
use super::events::{Event, EventKind};
use super::prepare::{PreparedChunk, PreparedVector, chunk_key};
use super::reader::Following;
use super::replay::chunk_row;
use super::shared::Shared;
use super::state::{Row, State};
use crate::error::{Error, Result};
use crate::log::{Followed, Location, RecordView, ScannedRecord, UsageEntry};
use crate::mutants::mutant;

/// A record that changes which version of a key counts.
enum Change {
    Chunk {
        row: Row,
        expires_at: Option<i64>,
    },
    /// Without names when it is a purge.
    Tombstone {
        key: u128,
        sequence: u64,
        at: Location,
        deleted_at: i64,
        names: Option<(String, String)>,
    },
}

/// Records of whole groups, in order.
#[derive(Default)]
struct Staged {
    changes: Vec<Change>,
    /// By the sequence number of the chunk's version; the latest counts.
    vectors: HashMap<u64, (Location, bool)>,
    usage: Vec<UsageEntry>,
    next_sequence: u64,
}

impl Staged {
    fn take(&mut self, seed: u64, model: u64, record: &ScannedRecord<'_>) {
        let (sequence, at) = (record.sequence, record.location);
        self.next_sequence = self.next_sequence.max(sequence + 1);
        match &record.view {
            RecordView::Chunk(c) => {
                let row = chunk_row(seed, sequence, at, c);
                self.changes.push(Change::Chunk { row, expires_at: c.expires_at });
            }
            RecordView::Tombstone { deleted_at, namespace, id } => self.changes.push(Change::Tombstone {
                key: chunk_key(seed, namespace, id),
                sequence,
                at,
                deleted_at: *deleted_at,
                names: Some(((*namespace).to_owned(), (*id).to_owned())),
            }),
            RecordView::Purge { .. } if mutant!("reader_keeps_purged") => {}
            RecordView::Purge { deleted_at, key } => {
                self.changes.push(Change::Tombstone { key: *key, sequence, at, deleted_at: *deleted_at, names: None });
            }
            RecordView::Vector(v) if v.model == model => _ = self.vectors.insert(v.chunk, (at, v.truncated)),
            RecordView::Vector(_) => {}
            RecordView::Usage(entries) => self.usage.extend_from_slice(entries),
        }
    }

    /// The same as a committer would have it. The segment is in `state` already.
    fn effects(&mut self, shared: &Shared, state: &State) -> Result<Vec<Effect>> {
        let mut effects = Vec::with_capacity(self.changes.len());
        let mut versions: HashMap<u128, u32> = HashMap::new();
        let tell = shared.events.wants(EventKind::ChunkDeleted);
        let wall = shared.clock.wall_ms();
        for change in self.changes.drain(..) {
            match change {
                Change::Chunk { row, expires_at } => {
                    versions.insert(row.key, row.version);
                    let vector = match self.vectors.remove(&row.sequence) {
                        Some((at, truncated)) => Some((vector(state, at, row.sequence, truncated)?, at)),
                        None => None,
                    };
                    let prepared = PreparedChunk {
                        key: row.key,
                        chunk: shared.load_cold(state, &row)?,
                        payload: Vec::new(),
                        compressed: false,
                        dictionary: row.dictionary,
                        raw_len: row.raw_len,
                        ttl_ms: expires_at.map(|at| (at - wall).max(0)),
                        vector: None,
                        past: None,
                        part: None,
                    };
                    effects.push(Effect::Chunk { prepared: Box::new(prepared), at: row.at, vector });
                }
                Change::Tombstone { key, sequence, at, deleted_at, names } => {
                    let before = || state.newest(key).and_then(|row| state.row(row)).map_or(0, |r| r.version);
                    let version = versions.get(&key).copied().unwrap_or_else(before);
                    let purge = names.is_none();
                    let found = || state.find(key).and_then(|(_, r)| shared.names(state, r).ok());
                    let told = names.or_else(|| if tell { found() } else { None }).filter(|_| tell);
                    let told = told.map(|(namespace, id)| Event::ChunkDeleted { id, namespace });
                    effects.push(Effect::Tombstone { key, sequence, at, deleted_at, version, purge, told });
                }
            }
        }
        for (chunk, (at, truncated)) in self.vectors.drain() {
            // rows of a reader are in the order of their sequence numbers: it never uses one again
            let Ok(row) = state.rows.binary_search_by_key(&chunk, |r| r.sequence) else { continue };
            let vector = vector(state, at, chunk, truncated)?;
            effects.push(Effect::Vector { row: row as u32, sequence: chunk, at, vector });
        }
        Ok(effects)
    }
}

fn vector(state: &State, at: Location, chunk: u64, truncated: bool) -> Result<PreparedVector> {
    let segment =
        state.segments.get(&at.segment).ok_or_else(|| Error::internal("a vector lies in a segment that is not open"))?;
    segment.read_vector(at, |v| {
        if v.chunk != chunk {
            return Err(segment.corrupt(at.offset.into(), "the record is not this chunk's vector"));
        }
        let mut values = Vec::new();
        v.read_into(&mut values);
        Ok(PreparedVector { values, truncated })
    })
}

/// Reads counters: the latest of a key counts, unless it is of an earlier chunk of that name.
fn count(state: &State, entries: &[UsageEntry]) {
    for e in entries {
        let Some((_, r)) = state.find(e.key).filter(|(_, r)| e.accessed_at >= r.created_at) else { continue };
        r.usage.fetch_max(e.count, Ordering::Relaxed);
        r.accessed_at.fetch_max(e.accessed_at, Ordering::Relaxed);
    }
}

/// Takes in all whole groups behind the last one; each is seen whole or not at all. After an error, or `Rewritten`, some may be
/// missing for good: a whole new state is needed.
pub fn follow(shared: &Arc<Shared>, following: &mut Following) -> Result<Followed> {
    let mut total = 0;
    loop {
        let mut staged = Staged::default();
        let model = shared.model_hash();
        let found = following.tail.follow(|record| {
            staged.take(shared.seed, model, &record);
            Ok(())
        })?;
        let Followed::Grown { bytes } = found else {
            if total > 0 {
                shared.schedule_background();
            }
            return Ok(if found == Followed::Same && total > 0 { Followed::Grown { bytes: total } } else { found });
        };
        following.incomplete = true;
        let effects = staged.effects(shared, &shared.state.read())?;
        apply_to(shared, following.tail.segment().number(), effects, bytes);
        count(&shared.state.read(), &staged.usage);
        following.next_sequence = following.next_sequence.max(staged.next_sequence);
        following.incomplete = false;
        total += bytes;
    }
}
