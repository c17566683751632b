//! Reading chunks back: cache, then log.

use std::sync::Arc;

use fluorite_ml::vector::{dot_f32, dot_f32_le, prefetch_bytes, prefetch_line};

use super::shared::Shared;
use super::state::{NONE, NumberMap, Row, State};
use crate::chunk::Chunk;
use crate::error::{Error, Result};
use crate::index::VectorSource;
use crate::log::{RecordView, VectorRecord, decode_payload};
use crate::report::Record;

impl Shared {
    /// The chunk of a row, through the cache.
    pub fn load(&self, state: &State, r: &Row) -> Result<Arc<Chunk>> {
        if let Some(chunk) = self.cache.get(r.sequence) {
            return Ok(chunk);
        }
        let chunk = Arc::new(self.load_cold(state, r)?);
        self.cache.put(Arc::clone(&chunk));
        Ok(chunk)
    }

    /// The chunk of a row, from the cache without counting, or from the log without caching it.
    pub fn load_aside(&self, state: &State, r: &Row) -> Result<Arc<Chunk>> {
        match self.cache.peek(r.sequence) {
            Some(chunk) => Ok(chunk),
            None => self.load_cold(state, r).map(Arc::new),
        }
    }

    /// Asks for the start of a row's record: `names` is about to read it.
    pub fn expect_names(&self, state: &State, row: u32) {
        let record = state.row(row).and_then(|r| state.segments.get(&r.at.segment)?.record_bytes(r.at));
        if let Some(bytes) = record {
            prefetch_bytes(&bytes[..bytes.len().min(128)]);
        }
    }

    /// Namespace and id of a row, without decompressing anything.
    pub fn names(&self, state: &State, r: &Row) -> Result<(String, String)> {
        if let Some(chunk) = self.cache.peek(r.sequence) {
            return Ok((chunk.namespace.clone(), chunk.id.clone()));
        }
        let segment =
            state.segments.get(&r.at.segment).ok_or_else(|| Error::internal("a row points to a segment that is not open"))?;
        segment.read(r.at, |sequence, view| match view {
            RecordView::Chunk(c) if sequence == r.sequence && self.key(c.namespace, c.id) == r.key => {
                Ok((c.namespace.to_owned(), c.id.to_owned()))
            }
            _ => Err(segment.corrupt(r.at.offset.into(), "the record belongs to another chunk")),
        })
    }

    /// The chunk of a row from the log.
    pub fn load_cold(&self, state: &State, r: &Row) -> Result<Chunk> {
        let segment =
            state.segments.get(&r.at.segment).ok_or_else(|| Error::internal("a row points to a segment that is not open"))?;
        segment.read(r.at, |sequence, view| {
            let RecordView::Chunk(c) = view else { return Err(segment.corrupt(r.at.offset.into(), "expected a chunk record")) };
            if sequence != r.sequence || self.key(c.namespace, c.id) != r.key {
                return Err(segment.corrupt(r.at.offset.into(), "the record belongs to another chunk"));
            }
            let raw;
            let payload: &[u8] = if c.compressed {
                raw = self
                    .codec
                    .decompress(c.payload, c.dictionary, c.raw_len as usize)
                    .map_err(|what| segment.corrupt(r.at.offset.into(), what))?;
                &raw
            } else {
                c.payload
            };
            let (attributes, content) =
                decode_payload(payload).ok_or_else(|| segment.corrupt(r.at.offset.into(), "the payload does not parse"))?;
            Ok(Chunk {
                id: c.id.to_owned(),
                namespace: c.namespace.to_owned(),
                content: content.to_vec(),
                attributes,
                created_at: c.created_at,
                updated_at: c.updated_at,
                expires_at: c.expires_at,
                version: c.version,
                content_hash: xxhash_rust::xxh3::xxh3_128(content),
                sequence,
            })
        })
    }

    /// A chunk with its counters as they are now.
    pub fn record(&self, r: &Row, chunk: Arc<Chunk>) -> Record {
        use std::sync::atomic::Ordering::Relaxed;
        Record { chunk, usage_count: r.usage.load(Relaxed), accessed_at: r.accessed_at.load(Relaxed) }
    }

