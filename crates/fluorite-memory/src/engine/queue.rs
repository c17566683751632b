//! The order of writes: a place taken when the call is made, filled when its work is prepared.
//!
//! Preparation (checking, embedding, compressing) runs in parallel; effects happen in the order of the calls.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use super::commit::Writer;
use super::prepare::{PreparedChunk, PreparedVector};
use super::shared::Shared;
use crate::error::Result;
use crate::options::{Durability, SearchFilter};

/// Called with the outcome once the effect is visible (and durable, as asked).
pub type Settle<T> = Box<dyn FnOnce(Result<T>) + Send>;

/// Work that wants the writer for itself.
pub type Exclusive = Box<dyn FnOnce(&Shared, &mut Writer) + Send>;

/// A key with the names a tombstone records.
#[derive(Debug, Clone)]
pub struct Target {
    pub key: u128,
    pub namespace: String,
    pub id: String,
}

/// A vector that was computed behind its chunk.
#[derive(Debug)]
pub struct LateVector {
    pub row: u32,
    pub sequence: u64,
    pub vector: PreparedVector,
}

/// Work for the committer.
pub enum Op {
    /// The place is given up.
    Skip,
    Put {
        chunks: Vec<PreparedChunk>,
        durability: Durability,
        settle: Settle<()>,
    },
    Delete {
        targets: Vec<Target>,
        /// Every byte of them goes, and what is left of earlier ones of that name.
        purge: bool,
        settle: Settle<Vec<bool>>,
    },
    DeleteWhere {
        filter: Box<SearchFilter>,
        purge: bool,
        settle: Settle<u64>,
    },
    Vectors {
        items: Vec<LateVector>,
        settle: Settle<()>,
    },
    /// Everything before is durable, counters included.
    Flush {
        settle: Settle<()>,
    },
    /// Alone with the writer: sealing, compaction, dictionaries, closing.
    Exclusive(Exclusive),
}

#[derive(Default)]
struct Inner {
    next_place: u64,
    next_run: u64,
    ready: BTreeMap<u64, Op>,
    stopped: bool,
}

/// Places in order.
#[derive(Default)]
pub struct CommitQueue {
    inner: Mutex<Inner>,
    filled: Condvar,
}

/// A place in the order of writes. Dropped unfilled, it is skipped.
pub struct Place {
    queue: Arc<CommitQueue>,
    number: Option<u64>,
}

impl CommitQueue {
    /// Takes the next place.
    pub fn place(self: &Arc<Self>) -> Place {
        let mut inner = self.inner.lock();
        let number = inner.next_place;
        inner.next_place += 1;
        Place { queue: Arc::clone(self), number: Some(number) }
    }

    fn fill(&self, number: u64, op: Op) {
        let mut inner = self.inner.lock();
        if inner.stopped {
            drop(inner);
            drop(op); // its settler reports
            return;
        }
        inner.ready.insert(number, op);
        if number == inner.next_run {
            drop(inner);
            self.filled.notify_one();
        }
    }

    /// The ops that may run now, in order; at most `most`.
    pub fn take(&self, most: usize) -> Vec<Op> {
        let mut inner = self.inner.lock();
        Self::take_ready(&mut inner, most)
    }

    fn take_ready(inner: &mut Inner, most: usize) -> Vec<Op> {
        let mut ops = Vec::new();
        while ops.len() < most
            && let Some(op) = inner.ready.remove(&inner.next_run)
        {
            inner.next_run += 1;
            ops.push(op);
        }
        ops
    }

    /// Waits for ops; `None` when stopped, empty after `timeout`.
    pub fn wait(&self, most: usize, timeout: Option<Duration>) -> Option<Vec<Op>> {
        let mut inner = self.inner.lock();
        loop {
            let ops = Self::take_ready(&mut inner, most);
            if !ops.is_empty() {
                return Some(ops);
            }
            if inner.stopped {
                return None;
            }
            match timeout {
                None => self.filled.wait(&mut inner),
                Some(t) => {
                    if self.filled.wait_for(&mut inner, t).timed_out() {
                        return Some(Self::take_ready(&mut inner, most));
                    }
                }
            }
        }
    }

    /// Ends the committer once it has run what is ready.
    pub fn stop(&self) {
        let left = {
            let mut inner = self.inner.lock();
            inner.stopped = true;
            let next = inner.next_run;
            // what waits behind an unfilled place will never run
            let contiguous = (next..).take_while(|n| inner.ready.contains_key(n)).count() as u64;
            inner.ready.split_off(&(next + contiguous))
        };
        self.filled.notify_all();
        drop(left);
    }
}

impl Place {
    /// Hands the prepared work over.
    pub fn fill(mut self, op: Op) {
        if let Some(n) = self.number.take() {
            self.queue.fill(n, op);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(n) = self.number.take() {
            self.queue.fill(n, Op::Skip);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ops_run_in_the_order_of_their_places() {
        let q = Arc::new(CommitQueue::default());
        let (a, b, c) = (q.place(), q.place(), q.place());
        let flush = || Op::Flush { settle: Box::new(|_| {}) };
        c.fill(flush());
        assert!(q.take(9).is_empty(), "an earlier place is still open");
        drop(a);
        b.fill(flush());
        assert_eq!(q.take(9).len(), 3);
    }
}
