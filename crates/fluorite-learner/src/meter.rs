//! Telling how far a run is: its caller, and whoever listens to the engine.

use std::time::Instant;

use fluorite_memory::{Engine, Event, EventKind, Progress, ProgressFn};

pub(crate) struct Meter<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) namespace: &'a str,
    pub(crate) on_progress: Option<&'a ProgressFn>,
    pub(crate) started: Instant,
}

impl Meter<'_> {
    /// `done` of `total` files.
    #[allow(clippy::cast_precision_loss)] // figures for people
    pub(crate) fn tell(&self, phase: &'static str, done: u64, total: u64) {
        let listened_to = self.engine.has_listeners(EventKind::LearningProgress);
        if self.on_progress.is_none() && !listened_to {
            return;
        }
        let rate = done as f64 / self.started.elapsed().as_secs_f64().max(1e-6);
        let seconds_left = (rate > 0.0).then(|| total.saturating_sub(done) as f64 / rate);
        let progress = Progress { phase, done, total: Some(total), rate, seconds_left };
        if listened_to {
            let namespace = self.namespace.to_owned();
            self.engine.publish(Event::LearningProgress { namespace, progress: progress.clone() });
        }
        if let Some(tell) = self.on_progress {
            tell(progress);
        }
    }
}
