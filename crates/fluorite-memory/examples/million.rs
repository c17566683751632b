//! A million vectors: stored, built into a graph, opened and searched inside the engine; JSON on stdout, progress on stderr.
//!
//! `cargo run --release -p fluorite-memory --example million -- [--n 1000000] [--seed 42] [--rounds 3] [--dir folder] [--keep]`
//!
//! Each phase runs in a process of its own (the program starts itself again), which knows no more than the store, n and the
//! seed: `build` stores and optimizes; `open` opens, searches once, then 1,000 times, and waits until all that is loaded behind
//! an open is loaded, five times; `search` measures the settled store. Files are in the page cache. Vectors: `support/clustered.rs`.
//! `--keep` leaves the store in the folder, and a store found there is not built again.
#![allow(clippy::print_stdout, clippy::print_stderr)] // a program: its figures go to stdout, the rest to stderr

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use fluorite_memory::{
    CancelToken, ChunkInput, Engine, EngineConfig, Progress, ProgressFn, Query, SearchFilter, SearchOptions, SetFilter,
    WriteOptions,
};
use serde_json::{Value, json};

#[path = "support/clustered.rs"]
mod clustered;
#[path = "support/process.rs"]
mod process;
#[path = "support/searching.rs"]
mod searching;
use clustered::{Clustered, DIMS, HELD_OUT};
use process::{Watch, cpu_seconds, memory, peak_mb, thread_seconds};
use searching::{Result, bare, measure, numbers, quantile, recall, round, search, until_checked};

const BATCH: usize = 1_000;
const IN_FLIGHT: usize = 2;
const QUERIES: usize = 1_000;
/// Queries whose true neighbours are looked up.
const TRUE: usize = 200;
/// Chunks read one by one.
const GETS: usize = 1_000;
const OPENS: usize = 5;
/// Longest wait for what is loaded behind an open.
const PATIENCE: Duration = Duration::from_secs(1_800);

struct Args {
    n: usize,
    seed: u32,
    rounds: usize,
    dir: Option<PathBuf>,
    keep: bool,
    /// What a child is to do.
    phase: Option<String>,
}

fn args() -> Result<Args> {
    let mut args = Args { n: 1_000_000, seed: 42, rounds: 3, dir: None, keep: false, phase: None };
    let mut rest = std::env::args().skip(1);
    while let Some(name) = rest.next() {
        let mut value = || rest.next().ok_or(format!("{name} needs a value"));
        match name.as_str() {
            "--n" => args.n = value()?.parse()?,
            "--seed" => args.seed = value()?.parse()?,
            "--rounds" => args.rounds = value()?.parse()?,
            "--dir" => args.dir = Some(value()?.into()),
            "--keep" => args.keep = true,
            "--phase" => args.phase = Some(value()?),
            _ => return Err(format!("no option {name}: there are --n, --seed, --rounds, --dir, --keep").into()),
        }
    }
    Ok(args)
}

fn main() -> Result<()> {
    let args = args()?;
    let Some(phase) = &args.phase else { return all(&args) };
    let folder = args.dir.clone().ok_or("a phase needs --dir")?;
    let phase = match phase.as_str() {
        "build" => build,
        "open" => open,
        "search" => searches,
        _ => return Err("phases are build, open, search".into()),
    };
    println!("{}", phase(&args, &folder)?);
    Ok(())
}

/// Runs the phases, prints their figures and whether the targets are met.
fn all(args: &Args) -> Result<()> {
    let temporary = args.dir.is_none().then(tempfile::tempdir).transpose()?;
    let folder = match (&args.dir, &temporary) {
        (Some(dir), _) => dir.join(format!("million-{}-{}", args.n, args.seed)),
        (None, Some(dir)) => dir.path().to_owned(),
        (None, None) => return Err("no folder".into()),
    };
    let note = folder.join("build.json");
    let built: Value = match std::fs::read(&note) {
        Ok(found) => serde_json::from_slice(&found)?,
        Err(_) => {
            let built = child(args, &folder, "build")?;
            std::fs::write(&note, built.to_string())?;
            built
        }
    };
    let mut opens = Vec::new();
    for _ in 0..OPENS {
        warm(&folder)?;
        opens.push(child(args, &folder, "open")?);
    }
    let searched = child(args, &folder, "search")?;
    let opened = medians(&opens);
    let targets = targets(&opened, &searched);
    let settings = json!({ "n": args.n, "dims": DIMS, "seed": args.seed, "rounds": args.rounds, "opens": OPENS, "queries": QUERIES,
        "recall_of": TRUE, "cores": std::thread::available_parallelism()?.get() });
    let result = json!({ "bench": "million", "settings": settings, "build": built, "open": opened, "search": searched, "targets": targets });
    println!("{result:#}");
    if args.dir.is_some() && !args.keep {
        std::fs::remove_dir_all(&folder)?;
    }
    Ok(())
}

