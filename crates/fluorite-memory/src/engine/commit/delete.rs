//! Tombstones and purges.

use std::borrow::Cow;
use std::collections::HashSet;

use super::Writer;
use super::pass::{Deleted, Pass};
use crate::engine::apply::Effect;
use crate::engine::events::{Event, EventKind};
use crate::engine::queue::{Settle, Target};
use crate::engine::shared::Shared;
use crate::log::{GroupBuilder, Location, encode_purge, encode_tombstone};
use crate::mutants::mutant;

impl Pass {
    pub(super) fn delete(
        &mut self,
        shared: &Shared,
        w: &mut Writer,
        targets: Vec<Target>,
        purge: bool,
        wholes: bool,
        settle: Settle<Vec<bool>>,
    ) {
        let all = self.with_pieces(shared, &targets, purge, wholes);
        if purge {
            let keys: HashSet<u128> = self.lacking(shared, &targets, &all);
            if !keys.is_empty()
                && let Err(e) = shared.check_poison().and_then(|()| shared.forget_unknown(&keys, &mut w.manifest))
            {
                return settle(Err(e));
            }
        }
        let mut found = vec![false; targets.len()];
        for (was, (asked, _)) in self.tombstones(shared, w, &all, purge).into_iter().zip(&all) {
            found[*asked] |= was;
        }
        self.deletes.push(Deleted { targets, purge, wholes, found, settle });
    }

    /// Whether anything of a key is left that no purge has doomed: a purge is for what was deleted or has expired, too.
    fn is_purgeable(&self, shared: &Shared, key: u128) -> bool {
        let state = shared.state.read();
        self.seen.contains_key(&key) || state.newest(key).and_then(|row| state.row(row)).is_some_and(|r| !r.purge)
    }

    /// Whether the newest version of a key is one whose time is up, and still in the log.
    pub(super) fn has_expired(&self, shared: &Shared, key: u128) -> bool {
        let state = shared.state.read();
        let newest = state.newest(key).filter(|row| !self.seen.contains_key(&key) && !state.live.contains(*row));
        newest.and_then(|row| state.row(row)).is_some_and(|r| !r.tombstone)
    }

    fn tombstones(&mut self, shared: &Shared, w: &mut Writer, targets: &[(usize, Cow<'_, Target>)], purge: bool) -> Vec<bool> {
        let now = shared.clock.wall_ms();
        let start = self.bytes.len();
        let mut group = GroupBuilder::begin(&mut self.bytes, w.next_sequence);
        let found = targets.iter().map(|(_, t)| self.tombstone(shared, w, &mut group, t, purge, now)).collect();
        if !group.is_empty() {
            self.sync = true;
            let salt = w.live.segment().salt();
            group.finish(&mut self.bytes, salt, w.live.end(), w.live.synced());
        } else {
            self.bytes.truncate(start);
        }
        found
    }

    /// Ends a chunk; whether it could be found.
    pub(super) fn tombstone(
        &mut self,
        shared: &Shared,
        w: &mut Writer,
        group: &mut GroupBuilder,
        t: &Target,
        purge: bool,
        now: i64,
    ) -> bool {
        let newest = self.newest(shared, t.key);
        let findable = newest.is_some_and(|(.., findable)| findable);
        // it is not there, and is not to be there again when the clock is set back and the store opened anew
        let purge = purge || (self.has_expired(shared, t.key) && !mutant!("expired_not_deleted"));
        let wanted = findable || (purge && self.is_purgeable(shared, t.key));
        let Some((created_at, version, _)) = newest.filter(|_| wanted) else { return findable };
        self.seen.insert(t.key, (created_at, version, false));
        let (at, sequence, frame) = (w.locate(&self.bytes), w.sequence(), w.live.segment().frame().clone());
        let length = if purge {
            encode_purge(&mut self.bytes, &frame, sequence, now, t.key)
        } else {
            encode_tombstone(&mut self.bytes, &frame, sequence, now, &t.namespace, &t.id)
        };
        group.count();
        let at = Location { length, ..at };
        let told = findable && shared.events.wants(EventKind::ChunkDeleted);
        let told = told.then(|| Event::ChunkDeleted { id: t.id.clone(), namespace: t.namespace.clone() });
        self.effects.push(Effect::Tombstone { key: t.key, sequence, at, deleted_at: now, version, purge, told });
        findable
    }
}
