//! The life of a bridge: new, opening, open, closed; and the calls and threads it has to end with.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use fluorite_memory::{CancelToken, Engine, Error, Pending, pending};

use crate::config::Opened;
use crate::embedder::OwnEmbedder;
use crate::error::Fail;

/// How long the end of an environment waits for an engine: a defect there must not hang the process for ever.
const TEARDOWN_LIMIT: Duration = Duration::from_secs(30);

enum State {
    New,
    Opening,
    Open(Arc<Opened>),
    Closed,
}

/// What the native object, its calls in flight and the environment's teardown share.
pub(crate) struct Core {
    state: Mutex<State>,
    /// Tokens of the calls in flight, by the facade's number or one of ours, and how many share each: the slices of
    /// one call have one number.
    calls: Mutex<HashMap<u64, (CancelToken, usize)>>,
    next_call: AtomicU64,
    /// Threads of opening and learning: joined before the environment is gone.
    threads: Mutex<Vec<JoinHandle<()>>>,
    /// What the caller brought to embed with. The engine holds it: it holds the facade's function, which holds this.
    own: Mutex<Weak<OwnEmbedder>>,
    /// Itself while open: a forgotten bridge is closed with its environment, not by the garbage collector, which would
    /// block the event loop with it.
    keep: Mutex<Option<Arc<Core>>>,
}

/// A call in flight; it can be cancelled until this is dropped.
pub(crate) struct Call {
    core: Arc<Core>,
    key: u64,
    pub(crate) token: CancelToken,
}

impl Drop for Call {
    fn drop(&mut self) {
        let mut calls = lock(&self.core.calls);
        if let Some((_, users)) = calls.get_mut(&self.key) {
            *users -= 1;
            if *users == 0 {
                calls.remove(&self.key);
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Core {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State::New),
            calls: Mutex::default(),
            next_call: AtomicU64::new(1 << 53), // above every number the facade can give
            threads: Mutex::default(),
            own: Mutex::default(),
            keep: Mutex::default(),
        })
    }

    pub(crate) fn is_open(&self) -> bool {
        matches!(&*lock(&self.state), State::Open(_))
    }

    /// The open engine and its configuration, or why there is none.
    pub(crate) fn opened(&self) -> Result<Arc<Opened>, Fail> {
        match &*lock(&self.state) {
            State::Open(opened) => Ok(Arc::clone(opened)),
            State::Closed => Err(Error::Closed.into()),
            State::New | State::Opening => Err(Fail::NotInitialized),
        }
    }

    pub(crate) fn engine(&self) -> Result<Engine, Fail> {
        Ok(self.opened()?.engine.clone())
    }

    pub(crate) fn own_embedder(&self) -> Option<Arc<OwnEmbedder>> {
        lock(&self.own).upgrade()
    }

    /// Keeps what the caller embeds with: answers come by way of the bridge.
    pub(crate) fn embed_with(&self, own: Option<&Arc<OwnEmbedder>>) {
        *lock(&self.own) = own.map_or_else(Weak::new, Arc::downgrade);
    }

    /// Takes the right to open; given back by `open` when it fails.
    pub(crate) fn begin_opening(&self) -> Result<(), Fail> {
        let mut state = lock(&self.state);
        match *state {
            State::New => *state = State::Opening,
            State::Opening | State::Open(_) => return Err(Fail::AlreadyInitialized),
            State::Closed => return Err(Error::Closed.into()),
        }
        Ok(())
    }

    /// Opens on a thread of its own: recovery and the model take too long for the event loop.
    pub(crate) fn open(self: &Arc<Self>, work: impl FnOnce() -> Result<Opened, Error> + Send + 'static) -> Pending<()> {
        let core = Arc::clone(self);
        let started = self.spawn("fluorite-open", move || {
            let result = catch(work);
            let mut state = lock(&core.state);
            match (&*state, result) {
                (State::Opening, Ok(opened)) => {
                    *state = State::Open(Arc::new(opened));
                    *lock(&core.keep) = Some(Arc::clone(&core));
                    Ok(())
                }
                (State::Opening, Err(e)) => {
                    *state = State::New;
                    Err(e)
                }
                // The environment went down meanwhile.
                (_, Ok(opened)) => {
                    drop(state);
                    opened.engine.shutdown().on_settle(drop);
                    Err(Error::Closed)
                }
                (_, Err(e)) => Err(e),
            }
        });
        if started.is_err() {
            *lock(&self.state) = State::New;
        }
        started.unwrap_or_else(|e| Pending::ready(Err(e)))
    }

    /// Runs blocking work on a thread that is joined at the end.
    pub(crate) fn spawn<T: Send + 'static>(
        &self,
        name: &str,
        work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<Pending<T>, Error> {
        let (settler, pending) = pending();
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || settler.settle(catch(work)))
            .map_err(|e| Error::io("starting a thread for", name, &e))?;
        let mut threads = lock(&self.threads);
        threads.retain(|t| !t.is_finished());
        threads.push(thread);
        Ok(pending)
    }

    /// Registers a call; `key` is the facade's number, 0 when it will not cancel.
    pub(crate) fn call(self: &Arc<Self>, key: u64) -> Call {
        let key = if key == 0 { self.next_call.fetch_add(1, Ordering::Relaxed) } else { key };
        let mut calls = lock(&self.calls);
        let (token, users) = calls.entry(key).or_default();
        *users += 1;
        let token = token.clone();
        drop(calls);
        Call { core: Arc::clone(self), key, token }
    }

    pub(crate) fn cancel(&self, key: u64) {
        if let Some((token, _)) = lock(&self.calls).get(&key) {
            token.cancel();
        }
    }

    /// Refuses new calls and closes the engine; settles when the calls in flight are done.
    pub(crate) fn close(&self) -> Pending<()> {
        let before = std::mem::replace(&mut *lock(&self.state), State::Closed);
        let _last = lock(&self.keep).take(); // dropped behind the lock
        match before {
            State::Open(opened) => opened.engine.shutdown(),
            State::New | State::Opening | State::Closed => Pending::ready(Ok(())),
        }
    }

    /// The environment goes down: nobody waits for the calls in flight any more. Blocks until no thread of ours runs.
    pub(crate) fn tear_down(&self) {
        for (token, _) in lock(&self.calls).values() {
            token.cancel();
        }
        if let Some(own) = self.own_embedder() {
            own.end(); // this thread will not answer while it blocks here, nor later
        }
        let (done, wait) = mpsc::channel();
        self.close().on_settle(move |_| {
            let _ = done.send(());
        });
        let _ = wait.recv_timeout(TEARDOWN_LIMIT);
        let threads = std::mem::take(&mut *lock(&self.threads));
        for thread in threads {
            let _ = thread.join();
        }
    }
}

fn catch<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(Error::internal("a background task panicked")))
}
