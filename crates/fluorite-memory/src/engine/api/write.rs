//! Storing and deleting.

use std::sync::Arc;

use super::Engine;
use crate::chunk::{ChunkInput, check_id};
use crate::engine::commit;
use crate::engine::prepare::check_namespace;
use crate::engine::queue::{Op, Target};
use crate::engine::shared::{Call, Shared};
use crate::engine::store::{Job, MOST_CHUNKS, run};
use crate::error::{Error, Result};
use crate::index::is_empty_filter;
use crate::options::{DeleteOptions, OnError, SearchFilter, WriteOptions};
use crate::pending::{Pending, pending};
use crate::report::BatchResult;

impl Engine {
    /// Stores chunks as one batch: seen and recovered all or none. The order of calls is the order of effects.
    /// Cost: one fsync shared with all calls in flight, compression about 15 us a chunk, embedding 2 to 28 ms a text.
    pub fn store(&self, chunks: Vec<ChunkInput>, mut options: WriteOptions) -> Pending<BatchResult> {
        if options.atomic == Some(true) {
            options.on_error = Some(OnError::Abort); // all or none
        }
        let call = match self.enter().and_then(|c| self.0.shared.check_poison().map(|()| c)) {
            Ok(call) => call,
            Err(e) => return Pending::ready(Err(e)),
        };
        if chunks.len() > MOST_CHUNKS {
            let found = chunks.len();
            return Pending::ready(Err(Error::argument(format!("a batch holds at most {MOST_CHUNKS} chunks, not {found}"))));
        }
        let (settler, done) = pending();
        let shared = Arc::clone(&self.0.shared);
        let job = Job { place: shared.queue.place(), chunks, pasts: Vec::new(), options, settler, call };
        self.0.shared.executor.spawn(move || run(&shared, job));
        done
    }

    /// Stores one chunk, or what becomes one (a learned pattern); its id. Cost: as `store`.
    pub fn store_chunk(&self, chunk: impl Into<ChunkInput>) -> Pending<String> {
        let (settler, done) = pending();
        self.store(vec![chunk.into()], WriteOptions::default()).on_settle(move |stored| {
            let id = stored.map(|s| s.ids.into_iter().next().flatten());
            settler.settle(id.and_then(|id| id.ok_or_else(|| Error::internal("a stored chunk came back without an id"))));
        });
        done
    }

    /// Resolves when everything stored before is durable (and embedded, when asked). An opening that only reads has nothing to
    /// flush, and embeds nothing: `READ_ONLY` with `embedded`.
    pub fn flush(&self, embedded: bool) -> Pending<()> {
        if self.0.shared.reader.is_some() {
            let open = self.enter().and_then(|_| if embedded { self.0.shared.check_writable() } else { Ok(()) });
            return Pending::ready(open);
        }
        let call = match self.enter() {
            Ok(call) => call,
            Err(e) => return Pending::ready(Err(e)),
        };
        let (settler, done) = pending();
        let shared = Arc::clone(&self.0.shared);
        let outer = Arc::clone(&shared);
        let flush = move |_: Result<()>| {
            let settle = Box::new(move |r| {
                settler.settle(r);
                drop(call);
            });
            shared.submit(shared.queue.place(), Op::Flush { settle });
        };
        if !embedded {
            flush(Ok(()));
            return done;
        }
        // writes called before must have queued their texts: an empty op behind them in the order says so
        let settled = Arc::clone(&outer);
        let behind = Box::new(move |_: &Shared, _: &mut commit::Writer| settled.when_embedded(Box::new(flush)));
        outer.submit(outer.queue.place(), Op::Exclusive(behind));
        done
    }

    fn enter_to_write(&self) -> Result<Call> {
        self.enter().and_then(|call| self.0.shared.check_writable().map(|()| call))
    }

    /// Deletes; true when there was something to delete. Older versions stay readable by `history` until their part of the
    /// log is compacted.
    pub fn delete(&self, namespace: &str, id: &str) -> Pending<bool> {
        self.delete_with(namespace, id, DeleteOptions::default())
    }

    /// As `delete`. With `purge` nothing of the chunk and its older versions can be read any more, and every byte of them
    /// leaves the store's files: with the next `optimize`, or behind the calls within about a minute; until then `stats` counts
    /// it in `purge_pending`. Also for what was deleted before, or has expired. Cost: a rewrite of the parts of the log and of
    /// the graphs and text segments it is in.
    pub fn delete_with(&self, namespace: &str, id: &str, options: DeleteOptions) -> Pending<bool> {
        let call = check_id(id).and_then(|()| check_namespace(namespace)).and_then(|()| self.enter_to_write());
        let call = match call {
            Ok(call) => call,
            Err(e) => return Pending::ready(Err(e)),
        };
        let shared = &self.0.shared;
        let place = shared.queue.place();
        let (settler, done) = pending();
        let target = Target { key: shared.key(namespace, id), namespace: namespace.to_owned(), id: id.to_owned() };
        let settle = Box::new(move |r: Result<Vec<bool>>| {
            settler.settle(r.map(|found| found.first().copied().unwrap_or(false)));
            drop(call);
        });
        shared.submit(place, Op::Delete { targets: vec![target], purge: options.purge, settle });
        done
    }

    /// Deletes what matches at its place in the order of writes; an empty filter needs `all`.
    pub fn delete_where(&self, filter: SearchFilter, all: bool) -> Pending<u64> {
        self.delete_where_with(filter, all, DeleteOptions::default())
    }

    /// As `delete_where`, with the options of `delete_with`; a purge finds live chunks only.
    pub fn delete_where_with(&self, filter: SearchFilter, all: bool, options: DeleteOptions) -> Pending<u64> {
        if is_empty_filter(&filter) && !all {
            return Pending::ready(Err(Error::argument(
                "an empty filter would delete everything: give a condition, or { all: true }",
            )));
        }
        let call = match self.enter_to_write() {
            Ok(call) => call,
            Err(e) => return Pending::ready(Err(e)),
        };
        let shared = &self.0.shared;
        let place = shared.queue.place();
        let (settler, done) = pending();
        let settle = Box::new(move |r| {
            settler.settle(r);
            drop(call);
        });
        let work = Arc::clone(shared);
        shared.executor.spawn(move || {
            let _ = work.ensure_loaded(); // before the committer has to; a failure is met again there
            work.submit(place, Op::DeleteWhere { filter: Box::new(filter), purge: options.purge, settle });
        });
        done
    }
}
