//! Storing: chunks are checked, embedded and compressed in parallel, then take effect in the order of the calls.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use parking_lot::Mutex;

use super::pieces::{self, PartOf};
use super::prepare::{PreparedChunk, PreparedVector, check, encode};
use super::queue::{Op, Place};
use super::shared::{Call, Shared};
use super::split::Given;
use crate::chunk::ChunkInput;
use crate::error::{Error, Result};
use crate::jsonl::Past;
use crate::metrics::Stage;
use crate::options::{EmbedMode, OnError, WriteOptions};
use crate::pending::Settler;
use crate::report::{BatchFailure, BatchResult, SplitChunk};

/// Most chunks of one batch.
pub const MOST_CHUNKS: usize = 10_000;
/// Most bytes of one batch.
const MOST_BYTES: u64 = 1 << 30;

/// One call on its way.
pub struct Job {
    pub place: Place,
    pub chunks: Vec<ChunkInput>,
    /// What each brings along; empty when none does.
    pub pasts: Vec<Option<Past>>,
    pub options: WriteOptions,
    pub settler: Settler<BatchResult>,
    pub call: Call,
}

/// What the jobs of one call share.
struct Gather {
    slots: Mutex<Vec<Option<Result<PreparedChunk>>>>,
    given: Vec<Named>,
    left: AtomicUsize,
    rest: Mutex<Option<(Place, Settler<BatchResult>, Call)>>,
    options: WriteOptions,
    started: Instant,
}

/// A chunk of the call.
struct Named {
    /// Its id as given, for the failures' list.
    id: Option<String>,
    /// Id of the text, when it is stored in pieces.
    whole: Option<String>,
    /// Its places in `slots`: one for each piece.
    slots: usize,
}

/// Checks a chunk, cut when the call is to cut, into its places.
fn take_in(
    shared: &Shared,
    chunk: ChunkInput,
    past: Option<Past>,
    options: &WriteOptions,
    slots: &mut Vec<Option<Result<PreparedChunk>>>,
) -> Named {
    let mut named = Named { id: chunk.id.clone(), whole: None, slots: 1 };
    let dimensions = shared.dimensions();
    let splits = options.auto_split.unwrap_or(shared.config.auto_split);
    let given = match options.cancel.check() {
        Ok(()) if splits => shared.split(chunk, &options.cancel),
        checked => checked.map(|()| Given::Whole(chunk)),
    };
    let mut chunk = match given {
        Ok(Given::Whole(chunk)) => chunk,
        Ok(Given::Pieces(id, pieces)) => {
            named.slots = pieces.len();
            let (whole, parts): (Arc<str>, u32) = (id.as_str().into(), pieces.len() as u32);
            slots.extend((1..).zip(pieces).map(|(part, piece)| {
                let checked = check(piece, &shared.config, shared.seed, dimensions).map_err(|e| match e {
                    // the caller knows its own id, and has split already
                    Error::ChunkTooLarge { size, limit, .. } => Error::Unsplittable {
                        id: whole.to_string(),
                        why: format!("a piece of it has {size} bytes, over the limit of {limit}: raise memory.max_chunk_size"),
                    },
                    other => other,
                });
                Some(checked.map(|p| PreparedChunk { part: Some(Box::new(PartOf { id: Arc::clone(&whole), part, parts })), ..p }))
            }));
            named.whole = Some(id);
            return named;
        }
        Err(e) => {
            slots.push(Some(Err(e)));
            return named;
        }
    };
    // a vector with a past is of a model that was compared: kept to the bit
    let vector = past.as_ref().filter(|p| p.model.is_some()).and_then(|_| chunk.embedding.take());
    let checked = check(chunk, &shared.config, shared.seed, dimensions);
    slots.push(Some(match past {
        None => checked,
        Some(past) => checked.and_then(|mut p| shared.restore(&mut p, past, vector, shared.clock.wall_ms()).map(|()| p)),
    }));
    named
}

/// Runs the preparation. With texts to embed, every text is a job of its own and the last one goes on.
pub fn run(shared: &Arc<Shared>, job: Job) {
    let started = Instant::now();
    let Job { place, chunks, mut pasts, options, settler, call } = job;
    let mut given: Vec<Named> = Vec::with_capacity(chunks.len());
    let mut slots: Vec<Option<Result<PreparedChunk>>> = Vec::with_capacity(chunks.len());
    let mut stop = None;
    for (i, chunk) in chunks.into_iter().enumerate() {
        let from = slots.len();
        given.push(take_in(shared, chunk, pasts.get_mut(i).and_then(Option::take), &options, &mut slots));
        if options.on_error.unwrap_or_default() == OnError::Abort
            && let Some(Some(Err(e))) = slots[from..].iter().find(|s| matches!(s, Some(Err(_))))
        {
            stop = Some(e.clone());
            break;
        }
    }
    if let Some(e) = stop {
        drop(place);
        return settler.settle(Err(e));
    }
    let embed = shared.embedder.is_some() && options.embed.unwrap_or_default() == EmbedMode::Sync;
    let texts: Vec<usize> = slots
        .iter()
        .enumerate()
        .filter(|(_, s)| matches!(s, Some(Ok(p)) if embed && p.vector.is_none()))
        .map(|(i, _)| i)
        .collect();
    let how = shared.compression();
    for (i, slot) in slots.iter_mut().enumerate() {
        if let Some(Ok(p)) = slot
            && texts.binary_search(&i).is_err()
            && let Err(e) = encode(p, &shared.codec, how)
        {
            *slot = Some(Err(e));
        }
    }
    let gather = Arc::new(Gather {
        slots: Mutex::new(slots),
        given,
        left: AtomicUsize::new(texts.len().max(1)),
        rest: Mutex::new(Some((place, settler, call))),
        options,
        started,
    });
    if texts.is_empty() {
        return gather.finish(shared);
    }
    let waits = shared.embedder.as_ref().is_some_and(|e| e.waits());
    for i in texts {
        let (shared2, gather) = (Arc::clone(shared), Arc::clone(&gather));
        if waits {
            gather.ask(&shared2, i); // all at once: it holds no thread up
        } else {
            shared.executor.spawn(move || gather.embed(&shared2, i));
        }
    }
}

