//! Clusters of what a store holds, and a map of it.
//!
//! Owns: k-means (`kmeans`, `choose`), density-based clustering (`density`), labels (`about`, `terms`, `telling`, `labels`), principal components (`pca`),
//! neighbours (`neighbours`) and their layout in two dimensions (`layout`). Must not know: how chunks are stored, Node.
//! In: an engine, or rows of numbers. Out: a `ClusterReport`, `MapPoint`s. The same seed gives the same result on any number of
//! threads: what runs in parallel is added up in a fixed order.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))] // a test that fails may panic

mod about;
mod choose;
mod cluster;
mod density;
mod kmeans;
mod labels;
#[cfg(test)]
mod labels_tests;
mod layout;
mod map;
mod matrix;
mod neighbours;
mod options;
mod pca;
mod report;
mod rng;
mod telling;
mod terms;
mod work;

pub use cluster::cluster;
pub use kmeans::{KMeans, kmeans};
pub use map::{lay_out, memory_map};
pub use matrix::Matrix;
pub use options::{Algorithm, ClusterOptions, MAX_POINTS, MapOptions};
pub use pca::principal_components;
pub use report::{Cluster, ClusterReport, MapPoint, Outliers, Representative, Term};
pub use work::Work;
