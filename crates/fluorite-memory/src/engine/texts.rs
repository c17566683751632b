//! When text is sealed, and when segments are joined. The work itself is `text_job`.
//!
//! A head of `text_rows` rows becomes a segment; four segments of about a size become one, so that a search meets a few of
//! each size; one that is mostly dead is written anew. A segment never holds more than `MOST_ROWS` rows: that bounds the
//! memory of joining. One job at a time, on a thread of its own.

use std::sync::Arc;

use super::queue::Settle;
use super::shared::Shared;
use super::state::State;
use super::text_job::{RowOf, TextJob, run};
use super::text_list::TextList;
use crate::cancel::CancelToken;
use crate::error::{Error, Result};
use crate::executor::lower_priority;
use crate::index::TextInfo;
use crate::options::ProgressFn;

/// Segments of about a size that become one.
const JOINED: usize = 4;
/// Rows of a segment, at most.
const MOST_ROWS: usize = 1 << 18;
/// Heads that one segment is made of, at most: a load that was faster than sealing leaves several.
const MOST_HEADS: usize = 4;
/// Niceness of sealing: calls, the event loop and the pool come first.
const BACKGROUND_NICE: i32 = 15;
const FOREGROUND_NICE: i32 = 5;

/// What is being sealed, and what waits for it.
#[derive(Default)]
pub struct Sealing {
    running: bool,
    /// How many purges there had been when the running job began.
    pub began: Option<u64>,
    /// Stops the running job when nobody waits for it.
    behind: Option<CancelToken>,
    waiting: Vec<Box<dyn FnOnce() + Send>>,
    pub list: TextList,
    /// Why the background kind gave up.
    pub failure: Option<String>,
    /// A damaged segment whose rows are not all where they are to be yet.
    pub damage: Option<String>,
    /// Done, total.
    pub progress: Option<(u64, u64)>,
    /// Segments written since the open.
    pub built: u64,
}

impl Sealing {
    /// Nothing runs yet. `damage`: of a listed segment that could not be opened.
    pub fn new(list: TextList, damage: Option<String>) -> Self {
        Self { list, damage, ..Self::default() }
    }

    /// Whether a job could be started: none runs, and the last one did not fail.
    pub fn is_idle(&self) -> bool {
        !self.running && self.failure.is_none()
    }

    /// Ends a job that nobody waits for.
    pub fn stop_behind(&self) {
        if let Some(cancel) = &self.behind {
            cancel.cancel();
        }
    }
}

/// Held while a job runs; its end, however it comes, lets the next one start.
struct Running(Arc<Shared>);

impl Drop for Running {
    fn drop(&mut self) {
        let waiting = {
            let mut sealing = self.0.text.sealing.lock();
            sealing.running = false;
            sealing.began = None;
            sealing.behind = None;
            sealing.progress = None;
            std::mem::take(&mut sealing.waiting)
        };
        for next in waiting {
            next();
        }
    }
}

impl Shared {
    /// Background: seals or joins when that is due.
    pub fn seal_if_due(self: &Arc<Self>) {
        if self.stop.is_cancelled() || self.check_poison().is_err() {
            return;
        }
        // the end of a running job looks for the next
        if !self.text.sealing.lock().is_idle() {
            return;
        }
        if self.text_due(&self.state.read(), false).is_none() {
            if self.text.behind() == 0 {
                self.text.sealing.lock().damage = None; // all that was in a damaged segment is where it is to be
            }
            return;
        }
        let shared = Arc::clone(self);
        let told = move |r: Result<()>| match r {
            Ok(()) => shared.seal_if_due(),
            Err(Error::Aborted | Error::Closed) => {}
            Err(e) => shared.text.sealing.lock().failure = Some(e.to_string()),
        };
        self.start_sealing(false, CancelToken::default(), None, Box::new(told));
    }

    /// Seals all text, when there is enough for a segment, and joins all segments into as few as may be.
    pub fn seal_all(self: &Arc<Self>, cancel: CancelToken, progress: Option<ProgressFn>, settle: Settle<()>) {
        self.start_sealing(true, cancel, progress, settle);
    }

