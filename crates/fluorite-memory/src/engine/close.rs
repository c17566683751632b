//! Closing a store: calls in flight end, what is in memory alone is written, threads are joined, the lock is released.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::commit::{Writer, drain};
use super::queue::Op;
use super::shared::Shared;
use super::snapshot;
use crate::error::Result;
use crate::pending::pending;

/// A live segment of this size is sealed, so that the next open finds it in the id table instead of reading it.
const SEAL_AT_CLOSE: u64 = 4 << 20;

/// Blocks until closed. Never call it on a pool thread. The first error of the last writes is returned; the store is closed all the same.
pub fn close(shared: &Arc<Shared>) -> Result<()> {
    shared.stop.cancel();
    shared.graphing.lock().stop_behind();
    shared.text.sealing.lock().stop_behind();
    {
        let mut calls = shared.calls.lock();
        shared.closing.store(true, Ordering::Release);
        if !shared.executor.is_inline() {
            while *calls > 0 {
                shared.calls_done.wait(&mut calls);
            }
        }
    }
    if let Some(reader) = &shared.reader {
        reader.stop();
        let follower = shared.committer.lock().take();
        if let Some(thread) = follower {
            let _ = thread.join();
        }
        shared.executor.join();
        return Ok(());
    }
    let (flushed, flush) = pending();
    shared.submit(shared.queue.place(), Op::Flush { settle: Box::new(move |r| flushed.settle(r)) });
    let (saved, save) = pending();
    let place = shared.queue.place();
    shared.submit(place, Op::Exclusive(Box::new(move |shared, w| saved.settle(save_all(shared, w)))));
    if shared.executor.is_inline() {
        drain(shared);
    }
    let result = flush.wait().and(save.wait());
    shared.queue.stop();
    let committer = shared.committer.lock().take();
    if let Some(thread) = committer {
        let _ = thread.join();
    }
    shared.executor.join();
    shared.writer.lock().take();
    shared.lock.lock().take();
    result
}

/// The log, how much of it there is (so that later damage to its end is known to be damage), then the id table.
fn save_all(shared: &Shared, w: &mut Writer) -> Result<()> {
    shared.check_poison()?;
    w.live.sync()?;
    if w.live.end() >= SEAL_AT_CLOSE.min(shared.config.segment_bytes) {
        match w.seal(shared) {
            Err(crate::error::Error::NoSpace { .. }) => {} // the next open reads it as the live one
            other => other?,
        }
    }
    w.mark_closed(shared)?;
    snapshot::save(shared, w)?;
    shared.save_filters(w);
    Ok(())
}
