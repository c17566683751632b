//! Judging candidates: which of the chunks that the indexes found comes first, and what its score is.
//!
//! Owns: what a query's text gives away (`question`), how both legs' scores become one (`blend`), what a chunk's text and
//! origin add (`signals`), what the other candidates add (`around`), the linear model over these with its weights
//! (`weights`), variety among hits (`diversity`).
//! Must not know: the indexes, rows' numbers, locks, files. In: candidates with raw scores, their chunks. Out: an order, scores
//! in [0, 1], and the components of each.
//!
//! Sources: standardised-score fusion (Montague and Aslam, "Relevance score normalization for metasearch", CIKM 2001) with
//! weights that depend on the query; MMR (Carbonell and Goldstein, SIGIR 1998). The weights are fitted by `node eval/fit.mjs` on the
//! development sets of `npm run eval`, which shows what they are worth.

mod around;
mod blend;
mod diversity;
mod question;
mod rank;
mod signals;
mod weights;

pub use diversity::diversify;
pub use question::Question;
pub use rank::{Candidate, DEPTH, Judged, Legs, Ranked, rank};
pub use signals::path_of;
pub use weights::Weights;

#[cfg(test)]
pub(crate) fn test_chunk(content: &str) -> crate::chunk::Chunk {
    signals::tests::chunk(content, None, serde_json::Value::Null)
}
