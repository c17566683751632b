//! Searches of one caller, timed.

use std::time::{Duration, Instant};

use fluorite_memory::{Engine, Query, SearchHit, SearchOptions};

pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Hits per search.
pub const K: usize = 10;
/// Longest wait for the check of the graphs behind an open.
const PATIENCE: Duration = Duration::from_secs(600);

/// What a round of searches gave.
pub struct Measured {
    pub p50_us: f64,
    pub p99_us: f64,
    /// Share answered at once by `search_inline`.
    pub inline_share: f64,
    /// Numbers of the hits of each query.
    pub found: Vec<Vec<u32>>,
}

/// Ids and scores alone.
pub fn bare() -> SearchOptions {
    SearchOptions { limit: Some(K), fields: Some(Vec::new()), ..SearchOptions::default() }
}

/// One search as the binding does it: at once when that is possible, else on the pool. The second value: was it at once?
pub fn search(engine: &Engine, query: &[f32], options: &SearchOptions) -> Result<(Vec<SearchHit>, bool)> {
    match engine.search_inline(query, options) {
        Some(hits) => Ok((hits?, true)),
        None => Ok((engine.search(Query::Vector(query.to_vec()), options.clone()).wait()?, false)),
    }
}

/// Searches until they are answered at once, or the check of graphs and segments behind the open is over: large graphs are
/// never searched on the calling thread. The seconds it took.
pub fn until_checked(engine: &Engine, query: &[f32]) -> Result<f64> {
    let began = Instant::now();
    while !search(engine, query, &bare())?.1 && checking() {
        if began.elapsed() > PATIENCE {
            return Err("the graphs were not verified in time".into());
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    Ok(began.elapsed().as_secs_f64())
}

/// Whether the engine's thread of that name runs in this process; `false` where the system does not tell.
fn checking() -> bool {
    let Ok(tasks) = std::fs::read_dir("/proc/self/task") else { return false };
    let named =
        |task: std::fs::DirEntry| std::fs::read_to_string(task.path().join("comm")).is_ok_and(|n| n.trim() == "fluorite-check");
    tasks.flatten().any(named)
}

/// Searches one after the other, `rounds` times, behind a hundred to warm; medians of the rounds.
pub fn measure(
    engine: &Engine,
    queries: &[Vec<f32>],
    rounds: usize,
    options: impl Fn(usize) -> SearchOptions,
) -> Result<Measured> {
    let (mut p50, mut p99, mut inline, mut found) = (Vec::new(), Vec::new(), 0, Vec::new());
    let options: Vec<SearchOptions> = (0..queries.len()).map(|j| options(j).checked()).collect::<std::result::Result<_, _>>()?;
    for (query, options) in queries.iter().zip(&options).take(100) {
        search(engine, query, options)?;
    }
    for _ in 0..rounds {
        let mut times = Vec::with_capacity(queries.len());
        found.clear();
        for (query, options) in queries.iter().zip(&options) {
            let began = Instant::now();
            let (hits, at_once) = search(engine, query, options)?;
            times.push(began.elapsed().as_secs_f64() * 1e6);
            inline += usize::from(at_once);
            found.push(numbers(&hits)?);
        }
        p50.push(quantile(&mut times, 0.5));
        p99.push(quantile(&mut times, 0.99));
    }
    let inline_share = inline as f64 / (rounds * queries.len()).max(1) as f64;
    Ok(Measured { p50_us: quantile(&mut p50, 0.5), p99_us: quantile(&mut p99, 0.5), inline_share, found })
}

/// Ids are numbers here.
pub fn numbers(hits: &[SearchHit]) -> Result<Vec<u32>> {
    hits.iter().map(|h| Ok(h.id.parse()?)).collect()
}

/// Share of the true nearest that was found.
pub fn recall(found: &[Vec<u32>], truth: &[Vec<u32>]) -> f64 {
    let both = |(f, t): (&Vec<u32>, &Vec<u32>)| f.iter().filter(|id| t.contains(id)).count();
    let all: usize = found.iter().zip(truth).map(|(_, t)| t.len()).sum();
    found.iter().zip(truth).map(both).sum::<usize>() as f64 / all.max(1) as f64
}

/// The value this share of them does not exceed; 0 of none.
pub fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let at = (values.len() as f64 * share) as usize;
    values.get(at.min(values.len().saturating_sub(1))).copied().unwrap_or(0.0)
}

/// Four digits that count.
pub fn round(x: f64) -> f64 {
    if x == 0.0 || !x.is_finite() {
        return 0.0;
    }
    let unit = 10f64.powi(3 - x.abs().log10().floor() as i32);
    (x * unit).round() / unit
}
