//! The calls of an open store.

mod embed;
mod jsonl;
mod learn;
mod metrics;
mod operate;
mod read;
mod search;
mod write;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::close::close;
use super::commit;
use super::events::{Event, EventKind, EventOptions, Subscription};
use super::open::{Platform, load_embedder, open};
use super::queue::Op;
use super::shared::{Call, OpenCalls, Shared};
use super::{EngineConfig, reader, registry};
use crate::chunk::check_id;
use crate::clock::SystemClock;
use crate::error::{Error, Result};
use crate::executor::Executor;
use crate::metrics::Stage;
use crate::mutants::mutant;
use crate::pending::{Pending, pending};
use crate::vfs::RealVfs;

pub(super) use search::{INLINE_COMPARED, asked_by, observed, one_search};

/// Most cores used when `num_threads` is absent.
const MOST_THREADS: usize = 8;

/// One opening of a store; the store closes with its last opening.
struct Opening {
    shared: Arc<Shared>,
    closed: AtomicBool,
    /// Opened through the registry (not on a simulated platform).
    registered: bool,
    /// Calls of this opening in flight.
    calls: Arc<OpenCalls>,
}

impl Drop for Opening {
    fn drop(&mut self) {
        if !self.closed.load(Ordering::Acquire) {
            drop(self.end()); // nobody is left to tell
        }
    }
}

impl Opening {
    /// Ends this opening; the last one starts closing the store on a thread of its own.
    fn end(&self) -> Pending<()> {
        if self.closed.swap(true, Ordering::AcqRel) {
            return Pending::ready(Ok(()));
        }
        let shared = Arc::clone(&self.shared);
        if shared.executor.is_inline() {
            return Pending::ready(close(&shared));
        }
        let (settler, done) = pending();
        let (registered, calls) = (self.registered, Arc::clone(&self.calls));
        let close_it = move || {
            calls.wait();
            if registered && !registry::leave(&shared.config) {
                return settler.settle(flush_now(&shared)); // others go on; what this opening stored is durable
            }
            let result = close(&shared);
            if registered {
                registry::left(&shared.config);
            }
            drop(shared); // what it held in memory is free when the caller is told
            settler.settle(result);
        };
        // never on a pool thread: closing joins the pool
        match std::thread::Builder::new().name("fluorite-close".into()).spawn(close_it) {
            Ok(_) => done,
            Err(e) => Pending::ready(Err(Error::internal(format!("cannot start a thread: {e}")))),
        }
    }
}

/// The thread that writes the log.
fn start_committer(shared: &Arc<Shared>) -> Result<()> {
    let committer = Arc::clone(shared);
    let work = move || {
        let run = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| commit::run(&committer)));
        if run.is_err() {
            // half alive is worse than closed for writing: everyone is told
            committer.poison(&Error::Poisoned { cause: "the committer thread failed".into() });
            committer.queue.stop();
            drop(committer.queue.take(usize::MAX)); // nobody runs them any more: their callers are told
        }
    };
    let thread = std::thread::Builder::new().name("fluorite-commit".into()).spawn(work);
    *shared.committer.lock() = Some(thread.map_err(|e| Error::internal(format!("cannot start threads: {e}")))?);
    Ok(())
}

fn flush_now(shared: &Arc<Shared>) -> Result<()> {
    if shared.reader.is_some() {
        return Ok(());
    }
    let (settler, done) = pending();
    shared.submit(shared.queue.place(), Op::Flush { settle: Box::new(move |r| settler.settle(r)) });
    done.wait()
}

/// An open store. Clones are the same opening; it ends with `shutdown`, or when the last clone goes.
/// Opening the same folder again in this process shares the store; it closes with its last opening.
#[derive(Clone)]
pub struct Engine(Arc<Opening>);

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Engine").field(&self.0.shared.config.path).finish()
    }
}

