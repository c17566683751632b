//! The native object: each method reads its arguments on the JavaScript thread, gives the work to the engine in that
//! order, and returns the value, or a promise of it. The facade (lib/index.ts) is its only caller.

use std::path::Path;
use std::sync::{Arc, Mutex};

use fluorite_memory::{DeleteOptions, ListOptions, Query, SearchFilter, SearchHit, SearchOptions, check_id};
use napi_derive::napi;
use serde::{Deserialize, Serialize};

use crate::config;
use crate::convert::{id, list, options, text, tree, typed};
use crate::core::{Call, Core};
use crate::embedder::OwnEmbedder;
use crate::error::Fail;
use crate::events::Listeners;
use crate::progress::Progress;
use crate::raw::{Arg, Channel, Env, Js, Kind, Numbers, Returned, enter};
use crate::records::{Wanted, cursor, hits, json, maybe, messages, record, to_cursor, version};
use crate::settle::settle;

/// Where a call by id looks.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct IdOptions {
    namespace: Option<String>,
}

impl IdOptions {
    pub(crate) fn namespace(&self) -> Result<&str, Fail> {
        let name = self.namespace.as_deref().unwrap_or(fluorite_memory::DEFAULT_NAMESPACE);
        check_id(name).map(|()| name).map_err(|e| Fail::argument(format!("options: namespace: {e}")))
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct FlushOptions {
    embedded: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct DeleteWhereOptions {
    all: Option<bool>,
    purge: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct DeleteOneOptions {
    namespace: Option<String>,
    purge: Option<bool>,
}

/// No options but those of the facade (`signal`, `on_progress`).
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct NoOptions {}

#[napi]
pub struct NativeBridge {
    core: Arc<Core>,
    listeners: Mutex<Listeners>,
}

#[napi]
impl NativeBridge {
    #[allow(clippy::new_without_default)] // JavaScript alone makes them
    #[napi(constructor)]
    pub fn new() -> Self {
        Self { core: Core::new(), listeners: Mutex::default() }
    }

    #[napi(getter)]
    pub fn ready(&self) -> bool {
        self.core.is_open()
    }

    /// The folder of the open store.
    #[napi(ts_return_type = "string")]
    pub fn store_path(&self, env: napi::Env) -> Returned {
        enter(env, |env| env.of_text(&self.core.engine()?.path().to_string_lossy()))
    }

    /// `ask` is given texts to embed, with a number under which `embedded` answers; without `modelId` the model embeds.
    #[napi(
        ts_args_type = "config: unknown, packageDir: string, runtimeDir: string, modelId?: string, dimensions?: number, ask?: (key: number, text: string) => void",
        ts_return_type = "Promise<void>"
    )]
    #[allow(clippy::too_many_arguments)] // one call, made in one place
    pub fn initialize(
        &self,
        env: napi::Env,
        config: Arg,
        package_dir: Arg,
        runtime_dir: Arg,
        model_id: Arg,
        dimensions: Arg,
        ask: Arg,
    ) -> Returned {
        enter(env, |env| {
            let explicit = tree(env, env.arg(config)).map_err(|e| config::refused(e.at("config").fail()))?;
            let package = text(env, env.arg(package_dir), "packageDir")?;
            let runtime = text(env, env.arg(runtime_dir), "runtimeDir")?;
            let channel = Channel::of(env)?;
            let size = env.number(env.arg(dimensions)).unwrap_or(0.0);
            let own = OwnEmbedder::of(env, &channel, env.arg(model_id), size, env.arg(ask)).map_err(config::refused)?;
            self.core.begin_opening()?;
            self.core.embed_with(own.as_ref());
            let core = Arc::downgrade(&self.core);
            channel.on_teardown(move || {
                if let Some(core) = core.upgrade() {
                    core.tear_down();
                }
            });
            let opening = self.core.open(move || config::open(explicit, Path::new(&package), Path::new(&runtime), own));
            settle(env, &channel, opening, None, None, |env, ()| env.undefined())
        })
    }

    /// The process is about to exit: blocks until no thread of this bridge runs. C's `exit` runs the destructors of ONNX
    /// Runtime, which a thread still inside it does not survive.
    #[napi(ts_return_type = "void")]
    pub fn tear_down(&self, env: napi::Env) -> Returned {
        enter(env, |env| {
            self.core.tear_down();
            env.undefined()
        })
    }

    #[napi(ts_args_type = "call: number", ts_return_type = "void")]
    pub fn cancel(&self, env: napi::Env, call: Arg) -> Returned {
        enter(env, |env| {
            self.core.cancel(number(env, env.arg(call)));
            env.undefined()
        })
    }

    #[napi(
        ts_args_type = "texts: unknown, options: unknown, call: number",
        ts_return_type = "Promise<Float32Array[]> | Float32Array[]"
    )]
    pub fn embed(&self, env: napi::Env, texts: Arg, opts: Arg, call: Arg) -> Returned {
        enter(env, |env| {
            let engine = self.core.engine()?;
            let texts = list(env, env.arg(texts), "texts", |v, i| text(env, v, &format!("texts.{i}")))?;
            let NoOptions {} = options(env, env.arg(opts))?;
            let call = self.call(env, call);
            let pending = engine.embed(texts, call.token.clone(), None);
            settle(env, &Channel::of(env)?, pending, Some(call), None, |env, v| env.list_of(&v, |env, v| env.floats(v)))
        })
    }

