//! The last runs of learning, and `feedback/runs` where they are kept: history for people, losing it costs nothing else.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::vfs::{Vfs, read_checked, replace};

const MAGIC: &[u8; 8] = b"FLUORUN1";
const VERSION: u32 = 1;
const NAME: &str = "runs";
/// Runs that are kept.
const KEPT: usize = 20;

/// One run of learning.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LearningRun {
    /// What was learned from: `spikes` or `files`.
    pub kind: String,
    /// Where its chunks went.
    pub namespace: String,
    /// Folders and files, the first ten.
    pub paths: Vec<String>,
    /// When it began, ISO 8601.
    pub started_at: String,
    /// Milliseconds it took.
    pub duration_ms: u64,
    /// `done`, or the code of the error that ended it (`ABORTED`, ...): what was stored until then stays.
    pub outcome: String,
    /// The numbers of its report by name; empty unless it is done.
    pub counts: BTreeMap<String, u64>,
}

/// The runs, oldest first. A damaged file is `CORRUPT`.
pub fn load(vfs: &dyn Vfs, dir: &Path) -> Result<Vec<LearningRun>> {
    let Some(body) = read_checked(vfs, dir, NAME, MAGIC, VERSION)? else { return Ok(Vec::new()) };
    let corrupt =
        |e: serde_json::Error| Error::Corrupt { path: dir.join(NAME), offset: 20, what: format!("the runs do not parse: {e}") };
    serde_json::from_slice(&body).map_err(corrupt)
}

/// Adds a run and forgets the oldest beyond twenty. What cannot be read is begun anew.
pub fn add(vfs: &dyn Vfs, dir: &Path, run: LearningRun) -> Result<()> {
    let mut runs = load(vfs, dir).unwrap_or_default();
    runs.push(run);
    runs.drain(..runs.len().saturating_sub(KEPT));
    vfs.create_dir_all(dir).map_err(|e| Error::io("cannot create", dir, &e))?;
    let body = serde_json::to_vec(&runs).map_err(|e| Error::internal(e.to_string()))?;
    replace(vfs, dir, NAME, MAGIC, VERSION, &body)
}
