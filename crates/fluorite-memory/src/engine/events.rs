//! What listeners are told of a store: a bounded queue for each, filled in one order for all.
//!
//! A write is told after it is applied: what a listener hears of is as durable as the write asked for, and the next read
//! sees it. Chunk events come in the order of sequence numbers. A full queue drops its oldest events and counts them: a slow
//! listener costs memory up to its bound, and never holds a writer. With no listener a write pays one atomic load.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::options::Progress;

/// Events a listener's queue holds when it names no bound.
pub const DEFAULT_EVENT_BUFFER: usize = 16_384;
/// Largest bound of a listener's queue.
pub const MAX_EVENT_BUFFER: usize = 1 << 20;

/// Something that happened. Written as JSON it has its kind as `type`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type")]
#[non_exhaustive]
pub enum Event {
    /// A chunk, or a new version of it, is stored and can be found.
    ChunkStored {
        /// The chunk's id.
        id: String,
        /// Where it is.
        namespace: String,
        /// 1 for a new chunk, one more with every store.
        version: u32,
    },
    /// A delete took a chunk away. Chunks whose time is up are not deleted and have no event.
    ChunkDeleted {
        /// The chunk's id.
        id: String,
        /// Where it was.
        namespace: String,
    },
    /// How far a run of `learn_from_spikes` has come; its phase is `done` at the end.
    LearningProgress {
        /// Where its chunks go.
        namespace: String,
        /// Files finished, of those found.
        #[serde(flatten)]
        progress: Progress,
    },
    /// An index was built behind the calls, or by `optimize`, and is in use.
    IndexBuilt {
        /// Which.
        kind: IndexKind,
        /// Chunks in it.
        rows: u64,
        /// How long it took.
        duration_ms: u64,
    },
    /// Events were dropped here, because the listener's queue was full.
    Lagged {
        /// How many.
        missed: u64,
    },
}

/// The kinds of events, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum EventKind {
    /// `Event::ChunkStored`
    ChunkStored,
    /// `Event::ChunkDeleted`
    ChunkDeleted,
    /// `Event::LearningProgress`
    LearningProgress,
    /// `Event::IndexBuilt`
    IndexBuilt,
    /// Comes to every listener that misses something, asked for or not.
    Lagged,
}

/// Which index was built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum IndexKind {
    /// A graph over vectors.
    Vector,
    /// A sealed text segment.
    Text,
}

impl Event {
    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> EventKind {
        match self {
            Self::ChunkStored { .. } => EventKind::ChunkStored,
            Self::ChunkDeleted { .. } => EventKind::ChunkDeleted,
            Self::LearningProgress { .. } => EventKind::LearningProgress,
            Self::IndexBuilt { .. } => EventKind::IndexBuilt,
            Self::Lagged { .. } => EventKind::Lagged,
        }
    }

    /// The namespace it is about; `None` when it is about the store.
    fn namespace(&self) -> Option<&str> {
        match self {
            Self::ChunkStored { namespace, .. }
            | Self::ChunkDeleted { namespace, .. }
            | Self::LearningProgress { namespace, .. } => Some(namespace),
            Self::IndexBuilt { .. } | Self::Lagged { .. } => None,
        }
    }
}

/// What a listener wants to hear of.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EventOptions {
    /// All kinds when absent.
    pub types: Option<Vec<EventKind>>,
    /// Events of this namespace, and those about the store itself; all when absent.
    pub namespace: Option<String>,
    /// Bound of its queue in events, 1 to 1,048,576; 16,384 when absent.
    pub buffer: Option<usize>,
}

/// A set of kinds.
type Kinds = u32;

fn set_of(types: Option<&[EventKind]>) -> Kinds {
    types.map_or(Kinds::MAX, |types| types.iter().fold(0, |set, kind| set | bit(*kind)))
}

fn bit(kind: EventKind) -> Kinds {
    1 << kind as u32
}

struct Held {
    kinds: Kinds,
    events: VecDeque<Arc<Event>>,
    missed: u64,
    /// Woken, and not found empty since.
    woken: bool,
}

struct Queue {
    namespace: Option<String>,
    bound: usize,
    wake: Box<dyn Fn() + Send + Sync>,
    held: Mutex<Held>,
}

