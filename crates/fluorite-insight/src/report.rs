//! What comes out.

use fluorite_memory::ChunkType;
use serde::Serialize;

use crate::options::Algorithm;

/// Digits of an `f32` only.
#[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
fn decimal<S: serde::Serializer>(x: &f32, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_f64((f64::from(*x) * 1e6).round() / 1e6)
}

/// A word, or two, that tell a cluster from the others.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Term {
    /// As it is most often written, in lower case.
    pub term: String,
    /// Its c-TF-IDF.
    #[serde(serialize_with = "decimal")]
    pub score: f32,
}

/// A chunk that stands for a cluster, or belongs to none.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Representative {
    /// Namespace.
    pub namespace: String,
    /// Id.
    pub id: String,
    /// Cosine to the centre.
    #[serde(serialize_with = "decimal")]
    pub similarity: f32,
}

/// A cluster.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cluster {
    /// Its number, from 0; the largest first.
    pub index: usize,
    /// Its three most distinctive terms.
    pub label: String,
    /// Its most distinctive terms.
    pub terms: Vec<Term>,
    /// Points in it.
    pub size: usize,
    /// Share of all points.
    #[serde(serialize_with = "decimal")]
    pub share: f32,
    /// Mean cosine of its points to its centre: 1 when all are alike.
    #[serde(serialize_with = "decimal")]
    pub cohesion: f32,
    /// The points nearest to the centre, nearest first.
    pub representatives: Vec<Representative>,
    /// Namespace and id of every point, when asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub members: Option<Vec<(String, String)>>,
}

/// Points unlike all others.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Outliers {
    /// How many.
    pub count: usize,
    /// At most 20 of them, the most unlike first; `similarity` is that to the nearest centre.
    pub examples: Vec<Representative>,
}

/// Result of `cluster`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClusterReport {
    /// How they were found.
    pub algorithm: Algorithm,
    /// What chose samples and first centres.
    pub seed: u64,
    /// Chunks with a vector that match.
    pub chunks: u64,
    /// Chunks that match and have no vector: they are in no cluster.
    pub without_vector: u64,
    /// Chunks left out because they cannot be read; `verify` names the places.
    pub damaged: u64,
    /// Points that were clustered; fewer than `chunks` when a sample was.
    pub points: usize,
    /// Mean silhouette of up to 1,000 points, -1 to 1: how much nearer a point is to its own cluster than to the next. `None` for fewer
    /// than two clusters.
    pub silhouette: Option<f64>,
    /// Mean cosine of all clustered points to their centre: what k-means maximises.
    pub objective: f64,
    /// The clusters, the largest first.
    pub clusters: Vec<Cluster>,
    /// k-means: points of a cluster far below its others (docs/clusters.md). Density: points in no cluster.
    pub outliers: Outliers,
    /// Milliseconds it took.
    pub duration_ms: u64,
}

/// A chunk on the map.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MapPoint {
    /// Id.
    pub id: String,
    /// Namespace.
    pub namespace: String,
    /// Across, 0 to 1.
    #[serde(serialize_with = "decimal")]
    pub x: f32,
    /// Up, 0 to 1; the longer side of the map has length 1.
    #[serde(serialize_with = "decimal")]
    pub y: f32,
    /// Number of its cluster; `None` for an outlier of `density`.
    pub cluster: Option<usize>,
    /// Label of that cluster.
    pub label: Option<String>,
    /// What it is.
    pub chunk_type: ChunkType,
}