    #[napi(ts_args_type = "text: unknown", ts_return_type = "number")]
    pub fn count_tokens(&self, env: napi::Env, input: Arg) -> Returned {
        enter(env, |env| {
            let engine = self.core.engine()?;
            let text = text(env, env.arg(input), "text")?;
            env.of_count(engine.count_tokens(&text)? as u64)
        })
    }

    #[napi(ts_args_type = "options: unknown", ts_return_type = "Promise<void> | void")]
    pub fn flush(&self, env: napi::Env, opts: Arg) -> Returned {
        enter(env, |env| {
            let engine = self.core.engine()?;
            let o: FlushOptions = options(env, env.arg(opts))?;
            let pending = engine.flush(o.embedded.unwrap_or(false));
            settle(env, &Channel::of(env)?, pending, None, None, |env, ()| env.undefined())
        })
    }

    #[napi(ts_return_type = "Promise<boolean> | boolean")]
    pub fn refresh(&self, env: napi::Env) -> Returned {
        enter(env, |env| settle(env, &Channel::of(env)?, self.core.engine()?.refresh(), None, None, |env, any| env.of_bool(any)))
    }

    #[napi(ts_args_type = "id: unknown, options: unknown", ts_return_type = "Promise<unknown[] | null> | unknown[] | null")]
    pub fn get(&self, env: napi::Env, id: Arg, opts: Arg) -> Returned {
        enter(env, |env| self.one(env, id, opts, maybe))
    }

    #[napi(ts_args_type = "id: unknown, options: unknown", ts_return_type = "Promise<Buffer | null> | Buffer | null")]
    pub fn content(&self, env: napi::Env, id: Arg, opts: Arg) -> Returned {
        enter(env, |env| self.one(env, id, opts, |env, r| r.map_or_else(|| env.null(), |r| env.buffer(&r.chunk.content))))
    }

