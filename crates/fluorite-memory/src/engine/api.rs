//! The calls of an open store.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use parking_lot::Mutex;

use super::budget::within_budget;
use super::close::close;
use super::commit;
use super::context::build_context;
use super::events::{Event, EventKind, EventOptions, Subscription};
use super::open::{Platform, load_embedder, open};
use super::prepare::{check_namespace, check_vector};
use super::queue::{Op, Target};
use super::search::Prepared;
use super::shared::{Call, OpenCalls, Shared};
use super::similar::{Documents, check_top, rank};
use super::store::{Job, MOST_CHUNKS, run};
use super::tokens::TokenCounter;
use super::{EngineConfig, Query, registry};
use crate::cancel::CancelToken;
use crate::chunk::{Chunk, ChunkInput, check_id};
use crate::clock::SystemClock;
use crate::error::{Error, Result};
use crate::executor::Executor;
use crate::feedback::{Feedback, FeedbackEvent, FeedbackStats, MAX_FEEDBACK, TrainOptions, TrainingExample, TrainingResult};
use crate::index::{LayeredIndex, is_empty_filter};
use crate::options::{ContextOptions, ListOptions, OnError, ProgressFn, SearchFilter, SearchMode, SearchOptions, WriteOptions};
use crate::pending::{Pending, Settler, pending};
use crate::report::{
    BatchResult, Context, EngineStats, OptimizeReport, Page, PageCursor, RankedDocument, Record, SearchHit, SystemHealth,
    VerifyReport,
};
use crate::vfs::RealVfs;

/// Vector searches that compare at most this many codes run at once on the calling thread (about 20 ns each).
pub(super) const INLINE_COMPARED: usize = 5_000;
/// ... with a filter, over at most this many rows: what the filter costs is not known before it is evaluated.
const INLINE_FILTERED: usize = 5_000;
/// ... when they load at most this many chunks.
const INLINE_HITS: usize = 50;
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
            if registered && !registry::leave(&shared.config.path) {
                return settler.settle(flush_now(&shared)); // others go on; what this opening stored is durable
            }
            let result = close(&shared);
            if registered {
                registry::left(&shared.config.path);
            }
            settler.settle(result);
        };
        // never on a pool thread: closing joins the pool
        match std::thread::Builder::new().name("fluorite-close".into()).spawn(close_it) {
            Ok(_) => done,
            Err(e) => Pending::ready(Err(Error::internal(format!("cannot start a thread: {e}")))),
        }
    }
}

