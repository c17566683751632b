//! hnsw_rs, and the only file that knows it: from codes to candidate links.
//!
//! Its traps, kept out here: it ends the process for `M > 256`, panics on NaN and on negative distances, and drops its
//! points on rayon's global pool unless inside `install`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use hnsw_rs::prelude::{Distance, Hnsw};

use super::codes::Codes;
use crate::cancel::CancelToken;
use crate::error::{Error, Result};

/// Links per node above the lowest level; twice as many on it.
pub(crate) const M: usize = 16;
/// Candidates looked at per insertion.
const EF_CONSTRUCTION: usize = 200;
const LEVELS: usize = 16;
/// Insertions between two looks at the cancel flag.
const BATCH: usize = 512;

/// 1 - cosine, of rows named by their number.
struct Cosine(Arc<Codes>);

impl Distance<u32> for Cosine {
    fn eval(&self, a: &[u32], b: &[u32]) -> f32 {
        match (a.first(), b.first()) {
            // rounding may take a cosine above 1
            (Some(&a), Some(&b)) => (1.0 - self.0.view().cosine(a, b)).max(0.0),
            _ => 1.0,
        }
    }
}

/// A graph before it is frozen.
#[derive(Debug)]
pub(crate) struct Rough {
    /// Neighbours of each row.
    pub links: Vec<Vec<u32>>,
    /// Rows by how far up they reached, the highest first.
    pub high: Vec<u32>,
}

/// Links every row with near ones. Runs on the pool it is called in, serially (and the same every time) when that has one
/// thread. Memory: about 1.9 KB a row beside the codes.
pub(crate) fn build(codes: &Arc<Codes>, cancel: &CancelToken, tick: &(dyn Fn(usize) + Sync)) -> Result<Rough> {
    let count = codes.scales.len();
    if codes.scales.iter().any(|s| !s.is_finite()) || codes.values.len() != count * codes.stride {
        return Err(Error::internal("the vectors given to the graph builder are not whole"));
    }
    let run = || -> Result<Rough> {
        let index: Hnsw<'_, u32, Cosine> = Hnsw::new(M, count.max(1), LEVELS, EF_CONSTRUCTION, Cosine(Arc::clone(codes)));
        let ids: Vec<u32> = (0..count as u32).collect();
        let serial = rayon::current_num_threads() == 1;
        for batch in ids.chunks(BATCH) {
            cancel.check()?;
            let rows: Vec<(&[u32], usize)> = batch.iter().map(|id| (std::slice::from_ref(id), *id as usize)).collect();
            if serial {
                rows.iter().for_each(|row| index.insert_slice(*row));
            } else {
                index.parallel_insert_slice(&rows);
            }
            tick(batch.len());
        }
        Ok(read(&index, count))
    };
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| Err(Error::internal("the graph builder failed")))
}

fn read(index: &Hnsw<'_, u32, Cosine>, count: usize) -> Rough {
    let mut links = vec![Vec::new(); count];
    let mut levels = Vec::with_capacity(count);
    if count > 0 {
        // iterating an empty index panics
        for point in index.get_point_indexation() {
            let id = point.get_origin_id();
            levels.push((point.get_point_id().0, id as u32));
            // lists above a point's own level are filled too; only the lowest is wanted here
            if let (Some(slot), Some(near)) = (links.get_mut(id), point.get_neighborhood_id().into_iter().next()) {
                *slot = near.iter().map(|n| n.get_origin_id() as u32).filter(|to| *to as usize != id).collect();
            }
        }
    }
    levels.sort_unstable_by_key(|(level, id)| (std::cmp::Reverse(*level), *id));
    Rough { links, high: levels.into_iter().map(|(_, id)| id).collect() }
}
