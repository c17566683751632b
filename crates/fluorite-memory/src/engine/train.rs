//! Training the dictionary behind the first writes.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::commit::Writer;
use super::queue::Op;
use super::shared::Shared;
use super::state::Row;
use crate::error::Result;
use crate::log::{RecordView, Trained, save_dictionary, train_dictionary};

/// Chunks stored before each training, and the dictionary's size: a small one soon, a better one once there is enough to
/// learn from (on spike templates 64 KiB leave .26 of the bytes, 256 KiB .21).
const STAGES: [(u64, usize); 2] = [(1_000, 64 << 10), (5_000, 256 << 10)];
const MOST_SAMPLES: usize = 2_500;
/// zstd asks for about a hundred times the dictionary's size; more only costs time.
const SAMPLE_BYTES: usize = 5 << 20;
/// A long sample would crowd out the others.
const SAMPLE_CUT: usize = 16 << 10;

/// What a dictionary is trained from, and what came of it.
pub struct Training {
    bytes: Vec<u8>,
    stage: u32,
    /// Sequence numbers of the samples, ascending.
    samples: Vec<u64>,
    /// How many purges there had been.
    purges: u64,
}

impl Shared {
    /// Starts the next training when there are enough chunks for it.
    pub fn train_if_due(self: &Arc<Self>) {
        if self.reader.is_some() {
            return;
        }
        let stage = self.stage.load(Ordering::Acquire) as usize;
        let Some(&(after, _)) = STAGES.get(stage).filter(|_| self.config.enable_compression) else { return };
        if self.state.read().versions < after || self.training.swap(true, Ordering::AcqRel) {
            return;
        }
        let shared = Arc::clone(self);
        let job = move || {
            if let Some(training) = shared.train(stage + 1) {
                let place = shared.queue.place();
                let adopt = move |shared: &Shared, w: &mut Writer| {
                    // one that knows a purged chunk is of no use: the next write starts over
                    if adopt(shared, w, training).is_none_or(|adopted| adopted.is_ok()) {
                        shared.training.store(false, Ordering::Release);
                    }
                };
                shared.submit(place, Op::Exclusive(Box::new(adopt)));
            } // else it stays untrained until the next open
        };
        // before waiting calls: every chunk stored without the dictionary is three times larger
        if self.executor.is_inline() { self.executor.spawn_background(job) } else { self.executor.spawn(job) }
    }

    /// A dictionary for what is stored now, when there is enough for one: in place of one that is spoiled.
    pub fn train_anew(&self) -> Option<Training> {
        let versions = self.state.read().versions;
        let stage = STAGES.iter().take_while(|(after, _)| versions >= *after).count();
        self.train(stage).filter(|_| self.config.enable_compression)
    }

    /// Trains what this many stages ask for.
    fn train(&self, stage: usize) -> Option<Training> {
        let (_, bytes) = STAGES.get(stage.checked_sub(1)?)?;
        let purges = self.purges.load(Ordering::Acquire);
        let (samples, payloads) = self.samples().ok()?;
        Some(Training { bytes: train_dictionary(&payloads, *bytes)?, stage: stage as u32, samples, purges })
    }

    /// Payloads of chunks spread over what is stored, with their sequence numbers. Chunks with a TTL are never samples, nor is
    /// what is doomed: a dictionary outlives them.
    fn samples(&self) -> Result<(Vec<u64>, Vec<Vec<u8>>)> {
        let (mut sequences, mut samples) = (Vec::new(), Vec::new());
        let mut bytes = 0;
        let mut from = 0;
        let stride = (self.state.read().rows.len() / MOST_SAMPLES).max(1);
        while samples.len() < MOST_SAMPLES && bytes < SAMPLE_BYTES {
            let state = self.state.read(); // taken again and again: training must not hold up writes
            let Some(rows) = state.rows.get(from..).filter(|r| !r.is_empty()) else { break };
            let wanted =
                |(i, r): &(usize, &Row)| !r.tombstone && r.expires_at.is_none() && !state.doomed.rows.contains((from + i) as u32);
            for (_, r) in rows.iter().enumerate().step_by(stride).take(64).filter(wanted) {
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
                sequences.push(r.sequence);
            }
            from += 64 * stride;
        }
        sequences.sort_unstable();
        Ok((sequences, samples))
    }
}

/// Writes the dictionary, names it in the manifest, uses it from now on. A failure leaves things as they were. `None`: a sample
/// has been purged since, and the dictionary is given up.
pub fn adopt(shared: &Shared, w: &mut Writer, training: Training) -> Option<Result<()>> {
    let Training { bytes, stage, samples, purges } = training;
    let doomed = {
        let state = shared.state.read();
        state.doomed.rows.iter().filter_map(|row| state.row(row)).any(|r| samples.binary_search(&r.sequence).is_ok())
    };
    if doomed || shared.purges.load(Ordering::Acquire) != purges {
        return None;
    }
    let id = w.manifest.next_dictionary();
    let mut next = w.manifest.clone();
    next.dictionaries.push(id);
    next.trained.push(Trained { dictionary: id, stage, upto: samples.last().map_or(0, |s| s + 1) });
    let saved =
        save_dictionary(&*shared.vfs, &shared.dict_dir(), id, &bytes).and_then(|()| next.save(&*shared.vfs, &shared.config.path));
    if saved.is_ok() {
        shared.codec.add(id, bytes);
        w.manifest = next;
        shared.dictionary.store(id, Ordering::Release);
        shared.stage.store(stage, Ordering::Release);
    }
    Some(saved)
}