fn flush_now(shared: &Arc<Shared>) -> Result<()> {
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
    /// Opens or creates the store. Blocks (lock, recovery, model: 5 to 200 ms); call it off the event loop.
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
                embedder: Box::new(move || if ml.enable_ml { load_embedder(&ml, threads).map(Some) } else { Ok(None) }),
                new_store: (uuid::Uuid::new_v4().as_u128(), uuid::Uuid::new_v4().as_u64_pair().0),
            };
            let shared = open(config.clone(), platform)?;
            let committer = Arc::clone(&shared);
            let thread = std::thread::Builder::new().name("fluorite-commit".into()).spawn(move || {
                let run = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| commit::run(&committer)));
                if run.is_err() {
                    // half alive is worse than closed for writing: everyone is told
                    committer.poison(&Error::Poisoned { cause: "the committer thread failed".into() });
                    committer.queue.stop();
                    drop(committer.queue.take(usize::MAX)); // nobody runs them any more: their callers are told
                }
            });
            match thread {
                Ok(handle) => *shared.committer.lock() = Some(handle),
                Err(e) => return Err(Error::internal(format!("cannot start threads: {e}"))),
            }
            Ok(shared)
        })?;
        Ok(Self(Arc::new(Opening { shared, closed: AtomicBool::new(false), registered: true, calls: Arc::default() })))
    }

    /// Opens a store on another platform, with nothing running by itself when its executor is the inline stepper.
    #[doc(hidden)]
    pub fn open_on(config: EngineConfig, platform: Platform) -> Result<Self> {
        let shared = open(config, platform)?;
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
        self.0.shared.executor.spawn(move || {
            let result = work(&shared);
            settler.settle(result);
            drop(call);
        });
        done
    }

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
        let job = Job { place: shared.queue.place(), chunks, options, settler, call };
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

    /// Resolves when everything stored before is durable (and embedded, when asked).
    pub fn flush(&self, embedded: bool) -> Pending<()> {
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

    /// The chunk when it can be told without waiting: `None` = ask `get_many`; `Some(None)` = there is none.
    pub fn get_cached(&self, namespace: &str, id: &str) -> Result<Option<Option<Record>>> {
        check_id(id)?;
        check_namespace(namespace)?;
        let shared = &self.0.shared;
        if self.0.closed.load(Ordering::Acquire) {
            return Err(Error::Closed);
        }
        if shared.clock.monotonic_ms() >= shared.next_deadline.load(Ordering::Acquire) {
            return Ok(None);
        }
        let Some(state) = shared.state.try_read() else { return Ok(None) };
        let Some((row, r)) = state.find(shared.key(namespace, id)) else { return Ok(Some(None)) };
        let Some(chunk) = shared.cache.try_get(r.sequence) else { return Ok(None) };
        shared.touch(row, r);
        Ok(Some(Some(shared.record(r, chunk))))
    }

    /// Chunks by id, all of one moment.
    pub fn get_many(&self, namespace: &str, ids: Vec<String>) -> Pending<Vec<Option<Record>>> {
        let shared = &self.0.shared;
        let keys = check_namespace(namespace)
            .and_then(|()| ids.iter().map(|id| check_id(id).map(|()| shared.key(namespace, id))).collect::<Result<Vec<u128>>>());
        match keys {
            Ok(keys) => self.on_pool(move |shared| {
                let records = shared.read_keys(&keys)?;
                bounded(records.iter().flatten().map(|r| r.chunk.content.len()).sum())?;
                Ok(records)
            }),
            Err(e) => Pending::ready(Err(e)),
        }
    }

    /// Deletes; true when there was something to delete.
    pub fn delete(&self, namespace: &str, id: &str) -> Pending<bool> {
        let call = check_id(id).and_then(|()| check_namespace(namespace)).and_then(|()| self.enter());
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
        shared.submit(place, Op::Delete { targets: vec![target], settle });
        done
    }

    /// Deletes what matches at its place in the order of writes; an empty filter needs `all`.
    pub fn delete_where(&self, filter: SearchFilter, all: bool) -> Pending<u64> {
        if is_empty_filter(&filter) && !all {
            return Pending::ready(Err(Error::argument(
                "an empty filter would delete everything: give a condition, or { all: true }",
            )));
        }
        let call = match self.enter() {
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
            work.submit(place, Op::DeleteWhere { filter: Box::new(filter), settle });
        });
        done
    }

    /// One page of a listing.
    pub fn list(&self, options: ListOptions, cursor: Option<PageCursor>) -> Pending<Page> {
        self.on_pool(move |shared| shared.page(&options, cursor, &CancelToken::default()))
    }

    /// All kept versions of a chunk, oldest first.
    pub fn history(&self, namespace: &str, id: &str) -> Pending<Vec<Arc<Chunk>>> {
        if let Err(e) = check_id(id).and_then(|()| check_namespace(namespace)) {
            return Pending::ready(Err(e));
        }
        let key = self.0.shared.key(namespace, id);
        self.on_pool(move |shared| shared.versions(key))
    }

    /// Best hits, best first.
    pub fn search(&self, query: Query, options: SearchOptions) -> Pending<Vec<SearchHit>> {
        let options = match options.checked() {
            Ok(o) => o,
            Err(e) => return Pending::ready(Err(e)),
        };
        self.on_pool(move |shared| within_budget(shared, &options, |o| one_search(shared, query, o)))
    }

    /// A vector search when it can be done at once on this thread; `None` = ask `search`.
    pub fn search_inline(&self, query: &[f32], options: &SearchOptions) -> Option<Result<Vec<SearchHit>>> {
        let shared = &self.0.shared;
        let small =
            options.limit() + options.offset() <= INLINE_HITS && options.exact != Some(true) && options.budget_tokens.is_none();
        if !small || self.0.closed.load(Ordering::Acquire) || !shared.is_loaded(options.filter.is_some()) {
            return None;
        }
        if shared.clock.monotonic_ms() >= shared.next_deadline.load(Ordering::Acquire) {
            return None;
        }
        let state = shared.state.try_read()?;
        let k = options.limit() + options.offset();
        let cheap = |v: &LayeredIndex| v.is_resident() && v.estimate(k, options.effort()) <= INLINE_COMPARED;
        if !state.vectors.as_ref().is_none_or(cheap) || (options.filter.is_some() && state.rows.len() > INLINE_FILTERED) {
            return None;
        }
        let mut vector = query.to_vec();
        if let Err(e) = check_mode(options).and_then(|()| check_vector(&mut vector, shared.dimensions())) {
            return Some(Err(e));
        }
        shared.search_state(&state, &Prepared { words: None, vector: Some(&vector) }, options, true).transpose()
    }

    /// Many queries with the same options, in parallel; results in the order of the queries.
    pub fn search_many(&self, queries: Vec<Query>, options: SearchOptions) -> Pending<Vec<Vec<SearchHit>>> {
        let options = match options.checked() {
            Ok(o) => Arc::new(o),
            Err(e) => return Pending::ready(Err(e)),
        };
        let handed = AtomicUsize::new(0);
        self.fan_out(queries, None, "search", options.cancel.clone(), move |shared, query| {
            let hits = within_budget(shared, &options, |o| one_search(shared, query, o))?;
            let bytes: usize = hits.iter().filter_map(|h| h.record.as_ref()).map(|r| r.chunk.content.len()).sum();
            bounded(handed.fetch_add(bytes, Ordering::Relaxed) + bytes)?;
            Ok(hits)
        })
    }

    /// Chunks most like a stored one, best first, without it: by its vector (mode `vector`), or by the 32 rarest words of its
    /// content when it has none. They are of its own namespace unless the filter names one.
    /// Errors: `NOT_FOUND` when there is no such chunk. Cost: that of a search by a vector.
    pub fn find_related(&self, namespace: &str, id: &str, options: SearchOptions) -> Pending<Vec<SearchHit>> {
        let checked = check_id(id).and_then(|()| check_namespace(namespace)).and_then(|()| options.checked());
        let options = match checked {
            Ok(o) => o,
            Err(e) => return Pending::ready(Err(e)),
        };
        let (namespace, id) = (namespace.to_owned(), id.to_owned());
        self.on_pool(move |shared| within_budget(shared, &options, |o| shared.related(&namespace, &id, o)))
    }

    /// The best chunks for a query as one text of at most `budget_tokens`, by the model's tokenizer. Needs the model's folder for
    /// the tokenizer, not the model. Cost: a search, and 1 to 2 us per byte of the text for counting it.
    pub fn build_context(&self, query: Query, options: ContextOptions) -> Pending<Context> {
        let (budget, search) = match options.checked() {
            Ok(checked) => checked,
            Err(e) => return Pending::ready(Err(e)),
        };
        self.on_pool(move |shared| build_context(shared, query, budget, &search, &options))
    }

    /// Ranks texts by meaning, best first; nothing is stored. `top_k` is 10 when absent.
    /// Errors: `EMBEDDING_FAILED` without the model. Cost: 2 to 28 ms of processor time a text that is not in the embedding cache.
    pub fn semantic_search(
        &self,
        query: String,
        documents: Documents,
        top_k: Option<usize>,
        cancel: CancelToken,
    ) -> Pending<Vec<RankedDocument>> {
        let top = match check_top(top_k).and_then(|top| self.0.shared.check_ranking().map(|()| top)) {
            Ok(top) => top,
            Err(e) => return Pending::ready(Err(e)),
        };
        let documents = Arc::new(documents.into_texts());
        let texts = Arc::clone(&documents);
        let items: Vec<Option<usize>> = std::iter::once(None).chain((0..documents.len()).map(Some)).collect();
        let embedded = self.fan_out(items, None, "embed", cancel, move |shared, item| {
            let text = item.map_or(Some(&query), |i| texts.get(i)).ok_or_else(|| Error::internal("a document was lost"))?;
            shared.embed_text(text).map(|v| v.values)
        });
        let (settler, done) = pending();
        embedded.on_settle(move |r| settler.settle(r.map(|vectors| rank(&documents, &vectors, top))));
        done
    }

    /// Vectors of texts, unit length.
    pub fn embed(&self, texts: Vec<String>, cancel: CancelToken, progress: Option<ProgressFn>) -> Pending<Vec<Vec<f32>>> {
        self.fan_out(texts, progress, "embed", cancel, |shared, text: String| shared.embed_text(&text).map(|v| v.values))
    }

    /// One job per item; the results in order, or the first error.
    fn fan_out<A: Send + 'static, T: Send + 'static>(
        &self,
        items: Vec<A>,
        progress: Option<ProgressFn>,
        phase: &'static str,
        cancel: CancelToken,
        work: impl Fn(&Arc<Shared>, A) -> Result<T> + Send + Sync + 'static,
    ) -> Pending<Vec<T>> {
        let call = match self.enter() {
            Ok(call) => call,
            Err(e) => return Pending::ready(Err(e)),
        };
        if items.is_empty() {
            return Pending::ready(Ok(Vec::new()));
        }
        let (settler, done) = pending();
        let shared = &self.0.shared;
        let total = items.len();
        let fan = Arc::new(Fan {
            results: Mutex::new((0..total).map(|_| None).collect()),
            finished: AtomicUsize::new(0),
            rest: Mutex::new(Some((settler, call))),
            started: shared.clock.monotonic_ms(),
        });
        let work = Arc::new(work);
        for (i, item) in items.into_iter().enumerate() {
            let (shared, fan, work) = (Arc::clone(shared), Arc::clone(&fan), Arc::clone(&work));
            let (cancel, progress) = (cancel.clone(), progress.clone());
            self.0.shared.executor.spawn(move || {
                let result = cancel.check().and_then(|()| work(&shared, item));
                let finished = fan.finish(i, result);
                shared.report_progress(progress.as_ref(), phase, finished as u64, Some(total as u64), fan.started);
                if finished == total {
                    fan.settle();
                }
            });
        }
        done
    }

    /// Tokens of a text by the model's tokenizer, not cut. Loads the tokenizer (0.5 MB, about 50 ms) on first use.
    pub fn count_tokens(&self, text: &str) -> Result<usize> {
        if self.0.closed.load(Ordering::Acquire) {
            return Err(Error::Closed);
        }
        self.0.shared.token_counter()?.count(text)
    }

    /// Runs `work` on the pool with the counter of [`Self::count_tokens`]: for what counts often.
    pub fn with_token_counter<T: Send + 'static>(
        &self,
        work: impl FnOnce(&TokenCounter) -> Result<T> + Send + 'static,
    ) -> Pending<T> {
        self.on_pool(move |shared| work(&shared.token_counter()?))
    }

    /// Keeps feedback about chunks: durable when it resolves, never found by a search, listing or count. A correction stores a new
    /// version of its chunk, which keeps everything but the text; `history` has the old one. All or none of a call is kept, unless
    /// the process dies between a correction and its event: then the new version is there and the event is not.
    /// Errors: `NOT_FOUND` for a chunk that is not there. Cost: an fsync, one more for corrections.
    pub fn add_feedback(&self, feedback: Vec<Feedback>) -> Pending<()> {
        if feedback.len() > MAX_FEEDBACK {
            return Pending::ready(Err(Error::argument(format!(
                "a call takes at most {MAX_FEEDBACK} feedbacks, not {}",
                feedback.len()
            ))));
        }
        let checked = feedback.into_iter().map(Feedback::checked).collect::<Result<Vec<_>>>();
        let checked = checked.and_then(|f| Ok((f, self.enter()?, self.enter()?)));
        let (feedback, call, storing) = match checked.and_then(|c| self.0.shared.check_poison().map(|()| c)) {
            Ok(ready) => ready,
            Err(e) => return Pending::ready(Err(e)),
        };
        let (settler, done) = pending();
        let shared = Arc::clone(&self.0.shared);
        let place = shared.queue.place();
        let append = move |shared: Arc<Shared>, events: Result<Vec<FeedbackEvent>>| {
            let worker = Arc::clone(&shared);
            worker.executor.spawn(move || {
                settler.settle(events.and_then(|e| shared.append_events(e)));
                drop(call);
            });
        };
        self.0.shared.executor.spawn(move || match shared.read_feedback(&feedback) {
            Err(e) => {
                drop((place, storing));
                append(shared, Err(e));
            }
            Ok((events, corrected)) if corrected.is_empty() => {
                drop((place, storing));
                append(shared, Ok(events));
            }
            Ok((events, chunks)) => {
                let (stored, store) = pending();
                let job = Job { place, chunks, options: WriteOptions::default(), settler: stored, call: storing };
                let then = Arc::clone(&shared);
                store.on_settle(move |r| append(then, r.map(|_| events)));
                run(&shared, job);
            }
        });
        done
    }

    /// Learns from feedback (and `examples`) how to rank, domain by domain, and keeps what is better on pairs held out.
    /// Cost: a search for each query with feedback, at most 2,000 a domain.
    pub fn train_incremental(&self, examples: Vec<TrainingExample>, options: TrainOptions) -> Pending<TrainingResult> {
        self.on_pool(move |shared| shared.train_ranker(examples, &options))
    }

    /// Figures of feedback and of what was learned from it.
    pub fn feedback_stats(&self) -> Pending<FeedbackStats> {
        self.on_pool(|shared| shared.feedback_stats())
    }

    /// Figures.
    pub fn stats(&self) -> Pending<EngineStats> {
        self.on_pool(|shared| Ok(shared.stats()))
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
                let joined = move |r: Result<u64>| {
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

    /// Ends this opening: waits for calls in flight, saves, releases the lock. Idempotent.
    pub fn shutdown(&self) -> Pending<()> {
        self.0.end()
    }
}

struct Fan<T> {
    results: Mutex<Vec<Option<Result<T>>>>,
    finished: AtomicUsize,
    rest: Mutex<Option<(Settler<Vec<T>>, Call)>>,
    started: i64,
}

impl<T> Fan<T> {
    fn finish(&self, i: usize, result: Result<T>) -> usize {
        if let Some(slot) = self.results.lock().get_mut(i) {
            *slot = Some(result);
        }
        self.finished.fetch_add(1, Ordering::AcqRel) + 1
    }

    fn settle(&self) {
        let Some((settler, call)) = self.rest.lock().take() else { return };
        let results = std::mem::take(&mut *self.results.lock());
        let lost = || Err(Error::internal("a result was lost on its way"));
        settler.settle(results.into_iter().map(|r| r.unwrap_or_else(lost)).collect());
        drop(call);
    }
}

/// One result larger than this would take the host's heap with it.
const MOST_RESULT_BYTES: usize = 256 << 20;

fn bounded(bytes: usize) -> Result<()> {
    if bytes <= MOST_RESULT_BYTES {
        return Ok(());
    }
    Err(Error::argument(format!(
        "the result holds more than {MOST_RESULT_BYTES} bytes of content: ask for fewer at a time, or leave content out with fields"
    )))
}

/// A vector query knows no other mode.
fn check_mode(options: &SearchOptions) -> Result<()> {
    match options.mode {
        None | Some(SearchMode::Vector) => Ok(()),
        Some(_) => Err(Error::argument("a vector query is always mode vector: give text for words")),
    }
}

pub(super) fn one_search(shared: &Arc<Shared>, query: Query, options: &SearchOptions) -> Result<Vec<SearchHit>> {
    let cancel = &options.cancel;
    match query {
        Query::Vector(mut vector) => {
            check_mode(options)?;
            check_vector(&mut vector, shared.dimensions())?;
            shared.run_search(&Prepared { words: None, vector: Some(&vector) }, options, cancel)
        }
        Query::Text(text) => {
            let mode = shared.text_mode(options.mode)?;
            let asked = shared.ask(&text)?;
            let vector = if mode == SearchMode::Lexical { None } else { Some(shared.embed_text(&asked.meaning)?.values) };
            let words = (mode != SearchMode::Vector).then_some((asked.words.as_ref(), &asked.question));
            shared.run_search(&Prepared { words, vector: vector.as_deref() }, options, cancel)
        }
    }
}
