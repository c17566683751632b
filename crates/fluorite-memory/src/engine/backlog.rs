//! Embedding behind the write: chunks stored with `embed: 'background'`, and chunks of an earlier run without a vector.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;

use super::prepare::PreparedVector;
use super::queue::{LateVector, Op, Settle};
use super::shared::Shared;
use crate::error::Result;

/// Texts embedded per job: one (up to 30 ms), so that waiting calls come first.
const PER_JOB: usize = 1;

#[derive(Default)]
struct Inner {
    queue: VecDeque<(u32, u64)>,
    running: usize,
    jobs: usize,
    waiters: Vec<Settle<()>>,
    failure: Option<String>,
}

/// Rows that wait for their vector.
#[derive(Default)]
pub struct Backlog(Mutex<Inner>);

impl Backlog {
    /// The last failure, for `health`.
    pub fn failure(&self) -> Option<String> {
        self.0.lock().failure.clone()
    }
}

impl Shared {
    /// Queues rows (with the sequence number of their version).
    pub fn embed_later(self: &Arc<Self>, rows: Vec<(u32, u64)>) {
        if rows.is_empty() || self.embedder.is_none() {
            return;
        }
        let mut inner = self.backlog.0.lock();
        inner.queue.extend(rows);
        let wanted = self.executor.threads().max(1).min(inner.queue.len());
        let more = wanted.saturating_sub(inner.jobs);
        inner.jobs += more;
        drop(inner);
        for _ in 0..more {
            self.spawn_embedding();
        }
    }

    fn spawn_embedding(self: &Arc<Self>) {
        let shared = Arc::clone(self);
        self.executor.spawn_background(move || shared.embed_step());
    }

    fn embed_step(self: &Arc<Self>) {
        let rows: Vec<(u32, u64)> = {
            let mut inner = self.backlog.0.lock();
            let n = inner.queue.len().min(PER_JOB);
            inner.running += n;
            inner.queue.drain(..n).collect()
        };
        let count = rows.len();
        let mut items = Vec::with_capacity(count);
        for (row, sequence) in rows {
            match self.embed_row(row, sequence) {
                Ok(Some(vector)) => items.push(LateVector { row, sequence, vector }),
                Ok(None) => {}
                Err(e) => self.backlog.0.lock().failure = Some(e.to_string()),
            }
        }
        if items.is_empty() {
            self.embedded(count);
        } else {
            let shared = Arc::clone(self);
            let settle: Settle<()> = Box::new(move |r: Result<()>| {
                if let Err(e) = r {
                    shared.backlog.0.lock().failure = Some(e.to_string());
                }
                shared.embedded(count);
            });
            self.submit(self.queue.place(), Op::Vectors { items, settle });
        }
        let again = {
            let mut inner = self.backlog.0.lock();
            let again = !inner.queue.is_empty();
            inner.jobs -= usize::from(!again);
            again
        };
        if again {
            self.spawn_embedding();
        }
    }

    fn embed_row(&self, row: u32, sequence: u64) -> Result<Option<PreparedVector>> {
        let chunk = {
            let state = self.state.read();
            match state.row(row).filter(|r| r.sequence == sequence && state.live.contains(row)) {
                Some(r) => self.load_aside(&state, r)?,
                None => return Ok(None), // overwritten or deleted meanwhile
            }
        };
        self.embed_text(&chunk.meaning()).map(Some)
    }

    fn embedded(&self, count: usize) {
        let waiters = {
            let mut inner = self.backlog.0.lock();
            inner.running -= count;
            if inner.running == 0 && inner.queue.is_empty() { std::mem::take(&mut inner.waiters) } else { Vec::new() }
        };
        for settle in waiters {
            settle(Ok(()));
        }
    }

    /// Calls back when nothing waits for its vector any more.
    pub fn when_embedded(&self, settle: Settle<()>) {
        let mut inner = self.backlog.0.lock();
        if inner.running == 0 && inner.queue.is_empty() {
            drop(inner);
            settle(Ok(()));
        } else {
            inner.waiters.push(settle);
        }
    }
}
