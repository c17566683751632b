//! Keeping the text index up with the log: items queue up with every write, and are taken in behind it, or by the next search.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::{Mutex, RwLock};

use super::shared::Shared;
use crate::chunk::Chunk;
use crate::error::Result;
use crate::index::{Field, RowSet, TextHead};

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
#[derive(Default)]
pub struct TextSide {
    pub head: RwLock<TextHead>,
    queue: Mutex<VecDeque<TextItem>>,
    /// Held while items are on their way from the queue into the index.
    catching: Mutex<()>,
    pub scheduled: AtomicBool,
}

impl TextSide {
    /// Queues items.
    pub fn push(&self, items: Vec<TextItem>) {
        if !items.is_empty() {
            self.queue.lock().extend(items);
        }
    }

    /// Items not taken in.
    pub fn behind(&self) -> usize {
        self.queue.lock().len()
    }

    fn take(&self) -> Vec<TextItem> {
        let mut queue = self.queue.lock();
        let n = queue.len().min(BATCH);
        queue.drain(..n).collect()
    }
}

/// The parts of a chunk the text index reads.
pub fn text_parts<'a>(chunk: &'a Chunk, text: &'a str) -> Vec<(&'a str, Field)> {
    let a = &chunk.attributes;
    let mut parts = vec![(text, Field::Body), (chunk.id.as_str(), Field::Name)];
    parts.extend(a.tags.iter().chain(&a.frameworks).map(|t| (t.as_str(), Field::Tags)));
    parts.extend(a.source.as_deref().map(|s| (s, Field::Path)));
    parts
}

impl Shared {
    /// Takes in everything that is queued. Returns once this call's view is complete.
    pub fn catch_up_text(&self) -> Result<()> {
        let _catching = self.text.catching.lock();
        while self.text_step()? {}
        Ok(())
    }

    /// Takes in everything, then forgets rows that are about to be used again.
    pub fn forget_text(&self, rows: &RowSet) -> Result<()> {
        let _catching = self.text.catching.lock();
        while self.text_step()? {}
        self.text.head.write().forget(rows);
        Ok(())
    }

    fn text_step(&self) -> Result<bool> {
        let items = self.text.take();
        if items.is_empty() {
            return Ok(false);
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
            items
                .iter()
                .map(|i| {
                    (
                        *i,
                        load(i).unwrap_or_else(|e| {
                            self.note_damage(&e);
                            None
                        }),
                    )
                })
                .collect()
        };
        let mut head = self.text.head.write();
        for (item, chunk) in loaded {
            match (item, chunk) {
                (TextItem::Add(row, _), Some(chunk)) => head.insert(row, &text_parts(&chunk, &chunk.text())),
                (TextItem::Dead(row), _) => head.set_dead(row),
                (TextItem::Add(..), None) => {}
            }
        }
        Ok(true)
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
                Some(_catching) => self.text_step().unwrap_or(false),
                None => false, // its holder takes in everything
            };
        if more {
            self.schedule_background();
        } else {
            let indexed = self.is_loaded(true) && self.text.behind() == 0;
            if indexed && self.opened_once.swap(false, Ordering::AcqRel) {
                // indexing has read the whole log once; what searches need again they map again
                self.state.read().segments.values().for_each(crate::log::Segment::release);
            }
            self.compact_if_worthwhile();
            self.graph_if_due();
        }
    }
}
