//! Storing and reading back, on a real disk.
#![allow(clippy::unwrap_used)] // a test that fails may panic

mod common;

use common::{chunk, config, get, open, put};
use fluorite_memory::vfs::SimVfs;
use fluorite_memory::{Engine, ListOptions, ListOrder, Query, SearchFilter, SearchOptions, WriteOptions};

#[test]
fn what_is_stored_is_there_after_reopening() {
    let dir = tempfile::tempdir().unwrap();
    let e = open(dir.path());
    put(&e, "a", "first");
    put(&e, "b", "second");
    put(&e, "a", "first again");
    assert!(e.delete("default", "b").wait().unwrap());
    assert!(!e.delete("default", "b").wait().unwrap());
    for round in 0..2 {
        assert_eq!(get(&e, "a").as_deref(), Some("first again"), "round {round}");
        assert_eq!(get(&e, "b"), None);
        let versions: Vec<String> = e.history("default", "a").wait().unwrap().iter().map(|c| c.text().into_owned()).collect();
        assert_eq!(versions, ["first", "first again"]);
        if round == 0 {
            e.shutdown().wait().unwrap();
        }
        let again = open(dir.path());
        assert_eq!(get(&again, "a").as_deref(), Some("first again"));
        assert_eq!(again.history("default", "a").wait().unwrap().len(), 2);
        assert_eq!(again.history("default", "b").wait().unwrap().len(), 1);
        let found = again.get_many("default", vec!["a".into()]).wait().unwrap().remove(0).unwrap();
        assert_eq!(found.chunk.version, 2);
        assert!(found.usage_count >= 1);
        again.shutdown().wait().unwrap();
        if round == 0 {
            break;
        }
    }
}

#[test]
fn writes_take_effect_in_the_order_of_the_calls() {
    let dir = tempfile::tempdir().unwrap();
    let e = open(dir.path());
    let pending: Vec<_> = (0..200).map(|i| e.store(vec![chunk("x", &format!("v{i}"))], WriteOptions::default())).collect();
    for p in pending {
        p.wait().unwrap();
    }
    assert_eq!(get(&e, "x").as_deref(), Some("v199"));
    e.shutdown().wait().unwrap();
}

#[test]
fn words_find_chunks_at_once_and_after_reopening() {
    let dir = tempfile::tempdir().unwrap();
    let e = open(dir.path());
    for i in 0..50 {
        put(&e, &format!("noise{i}"), &format!("unrelated text about gardening number {i}"));
    }
    put(&e, "bff", "Backend for frontend (BFF) implementation with Next.js and Hono");
    let find = |e: &Engine| e.search(Query::Text("BFF implementation".into()), SearchOptions::default()).wait().unwrap();
    assert_eq!(find(&e)[0].id, "bff");
    e.delete("default", "bff").wait().unwrap();
    assert!(find(&e).iter().all(|h| h.id != "bff"));
    put(&e, "bff", "BFF implementation again");
    e.shutdown().wait().unwrap();
    let e = open(dir.path());
    assert_eq!(find(&e)[0].id, "bff");
    assert_eq!(e.stats().wait().unwrap().chunks, 51);
    e.shutdown().wait().unwrap();
}

#[test]
fn vectors_find_chunks_and_dimensions_are_checked() {
    let dir = tempfile::tempdir().unwrap();
    let e = open(dir.path());
    let unit = |i: usize| (0..8).map(|j| if i == j { 2.0 } else { 0.1 }).collect::<Vec<f32>>();
    for i in 0..8 {
        let mut c = chunk(&format!("v{i}"), "x");
        c.embedding = Some(unit(i));
        e.store(vec![c], WriteOptions::default()).wait().unwrap();
    }
    for reopened in [false, true] {
        let e = if reopened { open(dir.path()) } else { e.clone() };
        for exact in [None, Some(true)] {
            let o = SearchOptions { limit: Some(2), exact, ..SearchOptions::default() };
            let hits = e.search(Query::Vector(unit(3)), o).wait().unwrap();
            assert_eq!(hits[0].id, "v3");
            assert!(hits[0].score > 0.999 && hits[1].score < hits[0].score);
        }
        let wrong = e.search(Query::Vector(vec![1.0; 9]), SearchOptions::default()).wait().unwrap_err();
        assert_eq!(wrong.code(), "DIMENSION_MISMATCH");
        let zero = e.search(Query::Vector(vec![0.0; 8]), SearchOptions::default()).wait().unwrap_err();
        assert_eq!(zero.code(), "INVALID_ARGUMENT");
        e.shutdown().wait().unwrap();
    }
}

#[test]
fn an_overwritten_vector_is_masked_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let e = open(dir.path());
    let mut c = chunk("a", "x");
    c.embedding = Some(vec![1.0, 0.0]);
    e.store(vec![c], WriteOptions::default()).wait().unwrap();
    put(&e, "a", "no vector now");
    assert!(e.search(Query::Vector(vec![1.0, 0.0]), SearchOptions::default()).wait().unwrap().is_empty());
    e.shutdown().wait().unwrap();
}

