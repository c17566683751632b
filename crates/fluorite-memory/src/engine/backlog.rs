//! Embedding behind the write: chunks stored with `embed: 'background'`, and chunks of an earlier run without a vector.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;

use super::prepare::PreparedVector;
use super::queue::{LateVector, Op, Settle};
use super::shared::Shared;
use crate::error::Result;

/// Texts on their way to an embedder that waits.
const WAITING: usize = 64;

#[derive(Default)]
struct Inner {
    queue: VecDeque<(u32, u64)>,
    running: usize,
    jobs: usize,
    waiters: Vec<Settle<()>>,
    failure: Option<String>,
}

/// A text on its way to the embedder. Should no answer come (it panicked, or forgot the text), its row stays without a vector,
/// `health` says so, and who waits is told all the same.
struct OnItsWay(Option<Arc<Shared>>);

impl OnItsWay {
    fn arrived(mut self) {
        self.0 = None;
    }
}

impl Drop for OnItsWay {
    fn drop(&mut self) {
        let Some(shared) = self.0.take() else { return };
        let what = "the embedder failed inside and gave no answer; the next open tries again";
        shared.backlog.0.lock().failure = Some(what.into());
        shared.embedded(1);
        shared.embed_next();
    }
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
        let Some(embedder) = self.embedder.as_ref().filter(|_| !rows.is_empty() && self.reader.is_none()) else { return };
        let at_once = if embedder.waits() { WAITING } else { self.executor.threads().max(1) };
        let mut inner = self.backlog.0.lock();
        inner.queue.extend(rows);
        let wanted = at_once.min(inner.queue.len());
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

    /// One text (up to 30 ms, so that waiting calls come first), then the next.
    fn embed_step(self: &Arc<Self>) {
        let next = {
            let mut inner = self.backlog.0.lock();
            let next = inner.queue.pop_front();
            inner.running += usize::from(next.is_some());
            next
        };
        let Some((row, sequence)) = next else { return self.embed_next() };
        let way = OnItsWay(Some(Arc::clone(self)));
        match self.text_of_row(row, sequence) {
            Ok(Some(text)) => {
                let shared = Arc::clone(self);
                self.embed_text_then(&text, move |vector| {
                    way.arrived();
                    shared.embedded_row(row, sequence, vector.map(Some));
                });
            }
            other => {
                way.arrived();
                self.embedded_row(row, sequence, other.map(|_| None));
            }
        }
    }

    /// What the row means, `None` when it was overwritten or deleted meanwhile.
    fn text_of_row(&self, row: u32, sequence: u64) -> Result<Option<String>> {
        let chunk = {
            let state = self.state.read();
            match state.row(row).filter(|r| r.sequence == sequence && state.live.contains(row)) {
                Some(r) => self.load_aside(&state, r)?,
                None => return Ok(None),
            }
        };
        Ok(Some(chunk.meaning().into_owned()))
    }

    /// Hands the vector to the committer and goes on. Quick: an embedder that waits calls it on its own thread.
    fn embedded_row(self: &Arc<Self>, row: u32, sequence: u64, vector: Result<Option<PreparedVector>>) {
        match vector {
            Ok(Some(vector)) => {
                let shared = Arc::clone(self);
                let settle: Settle<()> = Box::new(move |r: Result<()>| {
                    if let Err(e) = r {
                        shared.backlog.0.lock().failure = Some(e.to_string());
                    }
                    shared.embedded(1);
                });
                let items = vec![LateVector { row, sequence, vector }];
                self.submit(self.queue.place(), Op::Vectors { items, settle });
            }
            Ok(None) => self.embedded(1),
            Err(e) => {
                self.backlog.0.lock().failure = Some(e.to_string());
                self.embedded(1);
            }
        }
        self.embed_next();
    }

    fn embed_next(self: &Arc<Self>) {
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
