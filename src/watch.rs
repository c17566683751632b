//! Watching: what the learner tells goes to a function of the facade, as JSON texts, a batch a turn of the loop.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fluorite_learner::{WatchOptions, WatchProgress, watch};
use napi_derive::napi;

use crate::bridge::NativeBridge;
use crate::convert::options;
use crate::error::Fail;
use crate::raw::{Arg, Callback, Channel, Env, Kind, Returned, enter};
use crate::records::json;
use crate::settle::settle;

/// The facade's function and what it has still to be told.
struct Told {
    channel: Arc<Channel>,
    /// Taken out for a call: the function may end the watch.
    function: Mutex<Option<Callback>>,
    waiting: Mutex<VecDeque<WatchProgress>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Told {
    fn tell(self: &Arc<Self>, progress: WatchProgress) {
        let mut waiting = lock(&self.waiting);
        let on_the_way = !waiting.is_empty();
        // how far a run is matters only until it is further
        if waiting.back().is_some_and(|last| is_passing(last) && is_passing(&progress)) {
            waiting.pop_back();
        }
        waiting.push_back(progress);
        drop(waiting);
        if !on_the_way {
            let to = Arc::clone(self);
            self.channel.send(move |env| to.deliver(env));
        }
    }

    fn deliver(&self, env: Env<'_>) {
        let waiting = std::mem::take(&mut *lock(&self.waiting));
        let Some(function) = lock(&self.function).take() else { return };
        for progress in waiting {
            let _ = json(&progress).and_then(|text| function.call(env, &[env.of_text(&text)?]));
        }
        *lock(&self.function) = Some(function);
    }

    fn end(&self, env: Env<'_>) {
        self.deliver(env);
        if let Some(function) = lock(&self.function).take() {
            function.release(env);
        }
    }
}

fn is_passing(p: &WatchProgress) -> bool {
    p.path.is_some() && p.report.is_none() && p.error.is_none()
}

#[napi]
impl NativeBridge {
    /// Watches until `cancel(call)`; the promise is settled when nothing of it runs any more, and keeps the process alive until then.
    #[napi(
        ts_args_type = "options: unknown, tell: (progress: string) => void, call: number",
        ts_return_type = "Promise<void> | void"
    )]
    pub fn watch(&self, env: napi::Env, opts: Arg, tell: Arg, call: Arg) -> Returned {
        enter(env, |env| {
            let opened = self.core().opened()?;
            let mut o: WatchOptions = options(env, env.arg(opts))?;
            if o.spikes.is_empty() && o.paths.is_empty() {
                o.spikes.extend(opened.learning.spike_templates_path.clone());
            }
            o.spike_options = opened.learning.complete_watched(o.spike_options);
            o.file_options.num_threads = opened.learning.num_threads;
            let tell = env.arg(tell);
            if env.kind(tell) != Kind::Other("a function") {
                return Err(Fail::argument("tell must be a function"));
            }
            let (channel, call) = (Channel::of(env)?, self.call(env, call));
            o.cancel = call.token.clone();
            let function = Mutex::new(Some(Callback::new(env, tell)?));
            let told = Arc::new(Told { channel: Arc::clone(&channel), function, waiting: Mutex::default() });
            let to = Arc::clone(&told);
            let started = self.core().spawn("fluorite-watch", move || {
                Ok(watch(&opened.engine, o, &(Arc::new(move |p| to.tell(p)) as fluorite_learner::WatchFn)))
            });
            let pending = match started {
                Ok(pending) => pending,
                Err(e) => {
                    told.end(env);
                    return Err(e.into());
                }
            };
            settle(env, &channel, pending, Some(call), None, move |env, result| {
                told.end(env);
                result?;
                env.undefined()
            })
        })
    }
}
