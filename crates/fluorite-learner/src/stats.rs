//! What has been learned so far.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use fluorite_memory::time::format_iso;
use fluorite_memory::{CancelToken, Chunk, ChunkType, Engine, FeedbackStats, LearningRun, Result, SearchFilter};
use serde::Serialize;
use serde_json::Value;

use crate::each::each_chunk;
use crate::learn::Histogram;
use crate::relations::uses_of;

/// Chunks by where they came from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct LearnedChunks {
    /// All of them.
    pub total: u64,
    /// Spike templates that a run has learned.
    pub spikes: u64,
    /// Pieces of files that a run has learned.
    pub files: u64,
    /// Patterns that were stored.
    pub patterns: u64,
    /// Everything else: stored by hand, by agents, imported.
    pub other: u64,
}

/// A folder that was learned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LearnedSource {
    /// `spikes` or `files`.
    pub kind: &'static str,
    /// Namespace of its chunks.
    pub namespace: String,
    /// Its path, as of the run.
    pub folder: String,
    /// Files with chunks.
    pub files: u64,
    /// Their chunks.
    pub chunks: u64,
    /// When the last of them changed, ISO 8601.
    pub changed_at: String,
}

/// Patterns in the store.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct LearnedPatterns {
    /// How many: one of each family of templates that are nearly alike.
    pub stored: u64,
    /// Members of their families.
    pub members: u64,
}

/// Result of `learning_stats`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct LearningStats {
    /// Chunks by where they came from.
    pub chunks: LearnedChunks,
    /// Folders learned, by kind, namespace and path.
    pub sources: Vec<LearnedSource>,
    /// Scores of the spike templates in the store.
    pub quality: Histogram,
    /// Patterns in the store.
    pub patterns: LearnedPatterns,
    /// Frameworks that chunks use, by their one name.
    pub frameworks: u64,
    /// The last twenty runs, newest first.
    pub runs: Vec<LearningRun>,
    /// Feedback, and the domains that were trained from it with their accuracy on held-out pairs.
    pub feedback: FeedbackStats,
}

/// One folder while counting.
#[derive(Default)]
struct Folder {
    files: HashSet<String>,
    chunks: u64,
    changed_at: i64,
}

/// What has been learned so far, in all namespaces.
///
/// Blocks. Cost: reads every chunk.
/// # Errors
/// `ABORTED`, and whatever the engine reports.
pub fn learning_stats(engine: &Engine, cancel: &CancelToken) -> Result<LearningStats> {
    let mut out = LearningStats::default();
    let mut folders: BTreeMap<(&'static str, String, String), Folder> = BTreeMap::new();
    let mut frameworks = BTreeSet::new();
    each_chunk(engine, SearchFilter::default(), cancel, &mut |chunk| {
        out.count(chunk);
        frameworks.extend(uses_of(chunk));
        if let Some((kind, folder)) = origin(chunk) {
            let of = folders.entry((kind, chunk.namespace.clone(), folder.to_owned())).or_default();
            of.files.extend(chunk.attributes.source.clone());
            of.chunks += 1;
            of.changed_at = of.changed_at.max(chunk.updated_at);
        }
        Ok(())
    })?;
    let one = |((kind, namespace, folder), f): (_, Folder)| LearnedSource {
        kind,
        namespace,
        folder,
        files: f.files.len() as u64,
        chunks: f.chunks,
        changed_at: format_iso(f.changed_at),
    };
    out.sources = folders.into_iter().map(one).collect();
    out.frameworks = frameworks.len() as u64;
    out.runs = engine.learning_runs().wait()?;
    out.runs.reverse();
    out.feedback = engine.feedback_stats().wait()?;
    Ok(out)
}

impl LearningStats {
    fn count(&mut self, chunk: &Chunk) {
        self.chunks.total += 1;
        match (origin(chunk), chunk.attributes.chunk_type) {
            (Some(("spikes", _)), _) => {
                self.chunks.spikes += 1;
                self.quality.add(chunk.attributes.quality_score);
            }
            (Some(_), _) => self.chunks.files += 1,
            (None, ChunkType::Pattern) => {
                self.chunks.patterns += 1;
                self.patterns.stored += 1;
                self.patterns.members += chunk.attributes.metadata.get("member_count").and_then(Value::as_f64).map_or(0, whole);
            }
            (None, _) => self.chunks.other += 1,
        }
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a count, or whatever a caller stored under its name
fn whole(n: f64) -> u64 {
    n as u64
}

/// Kind of run and folder a chunk was learned from.
fn origin(chunk: &Chunk) -> Option<(&'static str, &str)> {
    let text = |key: &str| chunk.attributes.metadata.get(key).and_then(Value::as_str);
    let folder = text("folder").filter(|_| text("file_hash").is_some())?;
    match (text(crate::files::MARK.0), chunk.attributes.chunk_type) {
        (Some(mark), _) if mark == crate::files::MARK.1 => Some(("files", folder)),
        (_, ChunkType::SpikeTemplate) => Some(("spikes", folder)),
        _ => None,
    }
}
