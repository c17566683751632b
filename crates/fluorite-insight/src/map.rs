//! A map of a store: chunks that mean alike lie near each other.

use fluorite_memory::{Engine, Result};

use crate::cluster::{group, labels};
use crate::layout::{settle, symmetric};
use crate::matrix::Matrix;
use crate::neighbours::neighbours;
use crate::options::MapOptions;
use crate::pca::principal_components;
use crate::report::MapPoint;
use crate::work::Work;

/// Directions in which neighbours are looked for.
const DIRECTIONS: usize = 32;
/// Width of the first layout: about what it ends with.
const WIDTH: f32 = 10.0;

/// The chunks that match, each with its place and cluster, in the order of namespace and id. `docs/clusters.md` says how.
///
/// Blocks: call it on a thread of its own. Deterministic: same chunks, same seed, same result.
/// # Errors
/// `INVALID_ARGUMENT`, `ABORTED`, those of reading; `CORRUPT` for a chunk that cannot be read, which [`crate::cluster`] leaves out.
pub fn memory_map(engine: &Engine, options: &MapOptions) -> Result<Vec<MapPoint>> {
    let near = options.neighbours()?;
    let clusters = options.clusters();
    let checked = clusters.checked()?;
    let work = Work::new(options.num_threads, options.cancel.clone(), options.on_progress.clone())?;
    let grouped = group(engine, &clusters, &checked, &work)?;
    // a list of points has no place to say that some are missing
    if let Some(damage) = grouped.damaged.first() {
        return Err(damage.clone());
    }
    let labels = labels(engine, &grouped, &work)?;
    let places = lay_out(&grouped.rows, near, checked.seed, &work)?;
    let point = |((item, cluster), [x, y]): ((fluorite_memory::Point, &Option<u32>), [f32; 2])| {
        let cluster = cluster.map(|c| c as usize);
        let label = cluster.and_then(|c| labels.get(c)).map(|(label, _)| label.clone());
        MapPoint { id: item.id, namespace: item.namespace, x, y, cluster, label, chunk_type: item.chunk_type }
    };
    let mut points: Vec<MapPoint> = grouped.items.into_iter().zip(&grouped.assigned).zip(places).map(point).collect();
    points.sort_by(|a, b| (&a.namespace, &a.id).cmp(&(&b.namespace, &b.id)));
    Ok(points)
}

/// Places of rows in two dimensions, 0 to 1: principal components, then drawn to `near` neighbours each.
///
/// # Errors
/// `ABORTED`.
pub fn lay_out(rows: &Matrix, near: usize, seed: u64, work: &Work) -> Result<Vec<[f32; 2]>> {
    let reduced = principal_components(rows, DIRECTIONS, work)?;
    let mut places = spread(&reduced);
    if rows.len() > near {
        work.told("neighbours", 0, 1);
        let linked = symmetric(&neighbours(&reduced, near, seed, work)?);
        work.told("neighbours", 1, 1);
        places = settle(places, &linked, seed, work)?;
    }
    Ok(framed(places))
}

/// The first two directions, as wide as the layout will be.
fn spread(reduced: &Matrix) -> Vec<[f32; 2]> {
    let d = reduced.dimensions;
    let mut places: Vec<[f32; 2]> = reduced.values.chunks_exact(d).map(|r| [r[0], r.get(1).copied().unwrap_or(0.0)]).collect();
    let most = places.iter().flatten().fold(0f32, |m, x| m.max(x.abs()));
    if most > 0.0 {
        places.iter_mut().flatten().for_each(|x| *x *= WIDTH / most);
    }
    places
}

/// Shifted and shrunk into the unit square, sides in proportion.
fn framed(mut places: Vec<[f32; 2]>) -> Vec<[f32; 2]> {
    let edge = |axis: usize, pick: fn(f32, f32) -> f32, from: f32| places.iter().map(|p| p[axis]).fold(from, pick);
    let low = [edge(0, f32::min, f32::MAX), edge(1, f32::min, f32::MAX)];
    let side = (0..2).map(|axis| edge(axis, f32::max, f32::MIN) - low[axis]).fold(0.0, f32::max);
    for place in &mut places {
        for axis in 0..2 {
            place[axis] = if side > 0.0 { (place[axis] - low[axis]) / side } else { 0.5 };
        }
    }
    places
}