/// This program again, for one phase.
fn child(args: &Args, folder: &Path, phase: &str) -> Result<Value> {
    eprintln!("{phase}");
    let done = Command::new(std::env::current_exe()?)
        .args(["--phase", phase, "--n", &args.n.to_string(), "--seed", &args.seed.to_string()])
        .args(["--rounds", &args.rounds.to_string(), "--dir"])
        .arg(folder)
        .stderr(Stdio::inherit())
        .output()?;
    if !done.status.success() {
        return Err(format!("{phase} failed: {}", done.status).into());
    }
    Ok(serde_json::from_slice(&done.stdout)?)
}

/// Reads every file, so that the page cache has it.
fn warm(folder: &Path) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            warm(&path)?;
        } else {
            std::io::copy(&mut std::fs::File::open(path)?, &mut std::io::sink())?;
        }
    }
    Ok(())
}

/// Results alike in shape as one: numbers by their median.
fn medians(rounds: &[Value]) -> Value {
    match rounds.first() {
        Some(Value::Object(first)) => {
            let of = |key: &String| rounds.iter().map(|r| r[key].clone()).collect::<Vec<_>>();
            Value::Object(first.keys().map(|key| (key.clone(), medians(&of(key)))).collect())
        }
        Some(Value::Number(_)) => json!(quantile(&mut rounds.iter().filter_map(Value::as_f64).collect::<Vec<_>>(), 0.5)),
        Some(other) => other.clone(),
        None => Value::Null,
    }
}

fn targets(opened: &Value, searched: &Value) -> Value {
    let of = |value: &Value| value.as_f64().unwrap_or(f64::INFINITY);
    let below = |value: f64, most: f64| json!({ "value": value, "at_most": most, "met": value <= most });
    let fast = &searched["recall_target_95"];
    json!({
        "open_and_first_query_ms": below(of(&opened["open_and_first_query_ms"]), 1_000.0),
        "p50_us": below(of(&fast["p50_us"]), 500.0),
        "p99_us": below(of(&fast["p99_us"]), 2_000.0),
        "recall": json!({ "value": fast["recall"], "at_least": 0.95, "met": fast["recall"].as_f64().is_some_and(|r| r >= 0.95) }),
        "rss_mb_after_1000_queries": below(of(&opened["memory"]["after_1000_queries"]["rss_mb"]), 1_000.0),
        "rss_mb_settled": below(of(&opened["memory"]["settled"]["rss_mb"]), 1_000.0),
    })
}

fn config(folder: &Path) -> EngineConfig {
    EngineConfig { enable_ml: false, ..EngineConfig::new(folder) }
}

fn held_out(vectors: &Clustered, count: usize) -> Vec<Vec<f32>> {
    (0..count).map(|j| vectors.vector(HELD_OUT + j)).collect()
}

/// Wall and processor time since it was made.
struct Clock(Instant, f64);

impl Clock {
    fn start() -> Self {
        Self(Instant::now(), cpu_seconds())
    }

    fn ms(&self) -> f64 {
        round(self.0.elapsed().as_secs_f64() * 1e3)
    }

    /// `made`: processor time that belongs to the bench and not to the engine.
    fn seconds(&self, made: f64) -> Value {
        json!({ "seconds": round(self.0.elapsed().as_secs_f64()), "cpu_seconds": round(cpu_seconds() - self.1 - made) })
    }
}

