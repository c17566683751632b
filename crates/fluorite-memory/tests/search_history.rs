//! The search history: off unless asked for, a line for each search of a caller, a failure that fails no search.
#![allow(clippy::unwrap_used)] // a test

mod common;

use std::path::Path;

use common::{chunk, config, open, put};
use fluorite_memory::{
    ChunkInput, Engine, EngineConfig, MetricsOptions, OneOrMany, Query, SearchFilter, SearchMode, SearchOptions, SetFilter,
    WriteOptions,
};
use serde_json::{Value, json};

fn with_history(store: &Path, folder: &Path) -> Engine {
    Engine::open(EngineConfig { history_dir: Some(folder.to_owned()), ..config(store) }).unwrap()
}

fn lines(folder: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(folder.join("searches.jsonl")).unwrap_or_default();
    text.lines().map(|l| serde_json::from_str(l).unwrap()).collect()
}

#[test]
fn it_is_off_unless_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(&dir.path().join("store"));
    put(&engine, "a", "words");
    engine.search(Query::Text("words".into()), SearchOptions::default()).wait().unwrap();
    let health = engine.health().unwrap();
    assert_eq!(
        (health.status, health.history.status, health.history.detail.as_deref()),
        ("ok", "ok", Some("off (learning.history)"))
    );
    engine.shutdown().wait().unwrap();
    let left: Vec<_> = std::fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left, ["store"]);
}

#[test]
fn a_line_for_each_search_of_a_caller() {
    let dir = tempfile::tempdir().unwrap();
    let (store, folder) = (dir.path().join("store"), dir.path().join("history"));
    let engine = with_history(&store, &folder);
    assert!(!folder.exists(), "nothing was searched yet");
    let input = |id: &str, text: &str, x: f32| ChunkInput {
        embedding: Some(vec![1.0, x]),
        tags: Some(vec!["t".into()]),
        ..chunk(id, text)
    };
    engine.store(vec![input("a", "red words", 0.0), input("b", "blue words", 1.0)], WriteOptions::default()).wait().unwrap();
    let filter = SearchFilter {
        namespace: Some(OneOrMany::One("default".into())),
        tags: Some(SetFilter { any: Some(vec!["t".into()]), ..SetFilter::default() }),
        ..SearchFilter::default()
    };
    let options = SearchOptions { filter: Some(filter), mode: Some(SearchMode::Lexical), ..SearchOptions::default() };
    let hits = engine.search(Query::Text("red \"words\"\n".into()), options).wait().unwrap();
    assert!(
        engine.search_inline(&[1.0, 0.0], &SearchOptions::default()).is_none(),
        "the caller's thread never waits for the disk"
    );
    engine.search(Query::Vector(vec![1.0, 0.0]), SearchOptions { limit: Some(1), ..SearchOptions::default() }).wait().unwrap();
    engine.find_related("default", "a", SearchOptions::default()).wait().unwrap();
    let many = vec![Query::Text("blue".into()), Query::Text("nothing at all".into())];
    engine.search_many(many, SearchOptions::default()).wait().unwrap();
    // the engine's own searches are not the user's
    engine.metrics(MetricsOptions { accuracy: Some(true), ..MetricsOptions::default() }).wait().unwrap();
    let refused = SearchOptions { mode: Some(SearchMode::Vector), ..SearchOptions::default() };
    assert!(engine.search(Query::Text("x".into()), refused).wait().is_err());

    let all = lines(&folder);
    assert_eq!(all.len(), 5, "{all:#?}");
    let first = &all[0];
    assert_eq!(first["query"], "red \"words\"\n");
    assert_eq!((&first["kind"], &first["mode"]), (&json!("search"), &json!("lexical")));
    assert_eq!(first["filter"], json!({ "namespace": "default", "tags": { "any": ["t"] } }));
    assert_eq!(first["store"].as_str().unwrap(), store.canonicalize().unwrap().to_str().unwrap());
    assert!(fluorite_memory::time::parse_iso(first["at"].as_str().unwrap()).is_some());
    assert!(first["took_ms"].as_f64().unwrap() > 0.0);
    let told: Vec<(String, f32)> = hits.iter().map(|h| (h.id.clone(), h.score)).collect();
    let written: Vec<(String, f32)> = first["hits"]
        .as_array()
        .unwrap()
        .iter()
        .map(|h| (h["id"].as_str().unwrap().into(), h["score"].as_f64().unwrap() as f32))
        .collect();
    assert_eq!(written.len(), 2);
    assert!(told.iter().zip(&written).all(|(a, b)| a.0 == b.0 && (a.1 - b.1).abs() < 1e-6), "{told:?} {written:?}");
    assert_eq!(first["hits"][0]["namespace"], "default");
    let vector = &all[1];
    assert!(vector.get("query").is_none() && vector.get("filter").is_none() && vector["hits"].as_array().unwrap().len() == 1);
    assert_eq!(
        (&all[2]["kind"], &all[2]["related_to"], &all[2]["hits"][0]["id"]),
        (&json!("related"), &json!(["default", "a"]), &json!("b"))
    );
    let mut rest: Vec<(&str, usize)> =
        all[3..].iter().map(|l| (l["query"].as_str().unwrap(), l["hits"].as_array().unwrap().len())).collect();
    rest.sort_unstable();
    assert_eq!(rest, [("blue", 1), ("nothing at all", 0)]);
    let health = engine.health().unwrap();
    assert!(health.history.detail.unwrap().ends_with("searches.jsonl"));
    engine.shutdown().wait().unwrap();

    let again = with_history(&store, &folder);
    again.search(Query::Text("later".into()), SearchOptions::default()).wait().unwrap();
    assert_eq!(lines(&folder).len(), 6, "it goes on after a reopen");
    again.shutdown().wait().unwrap();
    let inside = walk(&store);
    assert!(inside.iter().all(|p| !p.contains("searches")), "{inside:?}");
}

