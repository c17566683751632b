//! Calls that arrive while an opened store is still being loaded: none waits for ever (a lock order once did).
#![allow(clippy::unwrap_used)] // a test that fails may panic

mod common;

use common::{chunk, open};
use fluorite_memory::{ListOptions, Query, SearchFilter, SearchOptions, SetFilter, WriteOptions};

#[test]
fn calls_during_loading_all_settle() {
    let dir = tempfile::tempdir().unwrap();
    let e = open(dir.path());
    let chunks = (0..1_500).map(|i| {
        let mut c = chunk(&format!("c{i}"), &format!("text number {i}"));
        c.embedding = Some((0..16).map(|j| ((i * 31 + j * 7) % 13) as f32 - 5.5).collect());
        c
    });
    e.store(chunks.collect(), WriteOptions::default()).wait().unwrap();
    e.shutdown().wait().unwrap();
    for round in 0..15 {
        let e = open(dir.path());
        let mut stats = Vec::new();
        let mut searches = Vec::new();
        for i in 0..20 {
            stats.push(e.stats());
            let query = if i % 2 == 0 { Query::Text(format!("number {i}")) } else { Query::Vector(vec![0.5; 16]) };
            searches.push(e.search(query, SearchOptions::default()));
            e.store(vec![chunk(&format!("new{i}"), "a new text")], WriteOptions::default()).wait().unwrap();
        }
        let tags = Some(SetFilter { any: Some(vec!["none".into()]), ..SetFilter::default() });
        let deleted = e.delete_where(SearchFilter { tags, ..SearchFilter::default() }, false);
        let page = e.list(ListOptions::default(), None);
        for s in stats {
            assert!(s.wait().unwrap().chunks >= 1_500, "round {round}");
        }
        for s in searches {
            assert!(!s.wait().unwrap().is_empty());
        }
        assert_eq!(deleted.wait().unwrap(), 0);
        assert_eq!(page.wait().unwrap().records.len(), 128);
        e.shutdown().wait().unwrap();
    }
}
