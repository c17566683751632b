//! One thing that was said about a chunk.

use serde::{Deserialize, Serialize};

use crate::cancel::CancelToken;
use crate::chunk::{DEFAULT_NAMESPACE, MAX_ID_BYTES, check_id};
use crate::error::{Error, Result};
use crate::options::ProgressFn;
use crate::query::is_blank;

/// Most feedback of one call.
pub const MAX_FEEDBACK: usize = 1_000;
/// The domain of feedback that names none.
const GENERAL: &str = "general";
/// Longest query, domain and comment in bytes.
const MAX_QUERY: usize = 64 << 10;
const MAX_DOMAIN: usize = 128;
const MAX_COMMENT: usize = 4 << 10;

/// What kind of feedback it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeedbackKind {
    /// `rating` says how good the chunk was.
    Rating,
    /// It did the job.
    Success,
    /// It did not.
    Failure,
    /// It was wrong: `correction` is how it should read.
    Correction,
    /// It was taken (opened, pasted, cited), nothing more is known.
    Usage,
}

/// Feedback as the caller gives it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feedback {
    /// The chunk it is about; it must exist.
    pub chunk_id: String,
    /// Namespace of the chunk: `default`.
    #[serde(default)]
    pub namespace: Option<String>,
    /// The query that found it. Without one the feedback counts for the chunk alone, and trains no preference between chunks.
    #[serde(default)]
    pub query: Option<String>,
    /// Kind.
    pub kind: FeedbackKind,
    /// 0 (useless) to 1 (perfect): required for `rating`, refused otherwise.
    #[serde(default)]
    pub rating: Option<f32>,
    /// The whole text as it should be: required for `correction`, refused otherwise.
    #[serde(default)]
    pub correction: Option<String>,
    /// Field of work whose ranking this trains, 1 to 128 bytes: `general`.
    #[serde(default)]
    pub domain: Option<String>,
    /// A remark, kept with the event: at most 4 KiB.
    #[serde(default)]
    pub comment: Option<String>,
}

/// One pair for training: for `query`, `preferred` is better than `rejected`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingExample {
    /// What was asked.
    pub query: String,
    /// Id of the better chunk.
    pub preferred: String,
    /// Id of the worse chunk.
    pub rejected: String,
    /// Namespace of both: `default`.
    #[serde(default)]
    pub namespace: Option<String>,
    /// As in feedback.
    #[serde(default)]
    pub domain: Option<String>,
}

/// Options of `train_incremental`.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrainOptions {
    /// How strongly what other domains learned is protected (elastic weight consolidation), 0 (not at all) to 1,000: 10.
    pub protection: Option<f64>,
    /// Train domains without new feedback as well: false.
    pub all: Option<bool>,
    /// Raised to stop the call; the weights stay as they were.
    #[serde(skip)]
    pub cancel: CancelToken,
    /// Told after each query.
    #[serde(skip)]
    pub on_progress: Option<ProgressFn>,
}

impl TrainOptions {
    /// The protection, in its range.
    pub fn protection(&self) -> Result<f64> {
        let p = self.protection.unwrap_or(10.0);
        if (0.0..=1_000.0).contains(&p) { Ok(p) } else { Err(Error::argument("protection must be between 0 and 1000")) }
    }
}

/// Feedback as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FeedbackEvent {
    /// Milliseconds since the epoch.
    pub at: i64,
    /// Kind.
    pub kind: FeedbackKind,
    /// Namespace of the chunk.
    pub namespace: String,
    /// Id of the chunk.
    pub chunk_id: String,
    /// Version of the chunk it is about; of a correction, the version before.
    pub version: u32,
    /// Domain.
    pub domain: String,
    /// Query.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// 0 to 1, of a rating.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rating: Option<f32>,
    /// Remark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

impl FeedbackEvent {
    /// How good the chunk was for the query, 0 to 1. A correction counts one half: the right chunk, with wrong content.
    #[must_use]
    pub fn level(&self) -> f32 {
        match self.kind {
            FeedbackKind::Rating => self.rating.unwrap_or(0.5),
            FeedbackKind::Success => 1.0,
            FeedbackKind::Failure => 0.0,
            FeedbackKind::Usage => 0.75,
            FeedbackKind::Correction => 0.5,
        }
    }
}

