//! One text segment from heads or older segments: made, written, listed, installed.
//!
//! Text is read from the log again and tokenised, because heads keep hashes; older segments are joined posting by posting.
//! A kill before the list is replaced leaves a file nothing names; after it, the new segment is the one that is opened. The
//! log is made durable before the list: a segment never knows a chunk that a power cut may take back.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::events::{Event, IndexKind};
use super::queue::Op;
use super::shared::Shared;
use super::state::{NONE, State};
use super::text::text_parts;
use crate::cancel::CancelToken;
use crate::chunk::Chunk;
use crate::error::{Error, Result};
use crate::index::segment::{MadeText, TextBuilder, join};
use crate::index::{TextInfo, TextSegment};
use crate::options::ProgressFn;
use crate::pending::pending;

/// Chunks read at a time.
const BATCH: usize = 64;

/// A row and the sequence number of the chunk version it stood for.
pub type RowOf = (u32, u64);

/// What goes into the new segment: heads, or segments.
pub struct TextJob {
    pub heads: Vec<u64>,
    /// Rows of the heads with their sequence numbers, ascending by these.
    pub rows: Vec<RowOf>,
    pub parts: Vec<TextInfo>,
}

/// Makes and installs.
pub fn run(shared: &Arc<Shared>, job: &TextJob, cancel: &CancelToken, progress: Option<&ProgressFn>) -> Result<()> {
    let started = shared.clock.monotonic_ms();
    let purges = shared.purges.load(Ordering::Acquire);
    let (made, documents) = if job.parts.is_empty() {
        seal(shared, job, cancel, progress)?
    } else {
        for info in &job.parts {
            if let Err(e) = info.segment.prepare(cancel) {
                if matches!(e, Error::Corrupt { .. }) {
                    let _catching = shared.text.catching.lock();
                    shared.give_up_text(info.segment.number(), &e); // its rows are read again: the next look finds them
                    return Ok(());
                }
                return Err(e);
            }
        }
        joined(shared, job)?
    };
    cancel.check()?;
    let Some(made) = made else { return list_and_install(shared, job, None, &[], purges) }; // all of it died
    let number = shared.text.sealing.lock().list.take_number(&*shared.vfs, &shared.index_dir());
    let path = shared.index_dir().join(TextSegment::file_name(number));
    let written = write(shared, &made, number, cancel).and_then(|s| list_and_install(shared, job, Some(s), &documents, purges));
    if written.is_err() {
        shared.remove_for_good(path);
    } else {
        let duration_ms = u64::try_from(shared.clock.monotonic_ms() - started).unwrap_or(0);
        let rows = documents.len() as u64;
        shared.events.publish(vec![Event::IndexBuilt { kind: IndexKind::Text, rows, duration_ms }]);
    }
    written
}

/// Whether the row still stands for this version.
fn is_same(state: &State, (row, sequence): RowOf) -> bool {
    state.live.contains(row) && state.row(row).is_some_and(|r| r.sequence == sequence)
}

type Made = (Option<MadeText>, Vec<RowOf>);

/// A segment of the heads' rows, from the log.
fn seal(shared: &Shared, job: &TextJob, cancel: &CancelToken, progress: Option<&ProgressFn>) -> Result<Made> {
    let mut builder = TextBuilder::new(job.rows.len())?;
    let mut documents = Vec::with_capacity(job.rows.len());
    let (total, started) = (job.rows.len() as u64, shared.clock.monotonic_ms());
    for (i, batch) in job.rows.chunks(BATCH).enumerate() {
        cancel.check()?;
        let mut loaded: Vec<(RowOf, Arc<Chunk>)> = Vec::with_capacity(BATCH);
        {
            let state = shared.state.read();
            for row in batch.iter().filter(|row| is_same(&state, **row)) {
                let Some(r) = state.row(row.0) else { continue };
                match shared.load_aside(&state, r) {
                    Ok(chunk) => loaded.push((*row, chunk)),
                    Err(e) => shared.note_damage(&e),
                }
            }
        }
        for (row, chunk) in loaded {
            builder.add(row.1, &text_parts(&chunk, &chunk.text()))?;
            documents.push(row);
        }
        let done = ((i * BATCH + batch.len()) as u64).min(total);
        shared.text.sealing.lock().progress = Some((done, total));
        shared.report_progress(progress, "text", done, Some(total), started);
    }
    let made = if documents.is_empty() { None } else { Some(builder.finish()?) };
    Ok((made, documents))
}