impl Gather {
    /// Embeds on this thread and goes on.
    fn embed(&self, shared: &Arc<Shared>, i: usize) {
        if let Some(slot) = self.take(i) {
            let vector = slot.as_ref().map_err(Clone::clone).and_then(|p| {
                self.options.cancel.check()?;
                shared.embed_text(&p.chunk.meaning())
            });
            self.put(shared, i, slot, vector);
        }
    }

    /// Asks an embedder that waits; goes on with its answer on the pool.
    fn ask(self: &Arc<Self>, shared: &Arc<Shared>, i: usize) {
        let Some(slot) = self.take(i) else { return };
        let refused = slot.as_ref().map_err(Clone::clone).and_then(|_| self.options.cancel.check()).err();
        let (text, gather, shared2) = match &slot {
            Ok(p) if refused.is_none() => (p.chunk.meaning().into_owned(), Arc::clone(self), Arc::clone(shared)),
            _ => return self.put(shared, i, slot, Err(refused.unwrap_or(Error::Aborted))),
        };
        shared.embed_text_then(&text, move |vector| {
            let on = Arc::clone(&shared2);
            on.executor.spawn(move || gather.put(&shared2, i, slot, vector));
        });
    }

    fn take(&self, i: usize) -> Option<Result<PreparedChunk>> {
        self.slots.lock().get_mut(i).and_then(Option::take)
    }

    /// A chunk with its vector: compressed and put in its place; the last one goes on.
    fn put(&self, shared: &Arc<Shared>, i: usize, slot: Result<PreparedChunk>, vector: Result<PreparedVector>) {
        let done = slot.and_then(|mut p| {
            p.vector = Some(vector?);
            self.options.cancel.check()?;
            encode(&mut p, &shared.codec, shared.compression())?;
            Ok(p)
        });
        if let Some(place) = self.slots.lock().get_mut(i) {
            *place = Some(done);
        }
        if self.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.finish(shared);
        }
    }

    /// All chunks are prepared: hands them to the committer.
    fn finish(&self, shared: &Arc<Shared>) {
        let Some((place, settler, call)) = self.rest.lock().take() else { return };
        let slots = std::mem::take(&mut *self.slots.lock());
        match self.sort(shared, slots) {
            Err(e) => {
                drop(place);
                settler.settle(Err(e));
            }
            Ok((chunks, result)) if chunks.is_empty() => {
                drop(place);
                settler.settle(Ok(result));
            }
            Ok((chunks, result)) => {
                let durability = self.options.durability.unwrap_or(shared.config.durability);
                let (metrics, started) = (Arc::clone(&shared.metrics), self.started);
                let settle = Box::new(move |r: Result<()>| {
                    if r.is_ok() {
                        metrics.record(Stage::Store, started.elapsed());
                    }
                    settler.settle(r.map(|()| result));
                    drop(call);
                });
                shared.submit(place, Op::Put { chunks, durability, settle });
                return;
            }
        }
        shared.kick();
    }

    fn sort(&self, shared: &Shared, slots: Vec<Option<Result<PreparedChunk>>>) -> Result<(Vec<PreparedChunk>, BatchResult)> {
        let mut result = BatchResult::default();
        let mut chunks = Vec::with_capacity(slots.len());
        let mut bytes = 0u64;
        let lost = |slot: Option<_>| slot.unwrap_or_else(|| Err(Error::internal("a chunk was lost on its way")));
        let mut slots = slots.into_iter().map(lost);
        let splits = self.given.iter().any(|named| named.whole.is_some());
        let mut names = pieces::Given::default();
        for (index, named) in self.given.iter().enumerate() {
            // all of its places are left behind, also when one of them failed
            let taken: Vec<Result<PreparedChunk>> = slots.by_ref().take(named.slots).collect();
            let prepared = taken.into_iter().collect::<Result<Vec<PreparedChunk>>>();
            match prepared.and_then(|p| if splits { names.admit(shared, &p).map(|()| p) } else { Ok(p) }) {
                Ok(prepared) => {
                    for p in &prepared {
                        let vector = p.vector.as_ref().map_or(0, |v| v.values.len() * 4);
                        bytes += (p.payload.len() + vector + p.chunk.id.len() + p.chunk.namespace.len() + 128) as u64;
                    }
                    let id = named.whole.clone().or_else(|| prepared.first().map(|p| p.chunk.id.clone()));
                    if let Some(id) = named.whole.clone() {
                        result.split.push(SplitChunk { index: index as u64, id, parts: prepared.len() as u32 });
                    }
                    result.ids.push(id);
                    result.stored += 1;
                    chunks.extend(prepared);
                }
                Err(e) if self.options.on_error.unwrap_or_default() == OnError::Abort || matches!(e, Error::Aborted) => {
                    return Err(e);
                }
                Err(e) => {
                    result.ids.push(None);
                    let id = named.id.clone();
                    result.failed.push(BatchFailure { index: index as u64, id, code: e.code(), message: e.to_string() });
                }
            }
        }
        if bytes > MOST_BYTES {
            return Err(Error::argument(format!(
                "a batch holds at most {MOST_BYTES} bytes after compression, this one has {bytes}: split it"
            )));
        }
        Ok((chunks, result))
    }
}