/// The event that is stored for feedback about this version of its chunk.
#[must_use]
pub fn stored(feedback: &Feedback, version: u32, at: i64) -> FeedbackEvent {
    FeedbackEvent {
        at,
        kind: feedback.kind,
        namespace: feedback.namespace().to_owned(),
        chunk_id: feedback.chunk_id.clone(),
        version,
        domain: domain_of(feedback.domain.as_deref()).to_owned(),
        query: feedback.query.clone(),
        rating: feedback.rating,
        comment: feedback.comment.clone(),
    }
}

fn domain_of(domain: Option<&str>) -> &str {
    domain.unwrap_or(GENERAL)
}

/// A domain's name in its limits.
pub(crate) fn check_domain(domain: Option<&str>) -> Result<()> {
    match domain {
        Some(d) if d.is_empty() || d.len() > MAX_DOMAIN => {
            Err(Error::argument(format!("domain must be 1 to {MAX_DOMAIN} bytes of text; leave it out for {GENERAL:?}")))
        }
        _ => Ok(()),
    }
}

fn check_namespace(namespace: &str) -> Result<()> {
    if namespace.is_empty() || namespace.len() > MAX_ID_BYTES || namespace.contains('\0') {
        return Err(Error::argument(format!("namespace must be 1 to {MAX_ID_BYTES} bytes of text without NUL")));
    }
    Ok(())
}

fn check_query(query: &str) -> Result<()> {
    if is_blank(query) || query.len() > MAX_QUERY {
        return Err(Error::argument(format!(
            "query must be 1 to {MAX_QUERY} bytes of text, and more than white space and invisible characters: leave it out when there was none"
        )));
    }
    Ok(())
}

impl Feedback {
    /// Namespace of the chunk.
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.namespace.as_deref().unwrap_or(DEFAULT_NAMESPACE)
    }

    /// Members in their ranges and fitting the kind.
    pub fn checked(self) -> Result<Self> {
        check_id(&self.chunk_id)?;
        check_namespace(self.namespace())?;
        check_domain(self.domain.as_deref())?;
        self.query.as_deref().map_or(Ok(()), check_query)?;
        match (self.kind, self.rating) {
            (FeedbackKind::Rating, Some(r)) if (0.0..=1.0).contains(&r) => {}
            (FeedbackKind::Rating, _) => {
                return Err(Error::argument("kind rating needs a rating between 0 (useless) and 1 (perfect)"));
            }
            (_, Some(_)) => return Err(Error::argument("rating belongs to kind rating alone: leave it out, or change the kind")),
            (_, None) => {}
        }
        match (self.kind, &self.correction) {
            (FeedbackKind::Correction, Some(text)) if !text.trim().is_empty() => {}
            (FeedbackKind::Correction, _) => {
                return Err(Error::argument("kind correction needs correction: the whole text of the chunk as it should be"));
            }
            (_, Some(_)) => {
                return Err(Error::argument("correction belongs to kind correction alone: leave it out, or change the kind"));
            }
            (_, None) => {}
        }
        if self.comment.as_ref().is_some_and(|c| c.len() > MAX_COMMENT) {
            return Err(Error::argument(format!("comment holds at most {MAX_COMMENT} bytes")));
        }
        Ok(self)
    }
}

impl TrainingExample {
    /// Namespace of both chunks.
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.namespace.as_deref().unwrap_or(DEFAULT_NAMESPACE)
    }

    /// Domain.
    #[must_use]
    pub fn domain(&self) -> &str {
        domain_of(self.domain.as_deref())
    }

    /// Members in their ranges.
    pub fn checked(self) -> Result<Self> {
        check_id(&self.preferred)?;
        check_id(&self.rejected)?;
        check_namespace(self.namespace())?;
        check_domain(self.domain.as_deref())?;
        check_query(&self.query)?;
        if self.preferred == self.rejected {
            return Err(Error::argument("preferred and rejected must be two chunks"));
        }
        Ok(self)
    }
}