/// A segment of the live documents of segments.
fn joined(shared: &Shared, job: &TextJob) -> Result<Made> {
    let rows: Vec<Vec<u32>> = {
        let index = shared.text.index.read();
        job.parts.iter().map(|info| index.rows_of(info.segment.number()).map(<[u32]>::to_vec).unwrap_or_default()).collect()
    };
    let live = |rows: &[u32], doc: usize| rows.get(doc).is_some_and(|row| *row != NONE);
    let lives: Vec<_> = rows.iter().map(|rows| move |doc: usize| live(rows, doc)).collect();
    let parts: Vec<(&TextSegment, &dyn Fn(usize) -> bool)> =
        job.parts.iter().zip(&lives).map(|(info, live)| (&*info.segment, live as &dyn Fn(usize) -> bool)).collect();
    let made = join(&parts)?;
    let rows = rows.iter().flatten().copied().filter(|row| *row != NONE);
    let documents = made.as_ref().map(|m| rows.zip(m.sequences().iter().copied()).collect());
    Ok((made, documents.unwrap_or_default()))
}

fn write(shared: &Shared, made: &MadeText, number: u32, cancel: &CancelToken) -> Result<TextSegment> {
    let dir = shared.index_dir();
    made.write(&*shared.vfs, &dir.join(TextSegment::file_name(number)), shared.store_id, cancel)?;
    let segment = TextSegment::open(&*shared.vfs, &dir, number, shared.store_id)?;
    let segment = segment.ok_or_else(|| Error::internal("a text segment just written is of another version"))?;
    segment.prepare(cancel)?;
    Ok(segment)
}

/// The log first, then the list, then memory, then the old files go. `purges`: how many there had been when the job began.
fn list_and_install(
    shared: &Arc<Shared>,
    job: &TextJob,
    segment: Option<TextSegment>,
    documents: &[RowOf],
    purges: u64,
) -> Result<()> {
    let (settler, flushed) = pending();
    shared.submit(shared.queue.place(), Op::Flush { settle: Box::new(move |r| settler.settle(r)) });
    flushed.wait()?;
    let old: Vec<u32> = job.parts.iter().map(|info| info.segment.number()).collect();
    let _installing = shared.text.installing.lock();
    // what died meanwhile may have been purged: then nothing tells any more which document that was
    let suspect = shared.purges.load(Ordering::Acquire) != purges && {
        let state = shared.state.read();
        !documents.iter().all(|row| is_same(&state, *row))
    };
    if segment.is_some() || !old.is_empty() {
        let _listing = shared.text.listing.lock();
        let list = {
            let mut list = shared.text.sealing.lock().list.clone();
            list.texts.retain(|n| !old.contains(n));
            list.purge.retain(|n| !old.contains(n));
            let number = segment.as_ref().map(TextSegment::number);
            list.texts.extend(number);
            list.purge.extend(number.filter(|_| suspect));
            list
        };
        list.save(&*shared.vfs, &shared.index_dir())?;
        let mut sealing = shared.text.sealing.lock();
        (sealing.list.texts, sealing.list.purge) = (list.texts, list.purge);
        sealing.built += 1;
    }
    let retired = {
        // nothing is taken in meanwhile: a row that dies now is told to the index after this
        let _catching = shared.text.catching.lock();
        let state = shared.state.read();
        let rows = documents.iter().map(|row| if is_same(&state, *row) { row.0 } else { NONE }).collect();
        drop(state);
        shared.text.index.write().install(segment.map(|s| (Arc::new(s), rows)), &job.heads, &old)
    };
    drop(retired); // the heads' tables: freed without the lock
    for number in old {
        shared.remove_for_good(shared.index_dir().join(TextSegment::file_name(number)));
    }
    Ok(())
}
