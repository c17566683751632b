//! The last step of a compaction: the new segment takes the victims' place, in the manifest, then in memory, then the files go.

use std::collections::HashSet;
use std::sync::atomic::Ordering;

use super::commit::Writer;
use super::compact::{Kind, Moved, Place};
use super::shared::Shared;
use super::snapshot;
use super::state::{NONE, SegmentUse, State};
use crate::error::Result;
use crate::index::{RowSet, VectorIndex};
use crate::log::{LiveSegment, Location, SealedSegment, Segment, segment_name};
use crate::mutants::mutant;

/// Puts the new segment in the victims' place: manifest first, then memory, then the files go.
pub fn swap(shared: &Shared, w: &mut Writer, victims: &[u32], out: LiveSegment, moved: Moved) -> Result<u64> {
    // a version was left out because of a newer one: that must be durable before the older one goes
    shared.check_poison()?;
    if !mutant!("id_table_newer_than_log") {
        w.sync(shared)?;
    }
    let number = out.segment().number();
    let log_dir = shared.log_dir();
    let empty = out.end() == crate::log::SEGMENT_HEADER as u64;
    let mut next = w.manifest.clone();
    next.sealed.retain(|s| !victims.contains(&s.number));
    if !mutant!("sequence_used_twice") {
        next.next_sequence = w.next_sequence;
    }
    let mut mapped = None;
    if empty {
        let _ = shared.vfs.remove(&log_dir.join(segment_name(number)));
    } else {
        next.sealed.push(SealedSegment { number, length: out.end(), crc: out.checksum() });
        let segment = Segment::sealed(&*shared.vfs, &log_dir, number, out.end(), w.store_id)?;
        segment.set_verified();
        mapped = Some(segment);
    }
    let purged = shared.forget_derived(victims, &mut next)?;
    next.save(&*shared.vfs, &shared.config.path)?;
    w.manifest = next;
    shared.spoiled.store(w.manifest.spoiled.len() as u32, Ordering::Release);
    let freed = {
        let mut state = shared.state.write();
        if let Some(segment) = mapped {
            state.segments.insert(number, segment);
            state.usage.insert(number, SegmentUse { total: out.end(), ..SegmentUse::default() });
        }
        relocate(&mut state, number, &moved);
        for &row in &moved.counted {
            if state.row(row).is_some_and(|r| r.counted == 0 || victims.contains(&r.counted)) {
                state.count_in(row, number);
            }
        }
        if let Some(u) = state.usage.get_mut(&number) {
            u.kept = u.total.saturating_sub(u.live);
        }
        free_rows(&mut state, victims)
    };
    // the text index forgets before the rows can be used again: they join the free list last
    shared.forget_text(&freed)?;
    {
        let mut state = shared.state.write();
        let mut read = shared.read_rows.lock();
        freed.iter().for_each(|row| _ = read.remove(row));
        drop(read);
        state.filter.forget(&freed);
        if let Some(v) = &mut state.vectors {
            v.forget(&freed);
        }
        state.free.extend(freed.iter());
        for v in victims {
            state.segments.remove(v);
            state.usage.remove(v);
        }
    }
    for v in victims {
        let path = log_dir.join(segment_name(*v));
        if purged {
            shared.remove_for_good(path);
        } else {
            let _ = shared.vfs.remove(&path); // a stray at worst
        }
    }
    let _ = shared.vfs.sync_dir(&log_dir); // the end of a purge, and of optimize(), does it again and tells
    let synced = if mutant!("id_table_newer_than_log") { Ok(()) } else { w.sync(shared) };
    let saved = synced.and_then(|()| snapshot::save(shared, w)); // derived: without it the next open reads the log
    let saved = saved.is_ok() && shared.save_filters(w);
    if purged && !saved {
        // old ones still know what was purged
        for name in [snapshot::NAME, super::filter_file::NAME] {
            shared.remove_for_good(shared.index_dir().join(name));
        }
    }
    if purged && let Some(shared) = shared.me.upgrade() {
        shared.schedule_background(); // graphs and text segments are marked
    }
    Ok(moved.dropped)
}

fn relocate(state: &mut State, number: u32, moved: &Moved) {
    for &Place { row, sequence, kind, at, dictionary } in &moved.places {
        let live = state.live.contains(row);
        let Some(r) = state.rows.get_mut(row as usize).filter(|r| r.sequence == sequence) else { continue };
        match kind {
            Kind::Chunk => (r.at, r.dictionary) = (at, dictionary),
            Kind::Vector => r.vector = at,
            Kind::Tombstone => {
                r.at = at;
                r.vector = Location::default();
                if !std::mem::replace(&mut r.tombstone, true) {
                    // an expired version became a tombstone
                    r.purge = true;
                    state.versions -= 1;
                    state.doomed.rows.remove(row);
                }
            }
        }
        if live && let Some(u) = state.usage.get_mut(&number) {
            u.live += u64::from(at.length);
        }
    }
}

/// Rows whose record did not move go: out of the version chains and the id table.
fn free_rows(state: &mut State, victims: &[u32]) -> RowSet {
    let already: HashSet<u32> = state.free.iter().copied().collect();
    let mut freed = RowSet::default();
    for (i, r) in state.rows.iter().enumerate() {
        if victims.contains(&r.at.segment) && !already.contains(&(i as u32)) {
            freed.insert(i as u32);
        }
    }
    for r in state.rows.iter_mut().filter(|r| victims.contains(&r.vector.segment)) {
        r.vector = Location::default(); // of a dead version: it was not copied
    }
    for i in 0..state.rows.len() {
        let mut previous = state.rows[i].previous;
        while previous != NONE && freed.contains(previous) {
            previous = state.rows[previous as usize].previous;
        }
        state.rows[i].previous = previous;
    }
    for row in freed.iter() {
        let r = &state.rows[row as usize];
        let (key, previous, gone) = (r.key, r.previous, !r.tombstone);
        state.versions -= u64::from(gone);
        if state.newest(key) == Some(row) {
            // only a tombstone or an expired version without anything older gets here
            debug_assert_eq!(previous, NONE);
            state.heads.remove(&state.rows, key);
        }
    }
    state.expiry.retain(|(_, row), ()| !freed.contains(*row));
    state.forget_doomed(&freed, victims, &already);
    freed
}