impl Queue {
    /// Takes what it wants of these; true when the listener is to be woken.
    fn push(&self, events: &[Arc<Event>]) -> bool {
        let mut held = self.held.lock();
        for event in events {
            let elsewhere = self.namespace.is_some() && event.namespace().is_some_and(|n| Some(n) != self.namespace.as_deref());
            if elsewhere || held.kinds & bit(event.kind()) == 0 {
                continue;
            }
            if held.events.len() == self.bound {
                held.events.pop_front();
                held.missed += 1;
            }
            held.events.push_back(Arc::clone(event));
        }
        !held.events.is_empty() && !std::mem::replace(&mut held.woken, true)
    }
}

/// The listeners of a store.
#[derive(Default)]
pub struct EventHub {
    /// All that any of them wants.
    wanted: AtomicU32,
    queues: Mutex<Vec<Arc<Queue>>>,
}

impl EventHub {
    /// Does anyone listen to this? What is called after `subscribe` is told for certain.
    pub fn wants(&self, kind: EventKind) -> bool {
        self.wanted.load(Ordering::Acquire) & bit(kind) != 0
    }

    /// Tells everyone, in the order of these calls.
    pub fn publish(&self, events: Vec<Event>) {
        if events.is_empty() {
            return;
        }
        let events: Vec<Arc<Event>> = events.into_iter().map(Arc::new).collect();
        let queues = self.queues.lock();
        let woken: Vec<Arc<Queue>> = queues.iter().filter(|q| q.push(&events)).map(Arc::clone).collect();
        drop(queues); // a wake may do anything, subscribe too
        for queue in woken {
            (queue.wake)();
        }
    }

    pub fn subscribe(self: &Arc<Self>, options: EventOptions, wake: impl Fn() + Send + Sync + 'static) -> Result<Subscription> {
        let bound = options.buffer.unwrap_or(DEFAULT_EVENT_BUFFER);
        if !(1..=MAX_EVENT_BUFFER).contains(&bound) {
            return Err(Error::argument(format!("buffer must be 1 to {MAX_EVENT_BUFFER} events, not {bound}")));
        }
        let held = Held { kinds: set_of(options.types.as_deref()), events: VecDeque::new(), missed: 0, woken: false };
        let queue = Arc::new(Queue { namespace: options.namespace, bound, wake: Box::new(wake), held: Mutex::new(held) });
        let mut queues = self.queues.lock();
        queues.push(Arc::clone(&queue));
        self.recount(&queues);
        drop(queues);
        Ok(Subscription { hub: Arc::clone(self), queue })
    }

    fn recount(&self, queues: &[Arc<Queue>]) {
        self.wanted.store(queues.iter().fold(0, |all, q| all | q.held.lock().kinds), Ordering::Release);
    }
}

/// A listener's end. Dropping it ends the listening.
pub struct Subscription {
    hub: Arc<EventHub>,
    queue: Arc<Queue>,
}

impl Subscription {
    /// The oldest events, at most this many and one `Lagged` before them when some were dropped. `wake` is called again once
    /// this has come back with fewer than `most` and more has happened.
    #[must_use]
    pub fn take(&self, most: usize) -> Vec<Arc<Event>> {
        let mut held = self.queue.held.lock();
        let missed = std::mem::take(&mut held.missed);
        let count = held.events.len().min(most);
        let mut taken = Vec::with_capacity(count + 1);
        if missed > 0 {
            taken.push(Arc::new(Event::Lagged { missed }));
        }
        taken.extend(held.events.drain(..count));
        if count < most {
            held.woken = false;
        }
        if held.events.is_empty() {
            held.events.shrink_to(1_024); // a burst is not paid for ever
        }
        taken
    }

    /// From now on listens to these kinds; what is in the queue stays.
    pub fn listen_to(&self, types: &[EventKind]) {
        let queues = self.hub.queues.lock();
        self.queue.held.lock().kinds = set_of(Some(types));
        self.hub.recount(&queues);
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut queues = self.hub.queues.lock();
        queues.retain(|q| !Arc::ptr_eq(q, &self.queue));
        self.hub.recount(&queues);
    }
}

impl std::fmt::Debug for Subscription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Subscription").field("waiting", &self.queue.held.lock().events.len()).finish_non_exhaustive()
    }
}
