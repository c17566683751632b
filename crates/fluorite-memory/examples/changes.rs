//! Recall under filters, deletes and updates, inside the engine, against `exact`; JSON on stdout.
//!
//! `cargo run --release -p fluorite-memory --example changes -- [--base base.f32 --queries queries.f32] [--n 100000] [--asked 200]`
//!
//! Vectors: the files' (384 dimensions, little-endian, as `benches/vectors.mjs` leaves them in `benches/.cache`), or generated
//! (`support/clustered.rs`, seed 42). Each state is asked without a filter and with tags on a random 50, 10, 1 and .1 % of all:
//! stored and made one graph; a random 30 % deleted; a random 20 % of the rest overwritten with vectors of others; a minute of
//! background work later; opened again.
#![allow(clippy::print_stdout, clippy::print_stderr)] // a program: its figures go to stdout, the rest to stderr

use std::time::{Duration, Instant};

use fluorite_memory::{
    CancelToken, ChunkInput, Engine, EngineConfig, Query, SearchFilter, SearchOptions, SetFilter, WriteOptions,
};
use serde_json::{Value, json};

#[allow(dead_code)] // shared with programs that use more of it
#[path = "support/clustered.rs"]
mod clustered;
#[allow(dead_code)]
#[path = "support/searching.rs"]
mod searching;
use clustered::{Clustered, DIMS, HELD_OUT};
use searching::{Result, bare, measure, numbers, recall, round};

const BATCH: usize = 1_000;
/// Chunks in ten thousand that carry each tag.
const SHARES: [(&str, u64); 4] = [("50", 5_000), ("10", 1_000), ("1", 100), ("0.1", 10)];
/// Time given to the background.
const SETTLING: Duration = Duration::from_secs(60);

struct Args {
    files: [Option<String>; 2],
    n: usize,
    asked: usize,
}

fn args() -> Result<Args> {
    let mut args = Args { files: [None, None], n: 100_000, asked: 200 };
    let mut rest = std::env::args().skip(1);
    while let Some(name) = rest.next() {
        let value = rest.next().ok_or(format!("{name} needs a value"))?;
        match name.as_str() {
            "--base" => args.files[0] = Some(value),
            "--queries" => args.files[1] = Some(value),
            "--n" => args.n = value.parse()?,
            "--asked" => args.asked = value.parse()?,
            _ => return Err(format!("no option {name}: there are --base, --queries, --n, --asked").into()),
        }
    }
    Ok(args)
}

fn main() -> Result<()> {
    let args = args()?;
    let (base, queries) = match &args.files {
        [Some(base), Some(queries)] => (read(base, args.n)?, read(queries, args.asked)?),
        _ => {
            let made = Clustered::new(42);
            let held_out = (0..args.asked).map(|j| made.vector(HELD_OUT + j)).collect();
            ((0..args.n).map(|i| made.vector(i)).collect(), held_out)
        }
    };
    let n = base.len();
    let folder = tempfile::tempdir()?;
    let config = EngineConfig { enable_ml: false, ..EngineConfig::new(folder.path()) };
    let mut engine = Engine::open(config.clone())?;
    let all: Vec<usize> = (0..n).collect();
    store(&engine, &all, |i| &base[i])?;
    engine.optimize(CancelToken::default(), None).wait()?;
    let mut states = vec![state("one graph", &engine, &queries)?];

    let (gone, left): (Vec<usize>, Vec<usize>) = all.iter().partition(|i| draw(**i, 1) % 10 < 3);
    for part in gone.chunks(BATCH) {
        let ids: Vec<_> = part.iter().map(|i| engine.delete("default", &i.to_string())).collect();
        ids.into_iter().try_for_each(|p| p.wait().map(drop))?;
    }
    states.push(state("30 % deleted", &engine, &queries)?);

    let changed: Vec<usize> = left.into_iter().filter(|i| draw(*i, 2) % 10 < 2).collect();
    // the vectors of deleted chunks: of the same distribution, and the graph's nodes for them are dead
    store(&engine, &changed, |i| &base[gone[draw(i, 3) as usize % gone.len()]])?;
    states.push(state("20 % of the rest overwritten", &engine, &queries)?);

    let began = Instant::now();
    while began.elapsed() < SETTLING {
        std::thread::sleep(Duration::from_secs(1));
    }
    states.push(state("a minute later", &engine, &queries)?);
    engine.shutdown().wait()?;
    engine = Engine::open(config)?;
    states.push(state("opened again", &engine, &queries)?);
    engine.shutdown().wait()?;
    let settings = json!({ "n": n, "dims": DIMS, "queries": queries.len(), "k": searching::K, "recall_target": 0.98,
        "vectors": args.files[0].as_ref().map_or("clustered", |_| "file"), "deleted": gone.len(), "overwritten": changed.len() });
    println!("{:#}", json!({ "bench": "changes", "settings": settings, "states": states }));
    Ok(())
}

/// Recall and time with each filter.
fn state(name: &str, engine: &Engine, queries: &[Vec<f32>]) -> Result<Value> {
    let mut out = json!({ "state": name, "graph_vectors": engine.stats().wait()?.vector_index.graph_vectors });
    for share in std::iter::once(None).chain(SHARES.map(|(share, _)| Some(share))) {
        let options = match share {
            None => bare(),
            Some(share) => {
                let tags = SetFilter { any: Some(vec![format!("share-{share}")]), ..SetFilter::default() };
                SearchOptions { filter: Some(SearchFilter { tags: Some(tags), ..SearchFilter::default() }), ..bare() }
            }
        };
        let exact = SearchOptions { exact: Some(true), ..options.clone() };
        let truth = queries.iter().map(|q| numbers(&engine.search(Query::Vector(q.clone()), exact.clone()).wait()?));
        let truth = truth.collect::<Result<Vec<_>>>()?;
        let found = measure(engine, queries, 1, |_| options.clone())?;
        out[share.unwrap_or("none")] = json!({ "recall": round(recall(&found.found, &truth)), "p50_us": round(found.p50_us) });
    }
    eprintln!("{out}");
    Ok(out)
}

fn store<'a>(engine: &Engine, numbers: &[usize], vector: impl Fn(usize) -> &'a Vec<f32>) -> Result<()> {
    for part in numbers.chunks(BATCH) {
        let chunk = |i: &usize| {
            let tags = SHARES.iter().enumerate().filter(|(s, (_, share))| draw(*i, 10 + *s as u64) % 10_000 < *share);
            ChunkInput {
                embedding: Some(vector(*i).clone()),
                tags: Some(tags.map(|(_, (name, _))| format!("share-{name}")).collect()),
                ..ChunkInput::text("a vector").with_id(&i.to_string())
            }
        };
        engine.store(part.iter().map(chunk).collect(), WriteOptions::default()).wait()?;
    }
    Ok(())
}

/// A number of chunk `i` and a purpose that looks random (SplitMix64).
fn draw(i: usize, purpose: u64) -> u64 {
    let mut z = (i as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ purpose.wrapping_mul(0xd1b5_4a32_d192_ed03);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The first vectors of a file of f32.
fn read(path: &str, count: usize) -> Result<Vec<Vec<f32>>> {
    let bytes = std::fs::read(path).map_err(|e| format!("{path}: {e}"))?;
    let vector = |part: &[u8]| part.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
    Ok(bytes.chunks_exact(DIMS * 4).take(count).map(vector).collect())
}
