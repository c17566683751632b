//! Reads never wait for the disk: before each change of it, each sync too, another thread reads and searches.
#![allow(clippy::unwrap_used, clippy::panic)] // a test that fails may panic

mod common;

use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::dice::Dice;
use common::{chunk, open_sim_graphs_at, put};
use fluorite_memory::vfs::SimVfs;
use fluorite_memory::{
    CancelToken, DeleteOptions, Engine, Feedback, FeedbackKind, ManualClock, Query, SearchOptions, WriteOptions,
};

const ROWS: usize = 300;
/// For a read that does wait: it never ends, as the disk waits for it here.
const PATIENCE: Duration = Duration::from_secs(20);

fn settle(engine: &Engine) {
    while engine.step() {}
}

fn optimize(engine: &Engine) {
    settle(engine);
    let done = engine.optimize(CancelToken::default(), None);
    settle(engine);
    done.wait().unwrap();
}

fn fill(engine: &Engine, dice: &mut Dice, numbers: std::ops::Range<usize>) {
    let mut chunks = Vec::new();
    for n in numbers {
        let mut c = chunk(&format!("c{n}"), &format!("chunk {n} {}", "some more text ".repeat(dice.below(40) as usize)));
        c.embedding = Some((0..16).map(|_| if dice.once_in(2) { 0.25 } else { -0.25 }).collect());
        c.ttl_seconds = (n % 7 == 3).then_some(100.0);
        chunks.push(c);
        if n % 50 == 49 {
            engine.store(std::mem::take(&mut chunks), WriteOptions::default()).wait().unwrap();
            settle(engine);
        }
    }
}

/// Two reads as a caller makes them, on a thread of their own; where the engine stood when they did not end.
fn reads(engine: &Engine, late: &Mutex<Vec<String>>) {
    let (done, ended) = channel();
    let engine = engine.clone();
    std::thread::spawn(move || {
        let found = engine.get_many("default", vec!["c1".into(), "c5".into()]).wait();
        let hits = engine.search(Query::Text("some text".into()), SearchOptions::default()).wait();
        let listed = engine.history("default", "c1").wait();
        let _ = done.send((found.map(drop), hits.map(drop), listed.map(drop)));
    });
    if ended.recv_timeout(PATIENCE).is_err() {
        late.lock().unwrap().push(std::backtrace::Backtrace::force_capture().to_string());
    }
}

/// Stores, deletes, purges, expiry, graphs, text segments, compaction, feedback, training, shutdown.
#[test]
fn no_read_waits_for_the_disk() {
    let (disk, clock) = (SimVfs::new(1), Arc::new(ManualClock::at(1_700_000_000_000)));
    let engine = open_sim_graphs_at(&disk, 64 << 10, ROWS, Arc::clone(&clock)).unwrap();
    let mut dice = Dice::new(1);
    fill(&engine, &mut dice, 0..1_100); // enough for a dictionary
    assert_eq!(engine.stats().wait().unwrap().dictionary_id, 1);
    let late = Arc::new(Mutex::new(Vec::new()));
    let (beside, lates) = (engine.clone(), Arc::clone(&late));
    let looks = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&looks);
    disk.before_changes(Some(Arc::new(move || {
        if lates.lock().unwrap().is_empty() {
            *counted.lock().unwrap() += 1;
            reads(&beside, &lates);
        }
    })));
    fill(&engine, &mut dice, 1_100..1_500);
    let about = Feedback {
        chunk_id: "c2".into(),
        namespace: None,
        query: Some("some text".into()),
        kind: FeedbackKind::Success,
        rating: None,
        correction: None,
        domain: None,
        comment: None,
    };
    engine.add_feedback(vec![about]).wait().unwrap();
    for n in [2, 8, 1_140] {
        engine.delete_with("default", &format!("c{n}"), DeleteOptions { purge: n != 8 }).wait().unwrap();
    }
    put(&engine, "c9", "another version");
    optimize(&engine);
    clock.advance(200_000);
    engine.delete_with("default", "c1150", DeleteOptions { purge: true }).wait().unwrap();
    fill(&engine, &mut dice, 1_500..1_550);
    settle(&engine);
    optimize(&engine);
    engine.flush(true).wait().unwrap();
    disk.before_changes(None);
    let late = late.lock().unwrap();
    assert!(late.is_empty(), "a read waits for the disk here: {}", late[0]);
    assert!(*looks.lock().unwrap() > 300, "{}", looks.lock().unwrap());
}
