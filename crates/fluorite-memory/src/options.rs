//! Options of the public calls, as the caller spells them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::cancel::CancelToken;
use crate::chunk::ChunkType;
use crate::error::{Error, Result};
use crate::index::Effort;

/// Largest `limit` of a search or a list page.
pub const MAX_LIMIT: usize = 1_000;
/// Largest `budget_tokens`.
pub const MAX_BUDGET_TOKENS: usize = 1_000_000;
/// Widest graph walk.
pub const MAX_EF: usize = 4_096;

/// When a write counts as done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Durability {
    /// After fsync: survives kill -9 and power loss.
    #[default]
    Sync,
    /// After the operating system has the bytes: survives kill -9, loses at most one flush interval on power loss.
    Buffered,
}

/// When a text becomes a vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmbedMode {
    /// Before the write resolves.
    #[default]
    Sync,
    /// Behind it; until then the chunk is found by its words.
    Background,
}

/// What a failing chunk does to the rest of its call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnError {
    /// The first failure rejects the call; its slice is not stored.
    #[default]
    Abort,
    /// Failures are listed in the result, the others are stored.
    Collect,
}

/// Receives progress of long work.
pub type ProgressFn = Arc<dyn Fn(Progress) + Send + Sync>;

/// How far long work has come.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Progress {
    /// What is being done now.
    pub phase: &'static str,
    /// Units finished.
    pub done: u64,
    /// Units in all, when known.
    pub total: Option<u64>,
    /// Units per second so far.
    pub rate: f64,
    /// Seconds left at this rate, when the total is known.
    pub seconds_left: Option<f64>,
}

/// Options of `store`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WriteOptions {
    /// `sync`, or the store's setting when absent.
    pub durability: Option<Durability>,
    /// `sync` when absent.
    pub embed: Option<EmbedMode>,
    /// `abort` when absent.
    pub on_error: Option<OnError>,
    /// Store texts over the model's window, or over `max_chunk_size`, in pieces; the store's setting when absent.
    pub auto_split: Option<bool>,
    /// All chunks of the call in one batch: seen and recovered all or none (at most 10,000 chunks).
    pub atomic: Option<bool>,
    /// Raised to stop the call.
    #[serde(skip)]
    pub cancel: CancelToken,
}

/// Options of `delete_with` and `delete_where_with`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DeleteOptions {
    /// Every byte goes, of older versions as well: false.
    pub purge: bool,
}

/// Options of `verify`.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct VerifyOptions {
    /// Looks into contents and derived files, not at checksums alone. `false` when absent.
    pub deep: Option<bool>,
}

/// Options of `export_page`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ExportOptions {
    /// Which chunks; all when absent.
    pub filter: Option<SearchFilter>,
    /// `stored` when absent.
    pub order: Option<ListOrder>,
    /// `true` writes the vectors too: about 2.1 KB a chunk of 384 dimensions. `false` when absent.
    pub embeddings: Option<bool>,
    /// Leave out what cannot be read and tell it in `ExportPage::damaged`; else the first damaged place ends the export.
    #[serde(skip)]
    pub skip_damaged: bool,
}

/// Options of `import_lines`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ImportOptions {
    /// The namespace of all lines: one that names another is bad. Each line's own, or `default`, when absent.
    pub namespace: Option<String>,
    /// Fields of a chunk, for lines that do not say them: a namespace, tags, ...
    pub defaults: Option<serde_json::Map<String, serde_json::Value>>,
    /// `true` stores also what is stored already. `false` when absent.
    pub force: Option<bool>,
    /// `false` leaves the vectors of the lines alone: every text is embedded. `true` when absent.
    pub embeddings: Option<bool>,
    /// When texts without a usable vector are embedded: `sync` when absent.
    pub embed: Option<EmbedMode>,
    /// The store's setting when absent.
    pub durability: Option<Durability>,
    /// `collect` when absent: bad lines are listed. `abort`: the first rejects the call, and its block is not stored.
    pub on_error: Option<OnError>,
    /// Raised to stop.
    #[serde(skip)]
    pub cancel: CancelToken,
}

/// Options of `snapshot`.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SnapshotOptions {
    /// Hard links instead of copies, where the disk has them: takes no room and no time, but damage to the disk hits both. The
    /// engine never changes such a file in place. `false` when absent.
    pub link: Option<bool>,
}

/// Any, all, none.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SetFilter {
    /// At least one of these.
    pub any: Option<Vec<String>>,
    /// Each of these.
    pub all: Option<Vec<String>>,
    /// None of these.
    pub none: Option<Vec<String>>,
}

/// One value or several.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum OneOrMany {
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

impl OneOrMany {
    /// The values as a slice.
    #[must_use]
    pub fn as_slice(&self) -> &[String] {
        match self {
            Self::One(s) => std::slice::from_ref(s),
            Self::Many(v) => v,
        }
    }
}

