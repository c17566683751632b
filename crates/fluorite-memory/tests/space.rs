//! Room on disk: overwriting does not pile up, and what is kept only for safety is not rewritten for ever.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)] // a test that fails may panic

mod common;

use common::dice::Dice;
use common::{chunk, get, open_sim};
use fluorite_memory::vfs::SimVfs;
use fluorite_memory::{CancelToken, ChunkInput, Engine, WriteOptions};

const SEGMENT: u64 = 32 << 10;

fn log_bytes(disk: &SimVfs) -> u64 {
    disk.files().iter().filter(|(p, _)| p.starts_with("/store/log")).map(|(_, n)| n).sum()
}

/// 200 chunks of a few hundred bytes that hardly compress.
fn round(dice: &mut Dice, n: u64) -> Vec<ChunkInput> {
    let mut text = || (0..40).map(|_| format!("{:x} ", dice.next())).collect::<String>();
    (0..200).map(|i| chunk(&format!("c{i}"), &format!("round {n} {}", text()))).collect()
}

/// Log bytes of the same chunks in a fresh store.
fn live_bytes() -> u64 {
    let disk = SimVfs::new(1);
    let e = open_sim(&disk, SEGMENT).unwrap();
    for c in round(&mut Dice::new(1), 0) {
        e.store(vec![c], WriteOptions::default()).wait().unwrap();
    }
    log_bytes(&disk)
}

fn optimize(e: &Engine) {
    while e.step() {}
    let done = e.optimize(CancelToken::default(), None);
    while e.step() {}
    done.wait().unwrap();
}

#[test]
fn overwriting_takes_at_most_three_times_the_room_and_twice_after_compaction() {
    let live = live_bytes();
    let disk = SimVfs::new(1);
    let mut e = open_sim(&disk, SEGMENT).unwrap();
    let mut dice = Dice::new(1);
    let mut most = 0;
    for n in 0..50 {
        let mut chunks = round(&mut dice, n);
        if n % 2 == 1 {
            e.store(chunks, WriteOptions::default()).wait().unwrap();
            while e.step() {}
        } else {
            // in another order, one by one
            for i in (1..chunks.len()).rev() {
                chunks.swap(i, dice.below(i as u64 + 1) as usize);
            }
            for c in chunks {
                e.store(vec![c], WriteOptions::default()).wait().unwrap();
                let _ = e.step();
                most = most.max(log_bytes(&disk));
            }
            while e.step() {}
        }
        most = most.max(log_bytes(&disk));
        if n % 10 == 9 {
            e.shutdown().wait().unwrap();
            e = open_sim(&disk, SEGMENT).unwrap();
        }
    }
    eprintln!("live {live}, most {most} = {:.2}x, at the end {}", most as f64 / live as f64, log_bytes(&disk));
    assert!(most <= 3 * live, "{most} bytes for {live} live ones");
    assert!(log_bytes(&disk) <= 2 * live, "{} bytes for {live} live ones", log_bytes(&disk));
    optimize(&e);
    eprintln!("optimized {}", log_bytes(&disk));
    assert!(log_bytes(&disk) <= live + live / 4);
    assert!(get(&e, "c199").unwrap().starts_with("round 49 "));
}

#[test]
fn deleting_everything_leaves_nearly_nothing() {
    let disk = SimVfs::new(1);
    let e = open_sim(&disk, SEGMENT).unwrap();
    let mut dice = Dice::new(2);
    for n in 0..3 {
        e.store(round(&mut dice, n), WriteOptions::default()).wait().unwrap();
    }
    for i in 0..200 {
        e.delete("default", &format!("c{i}")).wait().unwrap();
    }
    optimize(&e);
    assert!(log_bytes(&disk) < 4_096, "{} bytes of nothing", log_bytes(&disk));
}

/// Counters are written again and again; old ones must not pile up.
#[test]
fn counters_do_not_pile_up() {
    let disk = SimVfs::new(1);
    let e = open_sim(&disk, SEGMENT).unwrap();
    e.store(round(&mut Dice::new(3), 0), WriteOptions::default()).wait().unwrap();
    let live = live_bytes();
    for _ in 0..100 {
        e.get_many("default", (0..200).map(|i| format!("c{i}")).collect()).wait().unwrap();
        e.flush(false).wait().unwrap();
        while e.step() {}
    }
    eprintln!("100 rounds of counters: {} bytes for {live} live ones", log_bytes(&disk));
    assert!(log_bytes(&disk) <= 3 * live, "{} bytes for {live} live ones", log_bytes(&disk));
    optimize(&e);
    eprintln!("optimized {}", log_bytes(&disk));
    assert!(log_bytes(&disk) <= live + live / 2);
}

/// A store nobody changes comes to rest: background work ends, and writes elsewhere do not start it over.
#[test]
fn tombstones_alone_are_not_rewritten_for_ever() {
    let disk = SimVfs::new(1);
    let e = open_sim(&disk, 2_000).unwrap();
    // a segment that stays dense and holds older versions of what is deleted: the tombstones have to be kept
    let dense = (0..40).map(|i| chunk(&format!("dense{i}"), &format!("a chunk that stays {i}")));
    let goes = (0..10).map(|i| chunk(&format!("goes{i}"), "goes"));
    e.store(dense.chain(goes).collect(), WriteOptions::default()).wait().unwrap();
    for i in 0..10 {
        e.delete("default", &format!("goes{i}")).wait().unwrap();
    }
    for i in 0..40 {
        e.store(vec![chunk("one", &format!("{i}"))], WriteOptions::default()).wait().unwrap();
    }
    let mut steps = 0;
    while e.step() {
        steps += 1;
        assert!(steps < 1_000, "background work never ends");
    }
    let names =
        |disk: &SimVfs| disk.files().into_iter().map(|(p, _)| p).filter(|p| p.starts_with("/store/log")).collect::<Vec<_>>();
    let before = names(&disk);
    for i in 0..5 {
        e.store(vec![chunk("one", &format!("{i}"))], WriteOptions::default()).wait().unwrap();
        while e.step() {}
    }
    let after = names(&disk);
    assert_eq!(before, after, "five small writes rewrote segments");
}
