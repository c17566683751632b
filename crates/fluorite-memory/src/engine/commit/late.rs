//! What comes behind a version: its vector, and how often it was read.

use std::sync::atomic::Ordering;

use super::Writer;
use super::pass::Pass;
use crate::engine::apply::Effect;
use crate::engine::queue::{LateVector, Settle};
use crate::engine::shared::Shared;
use crate::log::{GroupBuilder, Location, UsageEntry, encode_usage, encode_vector};

impl Pass {
    /// Those whose chunk still stands: what is purged or has expired must not come back into the log, where nothing would
    /// find it any more.
    fn still_wanted(&self, shared: &Shared, mut items: Vec<LateVector>) -> Vec<LateVector> {
        let state = shared.state.read();
        items.retain(|item| {
            let same = state.row(item.row).filter(|r| r.sequence == item.sequence && state.live.contains(item.row));
            same.is_some_and(|r| !self.seen.contains_key(&r.key))
        });
        items
    }

    pub(super) fn vectors(&mut self, shared: &Shared, w: &mut Writer, items: Vec<LateVector>, settle: Settle<()>) {
        let items = self.still_wanted(shared, items);
        if items.is_empty() {
            return self.outcomes.push(settle);
        }
        let found = items.iter().map(|i| (i.vector.values.len(), None));
        if let Err(e) = shared.check_room().and_then(|()| w.admit_vectors(shared, found)) {
            return settle(Err(e));
        }
        self.has_puts = true;
        let frame = w.live.segment().frame().clone();
        let model = shared.model_hash();
        let mut group = GroupBuilder::begin(&mut self.bytes, w.next_sequence);
        for item in items {
            let at = w.locate(&self.bytes);
            let (sequence, v) = (w.sequence(), item.vector);
            let length = encode_vector(&mut self.bytes, &frame, sequence, item.sequence, model, v.truncated, &v.values);
            group.count();
            let at = Location { length, ..at };
            self.effects.push(Effect::Vector { row: item.row, sequence: item.sequence, at, vector: v });
        }
        group.finish(&mut self.bytes, frame.salt(), w.live.end(), w.live.synced());
        self.outcomes.push(settle);
    }

    /// Read counters that changed since they were last written.
    pub(super) fn usage(&mut self, shared: &Shared, w: &mut Writer) {
        let read = std::mem::take(&mut *shared.read_rows.lock());
        let state = shared.state.read();
        let rows: Vec<u32> = read.iter().filter(|row| state.live.contains(*row)).collect();
        let entries: Vec<UsageEntry> = rows
            .iter()
            .filter_map(|row| state.row(*row))
            .map(|r| UsageEntry {
                key: r.key,
                count: r.usage.load(Ordering::Relaxed),
                accessed_at: r.accessed_at.load(Ordering::Relaxed),
            })
            .collect();
        drop(state);
        if entries.is_empty() {
            return;
        }
        let frame = w.live.segment().frame().clone();
        let mut group = GroupBuilder::begin(&mut self.bytes, w.next_sequence);
        let sequence = w.sequence();
        encode_usage(&mut self.bytes, &frame, sequence, &entries);
        group.count();
        group.finish(&mut self.bytes, frame.salt(), w.live.end(), w.live.synced());
        self.effects.push(Effect::Usage { rows });
    }
}
