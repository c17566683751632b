//! What the caller may ask for.

use fluorite_memory::{CancelToken, Error, ProgressFn, Result, SearchFilter};
use serde::{Deserialize, Serialize};

/// Most points that are clustered or laid out: a sample of this size stands for more. 300 MB at 384 values a vector.
pub const MAX_POINTS: usize = 200_000;
/// When the caller does not say.
const POINTS: usize = 100_000;
/// Most clusters of k-means.
pub const MAX_K: usize = 512;

/// How clusters are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Algorithm {
    /// Spherical k-means: every chunk belongs to the cluster with the nearest centre.
    #[default]
    Kmeans,
    /// HDBSCAN: clusters are where chunks lie dense; what lies nowhere dense is an outlier.
    Density,
}

/// Options of `cluster`.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClusterOptions {
    /// Chunks that are clustered: all with a vector when absent.
    pub filter: Option<SearchFilter>,
    /// `kmeans` when absent.
    pub algorithm: Option<Algorithm>,
    /// Clusters of k-means, 1 to 512; chosen by silhouette when absent.
    pub k: Option<usize>,
    /// Fewest chunks of a density cluster, 2 to 10,000: 15.
    pub min_cluster_size: Option<usize>,
    /// Chooses samples and first centres: 0.
    pub seed: Option<u64>,
    /// Most points, 1 to 200,000: 100,000. Beyond it a sample is clustered.
    pub max_points: Option<usize>,
    /// Representatives of a cluster, 0 to 100: 3.
    pub representatives: Option<usize>,
    /// Give the ids of all members: false.
    pub members: Option<bool>,
    /// Threads: cores, at most 8.
    #[serde(skip)]
    pub num_threads: Option<usize>,
    /// Raised to stop.
    #[serde(skip)]
    pub cancel: CancelToken,
    /// Told how far it is.
    #[serde(skip)]
    pub on_progress: Option<ProgressFn>,
}

/// Options of `memory_map`.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MapOptions {
    /// Chunks on the map: all with a vector when absent.
    pub filter: Option<SearchFilter>,
    /// Clusters that colour it, as in `cluster`.
    pub algorithm: Option<Algorithm>,
    /// As in `cluster`.
    pub k: Option<usize>,
    /// As in `cluster`.
    pub min_cluster_size: Option<usize>,
    /// As in `cluster`; of the layout too.
    pub seed: Option<u64>,
    /// Most points, 1 to 200,000: 100,000. Beyond it a sample is laid out.
    pub max_points: Option<usize>,
    /// Neighbours that a point is drawn to, 2 to 50: 15.
    pub neighbours: Option<usize>,
    /// Threads: cores, at most 8.
    #[serde(skip)]
    pub num_threads: Option<usize>,
    /// Raised to stop.
    #[serde(skip)]
    pub cancel: CancelToken,
    /// Told how far it is.
    #[serde(skip)]
    pub on_progress: Option<ProgressFn>,
}

fn within(name: &str, value: Option<usize>, least: usize, most: usize, usual: usize) -> Result<usize> {
    let value = value.unwrap_or(usual);
    if (least..=most).contains(&value) {
        return Ok(value);
    }
    Err(Error::argument(format!("{name} must be {least} to {most}; it is {value}")))
}

impl ClusterOptions {
    pub(crate) fn checked(&self) -> Result<Checked> {
        if self.k.is_some() && self.algorithm == Some(Algorithm::Density) {
            return Err(Error::argument("k is of kmeans: density finds the number of clusters itself; give min_cluster_size"));
        }
        if self.min_cluster_size.is_some() && self.algorithm != Some(Algorithm::Density) {
            return Err(Error::argument("min_cluster_size is of algorithm density: kmeans takes k"));
        }
        Ok(Checked {
            algorithm: self.algorithm.unwrap_or_default(),
            k: self.k.map(|k| within("k", Some(k), 1, MAX_K, 1)).transpose()?,
            min_cluster_size: within("min_cluster_size", self.min_cluster_size, 2, 10_000, 15)?,
            seed: self.seed.unwrap_or(0),
            max_points: within("max_points", self.max_points, 1, MAX_POINTS, POINTS)?,
            representatives: within("representatives", self.representatives, 0, 100, 3)?,
        })
    }
}

impl MapOptions {
    pub(crate) fn clusters(&self) -> ClusterOptions {
        ClusterOptions {
            filter: self.filter.clone(),
            algorithm: self.algorithm,
            k: self.k,
            min_cluster_size: self.min_cluster_size,
            seed: self.seed,
            max_points: self.max_points,
            num_threads: self.num_threads,
            cancel: self.cancel.clone(),
            on_progress: self.on_progress.clone(),
            ..ClusterOptions::default()
        }
    }

    pub(crate) fn neighbours(&self) -> Result<usize> {
        within("neighbours", self.neighbours, 2, 50, 15)
    }
}

/// Options in their ranges.
pub struct Checked {
    pub algorithm: Algorithm,
    pub k: Option<usize>,
    pub min_cluster_size: usize,
    pub seed: u64,
    pub max_points: usize,
    pub representatives: usize,
}
