//! Long texts in pieces, against a map of whole texts: random calls, reopening, compaction, power loss, a reader beside the writer.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)] // a test that fails may panic

#[path = "common/splits.rs"]
mod splits;

use std::sync::{Arc, Mutex};

use fluorite_memory::vfs::{Fault, SimVfs};
use fluorite_memory::{CancelToken, ChunkInput, WriteOptions};
use splits::{Texts, agrees, config, get, open, open_with, put, rows, texts};

const IDS: [&str; 4] = ["a", "docs/readme.md", "日 本", "a b#c"];
const WORDS: [&str; 12] =
    ["fn add() {\n", "}\r\n", "\n\n", "# Title\n", "word ", "買い物かご", "👨‍👩‍👦", "e\u{301}", "    ", "let x = 1;\n", "。", "\r\n"];

/// splitmix64.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % n.max(1) as u64) as usize
    }

    /// Short, over the window, or far over it.
    fn text(&mut self) -> String {
        let words = [3, 3, 200, 700][self.below(4)];
        (0..words + self.below(words)).map(|_| WORDS[self.below(WORDS.len())]).collect()
    }
}

/// One call, random; what it changes.
fn change(engine: &fluorite_memory::Engine, dice: &mut Dice) -> (fluorite_memory::Result<()>, Vec<(String, Option<String>)>) {
    let id = IDS[dice.below(IDS.len())].to_owned();
    match dice.below(6) {
        0 => (engine.delete("default", &id).wait().map(drop), vec![(id, None)]),
        1 => {
            // a batch may name a chunk twice: the last one counts
            let all: Vec<(String, Option<String>)> =
                (0..2 + dice.below(3)).map(|_| (IDS[dice.below(IDS.len())].to_owned(), Some(dice.text()))).collect();
            let chunks = all.iter().map(|(id, text)| ChunkInput::text(text.as_deref().unwrap()).with_id(id)).collect();
            (engine.store(chunks, WriteOptions::default()).wait().map(drop), all)
        }
        _ => {
            let text = dice.text();
            let stored = engine.store(vec![ChunkInput::text(&text).with_id(&id)], WriteOptions::default());
            (stored.wait().map(drop), vec![(id, Some(text))])
        }
    }
}

fn apply(texts: &mut Texts, changes: Vec<(String, Option<String>)>) {
    for (id, text) in changes {
        match text {
            Some(text) => _ = texts.insert(id, text),
            None => _ = texts.remove(&id),
        }
    }
}

#[test]
fn random_calls_agree_with_a_map_of_whole_texts() {
    for seed in 0..4 {
        let mut disk = SimVfs::new(seed);
        let mut engine = open(&disk);
        let (mut dice, mut wanted) = (Dice(seed), Texts::new());
        for step in 0..60 {
            let (done, changes) = change(&engine, &mut dice);
            done.unwrap();
            apply(&mut wanted, changes);
            agrees(&engine, &IDS, &wanted).unwrap_or_else(|e| panic!("seed {seed}, step {step}: {e}"));
            match dice.below(12) {
                0 => {
                    let optimized = engine.optimize(CancelToken::default(), None);
                    while engine.step() {}
                    optimized.wait().unwrap();
                }
                1 => {
                    engine.shutdown().wait().unwrap();
                    disk = disk.restart();
                    engine = open(&disk);
                }
                _ => while dice.below(2) == 0 && engine.step() {},
            }
            agrees(&engine, &IDS, &wanted).unwrap_or_else(|e| panic!("seed {seed}, after step {step}: {e}"));
        }
        assert!(engine.verify(CancelToken::default(), None).wait().unwrap().ok);
    }
}

#[test]
fn power_loss_in_the_middle_leaves_all_old_or_all_new_pieces() {
    let (mut tried, mut old, mut new) = (0, 0, 0);
    for seed in 0..12 {
        let disk = SimVfs::new(seed);
        let (mut dice, mut before) = (Dice(seed + 100), Texts::new());
        let engine = open(&disk);
        for _ in 0..6 {
            apply(&mut before, change(&engine, &mut dice).1);
        }
        let ready = disk.restart();
        drop(engine);
        let rolled = dice.0;
        for n in 1.. {
            let disk = ready.restart();
            let engine = open(&disk);
            dice.0 = rolled;
            disk.fail_from(disk.ops() + n, Fault::PowerLoss);
            let (done, changes) = change(&engine, &mut dice);
            let mut after = before.clone();
            apply(&mut after, changes);
            let crashed = disk.crash(seed * 1_000 + n);
            drop(engine);
            let found = texts(&open(&crashed)).unwrap_or_else(|e| panic!("seed {seed}, call {n}: {e}"));
            tried += 1;
            if found == after && before != after {
                new += 1;
            } else {
                // texts of kilobytes are not printed
                let ids = (found.keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
                assert!(found == before, "seed {seed}, call {n}: neither old nor new; ids found, before, after: {ids:?}");
                assert!(done.is_err() || before == after, "seed {seed}, call {n}: acknowledged and lost");
                old += 1;
            }
            if done.is_ok() {
                break;
            }
        }
    }
    eprintln!("{tried} crashes: {old} old, {new} new");
    assert!(old > 5 && new > 5);
}

#[test]
fn a_reader_sees_all_or_none_of_a_text() {
    let disk = SimVfs::new(3);
    let engine = open(&disk);
    put(&engine, "a", &"First words of it. ".repeat(300));
    let reader = open_with(&disk, config(true)).unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (log, eyes) = (Arc::clone(&seen), reader.clone());
    disk.before_changes(Some(Arc::new(move || {
        let looked = eyes.refresh().wait().map_err(|e| e.to_string());
        let known = looked.and_then(|_| texts(&eyes)).map(|t| t.get("a").map(String::len));
        let read = get(&eyes, "a").map(|r| r.chunk.content.len());
        log.lock().unwrap().push(known.and_then(|k| if k == read { Ok(k) } else { Err(format!("{k:?} {read:?}")) }));
    })));
    let mut lengths = vec![Some(5_700)];
    for words in [400, 1, 350, 2] {
        put(&engine, "a", &"Other words. ".repeat(words));
        lengths.push(Some(words * 13));
    }
    assert!(engine.delete("default", "a").wait().unwrap());
    lengths.push(None);
    disk.before_changes(None);
    let seen = seen.lock().unwrap();
    assert!(seen.len() > 5);
    assert!(seen.iter().all(|s| lengths.contains(s.as_ref().unwrap())), "{seen:?} {lengths:?}");
    reader.refresh().wait().unwrap();
    assert!(rows(&reader).is_empty());
}

#[test]
fn one_line_of_two_mebibytes() {
    let disk = SimVfs::new(5);
    let engine = open(&disk);
    for text in ["a".repeat(2 << 20), " ".repeat(2 << 20), "長".repeat((2 << 20) / 3), "\r\n".repeat(1 << 20)] {
        assert!(put(&engine, "line", &text) > 1);
        let whole = get(&engine, "line").unwrap();
        assert!(whole.chunk.content == text.as_bytes(), "{:?}", &text[..3]);
        assert!(rows(&engine).iter().all(|r| r.chunk.content.len() <= 1 << 20));
    }
    assert_eq!(put(&engine, "line", "short"), 1);
    assert_eq!((rows(&engine).len(), get(&engine, "line").unwrap().chunk.text().into_owned()), (1, "short".to_owned()));
}
