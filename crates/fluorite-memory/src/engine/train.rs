//! Training the dictionary behind the first writes.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::commit::Writer;
use super::queue::Op;
use super::shared::Shared;
use crate::error::Result;
use crate::log::{RecordView, save_dictionary, train_dictionary};

/// Chunks stored before each training, and the dictionary's size: a small one soon, a better one once there is enough to
/// learn from (on spike templates 64 KiB leave .26 of the bytes, 256 KiB .21).
const STAGES: [(u64, usize); 2] = [(1_000, 64 << 10), (5_000, 256 << 10)];
const MOST_SAMPLES: usize = 2_500;
/// zstd asks for about a hundred times the dictionary's size; more only costs time.
const SAMPLE_BYTES: usize = 5 << 20;
/// A long sample would crowd out the others.
const SAMPLE_CUT: usize = 16 << 10;

impl Shared {
    /// Starts the next training when there are enough chunks for it.
    pub fn train_if_due(self: &Arc<Self>) {
        let trained = self.dictionary.load(Ordering::Acquire) as usize;
        let Some(&(after, bytes)) = STAGES.get(trained).filter(|_| self.config.enable_compression) else { return };
        if self.state.read().versions < after || self.training.swap(true, Ordering::AcqRel) {
            return;
        }
        let shared = Arc::clone(self);
        let job = move || {
            if let Ok(Some(dictionary)) = shared.samples().map(|s| train_dictionary(&s, bytes)) {
                let place = shared.queue.place();
                shared.submit(place, Op::Exclusive(Box::new(move |shared, w| adopt(shared, w, dictionary))));
            } // else it stays untrained until the next open
        };
        // before waiting calls: every chunk stored without the dictionary is three times larger
        if self.executor.is_inline() { self.executor.spawn_background(job) } else { self.executor.spawn(job) }
    }

    /// Payloads of chunks spread over what is stored. Chunks with a TTL are never samples: a dictionary outlives them.
    fn samples(&self) -> Result<Vec<Vec<u8>>> {
        let mut samples = Vec::new();
        let mut bytes = 0;
        let mut from = 0;
        let stride = (self.state.read().rows.len() / MOST_SAMPLES).max(1);
        while samples.len() < MOST_SAMPLES && bytes < SAMPLE_BYTES {
            let state = self.state.read(); // taken again and again: training must not hold up writes
            let Some(rows) = state.rows.get(from..).filter(|r| !r.is_empty()) else { break };
            from += 64 * stride;
            for r in rows.iter().step_by(stride).take(64).filter(|r| !r.tombstone && r.expires_at.is_none()) {
                let Some(segment) = state.segments.get(&r.at.segment) else { continue };
                let sample = segment.read(r.at, |_, view| {
                    let RecordView::Chunk(c) = view else { return Ok(Vec::new()) };
                    let mut raw = if c.compressed {
                        self.codec.decompress(c.payload, c.dictionary, c.raw_len as usize).unwrap_or_default()
                    } else {
                        c.payload.to_vec()
                    };
                    raw.truncate(SAMPLE_CUT);
                    Ok(raw)
                })?;
                bytes += sample.len();
                samples.push(sample);
            }
        }
        Ok(samples)
    }
}

/// Writes the dictionary, names it in the manifest, uses it from now on. A failure leaves things as they were.
fn adopt(shared: &Shared, w: &mut Writer, bytes: Vec<u8>) {
    let id = w.manifest.dictionaries.last().map_or(1, |d| d + 1);
    let mut next = w.manifest.clone();
    next.dictionaries.push(id);
    let saved =
        save_dictionary(&*shared.vfs, &shared.dict_dir(), id, &bytes).and_then(|()| next.save(&*shared.vfs, &shared.config.path));
    if saved.is_ok() {
        shared.codec.add(id, bytes);
        w.manifest = next;
        shared.dictionary.store(id, Ordering::Release);
        shared.training.store(false, Ordering::Release);
    }
}
