//! Keeping the text index up with the log: items queue up with every write, and are taken in behind it, or by the next search.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::{Mutex, RwLock};

use super::shared::Shared;
use super::texts::Sealing;
use crate::cancel::CancelToken;
use crate::chunk::Chunk;
use crate::error::{Error, Result};
use crate::index::{Digest, Field, RowSet, TextIndex};
use crate::mutants::mutant;
use crate::piece;
use crate::search::path_of;

/// Items taken in at a time: bounds how long a search waits for the index's lock.
const BATCH: usize = 64;

/// One change, in the order of effects.
#[derive(Debug, Clone, Copy)]
pub enum TextItem {
    /// A new version (row, sequence number).
    Add(u32, u64),
    /// The row cannot be found any more.
    Dead(u32),
}

/// The text index and what it has still to take in.
///
/// Locks are taken in this order: `catching`, the engine's state, `index`, `queue`; who holds `index` for writing takes none
/// but `queue`.
#[derive(Default)]
pub struct TextSide {
    pub index: RwLock<TextIndex>,
    queue: Mutex<VecDeque<TextItem>>,
    /// Held while rows are on their way into the index, or from one part of it into another.
    pub catching: Mutex<()>,
    pub scheduled: AtomicBool,
    pub sealing: Mutex<Sealing>,
    /// Held while a segment is put in, from the look at what has died to its place in the index. Before `catching`.
    pub installing: Mutex<()>,
    /// Held while the list of segments is changed, on disk and in `sealing`.
    pub listing: Mutex<()>,
}

impl TextSide {
    /// Over segments just opened.
    pub fn new(index: TextIndex, sealing: Sealing) -> Self {
        Self { index: RwLock::new(index), sealing: Mutex::new(sealing), ..Self::default() }
    }

    /// Queues items.
    pub fn push(&self, items: Vec<TextItem>) {
        if !items.is_empty() {
            self.queue.lock().extend(items);
        }
    }

    /// Whether nothing waits or is on its way. Exact while the state is locked: items are queued under its lock.
    pub fn is_caught_up(&self) -> bool {
        self.queue.lock().is_empty() && self.catching.try_lock().is_some()
    }

    /// Items not taken in.
    pub fn behind(&self) -> usize {
        self.queue.lock().len()
    }

    /// Forgets what waits: the index behind it is another one.
    pub fn clear(&self) {
        self.queue.lock().clear();
    }

    fn take(&self) -> Vec<TextItem> {
        let mut queue = self.queue.lock();
        let n = queue.len().min(BATCH);
        let items = queue.drain(..n).collect();
        if queue.is_empty() {
            queue.shrink_to(4_096);
        }
        items
    }
}

/// The parts of a chunk the text index reads.
pub fn text_parts<'a>(chunk: &'a Chunk, text: &'a str) -> Vec<(&'a str, Field)> {
    let a = &chunk.attributes;
    let mut parts = vec![(text, Field::Body), (chunk.id.as_str(), Field::Name)];
    parts.extend(a.tags.iter().chain(&a.frameworks).map(|t| (t.as_str(), Field::Tags)));
    parts.extend(path_of(chunk).map(|p| (p, Field::Path)));
    parts.extend(piece::context(&a.metadata).map(|c| (c, Field::Path)));
    parts.extend(piece::names(&a.metadata).map(|n| (n, Field::Name)));
    parts.extend(piece::surroundings(&a.metadata).map(|n| (n, Field::Body)));
    parts
}

impl Shared {
    /// Takes in everything that is queued. Returns once this call's view is complete and all segments can be searched.
    pub fn catch_up_text(&self) -> Result<()> {
        let _catching = self.text.catching.lock();
        self.prepare_texts();
        while self.text_step() {}
        let damaged = self.text.sealing.lock().damage.is_some();
        if (damaged || self.text.index.read().full_heads().next().is_some())
            && self.text.sealing.lock().is_idle()
            && let Some(shared) = self.me.upgrade()
        {
            shared.schedule_background(); // no write may come to have it looked at
        }
        Ok(())
    }

    /// Takes in everything, then forgets rows that are about to be used again.
    pub fn forget_text(&self, rows: &RowSet) -> Result<()> {
        let _catching = self.text.catching.lock();
        while self.text_step() {}
        if !mutant!("stale_posting") {
            self.text.index.write().forget(rows);
        }
        Ok(())
    }

    /// Compares segments with their checksums before they are searched for the first time; rows of damaged ones are queued.
    /// `catching` is held.
    fn prepare_texts(&self) {
        let unprepared = self.text.index.read().unprepared();
        for segment in unprepared {
            if let Err(e @ Error::Corrupt { .. }) = segment.prepare(&CancelToken::default()) {
                self.give_up_text(segment.number(), &e);
            }
        }
    }

    /// Takes in a few items; false when there was none. `catching` is held.
    fn text_step(&self) -> bool {
        let items = self.text.take();
        if items.is_empty() {
            return false;
        }
        let loaded: Vec<(TextItem, Option<Arc<Chunk>>)> = {
            let state = self.state.read();
            let load = |item: &TextItem| match item {
                TextItem::Add(row, sequence) => {
                    // a version that was overwritten before it was indexed is not worth reading
                    let r = state.row(*row).filter(|r| r.sequence == *sequence && state.live.contains(*row));
                    r.map(|r| self.load_aside(&state, r)).transpose()
                }
                TextItem::Dead(_) => Ok(None),
            };
            // a damaged record is not indexed: reading it says CORRUPT, and health says the index is degraded
            let load = |item: TextItem| (item, load(&item).inspect_err(|e| self.note_damage(e)).unwrap_or_default());
            items.into_iter().map(load).collect()
        };
        // tokenised before the lock: searches wait for table look-ups only
        let digested: Vec<(TextItem, Option<Digest>)> =
            loaded.into_iter().map(|(item, chunk)| (item, chunk.map(|c| Digest::of(&text_parts(&c, &c.text()))))).collect();
        let mut index = self.text.index.write();
        for (item, digest) in digested {
            match (item, digest) {
                (TextItem::Add(row, _), Some(digest)) => index.insert(row, &digest),
                (TextItem::Dead(row), _) => index.set_dead(row),
                (TextItem::Add(..), None) => {}
            }
        }
        if self.reader.is_none() {
            index.end_head(self.config.text_rows); // who only reads seals nothing
        }
        true
    }

    /// Has background work run soon, unless it is scheduled already.
    pub fn schedule_background(self: &Arc<Self>) {
        if self.text.scheduled.swap(true, Ordering::AcqRel) {
            return;
        }
        let shared = Arc::clone(self);
        self.executor.spawn_background(move || {
            shared.text.scheduled.store(false, Ordering::Release);
            shared.background_step();
        });
    }

    /// A little of what waits: loading after open, then indexing, then compaction.
    fn background_step(self: &Arc<Self>) {
        if self.stop.is_cancelled() {
            return;
        }
        // failures show in health and in the search that needs what is missing
        let more = self.load_step()
            || match self.text.catching.try_lock() {
                Some(_catching) => self.text_step(),
                None => false, // its holder takes in everything
            };
        if more {
            self.schedule_background();
        } else {
            let indexed = self.is_loaded(true) && self.text.behind() == 0;
            if indexed && self.opened_once.swap(false, Ordering::AcqRel) {
                // indexing may have read much of the log; what searches need again they map again
                self.state.read().segments.values().for_each(crate::log::Segment::release);
            }
            if self.reader.is_some() {
                return;
            }
            self.compact_if_worthwhile();
            self.graph_if_due();
        }
        if self.reader.is_none() {
            self.seal_if_due();
        }
    }
}
