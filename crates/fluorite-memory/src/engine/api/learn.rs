//! Feedback and what is learned from it.

use std::sync::Arc;

use super::Engine;
use crate::engine::shared::Shared;
use crate::engine::store::{Job, run};
use crate::error::{Error, Result};
use crate::feedback::{
    Feedback, FeedbackEvent, FeedbackStats, LearningRun, MAX_FEEDBACK, TrainOptions, TrainingExample, TrainingResult,
};
use crate::options::WriteOptions;
use crate::pending::{Pending, pending};

impl Engine {
    /// Keeps feedback about chunks: durable when it resolves, never found by a search, listing or count. A correction stores a new
    /// version of its chunk, which keeps everything but the text; `history` has the old one. All or none of a call is kept, unless
    /// the process dies between a correction and its event: then the new version is there and the event is not.
    /// Errors: `NOT_FOUND` for a chunk that is not there, `INVALID_ARGUMENT` for a text that is stored in pieces: name the piece. Cost: an fsync, one more for corrections.
    pub fn add_feedback(&self, feedback: Vec<Feedback>) -> Pending<()> {
        if feedback.len() > MAX_FEEDBACK {
            return Pending::ready(Err(Error::argument(format!(
                "a call takes at most {MAX_FEEDBACK} feedbacks, not {}",
                feedback.len()
            ))));
        }
        let checked = feedback.into_iter().map(Feedback::checked).collect::<Result<Vec<_>>>();
        let checked = checked.and_then(|f| Ok((f, self.enter()?, self.enter()?)));
        let (feedback, call, storing) = match checked.and_then(|c| self.0.shared.check_poison().map(|()| c)) {
            Ok(ready) => ready,
            Err(e) => return Pending::ready(Err(e)),
        };
        let (settler, done) = pending();
        let shared = Arc::clone(&self.0.shared);
        let place = shared.queue.place();
        let append = move |shared: Arc<Shared>, events: Result<Vec<FeedbackEvent>>| {
            let worker = Arc::clone(&shared);
            worker.executor.spawn(move || {
                settler.settle(events.and_then(|e| shared.append_events(e)));
                drop(call);
            });
        };
        self.0.shared.executor.spawn(move || match shared.read_feedback(&feedback) {
            Err(e) => {
                drop((place, storing));
                append(shared, Err(e));
            }
            Ok((events, corrected)) if corrected.is_empty() => {
                drop((place, storing));
                append(shared, Ok(events));
            }
            Ok((events, chunks)) => {
                let (stored, store) = pending();
                let pasts = Vec::new();
                let options = WriteOptions { auto_split: Some(false), ..WriteOptions::default() }; // a piece stays one
                let job = Job { place, chunks, pasts, options, settler: stored, call: storing };
                let then = Arc::clone(&shared);
                store.on_settle(move |r| append(then, r.map(|_| events)));
                run(&shared, job);
            }
        });
        done
    }

    /// Learns from feedback (and `examples`) how to rank, domain by domain, and keeps what is better on pairs held out.
    /// Cost: a search for each query with feedback, at most 2,000 a domain.
    pub fn train_incremental(&self, examples: Vec<TrainingExample>, options: TrainOptions) -> Pending<TrainingResult> {
        self.on_pool(move |shared| shared.train_ranker(examples, &options))
    }

    /// Figures of feedback and of what was learned from it.
    pub fn feedback_stats(&self) -> Pending<FeedbackStats> {
        self.on_pool(|shared| shared.feedback_stats())
    }

    /// Remembers a run of learning beside the log, with the twenty before it. Cost: an fsync.
    pub fn add_learning_run(&self, run: LearningRun) -> Pending<()> {
        self.on_pool(move |shared| shared.add_learning_run(run))
    }

    /// The last twenty runs of learning, oldest first. Errors: `CORRUPT`; the next run begins the file anew.
    pub fn learning_runs(&self) -> Pending<Vec<LearningRun>> {
        self.on_pool(|shared| shared.learning_runs())
    }
}
