//! Reading by id and listing.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::Engine;
use crate::cancel::CancelToken;
use crate::chunk::{Chunk, check_id};
use crate::engine::prepare::check_namespace;
use crate::error::{Error, Result};
use crate::options::{ListOptions, SearchFilter};
use crate::pending::Pending;
use crate::report::{Page, PageCursor, Points, Record};

impl Engine {
    /// The chunk when it can be told without waiting: `None` = ask `get_many`; `Some(None)` = there is none.
    pub fn get_cached(&self, namespace: &str, id: &str) -> Result<Option<Option<Record>>> {
        check_id(id)?;
        check_namespace(namespace)?;
        let shared = &self.0.shared;
        if self.0.closed.load(Ordering::Acquire) {
            return Err(Error::Closed);
        }
        if shared.clock.monotonic_ms() >= shared.next_deadline.load(Ordering::Acquire) {
            return Ok(None);
        }
        let Some(state) = shared.state.try_read() else { return Ok(None) };
        let Some((row, r)) = state.find(shared.key(namespace, id)) else {
            return Ok(if shared.may_be_whole(&state, namespace, id) { None } else { Some(None) });
        };
        let Some(chunk) = shared.cache.try_get(r.sequence) else { return Ok(None) };
        shared.touch(row, r);
        Ok(Some(Some(shared.record(r, chunk))))
    }

    /// Chunks by id, all of one moment. A text that is stored in pieces comes whole.
    pub fn get_many(&self, namespace: &str, ids: Vec<String>) -> Pending<Vec<Option<Record>>> {
        if let Err(e) = check_namespace(namespace).and_then(|()| ids.iter().try_for_each(|id| check_id(id))) {
            return Pending::ready(Err(e));
        }
        let namespace = namespace.to_owned();
        self.on_pool(move |shared| {
            let records = shared.read_ids(&namespace, &ids)?;
            bounded(records.iter().flatten().map(|r| r.chunk.content.len()).sum())?;
            Ok(records)
        })
    }

    /// One page of a listing.
    pub fn list(&self, options: ListOptions, cursor: Option<PageCursor>) -> Pending<Page> {
        self.on_pool(move |shared| shared.page(&options, cursor, &CancelToken::default()))
    }

    /// The vectors of the live chunks that match, a sample of `most` of them chosen by `seed` when there are more; any beginning
    /// of the result is a sample too. Cost: reads every chunk it gives; 4 bytes a value.
    pub fn points(&self, filter: SearchFilter, most: usize, seed: u64, cancel: CancelToken) -> Pending<Points> {
        self.on_pool(move |shared| shared.points(&filter, most, seed, &cancel))
    }

    /// Chunks by namespace and id, for the engine's own use: reads are not counted and nothing is cached.
    pub fn read_aside(&self, names: Vec<(String, String)>, cancel: CancelToken) -> Pending<Vec<Option<Arc<Chunk>>>> {
        self.on_pool(move |shared| shared.read_aside(&names, &cancel))
    }

    /// All kept versions of a chunk, oldest first; those stored in pieces come whole, while all of their pieces are kept.
    pub fn history(&self, namespace: &str, id: &str) -> Pending<Vec<Arc<Chunk>>> {
        if let Err(e) = check_id(id).and_then(|()| check_namespace(namespace)) {
            return Pending::ready(Err(e));
        }
        let (namespace, id) = (namespace.to_owned(), id.to_owned());
        self.on_pool(move |shared| shared.versions_of(&namespace, &id))
    }
}

/// One result larger than this would take the host's heap with it.
const MOST_RESULT_BYTES: usize = 256 << 20;

pub(super) fn bounded(bytes: usize) -> Result<()> {
    if bytes <= MOST_RESULT_BYTES {
        return Ok(());
    }
    Err(Error::argument(format!(
        "the result holds more than {MOST_RESULT_BYTES} bytes of content: ask for fewer at a time, or leave content out with fields"
    )))
}
