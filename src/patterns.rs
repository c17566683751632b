//! What learning drew from a store: relationships of frameworks, patterns, rendered templates.

use fluorite_learner::{integration_patterns, render_spike, suggest_frameworks};
use fluorite_memory::Error;
use napi_derive::napi;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::bridge::{IdOptions, NativeBridge, report};
use crate::convert::{id, list, options, text, typed};
use crate::error::Fail;
use crate::raw::{Arg, Channel, Kind, Returned, enter};
use crate::settle::settle;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Asked {
    namespace: Option<String>,
    limit: Option<usize>,
}

#[napi]
impl NativeBridge {
    #[napi(ts_args_type = "frameworks: unknown, options: unknown, call: number", ts_return_type = "Promise<string> | string")]
    pub fn suggest_frameworks(&self, env: napi::Env, frameworks: Arg, opts: Arg, call: Arg) -> Returned {
        enter(env, |env| {
            let opened = self.core().opened()?;
            let given = list(env, env.arg(frameworks), "frameworks", |v, i| text(env, v, &format!("frameworks.{i}")))?;
            let o: Asked = options(env, env.arg(opts))?;
            let call = self.call(env, call);
            let cancel = call.token.clone();
            let pending = self.core().spawn("fluorite-relate", move || {
                suggest_frameworks(&opened.engine, o.namespace.as_deref(), &given, o.limit.unwrap_or(10), &cancel)
            })?;
            settle(env, &Channel::of(env)?, pending, Some(call), None, report)
        })
    }

    #[napi(ts_args_type = "a: unknown, b: unknown, options: unknown, call: number", ts_return_type = "Promise<string> | string")]
    pub fn integration_patterns(&self, env: napi::Env, a: Arg, b: Arg, opts: Arg, call: Arg) -> Returned {
        enter(env, |env| {
            let opened = self.core().opened()?;
            let (a, b) = (text(env, env.arg(a), "a")?, text(env, env.arg(b), "b")?);
            let o: Asked = options(env, env.arg(opts))?;
            let call = self.call(env, call);
            let cancel = call.token.clone();
            let pending = self.core().spawn("fluorite-relate", move || {
                integration_patterns(&opened.engine, o.namespace.as_deref(), (&a, &b), o.limit.unwrap_or(10), &cancel)
            })?;
            settle(env, &Channel::of(env)?, pending, Some(call), None, report)
        })
    }

    #[napi(ts_args_type = "id: unknown, params: unknown, options: unknown", ts_return_type = "Promise<string> | string")]
    pub fn render_spike(&self, env: napi::Env, chunk: Arg, params: Arg, opts: Arg) -> Returned {
        enter(env, |env| {
            let engine = self.core().engine()?;
            let id = id(env, env.arg(chunk))?;
            let given = env.arg(params);
            let params: Map<String, Value> = match env.kind(given) {
                Kind::Undefined | Kind::Null => Map::new(),
                Kind::Object => typed(env, given, "params")?,
                _ => return Err(Fail::argument("params must be an object of names and values")),
            };
            let o: IdOptions = options(env, env.arg(opts))?;
            let namespace = o.namespace()?.to_owned();
            let pending = engine.get_many(&namespace, vec![id.clone()]);
            settle(env, &Channel::of(env)?, pending, None, None, move |env, found| {
                let missing = || Error::NotFound { what: format!("the chunk {id:?} (namespace {namespace:?})") };
                let record = found.first().and_then(Option::as_ref).ok_or_else(missing)?;
                report(env, render_spike(&record.chunk, &params)?)
            })
        })
    }
}