/// A moment: ISO 8601 text or milliseconds since the epoch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Moment {
    /// Milliseconds since the epoch.
    Millis(f64),
    /// `2026-01-31` or `2026-01-31T12:00:00Z`.
    Iso(String),
}

/// Which chunks count. All given conditions must hold.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SearchFilter {
    /// Namespace, or several; all namespaces when absent.
    pub namespace: Option<OneOrMany>,
    /// Frameworks.
    pub frameworks: Option<SetFilter>,
    /// Tags.
    pub tags: Option<SetFilter>,
    /// One of these types.
    pub chunk_type: Option<Vec<ChunkType>>,
    /// One of these languages.
    pub language: Option<Vec<String>>,
    /// One of these sources.
    pub source: Option<Vec<String>>,
    /// At least this quality.
    pub min_quality: Option<f32>,
    /// Created at or after.
    pub created_after: Option<Moment>,
    /// Created before.
    pub created_before: Option<Moment>,
    /// Top-level metadata members that must equal these scalars.
    pub metadata: Option<serde_json::Map<String, serde_json::Value>>,
    /// `false` leaves out chunks tagged `generated`; `true` when absent.
    pub include_generated: Option<bool>,
}

/// Which legs a text query uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SearchMode {
    /// Vectors and words.
    #[default]
    Hybrid,
    /// Vectors alone.
    Vector,
    /// Words alone.
    Lexical,
}

/// Options of `search`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SearchOptions {
    /// Hits wanted: 10 when absent, 1 to 1,000.
    pub limit: Option<usize>,
    /// Hits to skip: 0 when absent; `limit + offset` at most 1,000.
    pub offset: Option<usize>,
    /// `hybrid` for text when the model is on, `lexical` when it is off; always `vector` for vectors.
    pub mode: Option<SearchMode>,
    /// Which chunks count.
    pub filter: Option<SearchFilter>,
    /// Hits below this score are left out: 0 when absent.
    pub min_score: Option<f32>,
    /// `false`: no ranking signals beside both legs' scores; in mode `lexical` the plain BM25 order. `true` when absent.
    pub rerank: Option<bool>,
    /// `false`: without what feedback taught (`train_incremental`). `true` when absent; mode `vector` and `rerank: false` never use it.
    pub learned: Option<bool>,
    /// Rank by what feedback of this domain taught; by what all domains taught when absent, or not known.
    pub domain: Option<String>,
    /// Variety: 1 is none, 0 nothing else (maximal marginal relevance over the best 100). None when absent.
    pub mmr_lambda: Option<f32>,
    /// Adds the components of the score to each hit.
    pub explain: Option<bool>,
    /// Scans all vectors in f32: the oracle.
    pub exact: Option<bool>,
    /// Share of the true nearest that a vector search is to find, .5 to .9999: .98 when absent. More costs time.
    pub recall_target: Option<f32>,
    /// Width of graph walks instead (candidates kept on the way), 1 to 4,096: for experts who measure.
    pub ef: Option<usize>,
    /// Most tokens of the contents of all hits, each as `count_tokens` counts it, 1 to 1,000,000: from the best hit on, one that
    /// does not fit any more is left out and later ones that fit are taken. Counts at most `limit` hits; no bound when absent.
    pub budget_tokens: Option<usize>,
    /// Chunk fields wanted; `[]` is id and score only; all when absent.
    pub fields: Option<Vec<String>>,
    /// Raised to stop the call.
    #[serde(skip)]
    pub cancel: CancelToken,
    /// A search of the engine for itself: in no histogram and no history.
    #[serde(skip)]
    pub unobserved: bool,
}

/// Names accepted in `fields`.
pub const FIELDS: &[&str] = &[
    "content",
    "frameworks",
    "tags",
    "quality_score",
    "chunk_type",
    "memory_type",
    "language",
    "source",
    "namespace",
    "metadata",
    "pinned",
    "created_at",
    "updated_at",
    "accessed_at",
    "expires_at",
    "usage_count",
    "version",
    "content_hash",
];

