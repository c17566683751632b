//! What all feedback says about a chunk by itself.

use std::collections::HashMap;
use std::sync::Arc;

use super::event::{FeedbackEvent, FeedbackKind};

/// Good and bad so far.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Tally {
    /// Sum of what spoke for it.
    pub good: f32,
    /// Sum of what spoke against it.
    pub bad: f32,
}

impl Tally {
    /// -1 (all bad) to 1 (all good), near 0 while little is known: two neutral voices count along.
    #[must_use]
    pub fn value(self) -> f32 {
        (self.good - self.bad) / (self.good + self.bad + 2.0)
    }

    /// With one more event.
    #[must_use]
    pub fn with(mut self, event: &FeedbackEvent) -> Self {
        self.add(event);
        self
    }

    fn add(&mut self, event: &FeedbackEvent) {
        match event.kind {
            FeedbackKind::Success => self.good += 1.0,
            FeedbackKind::Failure => self.bad += 1.0,
            FeedbackKind::Usage => self.good += 0.5,
            FeedbackKind::Rating => {
                let r = event.rating.unwrap_or(0.5);
                self.good += r;
                self.bad += 1.0 - r;
            }
            FeedbackKind::Correction => *self = Self::default(), // what was said about the wrong text is over
        }
    }
}

/// Tallies by namespace and id.
#[derive(Debug, Default)]
pub struct Tallies(HashMap<String, HashMap<String, Tally>>);

impl Tallies {
    /// Of these events, oldest first.
    pub fn of<'a>(events: impl Iterator<Item = &'a Arc<FeedbackEvent>>) -> Self {
        let mut out = Self::default();
        events.for_each(|e| out.add(e));
        out
    }

    /// One more event.
    pub fn add(&mut self, event: &FeedbackEvent) {
        if !self.0.contains_key(&event.namespace) {
            self.0.insert(event.namespace.clone(), HashMap::new());
        }
        if let Some(ids) = self.0.get_mut(&event.namespace) {
            ids.entry(event.chunk_id.clone()).or_default().add(event);
        }
    }

    /// Of one chunk.
    #[must_use]
    pub fn get(&self, namespace: &str, id: &str) -> Tally {
        self.0.get(namespace).and_then(|ids| ids.get(id)).copied().unwrap_or_default()
    }
}
