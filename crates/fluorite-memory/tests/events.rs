//! What listeners of a store are told.
#![allow(clippy::unwrap_used)] // a test that fails may panic

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::{chunk, config, open, open_sim_graphs, put};
use fluorite_memory::vfs::SimVfs;
use fluorite_memory::{ChunkInput, Engine, Event, EventKind, EventOptions, IndexKind, SearchFilter, Subscription, WriteOptions};

fn listen(e: &Engine, options: EventOptions) -> Subscription {
    e.subscribe(options, || {}).unwrap()
}

/// Short for chunk events: `+id@version`, `-id`; others by kind.
fn told(s: &Subscription) -> Vec<String> {
    let short = |e: &Arc<Event>| match &**e {
        Event::ChunkStored { id, version, .. } => format!("+{id}@{version}"),
        Event::ChunkDeleted { id, .. } => format!("-{id}"),
        Event::Lagged { missed } => format!("lagged {missed}"),
        other => format!("{:?}", other.kind()),
    };
    s.take(usize::MAX).iter().map(short).collect()
}

#[test]
fn writes_are_told_in_order_when_they_have_resolved() {
    let dir = tempfile::tempdir().unwrap();
    let e = open(dir.path());
    let s = listen(&e, EventOptions::default());
    e.store(vec![chunk("a", "1"), chunk("b", "1"), chunk("a", "2")], WriteOptions::default()).wait().unwrap();
    assert_eq!(told(&s), ["+a@1", "+b@1", "+a@2"]);
    // in flight together, one pass of the committer
    let calls = (e.delete("default", "a"), e.store(vec![chunk("a", "3")], WriteOptions::default()), e.delete("default", "none"));
    assert!(calls.0.wait().unwrap());
    calls.1.wait().unwrap();
    assert!(!calls.2.wait().unwrap());
    assert_eq!(told(&s), ["-a", "+a@3"]);
    assert_eq!(e.delete_where(SearchFilter::default(), true).wait().unwrap(), 2);
    let mut gone = told(&s);
    gone.sort();
    assert_eq!(gone, ["-a", "-b"]);
}

#[test]
fn a_refused_write_is_not_told() {
    let dir = tempfile::tempdir().unwrap();
    let e = open(dir.path());
    let s = listen(&e, EventOptions::default());
    let bad = ChunkInput { namespace: Some(String::new()), ..chunk("b", "1") };
    e.store(vec![chunk("a", "1"), bad], WriteOptions::default()).wait().unwrap_err();
    assert_eq!(told(&s), [""; 0]);
}

#[test]
fn every_opening_of_the_store_is_heard() {
    let dir = tempfile::tempdir().unwrap();
    let (one, other) = (open(dir.path()), open(dir.path()));
    let s = listen(&one, EventOptions::default());
    put(&other, "a", "1");
    assert_eq!(told(&s), ["+a@1"]);
}

#[test]
fn kinds_and_namespace_are_chosen() {
    let dir = tempfile::tempdir().unwrap();
    let e = open(dir.path());
    assert!(!e.has_listeners(EventKind::ChunkStored));
    let deletes = listen(&e, EventOptions { types: Some(vec![EventKind::ChunkDeleted]), ..EventOptions::default() });
    assert!(!e.has_listeners(EventKind::ChunkStored) && e.has_listeners(EventKind::ChunkDeleted));
    let other = listen(&e, EventOptions { namespace: Some("other".into()), ..EventOptions::default() });
    put(&e, "a", "1");
    let there = ChunkInput { namespace: Some("other".into()), ..chunk("b", "1") };
    e.store(vec![there], WriteOptions::default()).wait().unwrap();
    e.delete("default", "a").wait().unwrap();
    assert_eq!((told(&deletes), told(&other)), (vec!["-a".into()], vec!["+b@1".into()]));
    deletes.listen_to(&[EventKind::ChunkStored]);
    put(&e, "a", "2");
    assert_eq!(told(&deletes), ["+a@2"]);
    drop((deletes, other));
    assert!(!e.has_listeners(EventKind::ChunkStored));
}