#[test]
fn filters_lists_and_delete_where() {
    let dir = tempfile::tempdir().unwrap();
    let e = open(dir.path());
    for i in 0..300 {
        let mut c = chunk(&format!("{i:03}"), "same words");
        c.tags = Some(vec![if i % 3 == 0 { "three".into() } else { "other".into() }]);
        e.store(vec![c], WriteOptions::default()).wait().unwrap();
    }
    let three = || SearchFilter {
        tags: Some(fluorite_memory::SetFilter { any: Some(vec!["three".into()]), ..Default::default() }),
        ..Default::default()
    };
    for order in [ListOrder::Stored, ListOrder::Id, ListOrder::Updated] {
        let mut ids = Vec::new();
        let mut cursor = None;
        loop {
            let o = ListOptions { order: Some(order), filter: Some(three()), ..Default::default() };
            let page = e.list(o, cursor).wait().unwrap();
            ids.extend(page.records.iter().map(|r| r.chunk.id.clone()));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        let mut expected: Vec<String> = (0..300).filter(|i| i % 3 == 0).map(|i| format!("{i:03}")).collect();
        if order == ListOrder::Updated {
            expected.reverse();
        }
        assert_eq!(ids, expected, "{order:?}");
    }
    assert_eq!(e.delete_where(SearchFilter::default(), false).wait().unwrap_err().code(), "INVALID_ARGUMENT");
    assert_eq!(e.delete_where(three(), false).wait().unwrap(), 100);
    assert_eq!(e.stats().wait().unwrap().chunks, 200);
    assert_eq!(e.delete_where(SearchFilter::default(), true).wait().unwrap(), 200);
    e.shutdown().wait().unwrap();
}

#[test]
fn one_engine_per_path_and_process_and_settings_must_agree() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (open(dir.path()), open(dir.path()));
    put(&a, "x", "1");
    assert_eq!(get(&b, "x").as_deref(), Some("1"));
    let other = fluorite_memory::EngineConfig { cache_size_mb: 1, ..config(dir.path()) };
    assert_eq!(Engine::open(other).unwrap_err().code(), "INVALID_CONFIG");
    a.shutdown().wait().unwrap();
    assert_eq!(a.get_many("default", vec!["x".into()]).wait().unwrap_err().code(), "CLOSED");
    assert_eq!(get(&b, "x").as_deref(), Some("1"), "the other opening goes on");
    b.shutdown().wait().unwrap();
    b.shutdown().wait().unwrap();
}

#[test]
fn optimize_shrinks_and_keeps_everything() {
    let dir = tempfile::tempdir().unwrap();
    let e = open(dir.path());
    for round in 0..5 {
        let chunks =
            (0..500).map(|i| chunk(&format!("c{i}"), &format!("round {round} of chunk {i}, with some more text"))).collect();
        e.store(chunks, WriteOptions::default()).wait().unwrap();
    }
    for i in 0..100 {
        e.delete("default", &format!("c{i}")).wait().unwrap();
    }
    let report = e.optimize(Default::default(), None).wait().unwrap();
    assert!(report.bytes_after * 3 < report.bytes_before, "{report:?}");
    let again = e.optimize(Default::default(), None).wait().unwrap();
    assert_eq!(again.segments_rewritten, 0, "nothing is left to gain: {again:?}");
    assert_eq!(e.stats().wait().unwrap().versions, 400);
    let check = |e: &Engine| {
        assert_eq!(get(e, "c50"), None);
        assert_eq!(get(e, "c499").as_deref(), Some("round 4 of chunk 499, with some more text"));
        assert_eq!(e.stats().wait().unwrap().chunks, 400);
        let hits = e.search(Query::Text("chunk 321".into()), SearchOptions::default()).wait().unwrap();
        assert_eq!(hits[0].id, "c321");
        assert!(e.verify(Default::default(), None).wait().unwrap().ok);
    };
    check(&e);
    put(&e, "c7", "reused row");
    assert_eq!(get(&e, "c7").as_deref(), Some("reused row"));
    e.delete("default", "c7").wait().unwrap();
    check(&e);
    e.shutdown().wait().unwrap();
    let e = open(dir.path());
    check(&e);
    e.shutdown().wait().unwrap();
}

#[test]
fn an_optimized_store_with_a_dictionary_is_left_alone() {
    let e = common::open_sim(&SimVfs::new(5), 1 << 20).unwrap();
    for from in (0..6_000).step_by(500) {
        let text =
            |i: i32| format!("export const handler{i} = async (request, reply) => reply.send({{ id: {i}, at: '{}' }})", i * 7919);
        e.store((from..from + 500).map(|i| chunk(&format!("c{i}"), &text(i).repeat(3))).collect(), WriteOptions::default())
            .wait()
            .unwrap();
        while e.step() {}
    }
    assert_eq!(e.stats().wait().unwrap().dictionary_id, 2);
    let optimize = || {
        let report = e.optimize(Default::default(), None);
        while e.step() {}
        report.wait().unwrap()
    };
    let first = optimize();
    assert!(first.segments_rewritten > 0, "chunks stored before the dictionary gain: {first:?}");
    let second = optimize();
    assert_eq!(second.segments_rewritten, 0, "{second:?}");
}

#[test]
fn one_bridge_of_two_closes_after_its_own_calls() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (open(dir.path()), open(dir.path()));
    let calls: Vec<_> = (0..50).map(|i| a.store(vec![chunk(&format!("c{i}"), "x")], WriteOptions::default())).collect();
    a.shutdown().wait().unwrap();
    assert_eq!(b.stats().wait().unwrap().chunks, 50, "shutdown resolved before the calls it waits for");
    calls.into_iter().for_each(|c| drop(c.wait().unwrap()));
    b.shutdown().wait().unwrap();
}
