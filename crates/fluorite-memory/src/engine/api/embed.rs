//! Embeddings and tokens.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;

use super::Engine;
use crate::cancel::CancelToken;
use crate::engine::shared::{Call, Shared};
use crate::engine::tokens::TokenCounter;
use crate::error::{Error, Result};
use crate::options::ProgressFn;
use crate::pending::{Pending, Settler, pending};

impl Engine {
    /// Vectors of texts, unit length.
    pub fn embed(&self, texts: Vec<String>, cancel: CancelToken, progress: Option<ProgressFn>) -> Pending<Vec<Vec<f32>>> {
        if !self.0.shared.embedder.as_ref().is_some_and(|e| e.waits()) {
            return self
                .fan_out(texts, progress, "embed", cancel, |shared, text: String| shared.embed_text(&text).map(|v| v.values));
        }
        self.fan(texts, progress, "embed", |shared, text, done| {
            if let Err(e) = cancel.check() {
                return done(Err(e));
            }
            let cancel = cancel.clone();
            shared.embed_text_then(&text, move |vector| done(cancel.check().and(vector).map(|v| v.values)));
        })
    }

    /// One job per item on the pool; the results in order, or the first error.
    pub(super) fn fan_out<A: Send + 'static, T: Send + 'static>(
        &self,
        items: Vec<A>,
        progress: Option<ProgressFn>,
        phase: &'static str,
        cancel: CancelToken,
        work: impl Fn(&Arc<Shared>, A) -> Result<T> + Send + Sync + 'static,
    ) -> Pending<Vec<T>> {
        let work = Arc::new(work);
        self.fan(items, progress, phase, |shared, item, done| {
            let (on, shared, work, cancel) = (Arc::clone(shared), Arc::clone(shared), Arc::clone(&work), cancel.clone());
            on.executor.spawn(move || done(cancel.check().and_then(|()| work(&shared, item))));
        })
    }

    /// Starts every item; each gives its result to what it was started with, in time and on any thread.
    fn fan<A, T: Send + 'static>(
        &self,
        items: Vec<A>,
        progress: Option<ProgressFn>,
        phase: &'static str,
        start: impl Fn(&Arc<Shared>, A, Box<dyn FnOnce(Result<T>) + Send>),
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
        for (i, item) in items.into_iter().enumerate() {
            let (told, fan, progress) = (Arc::clone(shared), Arc::clone(&fan), progress.clone());
            let finish = move |result| {
                let finished = fan.finish(i, result);
                told.report_progress(progress.as_ref(), phase, finished as u64, Some(total as u64), fan.started);
                if finished == total {
                    fan.settle();
                }
            };
            start(shared, item, Box::new(finish));
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