#[test]
fn a_full_queue_drops_the_oldest_and_says_how_many() {
    let dir = tempfile::tempdir().unwrap();
    let e = open(dir.path());
    let s = listen(&e, EventOptions { buffer: Some(3), ..EventOptions::default() });
    e.store((0..10).map(|i| chunk(&format!("c{i}"), "1")).collect(), WriteOptions::default()).wait().unwrap();
    assert_eq!(s.take(2).len(), 3); // `Lagged` comes on top
    assert_eq!(told(&s), ["+c9@1"]);
    e.store((0..10).map(|i| chunk(&format!("c{i}"), "1")).collect(), WriteOptions::default()).wait().unwrap();
    assert_eq!(told(&s), ["lagged 7", "+c7@2", "+c8@2", "+c9@2"]);
    for buffer in [0, usize::MAX] {
        let refused = e.subscribe(EventOptions { buffer: Some(buffer), ..EventOptions::default() }, || {});
        assert_eq!(refused.unwrap_err().code(), "INVALID_ARGUMENT");
    }
}

#[test]
fn a_listener_is_woken_once_until_it_has_taken_all() {
    let dir = tempfile::tempdir().unwrap();
    let e = open(dir.path());
    let woken = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&woken);
    let s = e
        .subscribe(EventOptions::default(), move || {
            counter.fetch_add(1, Ordering::SeqCst);
        })
        .unwrap();
    put(&e, "a", "1");
    put(&e, "b", "1");
    assert_eq!(woken.load(Ordering::SeqCst), 1);
    assert_eq!(s.take(1).len(), 1);
    put(&e, "c", "1");
    assert_eq!(woken.load(Ordering::SeqCst), 1, "it knows that there is more");
    assert_eq!(s.take(3).len(), 2);
    put(&e, "d", "1");
    assert_eq!(woken.load(Ordering::SeqCst), 2);
}

#[test]
fn what_a_listener_hears_of_can_be_read_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let e = open(dir.path());
    let (reader, absent) = (e.clone(), Arc::new(AtomicUsize::new(0)));
    let counter = Arc::clone(&absent);
    let s = e
        .subscribe(EventOptions::default(), move || {
            // on the thread that tells, before anything else can happen
            if matches!(reader.get_cached("default", "a"), Ok(Some(None))) {
                counter.fetch_add(1, Ordering::SeqCst);
            }
        })
        .unwrap();
    put(&e, "a", "1");
    assert_eq!((absent.load(Ordering::SeqCst), told(&s)), (0, vec!["+a@1".into()]));
}

#[test]
fn an_index_that_is_in_use_is_told() {
    let e = open_sim_graphs(&SimVfs::new(1), 1 << 20, 64).unwrap();
    let s = listen(&e, EventOptions { types: Some(vec![EventKind::IndexBuilt]), ..EventOptions::default() });
    let at = |i: u16| {
        let angle = f32::from(i) * 0.01;
        ChunkInput { embedding: Some(vec![angle.cos(), angle.sin(), 0.5, 0.1]), ..chunk(&format!("c{i}"), &format!("text {i}")) }
    };
    e.store((0..100).map(at).collect(), WriteOptions::default()).wait().unwrap();
    while e.step() {}
    let built: Vec<_> = s
        .take(100)
        .iter()
        .map(|e| match &**e {
            Event::IndexBuilt { kind, rows, .. } => (*kind, *rows),
            other => unreachable!("{other:?}"),
        })
        .collect();
    assert!(built.iter().any(|(kind, rows)| *kind == IndexKind::Text && *rows >= 64), "{built:?}");
    assert!(built.iter().any(|(kind, rows)| *kind == IndexKind::Vector && *rows >= 64), "{built:?}");
}

#[test]
fn a_closed_store_has_no_listeners_to_add() {
    let dir = tempfile::tempdir().unwrap();
    let e = Engine::open(config(dir.path())).unwrap();
    let s = listen(&e, EventOptions::default());
    put(&e, "a", "1");
    e.shutdown().wait().unwrap();
    assert_eq!(told(&s), ["+a@1"], "what was told before can still be taken");
    assert_eq!(e.subscribe(EventOptions::default(), || {}).unwrap_err().code(), "CLOSED");
}
