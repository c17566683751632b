//! In-engine figures without Node: bulk load, sealing, open, get, first search, lexical searches. Prints one JSON line.
//!
//! `cargo run --release -p fluorite-memory --example bulk_load -- <folder of *.json> [chunks] [text_rows, 0 = seal nothing]`
//! Lexical searches are those of the text index alone (`rerank: false`), the hop to the pool included.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr)] // a program, not the library

use std::time::Instant;

use fluorite_memory::{
    ChunkInput, Engine, EngineConfig, Query, SearchFilter, SearchMode, SearchOptions, SetFilter, WriteOptions,
};

#[path = "support/process.rs"]
#[allow(dead_code)] // other examples use the rest
mod process;

/// Waits until nothing is left to be taken in, sealed or joined.
fn settle(engine: &Engine) {
    let mut calm = 0;
    while calm < 20 {
        let stats = engine.stats().wait().unwrap();
        calm = if stats.unindexed == 0 && stats.text_index.building.is_none() { calm + 1 } else { 0 };
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

/// Microseconds of a lexical search that hands over ids, half of them below and 99 in 100 below.
fn lexical(engine: &Engine, pieces: &[String]) -> (u64, u64) {
    let query = |i: usize| {
        let words: Vec<&str> = pieces[i * 31 % pieces.len()].split_whitespace().filter(|w| w.len() > 3).collect();
        (0..1 + i % 6).filter_map(|n| words.get((i * 13 + n * 7) % words.len().max(1))).fold(String::new(), |q, w| q + w + " ")
    };
    let bare = SearchOptions { rerank: Some(false), ..SearchOptions::default() };
    let options = || SearchOptions { mode: Some(SearchMode::Lexical), fields: Some(Vec::new()), ..bare.clone() };
    let ask = |i: usize| {
        let (query, t) = (query(i), Instant::now());
        engine.search(Query::Text(query), options()).wait().unwrap();
        t.elapsed().as_micros() as u64
    };
    (0..50).for_each(|i| _ = ask(i));
    let mut took: Vec<u64> = (0..1_000).map(ask).collect();
    took.sort_unstable();
    (took[500], took[990])
}

fn main() {
    let mut args = std::env::args().skip(1);
    let folder = args.next().unwrap_or_else(|| "examples/spikes".into());
    let wanted: usize = args.next().and_then(|n| n.parse().ok()).unwrap_or(100_000);
    let mut texts: Vec<String> =
        std::fs::read_dir(folder).unwrap().filter_map(|f| std::fs::read_to_string(f.ok()?.path()).ok()).collect();
    texts.sort();
    let pieces: Vec<String> = texts
        .iter()
        .flat_map(|t| t.as_bytes().chunks(1_300).map(|c| String::from_utf8_lossy(c).into_owned()).collect::<Vec<_>>())
        .filter(|p| p.len() > 600)
        .collect();
    let chunk = |i: usize| {
        let (a, b) = (&pieces[i % pieces.len()], &pieces[(i * 7 + i / pieces.len()) % pieces.len()]);
        let half = |s: &str, n: usize| s.chars().take(n).collect::<String>();
        let mut c = ChunkInput::text(&format!("{} // {i}\n{}", half(a, 650), half(b, 650))).with_id(&format!("chunk-{i:06}"));
        c.tags = Some(vec![format!("t{}", i % 50)]);
        c.frameworks = Some(vec![format!("f{}", i % 20)]);
        c
    };
    let text_rows = args.next().and_then(|n| n.parse().ok()).map_or(8_192, |n: usize| if n == 0 { usize::MAX } else { n });
    let dir = std::env::temp_dir().join(format!("fluorite-bulk-{}", std::process::id()));
    let config = EngineConfig { enable_ml: false, text_rows, ..EngineConfig::new(&dir) };
    let engine = Engine::open(config.clone()).unwrap();
    let slices: Vec<Vec<ChunkInput>> =
        (0..wanted).collect::<Vec<_>>().chunks(64).map(|s| s.iter().map(|i| chunk(*i)).collect()).collect();
    let t = Instant::now();
    let mut flying = std::collections::VecDeque::new();
    for s in slices {
        if flying.len() == 8 {
            let first: fluorite_memory::Pending<_> = flying.pop_front().unwrap();
            first.wait().unwrap();
        }
        flying.push_back(engine.store(s, WriteOptions::default()));
    }
    for p in flying {
        p.wait().unwrap();
    }
    let load = t.elapsed();
    let t = Instant::now();
    engine.search(Query::Text("component state".into()), SearchOptions::default()).wait().unwrap();
    let first_search = t.elapsed();
    let stats = engine.stats().wait().unwrap();
    let in_memory = lexical(&engine, &pieces);
    let t = Instant::now();
    settle(&engine);
    let sealing = t.elapsed();
    let sealed = engine.stats().wait().unwrap();
    let lexical_live = lexical(&engine, &pieces);
    let t = Instant::now();
    engine.shutdown().wait().unwrap();
    let shutdown = t.elapsed();
    let t = Instant::now();
    let engine = Engine::open(config).unwrap();
    let open = t.elapsed();
    let opened_rss = process::memory();
    let t = Instant::now();
    engine.search(Query::Text("component state".into()), SearchOptions::default()).wait().unwrap();
    let search_after_open = t.elapsed();
    let t = Instant::now();
    let tags = SetFilter { any: Some(vec!["t7".into()]), ..SetFilter::default() };
    let filter = Some(SearchFilter { tags: Some(tags), ..SearchFilter::default() });
    engine.search(Query::Text("component state".into()), SearchOptions { filter, ..SearchOptions::default() }).wait().unwrap();
    let filtered_after_open = t.elapsed();
    let t = Instant::now();
    for i in 0..1_000 {
        engine.get_many("default", vec![format!("chunk-{:06}", i * 97 % wanted)]).wait().unwrap();
    }
    let cold_get = t.elapsed() / 1_000;
    let lexical_opened = lexical(&engine, &pieces);
    let reopened = engine.stats().wait().unwrap();
    eprintln!(
        "{}",
        serde_json::json!({
            "lexical_us_p50_p99": { "just_loaded": in_memory, "sealed": lexical_live, "reopened": lexical_opened },
            "sealing_ms": sealing.as_millis(), "text_index": sealed.text_index, "text_index_reopened": reopened.text_index,
            "index_bytes": { "just_loaded": stats.index_bytes, "sealed": sealed.index_bytes, "reopened": reopened.index_bytes },
            "filtered_after_open_ms": filtered_after_open.as_millis(), "memory_after_open": opened_rss, "memory": process::memory(),
            "raw_bytes": sealed.raw_bytes, "disk_bytes": sealed.disk_bytes,
        })
    );
    println!(
        "{{\"chunks\":{wanted},\"load_ms\":{},\"first_search_ms\":{},\"shutdown_ms\":{},\"open_ms\":{},\"get_from_log_us\":{},\"search_after_open_ms\":{},\"disk_ratio\":{:.4},\"index_bytes\":{},\"dictionary\":{}}}",
        load.as_millis(),
        first_search.as_millis(),
        shutdown.as_millis(),
        open.as_millis(),
        cold_get.as_micros(),
        search_after_open.as_millis(),
        stats.disk_ratio,
        stats.index_bytes,
        stats.dictionary_id,
    );
    engine.shutdown().wait().unwrap();
    let _ = std::fs::remove_dir_all(dir);
}
