//! New versions, with their vectors.

use super::Writer;
use super::pass::Pass;
use super::replaced::Replaced;
use crate::engine::apply::Effect;
use crate::engine::prepare::PreparedChunk;
use crate::engine::queue::Settle;
use crate::engine::shared::Shared;
use crate::log::{ChunkRecord, GroupBuilder, Location, encode_chunk, encode_vector};
use crate::mutants::mutant;
use crate::options::Durability;

impl Pass {
    pub(super) fn put(
        &mut self,
        shared: &Shared,
        w: &mut Writer,
        mut chunks: Vec<PreparedChunk>,
        durability: Durability,
        settle: Settle<()>,
    ) {
        w.drop_foreign(&mut chunks);
        let found = chunks.iter().filter_map(|c| {
            let model = c.past.as_ref().and_then(|p| p.model.as_deref());
            c.vector.as_ref().map(|v| (v.values.len(), model))
        });
        let room = shared.check_room().and_then(|()| shared.check_rows(chunks.len()));
        if let Err(e) = room.and_then(|()| w.admit_vectors(shared, found)) {
            return settle(Err(e));
        }
        if let Err(e) = self.check_pieces(shared, &chunks) {
            return settle(Err(e));
        }
        if let Err(e) = w.without_gone_dictionaries(shared, &mut chunks) {
            return settle(Err(e));
        }
        self.has_puts = true;
        self.sync |= durability == Durability::Sync;
        let now = shared.clock.wall_ms();
        let frame = w.live.segment().frame().clone();
        let model = shared.model_hash();
        let mut group = GroupBuilder::begin(&mut self.bytes, w.next_sequence);
        let mut whole = Replaced::default(); // the same for all pieces of a text
        for mut prepared in chunks {
            if prepared.part.as_ref().is_none_or(|p| p.part == 1) {
                whole = self.replaced(shared, &prepared);
            }
            whole.bequeath(&mut prepared);
            self.note_piece(&prepared);
            let (before, stale) = (whole.before, std::mem::take(&mut whole.stale));
            let past = prepared.past.as_deref();
            let born = past.and_then(|p| p.created_at);
            let (created_at, version) = match before {
                // created under a clock that was set back since: a life counts from now, not from a moment that is yet to come
                Some((created, version, true)) => (born.unwrap_or(created.min(now)), version.saturating_add(1)),
                Some((_, version, false)) => (born.unwrap_or(now), version.saturating_add(1)),
                None => (born.unwrap_or(now), past.and_then(|p| p.version).unwrap_or(1).max(1)),
            };
            let updated_at = past.and_then(|p| p.updated_at).unwrap_or(now);
            let expires_at = past.and_then(|p| p.expires_at);
            self.seen.insert(prepared.key, (created_at, version, true));
            let c = &mut prepared.chunk;
            c.created_at = created_at;
            c.updated_at = updated_at.max(created_at);
            c.expires_at =
                prepared.ttl_ms.map(|ttl| c.updated_at.max(expires_at.unwrap_or(now.max(created_at).saturating_add(ttl))));
            c.version = version;
            c.sequence = w.sequence();
            let record = ChunkRecord {
                created_at,
                updated_at: c.updated_at,
                expires_at: c.expires_at,
                version,
                dictionary: prepared.dictionary,
                compressed: prepared.compressed,
                raw_len: prepared.raw_len,
                namespace: &c.namespace,
                id: &c.id,
                payload: &prepared.payload,
            };
            let at = w.locate(&self.bytes);
            let length = encode_chunk(&mut self.bytes, &frame, c.sequence, &record);
            group.count();
            let sequence = c.sequence;
            let vector = prepared.vector.take();
            let vector_at = vector.as_ref().map(|v| {
                let at = w.locate(&self.bytes);
                let vector_sequence = w.sequence();
                let length = encode_vector(&mut self.bytes, &frame, vector_sequence, sequence, model, v.truncated, &v.values);
                group.count();
                Location { length, ..at }
            });
            prepared.payload = Vec::new();
            if mutant!("half_a_batch_kept") {
                let whole = std::mem::replace(&mut group, GroupBuilder::begin(&mut Vec::new(), 0));
                whole.finish(&mut self.bytes, frame.salt(), w.live.end(), w.live.synced());
                group = GroupBuilder::begin(&mut self.bytes, w.next_sequence);
            }
            let at = Location { length, ..at };
            self.effects.push(Effect::Chunk { prepared: Box::new(prepared), at, vector: vector.zip(vector_at) });
            for target in stale {
                self.tombstone(shared, w, &mut group, &target, false, now);
            }
        }
        group.finish(&mut self.bytes, frame.salt(), w.live.end(), w.live.synced());
        self.outcomes.push(settle);
    }
}
