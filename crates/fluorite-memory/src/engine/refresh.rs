//! A look at the writer's files: what has changed, and which of the two ways takes it in.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::follow::follow;
use super::graph_list::GraphList;
use super::queue::Settle;
use super::reader::{Following, Reader, contained};
use super::reload::{gone, reload, same_store};
use super::shared::Shared;
use super::state::SegmentUse;
use super::text_list::TextList;
use crate::error::Result;
use crate::log::{Followed, Manifest, SEGMENT_HEADER, SealedSegment, Segment, Tail};
use crate::metrics::Stage;
use crate::mutants::mutant;
use crate::vfs::{OpenMode, Vfs};

/// Bytes of the envelope of a file that is replaced whole: its length and checksum are in there.
const ENVELOPE: usize = 20;

impl Shared {
    /// Takes in what the writer had acknowledged before the call; true when anything has changed. Looks follow one another.
    pub fn refresh(self: &Arc<Self>) -> Result<bool> {
        let Some(reader) = &self.reader else { return Ok(false) };
        let began = self.clock.monotonic_ms();
        let result = contained(reader, || {
            let mut following = reader.following.lock();
            self.look(reader, &mut following)
        });
        reader.looks.fetch_add(1, Ordering::Relaxed);
        *reader.trouble.lock() = result.as_ref().err().map(ToString::to_string);
        if result.is_ok() {
            reader.current_at.fetch_max(began, Ordering::Relaxed);
        }
        result
    }

    /// A look for everyone who asks before it begins: however many ask, one thread of the pool at most is busy with it.
    pub fn ask_refresh(self: &Arc<Self>, settle: Settle<bool>) {
        let Some(reader) = &self.reader else { return settle(Ok(false)) };
        if mutant!("a_look_for_each_refresh") {
            let shared = Arc::clone(self);
            return self.executor.spawn(move || settle(shared.refresh()));
        }
        {
            let mut asked = reader.asked.lock();
            asked.waiting.push((Instant::now(), settle));
            if std::mem::replace(&mut asked.running, true) {
                return; // the one that runs has begun before this call: the next one is for it
            }
        }
        self.look_soon();
    }

    fn look_soon(self: &Arc<Self>) {
        let shared = Arc::clone(self);
        self.executor.spawn(move || {
            let Some(reader) = &shared.reader else { return };
            let waiting = std::mem::take(&mut reader.asked.lock().waiting);
            waiting.iter().for_each(|(called, _)| shared.metrics.record(Stage::Wait, called.elapsed()));
            let result = shared.refresh();
            waiting.into_iter().for_each(|(_, settle)| settle(result.clone()));
            let more = {
                let mut asked = reader.asked.lock();
                asked.running = !asked.waiting.is_empty();
                asked.running
            };
            if more {
                shared.look_soon(); // behind the calls that wait
            }
        });
    }

    fn look(self: &Arc<Self>, reader: &Reader, following: &mut Following) -> Result<bool> {
        if self.vfs.cipher().is_some()
            && let Some(manifest) = Manifest::load(&*self.vfs, &self.config.path)?
            && manifest.store_id == following.manifest.store_id
            && manifest.encryption != following.manifest.encryption
        {
            self.follow_keys(&manifest)?; // before anything is read that this one's keys may not open
        }
        let told = feedback_stamp(self);
        let feedback = told != following.feedback;
        if feedback {
            following.feedback = told;
            self.reread_feedback();
        }
        // the lists before the manifest, the manifest before the segments: each names only what was durable before it
        let (graphs, texts) = lists(&*self.vfs, self);
        let manifest = Manifest::load(&*self.vfs, &self.config.path)?.ok_or_else(|| gone(&self.config.path))?;
        same_store(&following.manifest, &manifest, &self.config.path)?; // before anything of it is opened with this one's key
        let listed = graphs == following.graphs && texts == following.texts;
        if !following.incomplete && listed {
            if same_files(&manifest, &following.manifest) {
                following.manifest = manifest;
                match follow(self, following) {
                    Ok(Followed::Rewritten) | Err(_) => {}
                    Ok(found) => return Ok(feedback || found != Followed::Same),
                }
            } else if let Some(sealed) = only_sealed(&following.manifest, &manifest) {
                let sealed = sealed.clone();
                if matches!(self.step_over(following, manifest, &sealed), Ok(true)) {
                    return Ok(true);
                }
            } else {
                let _ = follow(self, following); // for the listeners: what a whole state holds does not say what came when
                if mutant!("reader_misses_moved_rows") {
                    following.manifest = manifest;
                    return Ok(true);
                }
            }
        }
        following.incomplete = true;
        reload(self, following)?;
        reader.reloads.fetch_add(1, Ordering::Relaxed);
        Ok(true)
    }

    /// The live segment was sealed and the next one begun. False when it does not end where the manifest says.
    fn step_over(self: &Arc<Self>, following: &mut Following, manifest: Manifest, sealed: &SealedSegment) -> Result<bool> {
        if follow(self, following)? == Followed::Rewritten || following.tail.end() != sealed.length {
            return Ok(false);
        }
        let dir = self.log_dir();
        let mapped = Segment::sealed(&*self.vfs, &dir, sealed.number, sealed.length, self.store_id)?;
        let tail = Tail::open(&*self.vfs, &dir, manifest.live, self.store_id, 0)?;
        {
            let mut state = self.state.write();
            state.segments.insert(sealed.number, mapped.clone());
            state.usage.insert(manifest.live, SegmentUse { total: SEGMENT_HEADER as u64, ..SegmentUse::default() });
            state.segments.insert(manifest.live, tail.segment().clone());
            state.fresh.clear(); // vectors of a sealed segment are read from its map
        }
        (following.manifest, following.tail) = (manifest, tail);
        self.recheck(vec![(mapped, sealed.crc)]);
        Ok(follow(self, following)? != Followed::Rewritten)
    }
}

/// Do they differ in nothing but the mark of a clean close?
fn same_files(a: &Manifest, b: &Manifest) -> bool {
    a == b || Manifest { closed: b.closed, ..a.clone() } == *b
}

/// What the sealing of the live segment, and nothing else, added.
fn only_sealed<'a>(old: &Manifest, new: &'a Manifest) -> Option<&'a SealedSegment> {
    let (last, before) = new.sealed.split_last()?;
    let as_before = Manifest { sealed: before.to_vec(), live: last.number, next_segment: new.live, ..new.clone() };
    same_files(&as_before, old).then_some(last)
}

/// The index files that count, as the disk says.
pub fn lists(vfs: &dyn Vfs, shared: &Shared) -> (Vec<u32>, Vec<u32>) {
    let dir = shared.index_dir();
    (GraphList::load(vfs, &dir).graphs, TextList::load(vfs, &dir).texts)
}

/// What changes with the files of feedback: the events are appended to, the weights replaced.
pub fn feedback_stamp(shared: &Shared) -> (u64, Option<Vec<u8>>) {
    let dir = shared.feedback_dir();
    let open = |name: &str| shared.vfs.open(&dir.join(name), OpenMode::Read).ok();
    let events = open("events").and_then(|f| f.len().ok()).unwrap_or(0);
    let weights = open("weights").and_then(|f| {
        let mut head = vec![0; ENVELOPE];
        f.read_at(&mut head, 0).ok().map(|()| head)
    });
    (events, weights)
}
