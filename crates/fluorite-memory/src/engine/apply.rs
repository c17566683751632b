//! What a written group changes in memory, under one write lock: readers see all of a batch or none.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use super::commit::Writer;
use super::events::{Event, EventKind};
use super::prepare::{PreparedChunk, PreparedVector};
use super::replay::tombstone_row;
use super::shared::Shared;
use super::state::{NONE, Row, State};
use super::text::TextItem;
use crate::log::Location;
use crate::mutants::mutant;

/// One change.
pub enum Effect {
    Chunk { prepared: Box<PreparedChunk>, at: Location, vector: Option<(PreparedVector, Location)> },
    Tombstone { key: u128, sequence: u64, at: Location, deleted_at: i64, version: u32, purge: bool, told: Option<Event> },
    Vector { row: u32, sequence: u64, at: Location, vector: PreparedVector },
    Usage { rows: Vec<u32> },
}

/// Applies all effects of one write of `written` bytes.
pub fn apply(shared: &Arc<Shared>, w: &Writer, effects: Vec<Effect>, written: u64) {
    apply_to(shared, w.live.segment().number(), effects, written);
}

/// The same for a group that lies in segment `live`, whoever wrote it.
pub fn apply_to(shared: &Arc<Shared>, live: u32, effects: Vec<Effect>, written: u64) {
    if effects.is_empty() {
        return;
    }
    let mut text = Vec::with_capacity(effects.len());
    let mut chunks = Vec::with_capacity(effects.len());
    let mut late = Vec::new();
    let tell = shared.events.wants(EventKind::ChunkStored);
    let mut events = Vec::new();
    let mut purged = false;
    {
        let mut state = shared.state.write();
        state.usage.entry(live).or_default().total += written;
        for effect in effects {
            if mutant!("half_a_batch_seen") {
                parking_lot::RwLockWriteGuard::unlocked(&mut state, std::thread::yield_now);
            }
            match effect {
                Effect::Chunk { prepared, at, vector } => {
                    let sequence = prepared.chunk.sequence;
                    if tell {
                        let c = &prepared.chunk;
                        let (id, namespace) = (c.id.clone(), c.namespace.clone());
                        events.push(Event::ChunkStored { id, namespace, version: c.version });
                    }
                    let row = put(shared, &mut state, *prepared, at, vector, &mut text, &mut chunks);
                    if shared.embedder.is_some() && !state.embedded.contains(row) {
                        late.push((row, sequence));
                    }
                }
                Effect::Tombstone { key, sequence, at, deleted_at, version, purge, told } => {
                    tombstone(
                        shared,
                        &mut state,
                        Row { version, purge, ..tombstone_row(key, sequence, at, deleted_at) },
                        &mut text,
                    );
                    purged |= purge;
                    events.extend(told);
                }
                Effect::Vector { row, sequence, at, vector } => {
                    // the chunk may have been overwritten meanwhile: then its vector is of no use
                    if state.live.contains(row) && state.row(row).is_some_and(|r| r.sequence == sequence) {
                        attach(&mut state, row, at, vector);
                    }
                }
                Effect::Usage { rows } => {
                    for row in rows {
                        // overwritten in the same pass: the counter is the new version's by now
                        if let Some(head) = state.row(row).and_then(|r| state.newest(r.key)) {
                            state.count_in(head, live);
                        }
                    }
                }
            }
        }
        shared.next_deadline.store(state.next_deadline(), Ordering::Release);
        shared.text.push(text); // under the lock, so that queue order is the order of effects
    }
    for chunk in chunks {
        shared.cache.put(chunk);
    }
    if purged {
        shared.purge_later(true);
    }
    shared.events.publish(events);
    shared.embed_later(late);
    shared.train_if_due();
    if shared.executor.is_inline() {
        shared.schedule_background(); // else the committer does, when writes pause
    }
}

fn attach(state: &mut State, row: u32, at: Location, vector: PreparedVector) {
    state.attach_vector(row, at, vector.truncated);
    state.index_vector(row, &vector.values);
    state.fresh.insert(row, vector.values.into());
}

fn put(
    shared: &Shared,
    state: &mut State,
    prepared: PreparedChunk,
    at: Location,
    vector: Option<(PreparedVector, Location)>,
    text: &mut Vec<TextItem>,
    chunks: &mut Vec<Arc<crate::chunk::Chunk>>,
) -> u32 {
    let chunk = prepared.chunk;
    let previous = state.newest(prepared.key).unwrap_or(NONE);
    let (mut usage, mut counted, mut accessed_at) = (0, 0, chunk.updated_at);
    if previous != NONE {
        if state.live.contains(previous)
            && let Some(r) = state.row(previous)
        {
            usage = r.usage.load(Ordering::Relaxed);
            counted = r.counted;
            accessed_at = r.accessed_at.load(Ordering::Relaxed);
            shared.cache.remove(r.sequence);
        }
        if state.kill(previous) {
            text.push(TextItem::Dead(previous));
        }
    }
    if let Some(past) = prepared.past.as_deref() {
        usage = past.usage_count.unwrap_or(usage);
        accessed_at = past.accessed_at.unwrap_or(accessed_at);
    }
    let row = state.place(Row {
        key: prepared.key,
        sequence: chunk.sequence,
        at,
        vector: Location::default(),
        previous,
        created_at: chunk.created_at,
        updated_at: chunk.updated_at,
        expires_at: chunk.expires_at,
        version: chunk.version,
        raw_len: prepared.raw_len,
        dictionary: prepared.dictionary,
        tombstone: false,
        purge: false,
        truncated: false,
        usage: AtomicU32::new(usage),
        counted,
        accessed_at: AtomicI64::new(accessed_at),
    });
    state.set_newest(row);
    if previous != NONE {
        let mut read = shared.read_rows.lock();
        if read.remove(previous) && usage > 0 {
            read.insert(row); // its counter is still to be written
        }
    }
    if prepared.past.as_deref().is_some_and(|p| p.usage_count.is_some_and(|n| n > 0)) {
        shared.read_rows.lock().insert(row); // written with the others
    }
    state.versions += 1;
    state.revive(row);
    state.filter.insert(row, &chunk.namespace, &chunk.attributes, chunk.created_at);
    if let Some(left) = prepared.ttl_ms {
        // not by the wall clock, which may have been set back since the chunk was created
        state.expiry.insert((shared.clock.monotonic_ms().saturating_add(left), row), ());
    }
    if let Some((vector, place)) = vector {
        attach(state, row, place, vector);
    }
    let chunk = Arc::new(chunk);
    text.push(TextItem::Add(row, chunk.sequence));
    chunks.push(chunk);
    row
}

fn tombstone(shared: &Shared, state: &mut State, row: Row, text: &mut Vec<TextItem>) {
    let previous = state.newest(row.key).unwrap_or(NONE);
    if previous != NONE {
        if let Some(r) = state.row(previous) {
            shared.cache.remove(r.sequence);
        }
        if state.kill(previous) {
            text.push(TextItem::Dead(previous));
        }
    }
    if row.purge {
        state.doom(previous);
    }
    let row = state.place(Row { previous, ..row });
    state.set_newest(row);
    if previous == NONE && state.row(row).is_some_and(|r| r.purge) {
        state.doomed.rows.insert(row);
    }
}
