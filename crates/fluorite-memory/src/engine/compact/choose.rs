//! Which segments are rewritten next.

use std::collections::HashSet;
use std::sync::atomic::Ordering;

use super::Round;
use crate::engine::commit::Writer;
use crate::engine::shared::Shared;
use crate::engine::state::SegmentUse;
use crate::error::Result;
use crate::log::Segment;
use crate::mutants::mutant;

/// What is to be done next.
pub(super) enum Choice {
    Nothing,
    /// These become this one.
    Rewrite(Vec<Segment>, u32),
    /// The dictionary of new records has to be replaced first.
    Train,
}

impl Shared {
    pub(super) fn choose(&self, w: &mut Writer, round: &Round) -> Result<Choice> {
        self.check_poison()?;
        round.cancel.check()?;
        self.expire_due();
        let all = round.all;
        let doomed = if round.purge { self.choose_doomed(w)? } else { HashSet::new() };
        if round.purge && w.manifest.spoiled.contains(&self.dictionary.load(Ordering::Acquire)) {
            return Ok(Choice::Train);
        }
        let full = w.live.end() > crate::log::SEGMENT_HEADER as u64;
        if ((all || round.rekey) && round.outputs.is_empty() && full) || doomed.contains(&w.live.segment().number()) {
            w.seal(self)?;
        }
        let state = self.state.read();
        let current = self.dictionary.load(Ordering::Acquire);
        let mut stale = HashSet::new();
        if all && current != 0 && self.config.enable_compression {
            let old = state.live.iter().filter_map(|r| state.row(r)).filter(|r| r.dictionary != current && r.raw_len > 256);
            stale.extend(old.map(|r| r.at.segment));
        }
        let mut candidates: Vec<(SegmentUse, Segment)> = w
            .manifest
            .sealed
            .iter()
            .filter(|s| !round.damaged.contains_key(&s.number))
            .filter(|s| !round.outputs.contains(&s.number) || doomed.contains(&s.number))
            .filter_map(|s| Some((*state.usage.get(&s.number)?, state.segments.get(&s.number)?.clone())))
            .collect();
        let is_small = |u: &SegmentUse| u.total < self.config.segment_bytes / 2;
        let several = all && candidates.iter().filter(|(u, _)| is_small(u)).count() > 1;
        candidates.retain(|(u, s)| {
            let dead = u.total.saturating_sub(u.live);
            if doomed.contains(&s.number()) || (round.rekey && self.is_sealed_before(s)) {
                true
            } else if all {
                // a group header per batch is not worth a rewrite; a small segment joins other small ones
                dead as f64 > u.total as f64 * 0.1 || stale.contains(&s.number()) || (several && is_small(u))
            } else {
                u.is_sparse()
            }
        });
        // the emptiest first: on a nearly full disk they give the room for the others
        let share = |u: &SegmentUse| u.live as f64 / u.total.max(1) as f64;
        candidates.sort_by(|(a, _), (b, _)| share(a).total_cmp(&share(b)));
        let mut live = 0;
        let mut victims = Vec::new();
        for (u, segment) in candidates {
            if !victims.is_empty() && live + u.live > self.config.segment_bytes {
                break; // the new segment stays about as large as any other
            }
            live += u.live;
            victims.push(segment);
        }
        if victims.is_empty() {
            return Ok(Choice::Nothing);
        }
        drop(state);
        let output = w.manifest.next_segment;
        w.manifest.next_segment += 1; // in memory: a number lost to a crash is a stray file at worst
        Ok(Choice::Rewrite(victims, output))
    }

    /// Segments that hold something doomed, or need a dictionary that does; the manifest names those dictionaries.
    fn choose_doomed(&self, w: &mut Writer) -> Result<HashSet<u32>> {
        let (next, judged, more) = {
            let state = self.state.read();
            let mut next = w.manifest.clone();
            let more = self.spoil(&state, &mut next, None);
            (next, state.doomed.rows.clone(), more)
        };
        // without the state's lock: no read waits for the disk. What is doomed meanwhile (its time is up) is judged next time
        if more {
            let _held = mutant!("tables_locked_while_syncing").then(|| self.state.write());
            next.save(&*self.vfs, &self.config.path)?;
            w.manifest = next;
            self.spoiled.store(w.manifest.spoiled.len() as u32, Ordering::Release);
        }
        let mut state = self.state.write();
        state.doomed.judged = judged;
        let mut out = state.doomed_segments();
        out.extend(self.spoiled_segments(&state, &w.manifest));
        Ok(out)
    }
}
