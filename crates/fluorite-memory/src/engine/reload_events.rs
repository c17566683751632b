//! What listeners are told when a whole state takes another's place: the difference between the two.

use super::events::{Event, EventKind};
use super::shared::Shared;
use super::state::State;

/// Chunks stored since sequence number `since` whose version still counts, in their order, then those that are not there any
/// more. A version that was replaced between the two states, and a chunk stored and deleted between them, are not told. Nothing
/// is read when nobody listens.
pub fn differences(shared: &Shared, since: u64, new: &State) -> Vec<Event> {
    let mut events = Vec::new();
    if shared.events.wants(EventKind::ChunkStored) {
        let from = new.rows.partition_point(|r| r.sequence < since);
        for (row, r) in new.rows.iter().enumerate().skip(from) {
            if new.live.contains(row as u32)
                && let Ok(chunk) = shared.load_cold(new, r)
            {
                events.push(Event::ChunkStored { id: chunk.id, namespace: chunk.namespace, version: chunk.version });
            }
        }
    }
    if shared.events.wants(EventKind::ChunkDeleted) {
        let old = shared.state.read();
        let wall = shared.clock.wall_ms();
        for r in old.live.iter().filter_map(|row| old.row(row)) {
            let expired = r.expires_at.is_some_and(|at| at <= wall);
            if !expired
                && new.find(r.key).is_none()
                && let Ok((namespace, id)) = shared.names(&old, r)
            {
                events.push(Event::ChunkDeleted { id, namespace });
            }
        }
    }
    events
}
