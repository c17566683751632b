//! Figures, health and care of a store.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::Engine;
use crate::cancel::CancelToken;
use crate::crypt::EncryptionKey;
use crate::error::{Error, Result};
use crate::options::{ProgressFn, SnapshotOptions};
use crate::pending::{Pending, Settler, pending};
use crate::report::{EngineStats, OptimizeReport, SnapshotReport, SystemHealth, VerifyReport};

impl Engine {
    /// Figures.
    pub fn stats(&self) -> Pending<EngineStats> {
        self.on_pool(|shared| Ok(shared.stats()))
    }

    /// Makes visible what the writer had acknowledged before this call. True when anything had changed since the last look.
    /// An opening that writes sees its writes anyway: false. Calls that come while a look is under way share the next one.
    /// Errors: what stands against following the log; what was read before stays readable.
    /// Cost: some system calls when nothing has changed, else about what applying the new chunks costs; after a compaction, a
    /// new graph or new text segments that of an open.
    pub fn refresh(&self) -> Pending<bool> {
        if self.0.shared.reader.is_none() {
            return Pending::ready(self.enter().map(|_| false));
        }
        let call = match self.enter() {
            Ok(call) => call,
            Err(e) => return Pending::ready(Err(e)),
        };
        let (settler, done) = pending();
        self.0.shared.ask_refresh(Box::new(move |result| {
            settler.settle(result);
            drop(call);
        }));
        done
    }

    /// `READ_ONLY` for an opening that only reads, `POISONED` after a failure: for what is about to write a lot.
    pub fn check_writable(&self) -> Result<()> {
        self.0.shared.check_poison()
    }

    /// What works.
    pub fn health(&self) -> Result<SystemHealth> {
        if self.0.closed.load(Ordering::Acquire) { Err(Error::Closed) } else { Ok(self.0.shared.health()) }
    }

    /// Reads every record and compares checksums; changes nothing. Damage is reported, never an error.
    /// Cost: the log is read once, a segment in memory at a time.
    pub fn verify(&self, cancel: CancelToken, progress: Option<ProgressFn>) -> Pending<VerifyReport> {
        self.on_pool(move |shared| shared.verify(false, &cancel, progress.as_ref()))
    }

    /// As [`verify`](Self::verify), and decompresses and decodes every version, compares its id with the id table, and every
    /// derived file (id table, filters, graphs, text segments, feedback) with what the log says. Compaction waits meanwhile.
    /// Cost: that of reading, decompressing and tokenising everything once on one thread; some 100
    /// bytes of memory a chunk.
    pub fn verify_deep(&self, cancel: CancelToken, progress: Option<ProgressFn>) -> Pending<VerifyReport> {
        let call = match self.enter() {
            Ok(call) => call,
            Err(e) => return Pending::ready(Err(e)),
        };
        let (settler, done) = pending();
        let shared = Arc::clone(&self.0.shared);
        let quiet = move |running| {
            let work = Arc::clone(&shared);
            work.executor.spawn(move || {
                let result = shared.verify(true, &cancel, progress.as_ref());
                drop(running);
                settler.settle(result);
                drop(call);
            });
        };
        self.0.shared.without_compaction(Box::new(quiet));
        done
    }

    /// Copies the store into the folder `to`, which must not exist or be empty, while reading and writing go on: a store of its own
    /// that opens as any other (with the derived files) and has exactly what was acknowledged at one moment between this call and
    /// its end. It appears when it is complete, or not at all; after a crash a hidden `.NAME.PID-N.part` beside it may stay.
    /// Copied files are compared with their checksums. Cost: reading and writing every byte once; writers wait for one fsync and
    /// for the opening of the files, about 20 µs each.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` (the folder is not empty, or lies in the store), `CORRUPT` (a file of the store is damaged: see
    /// [`salvage`](crate::salvage)), `NO_SPACE`, `POISONED`, `IO`, `ABORTED`.
    pub fn snapshot(
        &self,
        to: PathBuf,
        options: SnapshotOptions,
        cancel: CancelToken,
        progress: Option<ProgressFn>,
    ) -> Pending<SnapshotReport> {
        let call = match self.enter().and_then(|c| self.0.shared.check_poison().map(|()| c)) {
            Ok(call) => call,
            Err(e) => return Pending::ready(Err(e)),
        };
        let (settler, done) = pending();
        let settle = Box::new(move |r| {
            settler.settle(r);
            drop(call);
        });
        self.0.shared.checkpoint(to, options, cancel, progress, settle);
        done
    }

    /// Gives an encrypted store another key, and writes everything it holds anew with a new data key. From its first step on
    /// (one replacement of the manifest, atomic) the new key opens the store and the old one does not; the rest is a compaction
    /// of the whole log, and the re-sealing of the derived files, for which writes wait at its end. Interrupted, or failed behind
    /// the first step (`stats().key_rotation_pending`), it is gone on with by the next `optimize`, rotation or open.
    /// Cost: reading and writing the whole store once.
    ///
    /// # Errors
    /// `NOT_ENCRYPTED` (a plain store), `BUSY` (a snapshot is being made), `READ_ONLY`, `CORRUPT` (something the old data key
    /// sealed is damaged: it, and the older key, stay), `NO_SPACE`, `POISONED`, `IO` (before the new key is durable either key
    /// may be the one that opens), `ABORTED`.
    pub fn rotate_key(&self, key: EncryptionKey, cancel: CancelToken, progress: Option<ProgressFn>) -> Pending<OptimizeReport> {
        let call = match self.enter().and_then(|c| self.0.shared.check_poison().map(|()| c)) {
            Ok(call) => call,
            Err(e) => return Pending::ready(Err(e)),
        };
        let (settler, done) = pending();
        let settle = Box::new(move |r| {
            settler.settle(r);
            drop(call);
        });
        self.0.shared.rotate_key(key, cancel, progress, settle);
        done
    }

    /// Rewrites what has dead parts, at a higher compression level and with the trained dictionary; then puts all vectors
    /// (8,192 or more) into one graph. Cost: about 1 ms of processor time a vector that is in no graph yet.
    pub fn optimize(&self, cancel: CancelToken, progress: Option<ProgressFn>) -> Pending<OptimizeReport> {
        let call = match self.enter().and_then(|c| self.0.shared.check_poison().map(|()| c)) {
            Ok(call) => call,
            Err(e) => return Pending::ready(Err(e)),
        };
        let (settler, done): (Settler<OptimizeReport>, _) = pending();
        let shared = Arc::clone(&self.0.shared);
        let (graph_cancel, graph_progress) = (cancel.clone(), progress.clone());
        let compacted = move |report: Result<OptimizeReport>| match report {
            Err(e) => {
                settler.settle(Err(e));
                drop(call);
            }
            Ok(report) => {
                let removing = Arc::clone(&shared);
                let joined = move |r: Result<u64>| {
                    // graphs and segments that were made anew leave their old files behind the compaction
                    let r = r.and_then(|n| removing.settle_removals().map(|()| n));
                    settler.settle(r.map(|vectors_indexed| OptimizeReport { vectors_indexed, ..report }));
                    drop(call);
                };
                let graphs = Arc::clone(&shared);
                let (text_cancel, text_progress) = (graph_cancel.clone(), graph_progress.clone());
                let sealed = move |r: Result<()>| match r {
                    Ok(()) => graphs.graph_all(graph_cancel, graph_progress, Box::new(joined)),
                    Err(e) => joined(Err(e)),
                };
                shared.seal_all(text_cancel, text_progress, Box::new(sealed));
            }
        };
        self.0.shared.compact(true, cancel, progress, Box::new(compacted));
        done
    }
}