/// Stores and optimizes.
fn build(args: &Args, folder: &Path) -> Result<Value> {
    let vectors = Clustered::new(args.seed);
    let watch = Watch::start();
    let engine = Engine::open(config(folder))?;
    let clock = Clock::start();
    let made = store(&engine, &vectors, args.n)?;
    let mut stored = clock.seconds(made);
    stored["making_vectors_seconds"] = json!(round(made));
    stored["peak_anon_mb"] = json!(watch.peak_mb());
    let behind = engine.stats().wait()?.vector_index;
    stored["graphs_built_behind"] = json!(behind.built);
    stored["vectors_in_graphs"] = json!(behind.graph_vectors);
    eprintln!("stored: {stored}");
    let clock = Clock::start();
    let report = engine.optimize(CancelToken::default(), Some(told())).wait()?;
    let mut optimized = clock.seconds(0.0);
    optimized["peak_anon_mb"] = json!(watch.peak_mb());
    optimized["segments_rewritten"] = json!(report.segments_rewritten);
    optimized["vectors_indexed"] = json!(report.vectors_indexed);
    eprintln!("optimized: {optimized}");
    let index = engine.stats().wait()?.vector_index;
    let clock = Clock::start();
    engine.shutdown().wait()?;
    Ok(json!({
        "store": stored,
        "optimize": optimized,
        "shutdown": clock.seconds(0.0),
        "peak_rss_mb": peak_mb(),
        "graphs": index.graphs,
        "graph_mb": bytes(&folder.join("index"), ".graph")? / 1e6,
        "ids_mb": bytes(&folder.join("index"), "ids")? / 1e6,
        "log_mb": bytes(&folder.join("log"), ".seg")? / 1e6,
    }))
}

/// Stores n chunks; the processor time it took to make them.
fn store(engine: &Engine, vectors: &Clustered, n: usize) -> Result<f64> {
    let (mut made, mut flying) = (0.0, VecDeque::new());
    for first in (0..n).step_by(BATCH) {
        let began = thread_seconds();
        let chunks: Vec<ChunkInput> = (first..n.min(first + BATCH)).map(|i| chunk(vectors, i)).collect();
        made += thread_seconds() - began;
        if flying.len() == IN_FLIGHT {
            stored(flying.pop_front())?;
        }
        flying.push_back(engine.store(chunks, WriteOptions::default()));
        if first % 100_000 == 0 {
            eprintln!("stored {first}");
        }
    }
    flying.into_iter().try_for_each(|p| stored(Some(p)))?;
    engine.flush(false).wait()?;
    Ok(made)
}

fn stored<T>(pending: Option<fluorite_memory::Pending<T>>) -> Result<()> {
    if let Some(pending) = pending {
        pending.wait()?;
    }
    Ok(())
}

fn chunk(vectors: &Clustered, i: usize) -> ChunkInput {
    let tag = vectors.tag(i);
    ChunkInput {
        embedding: Some(vectors.vector(i)),
        tags: Some(vec![format!("t{tag}")]),
        ..ChunkInput::text(&format!("Chunk {i} of a million, tagged t{tag}.")).with_id(&i.to_string())
    }
}

/// Says on stderr when another twentieth is done.
fn told() -> ProgressFn {
    let last = Arc::new(AtomicU64::new(u64::MAX));
    Arc::new(move |p: Progress| {
        let part = p.total.filter(|t| *t > 0).map_or(0, |t| p.done * 20 / t);
        if last.swap(part, Ordering::Relaxed) != part {
            eprintln!("{} {}/{:?}, {:.0} s left", p.phase, p.done, p.total, p.seconds_left.unwrap_or(0.0));
        }
    })
}

/// Bytes of the files of a folder whose name ends so.
fn bytes(folder: &Path, end: &str) -> Result<f64> {
    let mut sum = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().ends_with(end) {
            sum += entry.metadata()?.len();
        }
    }
    Ok(sum as f64)
}

