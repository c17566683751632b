//! Figures, health and care of a store.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::Engine;
use crate::cancel::CancelToken;
use crate::error::{Error, Result};
use crate::options::ProgressFn;
use crate::pending::{Pending, Settler, pending};
use crate::report::{EngineStats, OptimizeReport, SystemHealth, VerifyReport};

impl Engine {
    /// Figures.
    pub fn stats(&self) -> Pending<EngineStats> {
        self.on_pool(|shared| Ok(shared.stats()))
    }

    /// Makes visible what the writer had acknowledged before this call. True when anything had changed since the last look.
    /// An opening that writes sees its writes anyway: false.
    /// Errors: what stands against following the log; what was read before stays readable.
    /// Cost: some system calls when nothing has changed, else about what applying the new chunks costs; after a compaction, a
    /// new graph or new text segments that of an open.
    pub fn refresh(&self) -> Pending<bool> {
        if self.0.shared.reader.is_none() {
            return Pending::ready(self.enter().map(|_| false));
        }
        self.on_pool(|shared| shared.refresh())
    }

    /// `READ_ONLY` for an opening that only reads, `POISONED` after a failure: for what is about to write a lot.
    pub fn check_writable(&self) -> Result<()> {
        self.0.shared.check_poison()
    }

    /// What works.
    pub fn health(&self) -> Result<SystemHealth> {
        if self.0.closed.load(Ordering::Acquire) { Err(Error::Closed) } else { Ok(self.0.shared.health()) }
    }

    /// Reads every record and compares checksums.
    pub fn verify(&self, cancel: CancelToken, progress: Option<ProgressFn>) -> Pending<VerifyReport> {
        self.on_pool(move |shared| shared.verify(&cancel, progress.as_ref()))
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