    /// Counts a read of a row, and remembers to write the counter.
    pub fn touch(&self, row: u32, r: &Row) {
        if self.reader.is_some() {
            return; // counters are the writer's
        }
        r.touch(self.clock.wall_ms());
        self.read_rows.lock().insert(row);
    }

    /// Chunks by id, all of one moment, each read counted.
    pub fn read_ids(&self, namespace: &str, ids: &[String]) -> Result<Vec<Option<Record>>> {
        self.expire_due();
        let state = self.state.read();
        ids.iter()
            .map(|id| {
                let Some((row, r)) = state.find(self.key(namespace, id)) else { return self.whole(&state, namespace, id) };
                let chunk = self.load(&state, r)?;
                self.touch(row, r);
                Ok(Some(self.record(r, chunk)))
            })
            .collect()
    }

    /// All kept versions of a key, oldest first.
    pub fn versions(&self, key: u128) -> Result<Vec<Arc<Chunk>>> {
        let state = self.state.read();
        let mut row = state.newest(key).unwrap_or(NONE);
        let mut out = Vec::new();
        while row != NONE {
            let Some(r) = state.row(row) else { break };
            if r.purge {
                break; // what is before it is doomed
            }
            if !r.tombstone {
                out.push(self.load_aside(&state, r)?);
            }
            row = r.previous;
        }
        out.reverse();
        Ok(out)
    }
}

/// Vectors that searches could not read. The others are found all the same: a search leaves such a row out.
#[derive(Debug, Default)]
pub struct Unreadable {
    /// By row: the sequence number of the chunk version. Not yet taken out of the index.
    pub rows: NumberMap<u64>,
    /// What was wrong with the first.
    pub first: Option<String>,
}

/// f32 vectors by row: from memory while they lie in the live segment, then from the log's map.
pub struct LogVectors<'a>(pub &'a State);

impl LogVectors<'_> {
    /// Replaces `out` with the row's unit vector; `false` when the row has none.
    pub fn read(&self, row: u32, out: &mut Vec<f32>) -> Result<bool> {
        out.clear();
        if let Some(v) = self.0.fresh.get(&row) {
            out.extend_from_slice(v);
            return Ok(true);
        }
        let found = self.in_log(row, |v| {
            v.read_into(out);
            Ok(())
        })?;
        Ok(found.is_some())
    }

    fn in_log<T>(&self, row: u32, f: impl FnOnce(&VectorRecord<'_>) -> Result<T>) -> Result<Option<T>> {
        let Some(r) = self.0.row(row).filter(|r| !r.vector.is_none()) else { return Ok(None) };
        let segment = self
            .0
            .segments
            .get(&r.vector.segment)
            .ok_or_else(|| Error::internal("a vector lies in a segment that is not open"))?;
        let result = segment.read_vector(r.vector, |v| {
            if v.chunk != r.sequence {
                return Err(segment.corrupt(r.vector.offset.into(), "the record is not this chunk's vector"));
            }
            f(&v)
        });
        result.map(Some)
    }
}

impl VectorSource for LogVectors<'_> {
    fn cosine(&self, row: u32, unit: &[f32]) -> Result<Option<f32>> {
        let same = |found: usize| {
            if found == unit.len() { Ok(()) } else { Err(Error::DimensionMismatch { expected: found, found: unit.len() }) }
        };
        if let Some(v) = self.0.fresh.get(&row) {
            same(v.len())?;
            return Ok(Some(dot_f32(unit, v)));
        }
        let found = self.in_log(row, |v| {
            same(v.values.len() / 4)?;
            Ok(dot_f32_le(unit, v.values))
        });
        if let Err(e @ Error::Corrupt { .. }) = &found {
            let mut unreadable = self.0.unreadable.lock();
            unreadable.first.get_or_insert_with(|| e.to_string());
            unreadable.rows.insert(row, self.0.row(row).map_or(0, |r| r.sequence));
            return Ok(None);
        }
        found
    }

    fn mention(&self, row: u32) {
        prefetch_line(&self.0.rows, row as usize);
    }

    fn expect(&self, row: u32) {
        let Some(r) = self.0.row(row) else { return };
        let Some(segment) = self.0.segments.get(&r.vector.segment) else { return };
        if let Some(bytes) = segment.record_bytes(r.vector) {
            prefetch_bytes(bytes);
        }
    }
}
