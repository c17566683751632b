//! Writes: chunks in, each read by itself so that one bad chunk need not fail the others.

use fluorite_memory::{BatchFailure, BatchResult, ChunkInput, OnError, SplitChunk, WriteOptions};
use napi_derive::napi;

use crate::bridge::NativeBridge;
use crate::chunk::ChunkReader;
use crate::convert::options;
use crate::error::Fail;
use crate::raw::{Arg, Channel, Env, Js, Kind, Returned, enter};
use crate::records::json;
use crate::settle::settle;

#[napi]
impl NativeBridge {
    #[napi(ts_args_type = "chunk: unknown, options: unknown, call: number", ts_return_type = "Promise<string> | string")]
    pub fn store_one(&self, env: napi::Env, chunk: Arg, opts: Arg, call: Arg) -> Returned {
        enter(env, |env| {
            let engine = self.core().engine()?;
            let chunk = ChunkReader::new(env).read(env.arg(chunk), || "chunk".to_owned())?;
            let mut o: WriteOptions = options(env, env.arg(opts))?;
            o.on_error = Some(OnError::Abort); // its failure is the call's
            let call = self.call(env, call);
            o.cancel = call.token.clone();
            settle(env, &Channel::of(env)?, engine.store(vec![chunk], o), Some(call), None, |env, stored| {
                match stored.ids.first() {
                    Some(Some(id)) => env.of_text(id),
                    _ => Err(fluorite_memory::Error::internal("a stored chunk came back without an id").into()),
                }
            })
        })
    }

    /// One slice of a call; `offset` is the position of its first chunk in the whole.
    #[napi(
        ts_args_type = "chunks: unknown, options: unknown, offset: number, call: number",
        ts_return_type = "Promise<[(string | null)[], number, string | undefined, string | undefined]> | [(string | null)[], number, string | undefined, string | undefined]"
    )]
    pub fn store(&self, env: napi::Env, chunks: Arg, opts: Arg, offset: Arg, call: Arg) -> Returned {
        enter(env, |env| {
            let engine = self.core().engine()?;
            let mut o: WriteOptions = options(env, env.arg(opts))?;
            let offset = self.offset(env, offset);
            let collect = o.on_error == Some(OnError::Collect) && !o.atomic.unwrap_or(false);
            let batch = Batch::read(env, env.arg(chunks), offset, collect)?;
            let call = self.call(env, call);
            o.cancel = call.token.clone();
            let Batch { good, places, failed } = batch;
            settle(env, &Channel::of(env)?, engine.store(good, o), Some(call), None, move |env, stored| {
                result(env, stored, &places, failed, offset)
            })
        })
    }
}

impl NativeBridge {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // the facade's counter
    fn offset(&self, env: Env<'_>, v: Arg) -> u64 {
        let v = env.arg(v);
        if env.kind(v) == Kind::Number { env.number(v).unwrap_or(0.0) as u64 } else { 0 }
    }
}

/// A slice, read.
struct Batch {
    good: Vec<ChunkInput>,
    /// Place in the slice of each good chunk.
    places: Vec<usize>,
    failed: Vec<BatchFailure>,
}

impl Batch {
    fn read<'e>(env: Env<'e>, v: Js<'e>, offset: u64, collect: bool) -> Result<Self, Fail> {
        if env.kind(v) != Kind::List {
            return Err(Fail::argument("chunks must be an array or an async iterable of chunks"));
        }
        let n = env.length(v)?;
        let mut batch = Self { good: Vec::with_capacity(n.min(4_096) as usize), places: Vec::new(), failed: Vec::new() };
        let mut reader = ChunkReader::new(env);
        for i in 0..n {
            let index = offset + u64::from(i);
            let name = || format!("chunks.{index}");
            let chunk = match env.element(v, i) {
                Ok(chunk) => reader.read(chunk, name),
                Err(m) => Err(Fail::argument(format!("{}: {m}", name()))),
            };
            match chunk {
                Ok(chunk) => {
                    batch.good.push(chunk);
                    batch.places.push(i as usize);
                }
                Err(e) if collect => {
                    batch.failed.push(BatchFailure { index, id: None, code: e.code(), message: e.message() });
                }
                Err(e) => return Err(e),
            }
        }
        Ok(batch)
    }
}

/// (ids in the order given, stored, then as JSON text where there are any: failures, texts stored in pieces).
fn result<'e>(
    env: Env<'e>,
    stored: BatchResult,
    places: &[usize],
    mut failed: Vec<BatchFailure>,
    offset: u64,
) -> Result<Js<'e>, Fail> {
    let total = places.len() + failed.len();
    let mut ids: Vec<Option<&str>> = vec![None; total];
    for (place, id) in places.iter().zip(&stored.ids) {
        ids[*place] = id.as_deref();
    }
    let in_call = |index: u64| {
        let place = usize::try_from(index).ok().and_then(|i| places.get(i)).copied().unwrap_or_default();
        offset + place as u64
    };
    failed.extend(stored.failed.into_iter().map(|f| BatchFailure { index: in_call(f.index), ..f }));
    failed.sort_by_key(|f| f.index);
    let split: Vec<SplitChunk> = stored.split.into_iter().map(|s| SplitChunk { index: in_call(s.index), ..s }).collect();
    let told = env.list(4)?;
    env.put(told, 0, env.list_of(&ids, |env, id| id.map_or_else(|| env.null(), |id| env.of_text(id)))?)?;
    env.put(told, 1, env.of_count(stored.stored)?)?;
    if !failed.is_empty() {
        env.put(told, 2, env.of_text(&json(&failed)?)?)?;
    }
    if !split.is_empty() {
        env.put(told, 3, env.of_text(&json(&split)?)?)?;
    }
    Ok(told)
}
