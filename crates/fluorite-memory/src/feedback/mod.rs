//! What people and agents say about hits, and the ranking learned from it.
//!
//! Owns: the events and their file (`event`, `file`), what they say about a chunk and about pairs of chunks (`tally`, `pairs`),
//! the features of a hit (`features`), the learned weights and their file (`ranker`), fitting them (`fit`), the last runs of learning (`runs`). Must not know: the
//! indexes, rows, locks of the engine. In: feedback, judged hits. Out: events, weights, an addition to a rank value.
//!
//! Sources: pairwise logistic regression as in RankNet with a linear model (Burges et al., ICML 2005); unjudged hits above a used
//! one (Joachims, KDD 2002); elastic weight consolidation (Kirkpatrick et al., PNAS 2017).

mod event;
mod features;
mod file;
mod fit;
mod pairs;
mod ranker;
mod report;
mod runs;
mod tally;

pub(crate) use event::check_domain;
pub use event::{Feedback, FeedbackEvent, FeedbackKind, MAX_FEEDBACK, TrainOptions, TrainingExample, stored};
pub use features::features_of;
pub use file::EventFile;
pub use fit::{Anchor, Bound, Fit, fit, fit_within, information};
pub use pairs::{Group, Judged, Pair, Part, accuracy, groups, pairs_of, split};
pub use ranker::{DomainWeights, MOST_LEARNED, Ranker, Seen, apply};
pub use report::{DomainStats, DomainTraining, FeedbackStats, KnownItemRate, Retained, SharedTraining, Taken, TrainingResult};
pub use runs::{LearningRun, add as add_run, load as load_runs};
pub use tally::{Tallies, Tally};