    #[napi(
        ts_args_type = "ids: unknown, options: unknown",
        ts_return_type = "Promise<(unknown[] | null)[]> | (unknown[] | null)[]"
    )]
    pub fn get_many(&self, env: napi::Env, ids: Arg, opts: Arg) -> Returned {
        enter(env, |env| {
            let engine = self.core.engine()?;
            let ids = list(env, env.arg(ids), "ids", |v, _| id(env, v))?;
            let o: IdOptions = options(env, env.arg(opts))?;
            let pending = engine.get_many(o.namespace()?, ids);
            settle(env, &Channel::of(env)?, pending, None, None, |env, found| {
                env.list_of(&found, |env, r| maybe(env, r.as_ref()))
            })
        })
    }

    #[napi(ts_args_type = "id: unknown, options: unknown", ts_return_type = "Promise<boolean> | boolean")]
    pub fn delete(&self, env: napi::Env, chunk: Arg, opts: Arg) -> Returned {
        enter(env, |env| {
            let engine = self.core.engine()?;
            let id = id(env, env.arg(chunk))?;
            let o: DeleteOneOptions = options(env, env.arg(opts))?;
            let how = DeleteOptions { purge: o.purge.unwrap_or(false) };
            let place = IdOptions { namespace: o.namespace };
            let deleted = engine.delete_with(place.namespace()?, &id, how);
            settle(env, &Channel::of(env)?, deleted, None, None, |env, was| env.of_bool(was))
        })
    }

    #[napi(ts_args_type = "filter: unknown, options: unknown", ts_return_type = "Promise<number> | number")]
    pub fn delete_where(&self, env: napi::Env, filter: Arg, opts: Arg) -> Returned {
        enter(env, |env| {
            let engine = self.core.engine()?;
            let filter: SearchFilter = typed(env, env.arg(filter), "filter")?;
            let o: DeleteWhereOptions = options(env, env.arg(opts))?;
            let how = DeleteOptions { purge: o.purge.unwrap_or(false) };
            let all = o.all.unwrap_or(false);
            if filter == SearchFilter::default() && !all {
                return Err(Fail::argument("an empty filter deletes every chunk: pass { all: true } to mean it"));
            }
            settle(env, &Channel::of(env)?, engine.delete_where_with(filter, all, how), None, None, |env, n| env.of_count(n))
        })
    }

    #[napi(
        ts_args_type = "options: unknown, cursor: unknown, skipDamaged: boolean",
        ts_return_type = "Promise<[unknown[][], unknown, string[]]> | [unknown[][], unknown, string[]]"
    )]
    pub fn list(&self, env: napi::Env, opts: Arg, from: Arg, skip_damaged: Arg) -> Returned {
        enter(env, |env| {
            let engine = self.core.engine()?;
            let mut o: ListOptions = options(env, env.arg(opts))?;
            o.skip_damaged = flag(env, env.arg(skip_damaged))?;
            let from = env.arg(from);
            let from = if env.kind(from) == Kind::List { Some(to_cursor(env, from)?) } else { None };
            settle(env, &Channel::of(env)?, engine.list(o, from), None, None, |env, page| {
                let list = env.list(3)?;
                env.put(list, 0, env.list_of(&page.records, |env, r| record(env, r, Wanted::ALL))?)?;
                if let Some(next) = &page.next {
                    env.put(list, 1, cursor(env, next)?)?;
                }
                env.put(list, 2, messages(env, &page.damaged)?)?;
                Ok(list)
            })
        })
    }

    #[napi(ts_args_type = "id: unknown, options: unknown", ts_return_type = "Promise<unknown[][]> | unknown[][]")]
    pub fn history(&self, env: napi::Env, chunk: Arg, opts: Arg) -> Returned {
        enter(env, |env| {
            let engine = self.core.engine()?;
            let id = id(env, env.arg(chunk))?;
            let o: IdOptions = options(env, env.arg(opts))?;
            settle(env, &Channel::of(env)?, engine.history(o.namespace()?, &id), None, None, |env, versions| {
                env.list_of(&versions, |env, c| version(env, c))
            })
        })
    }

    #[napi(ts_args_type = "query: unknown, options: unknown, call: number", ts_return_type = "Promise<unknown[]> | unknown[]")]
    pub fn search(&self, env: napi::Env, query: Arg, opts: Arg, call: Arg) -> Returned {
        enter(env, |env| {
            let engine = self.core.engine()?;
            let query = read_query(env, env.arg(query), "query")?;
            let mut o = search_options(env, env.arg(opts))?;
            let (wanted, bare) = shape(&o);
            if let Query::Vector(vector) = &query
                && let Some(found) = engine.search_inline(vector, &o)
            {
                return hits(env, &found?, wanted, bare);
            }
            let call = self.call(env, call);
            o.cancel = call.token.clone();
            settle(env, &Channel::of(env)?, engine.search(query, o), Some(call), None, move |env, found: Vec<SearchHit>| {
                hits(env, &found, wanted, bare)
            })
        })
    }

    #[napi(
        ts_args_type = "queries: unknown, options: unknown, call: number",
        ts_return_type = "Promise<unknown[][]> | unknown[][]"
    )]
    pub fn search_many(&self, env: napi::Env, queries: Arg, opts: Arg, call: Arg) -> Returned {
        enter(env, |env| {
            let engine = self.core.engine()?;
            let queries = list(env, env.arg(queries), "queries", |v, i| read_query(env, v, &format!("queries.{i}")))?;
            let mut o = search_options(env, env.arg(opts))?;
            let (wanted, bare) = shape(&o);
            let call = self.call(env, call);
            o.cancel = call.token.clone();
            settle(env, &Channel::of(env)?, engine.search_many(queries, o), Some(call), None, move |env, all| {
                env.list_of(&all, |env, found| hits(env, found, wanted, bare))
            })
        })
    }

    #[napi(ts_return_type = "Promise<string> | string")]
    pub fn stats(&self, env: napi::Env) -> Returned {
        enter(env, |env| settle(env, &Channel::of(env)?, self.core.engine()?.stats(), None, None, report))
    }

    #[napi(ts_return_type = "string")]
    pub fn health(&self, env: napi::Env) -> Returned {
        enter(env, |env| report(env, self.core.engine()?.health()?))
    }

    #[napi(ts_args_type = "options: unknown, onProgress: unknown, call: number", ts_return_type = "Promise<string> | string")]
    pub fn optimize(&self, env: napi::Env, opts: Arg, on_progress: Arg, call: Arg) -> Returned {
        enter(env, |env| {
            let engine = self.core.engine()?;
            let NoOptions {} = options(env, env.arg(opts))?;
            let (channel, call) = (Channel::of(env)?, self.call(env, call));
            let progress = Progress::of(env, &channel, env.arg(on_progress))?;
            let pending = engine.optimize(call.token.clone(), progress.as_ref().map(Progress::sink));
            settle(env, &channel, pending, Some(call), progress, report)
        })
    }

    #[napi(ts_return_type = "Promise<void> | void")]
    pub fn shutdown(&self, env: napi::Env) -> Returned {
        enter(env, |env| settle(env, &Channel::of(env)?, self.core.close(), None, None, |env, ()| env.undefined()))
    }
}

