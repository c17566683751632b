//! One write: groups, what they change, whom to tell.

use std::sync::Arc;
use std::time::Instant;

use super::Writer;
use crate::engine::apply::{Effect, apply};
use crate::engine::pieces::{PutPieces, Seen};
use crate::engine::queue::{Settle, Target};
use crate::engine::shared::Shared;
use crate::error::{Error, Result};
use crate::metrics::Stage;

/// What a caller is told when its group is done.
pub(super) type Outcome = Box<dyn FnOnce(Result<()>) + Send>;

/// A delete of this pass: what it named, what of it was there, whom to tell.
pub(super) struct Deleted {
    pub(super) targets: Vec<Target>,
    pub(super) purge: bool,
    /// Pieces of texts with these ids as well.
    pub(super) wholes: bool,
    pub(super) found: Vec<bool>,
    pub(super) settle: Settle<Vec<bool>>,
}

/// One write: groups, what they change, whom to tell.
#[derive(Default)]
pub(super) struct Pass {
    pub(super) bytes: Vec<u8>,
    pub(super) effects: Vec<Effect>,
    pub(super) outcomes: Vec<Outcome>,
    pub(super) sync: bool,
    /// What this pass has already done to a key: (created_at, version, findable).
    pub(super) seen: Seen,
    pub(super) put_pieces: PutPieces,
    pub(super) deletes: Vec<Deleted>,
    pub(super) has_puts: bool,
}

impl Pass {
    /// (created_at, version) of the newest version of a key, and whether it can be found.
    pub(super) fn newest(&self, shared: &Shared, key: u128) -> Option<(i64, u32, bool)> {
        if let Some(seen) = self.seen.get(&key) {
            return Some(*seen);
        }
        let state = shared.state.read();
        let row = state.newest(key)?;
        let findable = state.live.contains(row);
        state.row(row).map(|r| (r.created_at, r.version, findable))
    }

    /// Writes, syncs, applies, settles.
    pub(super) fn finish(self, shared: &Arc<Shared>, w: &mut Writer) {
        let Self { bytes, effects, outcomes, sync, deletes, has_puts, .. } = self;
        let started = Instant::now();
        let written = shared.check_poison().and_then(|()| if bytes.is_empty() { Ok(()) } else { w.live.append(&bytes) });
        let written = written.and_then(|()| if sync { w.sync_log(shared) } else { Ok(()) });
        match written {
            Ok(()) => {
                apply(shared, w, effects, bytes.len() as u64);
                if !bytes.is_empty() {
                    shared.metrics.record(Stage::Commit, started.elapsed());
                }
                settle_all(outcomes, deletes, &Ok(()));
                if !bytes.is_empty() {
                    w.seal_if_full(shared);
                }
            }
            Err(e @ Error::NoSpace { .. }) if !deletes.is_empty() && shared.release_reserve() => {
                // a full disk must not stop deletes: they go again, alone, into the room the reserve gave up
                let mut again = Self::default();
                if has_puts {
                    settle_all(outcomes, Vec::new(), &Err(e));
                } else {
                    again.outcomes = outcomes;
                    again.sync = sync;
                }
                for d in deletes {
                    again.delete(shared, w, d.targets, d.purge, d.wholes, d.settle);
                }
                again.finish(shared, w);
            }
            Err(e) => {
                if matches!(e, Error::Poisoned { .. }) {
                    shared.poison(&e);
                }
                settle_all(outcomes, deletes, &Err(e));
            }
        }
    }
}

fn settle_all(outcomes: Vec<Outcome>, deletes: Vec<Deleted>, result: &Result<()>) {
    for settle in outcomes {
        settle(result.clone());
    }
    for d in deletes {
        (d.settle)(result.clone().map(|()| d.found));
    }
}
