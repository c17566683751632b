//! The same text gives the same bits: again, from other threads, and from other sessions.
// A test reports by panicking.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::sync::Barrier;

use fluorite_ml::Embedder;

#[test]
fn four_threads_agree_to_the_bit_and_share_few_sessions() {
    let embedder = common::embedder(3);
    assert_eq!(embedder.sessions(), 1, "sessions are made when needed");
    let long = "Every vector carries its model id. ".repeat(30);
    let texts = ["", "short", "fn main() { println!(\"hello\"); }", &long];
    let alone: Vec<Vec<f32>> = texts.iter().map(|t| embedder.embed(t).unwrap().values).collect();
    assert_ne!(alone[0], alone[1]);
    assert_eq!(embedder.sessions(), 1);
    let start = Barrier::new(4);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (embedder, texts, alone, start) = (&embedder, &texts, &alone, &start);
            scope.spawn(move || {
                start.wait();
                for round in 0..8 {
                    let at = (thread + round) % texts.len();
                    let found = embedder.embed(texts[at]).unwrap().values;
                    let bits = |v: &[f32]| v.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
                    assert_eq!(bits(&found), bits(&alone[at]), "thread {thread}, text {at}");
                }
            });
        }
    });
    assert!((2..=3).contains(&embedder.sessions()), "{} sessions for 4 threads, at most 3 allowed", embedder.sessions());
}