/// What does not face JavaScript.
impl NativeBridge {
    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.core
    }

    pub(crate) fn listeners(&self) -> &Mutex<Listeners> {
        &self.listeners
    }

    pub(crate) fn call(&self, env: Env<'_>, key: Arg) -> Call {
        self.core.call(number(env, env.arg(key)))
    }

    /// A chunk by id: inline when it can be told without waiting.
    fn one<'e>(
        &self,
        env: Env<'e>,
        chunk: Arg,
        opts: Arg,
        make: impl for<'a> Fn(Env<'a>, Option<&fluorite_memory::Record>) -> Result<Js<'a>, Fail> + Send + 'static,
    ) -> Result<Js<'e>, Fail> {
        let engine = self.core.engine()?;
        let id = id(env, env.arg(chunk))?;
        let o: IdOptions = options(env, env.arg(opts))?;
        let namespace = o.namespace()?;
        if let Some(known) = engine.get_cached(namespace, &id)? {
            return make(env, known.as_ref());
        }
        let pending = engine.get_many(namespace, vec![id]);
        settle(env, &Channel::of(env)?, pending, None, None, move |env, found| make(env, found.first().and_then(Option::as_ref)))
    }
}

/// The facade's number of a call or a listener; 0 for none.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // saturating, and the facade gives whole numbers
pub(crate) fn number<'e>(env: Env<'e>, v: Js<'e>) -> u64 {
    if env.kind(v) == Kind::Number { env.number(v).unwrap_or(0.0) as u64 } else { 0 }
}

/// `false` unless it is `true`.
pub(crate) fn flag<'e>(env: Env<'e>, v: Js<'e>) -> Result<bool, Fail> {
    if env.kind(v) == Kind::Bool { env.bool(v) } else { Ok(false) }
}

pub(crate) fn report<'e, T: Serialize>(env: Env<'e>, report: T) -> Result<Js<'e>, Fail> {
    env.of_text(&json(&report)?)
}

pub(crate) fn read_query<'e>(env: Env<'e>, v: Js<'e>, name: &str) -> Result<Query, Fail> {
    match env.kind(v) {
        Kind::Text => text(env, v, name).map(Query::Text),
        Kind::Numbers => match env.numbers(v) {
            Ok(Numbers::Floats(f)) => Ok(Query::Vector(f)),
            Ok(Numbers::Bytes(_)) => Err(Fail::argument(format!("{name} must be text or a Float32Array, not bytes"))),
            Err(m) => Err(Fail::argument(format!("{name}: {m}"))),
        },
        _ => Err(Fail::argument(format!("{name} must be text or a Float32Array"))),
    }
}

/// Options, or the limit alone.
fn search_options<'e>(env: Env<'e>, v: Js<'e>) -> Result<SearchOptions, Fail> {
    let o: SearchOptions = if env.kind(v) == Kind::Number {
        let limit = tree(env, v).map_err(|e| e.at("limit").at("options").fail())?;
        let limit = fluorite_memory::input::Value::Object(vec![("limit".into(), limit)]);
        fluorite_memory::input::from_value(limit).map_err(|m| Fail::argument(format!("options: {m}")))?
    } else {
        options(env, v)?
    };
    Ok(o.checked()?)
}

pub(crate) fn shape(o: &SearchOptions) -> (Wanted, bool) {
    let fields = o.fields.as_deref();
    (Wanted::of(fields), fields.is_some_and(<[String]>::is_empty) && !o.explain.unwrap_or(false))
}
