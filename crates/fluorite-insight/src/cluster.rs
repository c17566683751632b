//! Clusters of a store.

use fluorite_memory::{Engine, Point, Result};

use crate::choose::{choose_k, silhouette};
use crate::density::density;
use crate::kmeans::{KMeans, kmeans};
use crate::labels::{Words, label};
use crate::matrix::{Matrix, normalise};
use crate::options::{Algorithm, Checked, ClusterOptions};
use crate::report::{Cluster, ClusterReport, Outliers, Representative};
use crate::work::Work;
use fluorite_ml::vector::dot_f32;

/// Texts of a cluster that its label is made from.
const TEXTS: usize = 200;
/// Outliers that are told.
const EXAMPLES: usize = 20;
/// Clusters smaller than this have no outliers: there is no telling.
const LEAST: usize = 8;

/// Points and the cluster of each.
pub struct Grouped {
    pub rows: Matrix,
    pub items: Vec<Point>,
    pub chunks: u64,
    pub without_vector: u64,
    pub damaged: Vec<fluorite_memory::Error>,
    /// By point; clusters are numbered by size.
    pub assigned: Vec<Option<u32>>,
    /// Unit vectors.
    pub centres: Matrix,
    /// By point: cosine to its centre, or to the nearest one.
    pub cosine: Vec<f32>,
}

/// Clusters of the chunks that match, with labels, representatives and outliers. `docs/clusters.md` says how.
///
/// Blocks: call it on a thread of its own. Deterministic: same chunks, same seed, same result. Chunks that cannot be read are in no
/// cluster, and counted in `damaged`.
/// # Errors
/// `INVALID_ARGUMENT`, `ABORTED`, those of reading.
pub fn cluster(engine: &Engine, options: &ClusterOptions) -> Result<ClusterReport> {
    let checked = options.checked()?;
    let work = Work::new(options.num_threads, options.cancel.clone(), options.on_progress.clone())?;
    let grouped = group(engine, options, &checked, &work)?;
    let silhouette = silhouette(&grouped.rows, &grouped.assigned, &work);
    let labels = labels(engine, &grouped, &work)?;
    let mut report = report(&grouped, &checked, options.members == Some(true));
    for (cluster, (label, terms)) in report.clusters.iter_mut().zip(labels) {
        (cluster.label, cluster.terms) = (label, terms);
    }
    report.silhouette = silhouette;
    report.duration_ms = work.elapsed_ms();
    Ok(report)
}

/// Reads the points and finds their clusters.
pub fn group(engine: &Engine, options: &ClusterOptions, checked: &Checked, work: &Work) -> Result<Grouped> {
    work.told("read", 0, 1);
    let filter = options.filter.clone().unwrap_or_default();
    let points = engine.points(filter, checked.max_points, checked.seed, work.cancel()).wait()?;
    let rows = Matrix { dimensions: points.dimensions, values: points.values };
    work.told("read", 1, 1);
    let n = rows.len();
    let assigned: Vec<Option<u32>> = match checked.algorithm {
        _ if n == 0 => Vec::new(),
        Algorithm::Density => density(&rows, checked.min_cluster_size, work)?,
        Algorithm::Kmeans => {
            let k = checked.k.map_or_else(|| choose_k(&rows, checked.seed, work), Ok)?;
            let KMeans { assigned, .. } = kmeans(&rows, k.min(n), checked.seed, work)?;
            assigned.into_iter().map(Some).collect()
        }
    };
    let assigned = by_size(&assigned);
    let centres = centres(&rows, &assigned);
    let cosine = (0..n).map(|i| nearness(rows.row(i), assigned[i], &centres)).collect();
    let (chunks, without_vector) = (points.matching, points.without_vector);
    Ok(Grouped { rows, items: points.items, chunks, without_vector, damaged: points.damaged, assigned, centres, cosine })
}

/// Numbers clusters anew, the largest first; of equals the one with the earlier point. Empty ones are gone.
#[allow(clippy::cast_possible_truncation)] // fewer than points
fn by_size(assigned: &[Option<u32>]) -> Vec<Option<u32>> {
    let k = assigned.iter().flatten().map(|c| *c as usize + 1).max().unwrap_or(0);
    let mut sizes = vec![(0usize, usize::MAX); k];
    for (i, c) in assigned.iter().enumerate().filter_map(|(i, c)| Some((i, (*c)? as usize))) {
        sizes[c] = (sizes[c].0 + 1, sizes[c].1.min(i));
    }
    let mut order: Vec<usize> = (0..k).filter(|c| sizes[*c].0 > 0).collect();
    order.sort_by_key(|c| (std::cmp::Reverse(sizes[*c].0), sizes[*c].1));
    let mut number = vec![0u32; k];
    order.iter().enumerate().for_each(|(new, old)| number[*old] = new as u32);
    assigned.iter().map(|c| c.map(|c| number[c as usize])).collect()
}

/// The mean direction of each cluster.
#[allow(clippy::cast_possible_truncation)] // a direction
fn centres(rows: &Matrix, assigned: &[Option<u32>]) -> Matrix {
    let d = rows.dimensions;
    let k = assigned.iter().flatten().map(|c| *c as usize + 1).max().unwrap_or(0);
    let mut sums = vec![0f64; k * d];
    for (i, c) in assigned.iter().enumerate().filter_map(|(i, c)| Some((i, (*c)? as usize))) {
        sums[c * d..(c + 1) * d].iter_mut().zip(rows.row(i)).for_each(|(s, x)| *s += f64::from(*x));
    }
    let mut centres = Matrix { dimensions: d, values: sums.into_iter().map(|s| s as f32).collect() };
    centres.values.chunks_exact_mut(d.max(1)).for_each(normalise);
    centres
}