    fn start_sealing(self: &Arc<Self>, all: bool, cancel: CancelToken, progress: Option<ProgressFn>, settle: Settle<()>) {
        {
            let mut sealing = self.text.sealing.lock();
            if sealing.running {
                if all {
                    sealing.stop_behind();
                    let shared = Arc::clone(self);
                    sealing.waiting.push(Box::new(move || shared.start_sealing(all, cancel, progress, settle)));
                }
                return;
            }
            sealing.running = true;
            sealing.began = Some(self.purges.load(std::sync::atomic::Ordering::Acquire));
            sealing.behind = (!all).then(|| cancel.clone());
        }
        let running = Running(Arc::clone(self));
        let shared = Arc::clone(self);
        let work = move || {
            if !shared.executor.is_inline() {
                lower_priority(if all { FOREGROUND_NICE } else { BACKGROUND_NICE });
            }
            let result = shared.seal(all, &cancel, progress.as_ref());
            if result.is_ok() {
                shared.text.sealing.lock().failure = None;
            }
            drop(running);
            settle(result);
        };
        // dropped unrun when there is no thread: the settle's owner is told INTERNAL, and the next look tries again
        self.executor.spawn_long("text", work);
    }

    /// One job, or all of them.
    fn seal(self: &Arc<Self>, all: bool, cancel: &CancelToken, progress: Option<&ProgressFn>) -> Result<()> {
        if all {
            self.catch_up_text()?;
            let mut index = self.text.index.write();
            if index.len() >= self.config.text_rows {
                index.end_head(1);
            }
        }
        loop {
            let Some(job) = self.text_due(&self.state.read(), all) else { return Ok(()) };
            run(self, &job, cancel, progress)?;
            if !all {
                return Ok(());
            }
        }
    }

    /// What is to be done now. `all`: everything into as few segments as may be.
    fn text_due(&self, state: &State, all: bool) -> Option<TextJob> {
        let index = self.text.index.read();
        let most = self.config.text_rows.saturating_mul(MOST_HEADS);
        let mut taken = (Vec::new(), Vec::new());
        for (number, rows) in index.full_heads() {
            if !taken.0.is_empty() && taken.1.len() + rows.len() > most {
                break;
            }
            taken.0.push(number);
            taken.1.extend(rows.iter().filter_map(|row| Some((row, state.row(row)?.sequence))));
        }
        let (heads, mut rows): (Vec<u64>, Vec<RowOf>) = taken;
        if !heads.is_empty() {
            rows.sort_unstable_by_key(|(_, sequence)| *sequence);
            return Some(TextJob { heads, rows, parts: Vec::new() });
        }
        let mut segments: Vec<TextInfo> = index.segments().collect();
        segments.sort_by_key(|s| (s.rows, s.segment.number()));
        let parts = if all { fitting(&segments) } else { same_size(&segments, self.config.text_rows) };
        if parts.len() > 1 {
            return Some(TextJob { heads: Vec::new(), rows: Vec::new(), parts });
        }
        let sparse = |s: &&TextInfo| if all { s.rows * 10 < s.segment.docs() * 9 } else { s.rows * 2 < s.segment.docs() };
        let purge = self.text.sealing.lock().list.purge.clone();
        let sparse = segments.iter().find(sparse).or(segments.iter().find(|s| purge.contains(&s.segment.number())))?.clone();
        Some(TextJob { heads: Vec::new(), rows: Vec::new(), parts: vec![sparse] })
    }
}

/// The smallest segments that fit into one.
fn fitting(smallest_first: &[TextInfo]) -> Vec<TextInfo> {
    let mut sum = 0;
    let fits = |s: &&TextInfo| {
        sum += s.rows;
        sum <= MOST_ROWS
    };
    smallest_first.iter().take_while(fits).cloned().collect()
}

/// Segments of about a size, when there are enough of them.
fn same_size(smallest_first: &[TextInfo], unit: usize) -> Vec<TextInfo> {
    let size = |s: &TextInfo| (s.rows / unit.max(1)).max(1).ilog(JOINED);
    for same in smallest_first.chunk_by(|a, b| size(a) == size(b)).filter(|same| same.len() >= JOINED) {
        let parts = fitting(same);
        if parts.len() > 1 {
            return parts;
        }
    }
    Vec::new()
}