/// Opens, and says what that costs at each step.
fn open(args: &Args, folder: &Path) -> Result<Value> {
    let queries = held_out(&Clustered::new(args.seed), QUERIES);
    let first = queries.first().ok_or("there is no query")?;
    let before = memory();
    let clock = Clock::start();
    let engine = Engine::open(config(folder))?;
    let open_ms = clock.ms();
    let opened = memory();
    let query = Clock::start();
    let (hits, _) = search(&engine, first, &bare())?;
    let (first_query_ms, both_ms) = (query.ms(), clock.ms());
    let once = memory();
    if hits.len() != searching::K.min(args.n) {
        return Err(format!("the first query found {}", hits.len()).into());
    }
    let (mut busy, mut at_once) = (Vec::new(), 0);
    for query in &queries {
        let began = Instant::now();
        at_once += usize::from(search(&engine, query, &bare())?.1);
        busy.push(began.elapsed().as_secs_f64() * 1e6);
    }
    let thousand = memory();
    until_checked(&engine, first)?;
    let checked_seconds = clock.ms() / 1e3;
    let verified = memory();
    while engine.stats().wait()?.unindexed > 0 {
        if clock.0.elapsed() > PATIENCE {
            return Err("the indexes were not loaded in time".into());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let settled = clock.seconds(0.0);
    let settled_memory = memory();
    let peak = peak_mb();
    let clock = Clock::start();
    engine.shutdown().wait()?;
    Ok(json!({
        "open_ms": open_ms,
        "first_query_ms": first_query_ms,
        "open_and_first_query_ms": both_ms,
        "next_1000_queries": { "p50_us": round(quantile(&mut busy, 0.5)), "p99_us": round(quantile(&mut busy, 0.99)), "inline_share": at_once as f64 / 1e3 },
        "checked_after_seconds": checked_seconds,
        "settled_after": settled,
        "memory": { "before_open": before, "opened": opened, "after_1_query": once, "after_1000_queries": thousand, "checked": verified, "settled": settled_memory },
        "peak_rss_mb": peak,
        "shutdown_ms": clock.ms(),
    }))
}

/// Measures an open store when nothing runs behind it any more.
fn searches(args: &Args, folder: &Path) -> Result<Value> {
    let queries = held_out(&Clustered::new(args.seed), QUERIES);
    let engine = Engine::open(config(folder))?;
    while engine.stats().wait()?.unindexed > 0 {
        std::thread::sleep(Duration::from_millis(20));
    }
    until_checked(&engine, queries.first().ok_or("there is no query")?)?;
    let tagged = |j: usize| {
        let tags = SetFilter { any: Some(vec![format!("t{}", j % 100)]), ..SetFilter::default() };
        Some(SearchFilter { tags: Some(tags), ..SearchFilter::default() })
    };
    let plain = [0.95, 0.98]
        .map(|target| measure(&engine, &queries, args.rounds, |_| SearchOptions { recall_target: Some(target), ..bare() }));
    let filtered = measure(&engine, &queries[..TRUE], args.rounds, |j| SearchOptions { filter: tagged(j), ..bare() })?;
    let gets = gets(&engine, args.n)?;
    eprintln!("exact neighbours of {TRUE} queries");
    let truth = exact(&engine, &queries[..TRUE], |_| None)?;
    let truth_tagged = exact(&engine, &queries[..TRUE], tagged)?;
    let mut result = json!({ "filter_1_percent": line(&filtered, &truth_tagged), "get": gets });
    for (name, measured) in ["recall_target_95", "recall_target_98"].iter().zip(plain) {
        result[*name] = line(&measured?, &truth);
    }
    engine.shutdown().wait()?;
    Ok(result)
}

fn line(measured: &searching::Measured, truth: &[Vec<u32>]) -> Value {
    json!({
        "p50_us": round(measured.p50_us),
        "p99_us": round(measured.p99_us),
        "recall": round(recall(&measured.found, truth)),
        "inline_share": round(measured.inline_share),
    })
}

/// The true neighbours.
fn exact(engine: &Engine, queries: &[Vec<f32>], filter: impl Fn(usize) -> Option<SearchFilter>) -> Result<Vec<Vec<u32>>> {
    let asked = |(j, q): (usize, &Vec<f32>)| {
        let options = SearchOptions { exact: Some(true), filter: filter(j), ..bare() };
        engine.search(Query::Vector(q.clone()), options)
    };
    let pending: Vec<_> = queries.iter().enumerate().map(asked).collect();
    pending.into_iter().map(|p| numbers(&p.wait()?)).collect()
}

/// One chunk at a time: from the log, then from the cache.
fn gets(engine: &Engine, n: usize) -> Result<Value> {
    let ids: Vec<String> = (0..GETS).map(|i| (i * 7_919 % n.max(1)).to_string()).collect();
    let (mut cold, mut cached) = (Vec::new(), Vec::new());
    for id in &ids {
        let began = Instant::now();
        let found = engine.get_many("default", vec![id.clone()]).wait()?;
        cold.push(began.elapsed().as_secs_f64() * 1e6);
        if found.iter().flatten().count() != 1 {
            return Err(format!("chunk {id} is missing").into());
        }
    }
    for id in &ids {
        let began = Instant::now();
        let found = engine.get_cached("default", id)?;
        cached.push(began.elapsed().as_secs_f64() * 1e6);
        if !matches!(found, Some(Some(_))) {
            return Err(format!("chunk {id} is not in the cache").into());
        }
    }
    let [cold, cached] =
        [cold, cached].map(|mut t| json!({ "p50_us": round(quantile(&mut t, 0.5)), "p99_us": round(quantile(&mut t, 0.99)) }));
    Ok(json!({ "from_log_on_pool": cold, "from_cache": cached }))
}