fn nearness(row: &[f32], cluster: Option<u32>, centres: &Matrix) -> f32 {
    match cluster {
        Some(c) => dot_f32(row, centres.row(c as usize)),
        None => (0..centres.len()).map(|c| dot_f32(row, centres.row(c))).fold(-1.0, f32::max),
    }
}

/// Label and words of each cluster.
pub fn labels(engine: &Engine, grouped: &Grouped, work: &Work) -> Result<Vec<(String, Vec<crate::report::Term>)>> {
    let k = grouped.centres.len();
    let mut taken = vec![0usize; k];
    let mut of = Vec::new();
    let mut names = Vec::new();
    for (item, c) in grouped.items.iter().zip(&grouped.assigned).filter_map(|(item, c)| Some((item, (*c)? as usize))) {
        if taken[c] < TEXTS {
            taken[c] += 1;
            of.push(c);
            names.push((item.namespace.clone(), item.id.clone()));
        }
    }
    let mut words = Words::new(k);
    let total = names.len();
    for (done, part) in names.chunks(1_024).enumerate() {
        work.told("labels", done * 1_024, total);
        let chunks = engine.read_aside(part.to_vec(), work.cancel()).wait()?;
        for (chunk, cluster) in chunks.iter().zip(&of[done * 1_024..]).filter_map(|(chunk, c)| Some((chunk.as_ref()?, *c))) {
            words.add(cluster, chunk);
        }
    }
    work.told("labels", total, total);
    Ok(words.terms().into_iter().map(|terms| (label(&terms), terms)).collect())
}

/// Everything but labels and silhouette.
#[allow(clippy::cast_precision_loss)] // shares and means
fn report(grouped: &Grouped, checked: &Checked, members: bool) -> ClusterReport {
    let n = grouped.items.len();
    let k = grouped.centres.len();
    let mut of: Vec<Vec<usize>> = vec![Vec::new(); k];
    grouped.assigned.iter().enumerate().for_each(|(i, c)| {
        if let Some(c) = c {
            of[*c as usize].push(i);
        }
    });
    let told = |i: &usize| {
        let item = &grouped.items[*i];
        Representative { namespace: item.namespace.clone(), id: item.id.clone(), similarity: grouped.cosine[*i] }
    };
    let name = |i: &usize| (grouped.items[*i].namespace.clone(), grouped.items[*i].id.clone());
    let nearer = |a: &usize, b: &usize| grouped.cosine[*b].total_cmp(&grouped.cosine[*a]).then_with(|| name(a).cmp(&name(b)));
    let mut unlike: Vec<usize> = (0..n).filter(|i| grouped.assigned[*i].is_none()).collect();
    let mut clusters = Vec::with_capacity(k);
    for (index, mut list) in of.into_iter().enumerate() {
        list.sort_by(nearer);
        if checked.algorithm == Algorithm::Kmeans {
            unlike.extend(far_out(&list, &grouped.cosine));
        }
        let sum: f64 = list.iter().map(|i| f64::from(grouped.cosine[*i])).sum();
        #[allow(clippy::cast_possible_truncation)] // a cosine
        clusters.push(Cluster {
            index,
            label: String::new(),
            terms: Vec::new(),
            size: list.len(),
            share: list.len() as f32 / n as f32,
            cohesion: (sum / list.len() as f64) as f32,
            representatives: list.iter().take(checked.representatives).map(told).collect(),
            members: members.then(|| {
                let mut all: Vec<_> = list.iter().map(name).collect();
                all.sort_unstable();
                all
            }),
        });
    }
    unlike.sort_by(|a, b| nearer(b, a));
    let clustered: Vec<f64> =
        grouped.assigned.iter().zip(&grouped.cosine).filter(|(c, _)| c.is_some()).map(|(_, x)| f64::from(*x)).collect();
    ClusterReport {
        algorithm: checked.algorithm,
        seed: checked.seed,
        chunks: grouped.chunks,
        without_vector: grouped.without_vector,
        damaged: grouped.damaged.len() as u64,
        points: n,
        silhouette: None,
        objective: clustered.iter().sum::<f64>() / clustered.len().max(1) as f64,
        clusters,
        outliers: Outliers { count: unlike.len(), examples: unlike.iter().take(EXAMPLES).map(told).collect() },
        duration_ms: 0,
    }
}

/// Members whose cosine lies more than three interquartile ranges below the first quartile (Tukey's far out). `list` is nearest first.
fn far_out<'a>(list: &'a [usize], cosine: &'a [f32]) -> impl Iterator<Item = usize> + 'a {
    let at = |quarter: usize| list.get(list.len() * quarter / 4).map_or(1.0, |i| cosine[*i]);
    let (upper, lower) = (at(1), at(3));
    let fence = if list.len() < LEAST { f32::MIN } else { lower - 3.0 * (upper - lower) - 1e-6 };
    list.iter().copied().filter(move |i| cosine[*i] < fence)
}
