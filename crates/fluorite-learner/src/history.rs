//! Remembering runs, for people who ask what was learned when.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use fluorite_memory::time::format_iso;
use fluorite_memory::{Engine, Error, LearningRun, Result};
use serde::Serialize;
use serde_json::Value;

/// Paths of a run that are remembered.
const MOST_PATHS: usize = 10;

/// What is known before a run.
pub(crate) struct About {
    /// `spikes` or `files`.
    pub(crate) kind: &'static str,
    pub(crate) namespace: String,
    pub(crate) paths: Vec<String>,
    /// A run that nobody asked for and that did nothing is not worth remembering.
    pub(crate) asked_for: bool,
}

/// Numbers of a report that say that it did something.
const DID: [&str; 4] = ["stored", "updated", "renamed", "removed"];

/// Runs `work` and remembers what came of it. A run that was refused is none; one that cannot be remembered is not the worse for it.
pub(crate) fn remembered<R: Serialize>(engine: &Engine, about: About, work: impl FnOnce() -> Result<R>) -> Result<R> {
    let (began, clock) = (SystemTime::now(), Instant::now());
    let result = work();
    let (outcome, counts) = match &result {
        Ok(report) => {
            let counts = serde_json::to_value(report).unwrap_or_default();
            if !about.asked_for && DID.iter().all(|name| counts[name].as_u64().is_none_or(|n| n == 0)) {
                return result;
            }
            ("done", counts)
        }
        Err(Error::InvalidArgument { .. }) => return result,
        Err(e) => (e.code(), Value::Null),
    };
    let millis = began.duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis());
    let run = LearningRun {
        kind: about.kind.to_owned(),
        namespace: about.namespace,
        paths: about.paths.into_iter().take(MOST_PATHS).collect(),
        started_at: format_iso(i64::try_from(millis).unwrap_or(0)),
        duration_ms: u64::try_from(clock.elapsed().as_millis()).unwrap_or(u64::MAX),
        outcome: outcome.to_owned(),
        counts: counts.as_object().into_iter().flatten().filter_map(|(name, v)| Some((name.clone(), number(name, v)?))).collect(),
    };
    drop(engine.add_learning_run(run).wait());
    result
}

/// A number as it is, a list by its length.
fn number(name: &str, value: &Value) -> Option<u64> {
    match value {
        Value::Number(n) if name != "duration_ms" => n.as_u64(),
        Value::Array(list) => Some(list.len() as u64),
        _ => None,
    }
}