impl Engine {
    /// Opens or creates the store; with `read_only`, opens one that is there. Blocks (lock, recovery, model: 5 to 200 ms); call
    /// it off the event loop.
    pub fn open(mut config: EngineConfig) -> Result<Self> {
        config.path = registry::canonical(&config.path)?;
        let shared = registry::join(&config, || {
            let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
            let threads = config.num_threads.unwrap_or(cores.min(MOST_THREADS)).max(1);
            let executor = Executor::pool(threads).map_err(|e| Error::internal(format!("cannot start threads: {e}")))?;
            let ml = config.clone();
            let platform = Platform {
                vfs: Arc::new(RealVfs),
                clock: Arc::new(SystemClock::default()),
                executor,
                embedder: Box::new(move || match &ml.embedder {
                    _ if !ml.enable_ml => Ok(None),
                    Some(own) => Ok(Some(own.embedder())),
                    None => load_embedder(&ml, threads).map(Some),
                }),
                new_store: (uuid::Uuid::new_v4().as_u128(), uuid::Uuid::new_v4().as_u64_pair().0),
            };
            if config.read_only {
                return reader::start(reader::open(config.clone(), platform)?);
            }
            let shared = open(config.clone(), platform)?;
            start_committer(&shared)?;
            Ok(shared)
        })?;
        Ok(Self(Arc::new(Opening { shared, closed: AtomicBool::new(false), registered: true, calls: Arc::default() })))
    }

    /// The folder of the store.
    #[must_use]
    pub fn path(&self) -> &std::path::Path {
        &self.0.shared.config.path
    }

    /// Opens a store on another platform, with nothing running by itself when its executor is the inline stepper.
    #[doc(hidden)]
    pub fn open_on(config: EngineConfig, platform: Platform) -> Result<Self> {
        if config.read_only {
            let shared = reader::open(config, platform)?;
            return Ok(Self(Arc::new(Opening {
                shared,
                closed: AtomicBool::new(false),
                registered: false,
                calls: Arc::default(),
            })));
        }
        let shared = open(config, platform)?;
        if !shared.executor.is_inline() {
            start_committer(&shared)?;
        }
        Ok(Self(Arc::new(Opening { shared, closed: AtomicBool::new(false), registered: false, calls: Arc::default() })))
    }

    /// Runs one piece of background work (inline stepper); false when there is none.
    #[doc(hidden)]
    #[must_use]
    pub fn step(&self) -> bool {
        self.0.shared.executor.step()
    }

    /// Events of the store from now on, whoever causes them: this opening or another of this process. `wake` is called from
    /// any thread when there is something to `take`; it must be quick, a writer waits for it. What is called after this
    /// returned is told for certain.
    /// Cost: a write builds an event for each chunk while someone listens to its kind, else an atomic load.
    pub fn subscribe(&self, options: EventOptions, wake: impl Fn() + Send + Sync + 'static) -> Result<Subscription> {
        // no call: listening must be possible while too many wait
        if self.0.closed.load(Ordering::Acquire) {
            return Err(Error::Closed);
        }
        options.namespace.as_deref().map_or(Ok(()), check_id)?;
        self.0.shared.events.subscribe(options, wake)
    }

    /// Does anyone listen to this kind?
    #[must_use]
    pub fn has_listeners(&self, kind: EventKind) -> bool {
        self.0.shared.events.wants(kind)
    }

    /// Tells the listeners of something that happened above the engine.
    pub fn publish(&self, event: Event) {
        if self.has_listeners(event.kind()) {
            self.0.shared.events.publish(vec![event]);
        }
    }

    fn enter(&self) -> Result<Call> {
        if mutant!("a_call_leaks") {
            std::hint::black_box(Box::leak(Box::new([0u8; 100])));
        }
        if self.0.closed.load(Ordering::Acquire) {
            return Err(Error::Closed);
        }
        self.0.shared.enter(&self.0.calls)
    }

    /// Runs `work` on the pool and settles with what it returns.
    fn on_pool<T: Send + 'static>(&self, work: impl FnOnce(&Arc<Shared>) -> Result<T> + Send + 'static) -> Pending<T> {
        let call = match self.enter() {
            Ok(call) => call,
            Err(e) => return Pending::ready(Err(e)),
        };
        let (settler, done) = pending();
        let shared = Arc::clone(&self.0.shared);
        let called = Instant::now();
        self.0.shared.executor.spawn(move || {
            shared.metrics.record(Stage::Wait, called.elapsed());
            let result = work(&shared);
            settler.settle(result);
            drop(call);
        });
        done
    }

    /// Ends this opening: waits for calls in flight, saves, releases the lock. Idempotent.
    pub fn shutdown(&self) -> Pending<()> {
        self.0.end()
    }
}