fn walk(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).unwrap().map(|e| e.unwrap());
    let inner =
        entries.map(|e| if e.file_type().unwrap().is_dir() { walk(&e.path()) } else { vec![e.path().display().to_string()] });
    inner.flatten().collect()
}

#[test]
fn a_history_that_cannot_be_written_fails_no_search() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("file"), "x").unwrap();
    let folder = dir.path().join("file/history");
    let engine = with_history(&dir.path().join("store"), &folder);
    put(&engine, "a", "words");
    let search = || engine.search(Query::Text("words".into()), SearchOptions::default()).wait().unwrap();
    assert_eq!(engine.health().unwrap().status, "ok");
    assert_eq!(search().len(), 1);
    let health = engine.health().unwrap();
    assert_eq!((health.status, health.history.status, health.storage.status), ("degraded", "degraded", "ok"));
    assert!(health.history.detail.unwrap().contains("searches are not written down"));
    std::fs::remove_file(dir.path().join("file")).unwrap();
    assert_eq!(search().len(), 1);
    assert_eq!((engine.health().unwrap().status, lines(&folder).len()), ("ok", 1), "mended");
}

#[test]
fn a_folder_in_the_store_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    for inside in ["", "history", "log/../history"] {
        let c = EngineConfig { history_dir: Some(dir.path().join(inside)), ..config(dir.path()) };
        let e = Engine::open(c).unwrap_err();
        assert_eq!(e.code(), "INVALID_CONFIG", "{inside}: {e}");
    }
    #[cfg(unix)]
    {
        let link = dir.path().with_extension("link");
        std::os::unix::fs::symlink(dir.path(), &link).unwrap();
        let c = EngineConfig { history_dir: Some(link.join("history")), ..config(dir.path()) };
        assert_eq!(Engine::open(c).unwrap_err().code(), "INVALID_CONFIG", "through a link");
        std::fs::remove_file(link).unwrap();
    }
}
