//! Vector search inside the engine, without Node: `node benches/vectors.mjs --engine` runs it.
//!
//! `cargo run --release -p fluorite-memory --example vectors -- <base.f32> <queries.f32> <truth.i32> <dims> [--ef 10,16,24]
//! [--rounds 3] [--json]`
//!
//! Files: little-endian, one vector after the other; the truth holds 10 row numbers of the base a query, -1 where there are
//! fewer. Stores, optimizes and opens again in a temporary folder, then searches with one caller and asks for ids alone.
//! `--json`: `[{ef, recall, p50_us, p99_us, many_us, many_recall, inline_share}]` on stdout, the last one with `ef` "default"
//! (no option given), and the rest on stderr; else all in one object.
#![allow(clippy::print_stdout, clippy::print_stderr)] // a program: its figures go to stdout, the rest to stderr

use std::collections::VecDeque;
use std::time::Instant;

use fluorite_memory::{CancelToken, ChunkInput, Engine, EngineConfig, Query, SearchOptions, WriteOptions};
use serde_json::{Value, json};

#[path = "support/searching.rs"]
mod searching;
use searching::{K, Result, bare, measure, numbers, recall, round, until_checked};

const BATCH: usize = 1_000;
const IN_FLIGHT: usize = 2;

struct Args {
    base: String,
    queries: String,
    truth: String,
    dims: usize,
    efs: Vec<usize>,
    rounds: usize,
    json: bool,
}

fn args() -> Result<Args> {
    let usage = "vectors <base.f32> <queries.f32> <truth.i32> <dims> [--ef 10,16,24] [--rounds 3] [--json]";
    let (mut plain, mut efs, mut rounds, mut json) = (Vec::new(), vec![10, 16, 24, 32, 48, 64, 96, 128], 3, false);
    let mut rest = std::env::args().skip(1);
    while let Some(arg) = rest.next() {
        match arg.as_str() {
            "--json" => json = true,
            "--ef" => {
                let list = rest.next().ok_or(usage)?;
                efs = list.split(',').map(str::parse).collect::<std::result::Result<_, _>>()?;
            }
            "--rounds" => rounds = rest.next().ok_or(usage)?.parse()?,
            _ => plain.push(arg),
        }
    }
    let [base, queries, truth, dims] = <[String; 4]>::try_from(plain).map_err(|_| usage)?;
    Ok(Args { base, queries, truth, dims: dims.parse()?, efs, rounds, json })
}

fn main() -> Result<()> {
    let args = args()?;
    let queries = vectors(&args.queries, args.dims)?;
    let truth = truth(&args.truth)?;
    let folder = tempfile::tempdir()?;
    let config = EngineConfig { enable_ml: false, ..EngineConfig::new(folder.path()) };
    let (store_seconds, build_seconds) = build(&config, &args)?;
    let engine = Engine::open(config)?;
    let first = queries.first().ok_or("there is no query")?;
    let checked_seconds = until_checked(&engine, first)?;
    let mut sweep = Vec::new();
    for ef in &args.efs {
        let mut line = point(&engine, &queries, &truth, args.rounds, &SearchOptions { ef: Some(*ef), ..bare() })?;
        line["ef"] = json!(ef);
        sweep.push(line);
    }
    let mut default = point(&engine, &queries, &truth, args.rounds, &bare())?;
    default["ef"] = json!("default");
    sweep.push(default);
    engine.shutdown().wait()?;
    let rest = json!({
        "store_seconds": round(store_seconds),
        "build_seconds": round(build_seconds),
        "checked_after_open_seconds": round(checked_seconds),
    });
    if args.json {
        eprintln!("{rest}");
        println!("{}", Value::Array(sweep));
    } else {
        println!("{}", json!({ "sweep": sweep, "rest": rest }));
    }
    Ok(())
}

/// Stores and optimizes; the seconds of each.
fn build(config: &EngineConfig, args: &Args) -> Result<(f64, f64)> {
    let base = vectors(&args.base, args.dims)?;
    let engine = Engine::open(config.clone())?;
    let began = Instant::now();
    let mut flying = VecDeque::new();
    for (slice, part) in base.chunks(BATCH).enumerate() {
        if flying.len() == IN_FLIGHT {
            wait(flying.pop_front())?;
        }
        let chunk = |(i, v): (usize, &Vec<f32>)| ChunkInput {
            embedding: Some(v.clone()),
            ..ChunkInput::text("a vector").with_id(&(slice * BATCH + i).to_string())
        };
        flying.push_back(engine.store(part.iter().enumerate().map(chunk).collect(), WriteOptions::default()));
    }
    flying.into_iter().try_for_each(|p| wait(Some(p)))?;
    let (stored, began) = (began.elapsed().as_secs_f64(), Instant::now());
    engine.optimize(CancelToken::default(), None).wait()?;
    let built = began.elapsed().as_secs_f64();
    engine.shutdown().wait()?;
    Ok((stored, built))
}

fn wait<T>(pending: Option<fluorite_memory::Pending<T>>) -> Result<()> {
    if let Some(pending) = pending {
        pending.wait()?;
    }
    Ok(())
}

/// Single caller and many at once, with one kind of options.
fn point(engine: &Engine, queries: &[Vec<f32>], truth: &[Vec<u32>], rounds: usize, options: &SearchOptions) -> Result<Value> {
    let single = measure(engine, queries, rounds, |_| options.clone())?;
    let asked: Vec<Query> = queries.iter().map(|q| Query::Vector(q.clone())).collect();
    let began = Instant::now();
    let many = engine.search_many(asked, options.clone()).wait()?;
    let many_us = began.elapsed().as_secs_f64() * 1e6 / queries.len().max(1) as f64;
    let many = many.iter().map(|hits| numbers(hits)).collect::<Result<Vec<_>>>()?;
    Ok(json!({
        "recall": round(recall(&single.found, truth)),
        "p50_us": round(single.p50_us),
        "p99_us": round(single.p99_us),
        "many_us": round(many_us),
        "many_recall": round(recall(&many, truth)),
        "inline_share": round(single.inline_share),
    }))
}

/// Vectors of a file of f32.
fn vectors(path: &str, dims: usize) -> Result<Vec<Vec<f32>>> {
    let bytes = std::fs::read(path).map_err(|e| format!("{path}: {e}"))?;
    let vector = |part: &[u8]| part.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
    Ok(bytes.chunks_exact((dims * 4).max(1)).map(vector).collect())
}

/// Row numbers of the nearest of each query.
fn truth(path: &str) -> Result<Vec<Vec<u32>>> {
    let bytes = std::fs::read(path).map_err(|e| format!("{path}: {e}"))?;
    let rows = |part: &[u8]| part.as_chunks::<4>().0.iter().filter_map(|b| u32::try_from(i32::from_le_bytes(*b)).ok()).collect();
    Ok(bytes.chunks_exact(K * 4).map(rows).collect())
}
