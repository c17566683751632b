//! Events: a listener of the facade is a queue of the engine and a function that is told when there is something to take.
//!
//! The facade takes batches when it likes, so that a burst is spread over turns of the loop. Events of chunks come as short
//! lists, because there may be many; all others as JSON text, so that a new kind needs nothing here.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fluorite_memory::{Event, EventKind, EventOptions, Subscription};
use napi_derive::napi;
use serde::Deserialize;

use crate::bridge::{NativeBridge, number};
use crate::convert::options;
use crate::error::Fail;
use crate::raw::{Arg, Callback, Channel, Env, Js, Kind, Returned, enter};
use crate::records::json;

/// The facade's function. Called and released on the JavaScript thread alone.
struct Wake {
    /// Taken out for a call: the function may end the listening.
    function: Mutex<Option<Callback>>,
    ended: AtomicBool,
}

struct Listener {
    subscription: Subscription,
    wake: Arc<Wake>,
}

/// The listeners of a bridge by number.
#[derive(Default)]
pub(crate) struct Listeners {
    last: u32,
    all: HashMap<u32, Listener>,
}

/// Which kinds a listener goes on with.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Kinds {
    types: Vec<EventKind>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Wake {
    fn call(&self, env: Env<'_>) {
        let Some(function) = lock(&self.function).take() else { return };
        let _ = function.call(env, &[]);
        if self.ended.load(Ordering::Relaxed) {
            function.release(env);
        } else {
            *lock(&self.function) = Some(function);
        }
    }

    fn end(&self, env: Env<'_>) {
        self.ended.store(true, Ordering::Relaxed);
        if let Some(function) = lock(&self.function).take() {
            function.release(env);
        }
    }
}

#[napi]
impl NativeBridge {
    /// Listens; `wake` is called with nothing when there are events to take. The number of the listener.
    #[napi(ts_args_type = "options: unknown, wake: () => void", ts_return_type = "number")]
    pub fn listen(&self, env: napi::Env, opts: Arg, wake: Arg) -> Returned {
        enter(env, |env| {
            let engine = self.core().engine()?;
            let o: EventOptions = options(env, env.arg(opts))?;
            let wake = env.arg(wake);
            if env.kind(wake) != Kind::Other("a function") {
                return Err(Fail::argument("wake must be a function"));
            }
            let channel = Channel::of(env)?;
            let function = Mutex::new(Some(Callback::new(env, wake)?));
            let wake = Arc::new(Wake { function, ended: AtomicBool::new(false) });
            let told = Arc::clone(&wake);
            let subscribed = engine.subscribe(o, move || {
                let wake = Arc::clone(&told);
                channel.send(move |env| wake.call(env));
            });
            let subscription = match subscribed {
                Ok(subscription) => subscription,
                Err(e) => {
                    wake.end(env);
                    return Err(e.into());
                }
            };
            let mut listeners = lock(self.listeners());
            listeners.last += 1;
            let number = listeners.last;
            listeners.all.insert(number, Listener { subscription, wake });
            env.of_count(u64::from(number))
        })
    }

    /// Changes the kinds a listener is told of.
    #[napi(ts_args_type = "listener: number, kinds: { types: string[] }", ts_return_type = "void")]
    pub fn listen_to(&self, env: napi::Env, listener: Arg, kinds: Arg) -> Returned {
        enter(env, |env| {
            let Kinds { types } = options(env, env.arg(kinds))?;
            if let Some(l) = lock(self.listeners()).all.get(&key(env, listener)) {
                l.subscription.listen_to(&types);
            }
            env.undefined()
        })
    }

    /// The oldest events, at most `most` (and one that says what was missed). `wake` is called again once this has
    /// returned fewer.
    #[napi(ts_args_type = "listener: number, most: number", ts_return_type = "(unknown[] | string)[]")]
    pub fn take_events(&self, env: napi::Env, listener: Arg, most: Arg) -> Returned {
        enter(env, |env| {
            let most = usize::try_from(number(env, env.arg(most))).unwrap_or(usize::MAX);
            let taken = lock(self.listeners()).all.get(&key(env, listener)).map(|l| l.subscription.take(most));
            env.list_of(&taken.unwrap_or_default(), |env, event| written(env, event))
        })
    }

    /// Ends the listening; events not taken are dropped.
    #[napi(ts_args_type = "listener: number", ts_return_type = "void")]
    pub fn end_listening(&self, env: napi::Env, listener: Arg) -> Returned {
        enter(env, |env| {
            let ended = lock(self.listeners()).all.remove(&key(env, listener));
            if let Some(l) = ended {
                l.wake.end(env);
            }
            env.undefined()
        })
    }
}

fn key(env: Env<'_>, listener: Arg) -> u32 {
    u32::try_from(number(env, env.arg(listener))).unwrap_or(0)
}

fn written<'e>(env: Env<'e>, event: &Event) -> Result<Js<'e>, Fail> {
    let named = |id: &str, namespace: &str, width: usize| {
        let list = env.list(width)?;
        env.put(list, 0, env.of_text(id)?)?;
        env.put(list, 1, env.of_text(namespace)?)?;
        Ok::<_, Fail>(list)
    };
    match event {
        Event::ChunkStored { id, namespace, version } => {
            let list = named(id, namespace, 3)?;
            env.put(list, 2, env.of_count(u64::from(*version))?)?;
            Ok(list)
        }
        Event::ChunkDeleted { id, namespace } => named(id, namespace, 2),
        other => env.of_text(&json(other)?),
    }
}
