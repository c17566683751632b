//! What is like a stored chunk.
#![allow(clippy::unwrap_used)] // a test that fails may panic

mod common;

use common::{chunk, open, put};
use fluorite_memory::{ChunkInput, Documents, Engine, OneOrMany, SearchFilter, SearchMode, SearchOptions, WriteOptions};

fn related(e: &Engine, id: &str, options: SearchOptions) -> Vec<String> {
    e.find_related("default", id, options).wait().unwrap().into_iter().map(|h| h.id).collect()
}

/// A chunk whose vector stands at this angle.
fn at(id: &str, degrees: f32) -> ChunkInput {
    let (y, x) = degrees.to_radians().sin_cos();
    ChunkInput { embedding: Some(vec![x, y, 0.0, 0.0]), ..chunk(id, id) }
}

fn limit(n: usize) -> SearchOptions {
    SearchOptions { limit: Some(n), ..SearchOptions::default() }
}

#[test]
fn nearest_first_without_itself_and_within_the_namespace() {
    let dir = tempfile::tempdir().unwrap();
    let e = open(dir.path());
    let elsewhere = ChunkInput { namespace: Some("other".into()), ..at("elsewhere", 1.0) };
    let twin = at("twin", 0.0);
    let all = vec![at("origin", 40.0), at("far", 80.0), at("near", 10.0), at("middle", 30.0), twin, elsewhere];
    e.store(all, WriteOptions::default()).wait().unwrap();
    e.store(vec![at("origin", 0.0)], WriteOptions::default()).wait().unwrap(); // its older version was at 40 degrees
    assert_eq!(related(&e, "origin", limit(10)), ["twin", "near", "middle", "far"]);
    assert_eq!(related(&e, "origin", limit(2)), ["twin", "near"]);
    let page = SearchOptions { offset: Some(1), ..limit(2) };
    assert_eq!(related(&e, "origin", page), ["near", "middle"]);
    let bare = SearchOptions { fields: Some(Vec::new()), ..limit(1) };
    assert_eq!(related(&e, "origin", bare), ["twin"]);
    let close = SearchOptions { min_score: Some(0.9), ..limit(10) };
    assert_eq!(related(&e, "origin", close), ["twin", "near"]);
    let namespace = |names: &[&str]| {
        let names = names.iter().map(|n| (*n).to_owned()).collect();
        SearchOptions {
            filter: Some(SearchFilter { namespace: Some(OneOrMany::Many(names)), ..SearchFilter::default() }),
            ..limit(3)
        }
    };
    assert_eq!(related(&e, "origin", namespace(&["other"])), ["elsewhere"]);
    assert_eq!(related(&e, "origin", namespace(&["other", "default"])), ["twin", "elsewhere", "near"]);
    e.delete("default", "twin").wait().unwrap();
    assert_eq!(related(&e, "origin", limit(1)), ["near"]);
    e.shutdown().wait().unwrap();
}

#[test]
fn many_twins_do_not_hide_a_hit() {
    let dir = tempfile::tempdir().unwrap();
    let e = open(dir.path());
    e.store((0..50).map(|i| at(&format!("t{i}"), 5.0)).collect(), WriteOptions::default()).wait().unwrap();
    for i in [0, 25, 49] {
        let found = related(&e, &format!("t{i}"), limit(49));
        assert_eq!(found.len(), 49);
        assert!(!found.contains(&format!("t{i}")));
    }
    e.shutdown().wait().unwrap();
}

#[test]
fn without_a_vector_by_its_rarest_words() {
    let dir = tempfile::tempdir().unwrap();
    let e = open(dir.path());
    for i in 0..40 {
        put(&e, &format!("noise{i}"), &format!("the function returns a value and a number {i}"));
    }
    put(&e, "origin", "a function that returns the zebra crossing of a getUserRepository value");
    put(&e, "zebra", "zebra stripes");
    put(&e, "repository", "fn get_user_repository()");
    let found = related(&e, "origin", limit(2));
    assert!(found.contains(&"zebra".to_owned()) && found.contains(&"repository".to_owned()), "{found:?}");
    assert!(!related(&e, "origin", limit(1_000)).contains(&"origin".to_owned()));
    put(&e, "empty", "");
    assert!(related(&e, "empty", limit(10)).is_empty());
    let vector = SearchOptions { mode: Some(SearchMode::Vector), ..limit(10) };
    let refused = e.find_related("default", "origin", vector).wait().unwrap_err();
    assert_eq!(refused.code(), "INVALID_ARGUMENT");
    assert!(refused.to_string().contains("has no vector"), "{refused}");
    e.shutdown().wait().unwrap();
}

#[test]
fn what_is_not_there_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let e = open(dir.path());
    put(&e, "a", "a");
    for (namespace, id) in [("default", "b"), ("other", "a")] {
        let missing = e.find_related(namespace, id, SearchOptions::default()).wait().unwrap_err();
        assert_eq!(missing.code(), "NOT_FOUND");
        assert!(missing.to_string().contains(id), "{missing}");
    }
    let no_model = e.semantic_search("q".into(), Documents::default(), None, fluorite_memory::CancelToken::default());
    assert_eq!(no_model.wait().unwrap_err().code(), "EMBEDDING_FAILED");
    e.shutdown().wait().unwrap();
}