impl SearchOptions {
    /// Limit, offset and scores in their ranges, fields known.
    pub fn checked(self) -> Result<Self> {
        let (limit, offset) = (self.limit(), self.offset());
        if limit == 0 || limit + offset > MAX_LIMIT {
            return Err(Error::argument(format!("limit must be 1 to {MAX_LIMIT}, offset included; it is {limit} + {offset}")));
        }
        if self.min_score.is_some_and(|s| !(0.0..=1.0).contains(&s)) {
            return Err(Error::argument("min_score must be between 0 and 1"));
        }
        crate::feedback::check_domain(self.domain.as_deref())?;
        if self.mmr_lambda.is_some_and(|l| !(0.0..=1.0).contains(&l)) {
            return Err(Error::argument("mmr_lambda must be between 0 (variety alone) and 1 (score alone)"));
        }
        self.budget_tokens.map_or(Ok(()), check_budget)?;
        if self.recall_target.is_some_and(|r| !(0.5..=0.9999).contains(&r)) {
            return Err(Error::argument("recall_target must be between .5 and .9999; for certainty ask exact: true"));
        }
        if self.ef.is_some_and(|ef| !(1..=MAX_EF).contains(&ef)) {
            return Err(Error::argument(format!("ef must be 1 to {MAX_EF}")));
        }
        if self.recall_target.is_some() && self.ef.is_some() {
            return Err(Error::argument("give recall_target or ef, not both: ef is the width recall_target stands for"));
        }
        if let Some(unknown) = self.fields.iter().flatten().find(|f| !FIELDS.contains(&f.as_str())) {
            return Err(Error::argument(format!("fields: unknown field {unknown:?}; known: {}", FIELDS.join(", "))));
        }
        Ok(self)
    }

    /// Hits wanted.
    #[must_use]
    pub fn limit(&self) -> usize {
        self.limit.unwrap_or(10)
    }

    /// How hard vector search tries.
    #[must_use]
    pub fn effort(&self) -> Effort {
        match (self.ef, self.recall_target) {
            (Some(ef), _) => Effort::Width(ef),
            (None, Some(recall)) => Effort::Recall(recall),
            (None, None) => Effort::default(),
        }
    }

    /// Hits skipped.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset.unwrap_or(0)
    }
}

fn check_budget(tokens: usize) -> Result<()> {
    if (1..=MAX_BUDGET_TOKENS).contains(&tokens) {
        return Ok(());
    }
    Err(Error::argument(format!("budget_tokens must be 1 to {MAX_BUDGET_TOKENS}; it is {tokens}")))
}

/// How a context is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContextFormat {
    /// A heading per chunk and its text in a fenced block.
    #[default]
    Markdown,
    /// A line per chunk and its text.
    Plain,
}

/// In which order the chunks of a context stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContextOrder {
    /// By namespace, path, line and id: the same chunks give the same bytes, whatever their scores.
    #[default]
    Stable,
    /// Best first.
    Relevance,
}

/// Options of `build_context`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ContextOptions {
    /// Most tokens of the text, as `count_tokens` counts it: 1 to 1,000,000. Required.
    pub budget_tokens: Option<usize>,
    /// Which chunks count.
    pub filter: Option<SearchFilter>,
    /// `markdown` when absent.
    pub format: Option<ContextFormat>,
    /// `stable` when absent.
    pub order: Option<ContextOrder>,
    /// As in `SearchOptions`.
    pub mode: Option<SearchMode>,
    /// As in `SearchOptions`.
    pub min_score: Option<f32>,
    /// As in `SearchOptions`.
    pub mmr_lambda: Option<f32>,
    /// Raised to stop the call.
    #[serde(skip)]
    pub cancel: CancelToken,
}

/// Chunks that are looked at for a context: one for so many tokens ...
const TOKENS_A_CANDIDATE: usize = 16;
/// ... but not fewer.
const LEAST_CANDIDATES: usize = 50;

impl ContextOptions {
    /// The budget, and the search that finds what goes into it; both checked.
    pub fn checked(&self) -> Result<(usize, SearchOptions)> {
        let budget = self.budget_tokens.ok_or_else(|| {
            Error::argument(format!("budget_tokens is missing: say how many tokens the text may have, 1 to {MAX_BUDGET_TOKENS}"))
        })?;
        check_budget(budget)?;
        let search = SearchOptions {
            limit: Some((budget / TOKENS_A_CANDIDATE).clamp(LEAST_CANDIDATES, MAX_LIMIT)),
            mode: self.mode,
            filter: self.filter.clone(),
            min_score: self.min_score,
            mmr_lambda: self.mmr_lambda,
            fields: Some(Vec::new()),
            cancel: self.cancel.clone(),
            ..SearchOptions::default()
        };
        Ok((budget, search.checked()?))
    }
}

/// Order of a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListOrder {
    /// As stored: oldest current version first.
    #[default]
    Stored,
    /// By namespace and id, bytewise.
    Id,
    /// Latest update first.
    Updated,
}

/// Options of `list`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ListOptions {
    /// Which chunks.
    pub filter: Option<SearchFilter>,
    /// `stored` when absent.
    pub order: Option<ListOrder>,
    /// At most this many in all; no limit when absent.
    pub limit: Option<u64>,
    /// Start behind the chunk with this id (in the order asked for).
    pub after: Option<String>,
    /// Leave out chunks that cannot be read and tell them in `Page::damaged`; else the first one ends the listing.
    #[serde(skip)]
    pub skip_damaged: bool,
}
