//! Progress of long work, from any thread to the caller's function.

use std::sync::{Arc, Mutex, PoisonError};

use fluorite_memory::ProgressFn;

use crate::error::Fail;
use crate::raw::{Callback, Channel, Env, Js, Kind};

struct Shared {
    channel: Arc<Channel>,
    /// `None` once the call has ended.
    function: Mutex<Option<Callback>>,
    /// The newest report; `Some` while a job to deliver it is on its way, so that fast work cannot flood the queue.
    newest: Mutex<Option<fluorite_memory::Progress>>,
}

/// The caller's function, until `end`.
pub(crate) struct Progress(Arc<Shared>);

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Progress {
    /// From an argument: a function, or nothing.
    pub(crate) fn of<'e>(env: Env<'e>, channel: &Arc<Channel>, v: Js<'e>) -> Result<Option<Self>, Fail> {
        match env.kind(v) {
            Kind::Undefined | Kind::Null => Ok(None),
            Kind::Other("a function") => Ok(Some(Self(Arc::new(Shared {
                channel: Arc::clone(channel),
                function: Mutex::new(Some(Callback::new(env, v)?)),
                newest: Mutex::new(None),
            })))),
            _ => Err(Fail::argument("on_progress must be a function")),
        }
    }

    /// For the engine.
    pub(crate) fn sink(&self) -> ProgressFn {
        let shared = Arc::clone(&self.0);
        Arc::new(move |report| {
            if lock(&shared.newest).replace(report).is_none() {
                let to = Arc::clone(&shared);
                shared.channel.send(move |env| deliver(env, &to));
            }
        })
    }

    /// Releases the function; later reports are dropped.
    pub(crate) fn end(self, env: Env<'_>) {
        deliver(env, &self.0);
        if let Some(function) = lock(&self.0.function).take() {
            function.release(env);
        }
    }
}

fn deliver(env: Env<'_>, shared: &Shared) {
    let Some(p) = lock(&shared.newest).take() else { return };
    // Taken out for the call: the function may run long, and must not hold the lock of a working thread.
    let Some(function) = lock(&shared.function).take() else { return };
    let number = |n: Option<f64>| n.map_or_else(|| env.null(), |n| env.of_number(n));
    let call = || {
        let total = p.total.map_or_else(|| env.null(), |n| env.of_count(n))?;
        let arguments = [env.of_text(p.phase)?, env.of_count(p.done)?, total, env.of_number(p.rate)?, number(p.seconds_left)?];
        function.call(env, &arguments)
    };
    let _ = call();
    *lock(&shared.function) = Some(function);
}
