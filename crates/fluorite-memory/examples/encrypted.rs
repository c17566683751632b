//! What encryption costs: storing, reading, searching and opening an encrypted store against a plain one, as JSON.
//!
//! `cargo run --release -p fluorite-memory --example encrypted [chunks]`. The two take turns, five times; medians.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // a program of its own

use std::path::Path;
use std::time::Instant;

use fluorite_memory::{
    CancelToken, ChunkInput, Durability, EncryptionKey, Engine, EngineConfig, Query, SearchMode, SearchOptions, WriteOptions,
};

const ROUNDS: usize = 5;
const BATCH: usize = 500;
const DIMENSIONS: usize = 384;
const QUERIES: usize = 500;
const WHAT: [&str; 7] = ["put", "optimize", "get", "search_vector", "search_words", "open", "disk_bytes"];

fn config(path: &Path, encrypted: bool) -> EngineConfig {
    let encryption_key = encrypted.then(|| EncryptionKey::new(&[7; 32]).unwrap());
    EngineConfig { enable_ml: false, cache_size_mb: 1, encryption_key, ..EngineConfig::new(path) }
}

fn vector(n: usize) -> Vec<f32> {
    let mut x = n as u64 + 1;
    (0..DIMENSIONS)
        .map(|_| {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            (x % 2_001) as f32 - 1_000.0
        })
        .collect()
}

fn input(n: usize) -> ChunkInput {
    let text = format!("export function handler{n}(request, response) {{ return response.send({n}) }} ").repeat(12);
    let mut c = ChunkInput::text(&text).with_id(&format!("c{n}"));
    c.embedding = Some(vector(n));
    c
}

/// Milliseconds of each (reading without the cache), and bytes.
fn run(chunks: usize, encrypted: bool) -> [f64; WHAT.len()] {
    let dir = tempfile::tempdir().unwrap();
    let time = |f: &mut dyn FnMut()| {
        let started = Instant::now();
        f();
        started.elapsed().as_secs_f64() * 1e3
    };
    let engine = Engine::open(config(dir.path(), encrypted)).unwrap();
    let inputs: Vec<Vec<ChunkInput>> =
        (0..chunks).step_by(BATCH).map(|from| (from..chunks.min(from + BATCH)).map(input).collect()).collect();
    let options = WriteOptions { durability: Some(Durability::Buffered), ..WriteOptions::default() };
    let mut inputs = inputs.into_iter();
    let put = time(&mut || {
        for batch in inputs.by_ref() {
            engine.store(batch, options.clone()).wait().unwrap();
        }
    });
    let optimize = time(&mut || _ = engine.optimize(CancelToken::default(), None).wait().unwrap());
    let get = time(&mut || {
        for n in 0..chunks {
            engine.get_many("default", vec![format!("c{}", n * 7_919 % chunks)]).wait().unwrap();
        }
    });
    let search = |query: &dyn Fn(usize) -> Query, mode| {
        time(&mut || {
            for n in 0..QUERIES {
                let options = SearchOptions { mode: Some(mode), ..SearchOptions::default() };
                assert!(!engine.search(query(n * 31 % chunks), options).wait().unwrap().is_empty());
            }
        })
    };
    let by_vector = search(&|n| Query::Vector(vector(n)), SearchMode::Vector);
    let by_words = search(&|n| Query::Text(format!("handler{n} response")), SearchMode::Lexical);
    let bytes = engine.stats().wait().unwrap().disk_bytes as f64;
    engine.shutdown().wait().unwrap();
    let mut again = None;
    let open = time(&mut || again = Some(Engine::open(config(dir.path(), encrypted)).unwrap()));
    again.unwrap().shutdown().wait().unwrap();
    [put, optimize, get, by_vector, by_words, open, bytes]
}

fn main() {
    let chunks = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(20_000);
    let mut times: [[Vec<f64>; WHAT.len()]; 2] = Default::default();
    for _ in 0..ROUNDS {
        for encrypted in [false, true] {
            for (all, one) in times[usize::from(encrypted)].iter_mut().zip(run(chunks, encrypted)) {
                all.push(one);
            }
        }
    }
    let median = |of: &[f64]| {
        let mut of = of.to_vec();
        of.sort_by(f64::total_cmp);
        of[of.len() / 2]
    };
    let [plain, sealed] = &times;
    let object = |value: &dyn Fn(usize) -> f64| {
        let members =
            WHAT.iter().enumerate().map(|(i, name)| ((*name).to_owned(), serde_json::json!((value(i) * 100.0).round() / 100.0)));
        serde_json::Value::Object(members.collect())
    };
    let report = serde_json::json!({
        "chunks": chunks, "rounds": ROUNDS, "queries": QUERIES,
        "encrypted_over_plain": object(&|i| median(&sealed[i]) / median(&plain[i])),
        "plain_ms": object(&|i| median(&plain[i])), "encrypted_ms": object(&|i| median(&sealed[i])),
    });
    println!("{report}");
}
