//! An embedder of the caller: texts go to a function of the facade, vectors come back by number.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak, mpsc};

use fluorite_ml::{Embedder, Embedding, Error, Result, Taker, Tokenizer, vector};
use napi_derive::napi;

use crate::bridge::{NativeBridge, number};
use crate::convert::text;
use crate::error::Fail;
use crate::raw::{Arg, Callback, Channel, Env, Js, Kind, Numbers, Returned, enter};

/// Those of the process: bridges on several threads may share an engine, which holds the first one's alone.
static ALL: Mutex<Vec<Weak<OwnEmbedder>>> = Mutex::new(Vec::new());

/// Asks the facade. Lives as long as the engine, which may be longer than the bridge that brought it.
pub(crate) struct OwnEmbedder {
    model_id: String,
    dimensions: usize,
    channel: Arc<Channel>,
    /// Called on the JavaScript thread alone; taken out for a call.
    ask: Arc<Mutex<Option<Callback>>>,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    last: u64,
    takers: HashMap<u64, Taker>,
    /// The thread of the facade has ended: nobody answers any more.
    ended: bool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn failed(message: impl Into<String>) -> Error {
    Error::EmbeddingFailed { message: message.into() }
}

fn nobody() -> Error {
    failed(
        "the thread that brought ml.embedder has ended; shut the bridges of this store down and open it again with an embedder",
    )
}

impl OwnEmbedder {
    /// What `initialize` was given: nothing, or the name, the dimensions and the function.
    pub(crate) fn of<'e>(
        env: Env<'e>,
        channel: &Arc<Channel>,
        name: Js<'e>,
        size: f64,
        ask: Js<'e>,
    ) -> std::result::Result<Option<Arc<Self>>, Fail> {
        if env.kind(name) == Kind::Undefined {
            return Ok(None);
        }
        if env.kind(ask) != Kind::Other("a function") {
            return Err(Fail::argument("ml.embedder.embed must be a function"));
        }
        let own = Arc::new(Self {
            model_id: text(env, name, "ml.embedder.model_id")?,
            // what is no whole number is no size: 0 is refused with a message
            dimensions: if size.fract() == 0.0 { size as usize } else { 0 },
            channel: Arc::clone(channel),
            ask: Arc::new(Mutex::new(Some(Callback::new(env, ask)?))),
            waiting: Mutex::default(),
        });
        let mut all = lock(&ALL);
        all.retain(|one| one.strong_count() > 0);
        all.push(Arc::downgrade(&own));
        Ok(Some(own))
    }

    /// One that is equal and whose thread goes on.
    fn other(&self) -> Option<Arc<Self>> {
        let all: Vec<Arc<Self>> = lock(&ALL).iter().filter_map(Weak::upgrade).collect();
        let equal = |one: &Arc<Self>| one.model_id == self.model_id && one.dimensions == self.dimensions;
        all.into_iter().find(|one| equal(one) && !lock(&one.waiting).ended)
    }

    /// Tells everyone who waits that no answer will come.
    pub(crate) fn end(&self) {
        let takers = {
            let mut waiting = lock(&self.waiting);
            waiting.ended = true;
            std::mem::take(&mut waiting.takers)
        };
        for take in takers.into_values() {
            take(Err(nobody()));
        }
    }

    fn answer(&self, key: u64, result: Result<Vec<f32>>) {
        // whoever is told may ask again: not under the lock
        let Some(take) = lock(&self.waiting).takers.remove(&key) else { return };
        take(result.and_then(|values| self.checked(values)));
    }

    fn checked(&self, mut values: Vec<f32>) -> Result<Embedding> {
        if values.len() != self.dimensions {
            let (found, wanted) = (values.len(), self.dimensions);
            return Err(failed(format!("ml.embedder gave a vector of {found} values, its dimensions are {wanted}")));
        }
        if !vector::normalize(&mut values) {
            return Err(failed("ml.embedder gave a vector without direction (all zeros, or not finite)"));
        }
        Ok(Embedding { values, tokens: 0, truncated: false })
    }
}

impl Embedder for OwnEmbedder {
    fn model_id(&self) -> &str {
        &self.model_id
    }

    fn dimensions(&self) -> usize {
        self.dimensions
    }

    fn max_tokens(&self) -> usize {
        usize::MAX
    }

    fn embed(&self, text: &str) -> Result<Embedding> {
        let (answer, answered) = mpsc::sync_channel(1);
        self.embed_then(text, Box::new(move |result| drop(answer.send(result))));
        answered.recv().unwrap_or_else(|_| Err(nobody()))
    }

    fn embed_then(&self, text: &str, take: Taker) {
        let key = {
            let mut waiting = lock(&self.waiting);
            if waiting.ended {
                drop(waiting);
                return match self.other() {
                    Some(other) => other.embed_then(text, take),
                    None => take(Err(nobody())),
                };
            }
            waiting.last += 1;
            let key = waiting.last;
            waiting.takers.insert(key, take);
            key
        };
        let (ask, text) = (Arc::clone(&self.ask), text.to_owned());
        self.channel.send(move |env| {
            let Some(function) = lock(&ask).take() else { return };
            let call = || function.call(env, &[env.of_count(key)?, env.of_text(&text)?]);
            let _ = call(); // the facade's function does not throw
            *lock(&ask) = Some(function);
        });
    }

    fn waits(&self) -> bool {
        true
    }

    fn tokenizer(&self) -> Option<&Tokenizer> {
        None
    }
}

impl Drop for OwnEmbedder {
    fn drop(&mut self) {
        let ask = Arc::clone(&self.ask);
        self.channel.send(move |env| {
            if let Some(function) = lock(&ask).take() {
                function.release(env);
            }
        });
    }
}

#[napi]
impl NativeBridge {
    /// The answer to a text: its vector, or why there is none.
    #[napi(ts_args_type = "key: number, vector: Float32Array | string", ts_return_type = "void")]
    pub fn embedded(&self, env: napi::Env, key: Arg, vector: Arg) -> Returned {
        enter(env, |env| {
            let given = env.arg(vector);
            let result = match env.kind(given) {
                Kind::Numbers => match env.numbers(given) {
                    Ok(Numbers::Floats(values)) => Ok(values),
                    Ok(Numbers::Bytes(_)) => Err(failed("ml.embedder gave bytes, not a Float32Array")),
                    Err(e) => Err(failed(e)),
                },
                Kind::Text => Err(failed(text(env, given, "message")?)),
                _ => Err(failed("ml.embedder gave no Float32Array")),
            };
            if let Some(own) = self.core().own_embedder() {
                own.answer(number(env, env.arg(key)), result);
            }
            env.undefined()
        })
    }
}
