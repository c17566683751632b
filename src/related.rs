//! What is like a stored chunk, and texts ranked by meaning.

use fluorite_memory::{Documents, RankedDocument, SearchHit, SearchOptions};
use napi_derive::napi;

use crate::bridge::{IdOptions, NativeBridge, NoOptions, shape};
use crate::convert::{id, list, options, options_apart, text, typed};
use crate::error::Fail;
use crate::raw::{Arg, Channel, Env, Js, Returned, enter};
use crate::records::{decimal, hits};
use crate::settle::settle;

#[napi]
impl NativeBridge {
    #[napi(ts_args_type = "id: unknown, options: unknown, call: number", ts_return_type = "Promise<unknown[]> | unknown[]")]
    pub fn find_related(&self, env: napi::Env, chunk: Arg, opts: Arg, call: Arg) -> Returned {
        enter(env, |env| {
            let engine = self.core().engine()?;
            let id = id(env, env.arg(chunk))?;
            let (place, mut o): (IdOptions, SearchOptions) = options_apart(env, env.arg(opts), &["namespace"])?;
            let (wanted, bare) = shape(&o);
            let call = self.call(env, call);
            o.cancel = call.token.clone();
            let pending = engine.find_related(place.namespace()?, &id, o);
            settle(env, &Channel::of(env)?, pending, Some(call), None, move |env, found: Vec<SearchHit>| {
                hits(env, &found, wanted, bare)
            })
        })
    }

    /// Flat: index, score, text, index, ...
    #[napi(
        ts_args_type = "query: unknown, documents: unknown, topK: unknown, options: unknown, call: number",
        ts_return_type = "Promise<unknown[]> | unknown[]"
    )]
    pub fn semantic_search(&self, env: napi::Env, query: Arg, documents: Arg, top: Arg, opts: Arg, call: Arg) -> Returned {
        enter(env, |env| {
            let engine = self.core().engine()?;
            let query = text(env, env.arg(query), "query")?;
            let top: Option<usize> = typed(env, env.arg(top), "top_k")?;
            let NoOptions {} = options(env, env.arg(opts))?;
            let mut given = Documents::default();
            list(env, env.arg(documents), "documents", |v, i| Ok(given.push(text(env, v, &format!("documents.{i}"))?)?))?;
            let call = self.call(env, call);
            let pending = engine.semantic_search(query, given, top, call.token.clone());
            settle(env, &Channel::of(env)?, pending, Some(call), None, |env, ranked: Vec<RankedDocument>| flat(env, &ranked))
        })
    }
}

fn flat<'e>(env: Env<'e>, ranked: &[RankedDocument]) -> Result<Js<'e>, Fail> {
    let list = env.list(ranked.len() * 3)?;
    for (i, r) in ranked.iter().enumerate() {
        env.put(list, 3 * i, env.of_count(r.document_index as u64)?)?;
        env.put(list, 3 * i + 1, env.of_number(decimal(r.similarity_score))?)?;
        env.put(list, 3 * i + 2, env.of_text(&r.document_content)?)?;
    }
    Ok(list)
}
