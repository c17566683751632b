//! Provable delete: after a purge, or the end of a chunk's time, and the next compaction, no file holds anything of it.
#![allow(clippy::unwrap_used, clippy::panic)] // a test that fails may panic

mod common;

use std::collections::HashSet;
use std::sync::Arc;

use common::bytes::{everything, places};
use common::dice::Dice;
use common::{chunk, get, open_sim_graphs_at};
use fluorite_memory::vfs::SimVfs;
use fluorite_memory::{
    CancelToken, ChunkInput, DeleteOptions, Engine, Feedback, FeedbackKind, ManualClock, SearchFilter, SetFilter, WriteOptions,
};

const SEGMENT: u64 = 24 << 10;
const ROWS: usize = 40;
const PURGE: DeleteOptions = DeleteOptions { purge: true };

/// A store, and what is to disappear from it.
struct Case {
    disk: SimVfs,
    clock: Arc<ManualClock>,
    engine: Engine,
    /// A word of noise for each place a chunk has text in.
    canaries: Vec<String>,
    /// Signs of a vector.
    signs: Vec<bool>,
}

/// Letters that no compression shortens and no stemmer touches.
fn noise(dice: &mut Dice) -> String {
    (0..24).map(|_| char::from(b"bcdfghjklmnpqrtvwxz"[dice.below(19) as usize])).collect()
}

/// Of length 1 in f32, exactly: normalising changes no bit, and its codes are its signs.
fn vector(signs: &[bool]) -> Vec<f32> {
    signs.iter().map(|s| if *s { 0.125 } else { -0.125 }).collect()
}

fn random_signs(dice: &mut Dice) -> Vec<bool> {
    (0..64).map(|_| dice.once_in(2)).collect()
}

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(1_700_000_000_000))
}

impl Case {
    /// `ROWS` * 2 chunks around one that is full of canaries, its older versions, and feedback about it.
    fn new(seed: u64, ttl_seconds: Option<f64>) -> Self {
        let mut dice = Dice::new(seed);
        let (disk, clock) = (SimVfs::new(seed), clock());
        let engine = open_sim_graphs_at(&disk, SEGMENT, ROWS, Arc::clone(&clock)).unwrap();
        let canaries: Vec<String> = (0..8).map(|_| noise(&mut dice)).collect();
        let signs = random_signs(&mut dice);
        let mut case = Self { disk, clock, engine, canaries, signs };
        case.fill(&mut dice, 0..ROWS);
        case.plant(&case.canaries[6].clone(), None); // an older version, in another segment
        case.fill(&mut dice, ROWS..ROWS + ROWS / 2);
        let content = format!("{} {}", case.canaries[0], case.canaries[5]);
        case.plant(&content, ttl_seconds);
        let about = Feedback {
            chunk_id: case.canaries[1].clone(),
            namespace: None,
            query: Some(case.canaries[7].clone()),
            kind: FeedbackKind::Success,
            rating: None,
            correction: None,
            domain: None,
            comment: Some(format!("the comment says {}", case.canaries[7])),
        };
        let other = Feedback { chunk_id: "c3".into(), query: Some("a query that stays".into()), comment: None, ..about.clone() };
        case.engine.add_feedback(vec![other, about]).wait().unwrap();
        case.fill(&mut dice, ROWS + ROWS / 2..ROWS * 2);
        get(&case.engine, &case.canaries[1]).unwrap(); // counted
        case.engine.flush(false).wait().unwrap();
        case
    }

    /// One version of the chunk, between chunks that only take room, in one graph and one text segment: an ordinary
    /// compaction that drops `room` drops what has died beside it, and leaves graph and segment as they are.
    fn once(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let (disk, clock) = (SimVfs::new(seed), clock());
        let engine = open_sim_graphs_at(&disk, SEGMENT, ROWS, Arc::clone(&clock)).unwrap();
        let canaries: Vec<String> = (0..8).map(|_| noise(&mut dice)).collect();
        let signs = random_signs(&mut dice);
        let mut case = Self { disk, clock, engine, canaries, signs };
        case.fill(&mut dice, 0..ROWS);
        let mut room = |n: usize| {
            let words: String = (0..200).map(|_| noise(&mut dice)).collect();
            common::put(&case.engine, &format!("room{n}"), &words);
        };
        room(0);
        let content = format!("{} {} {}", case.canaries[0], case.canaries[5], case.canaries[6]);
        case.plant(&content, None);
        room(1);
        let about = Feedback {
            chunk_id: case.canaries[1].clone(),
            namespace: None,
            query: Some(case.canaries[7].clone()),
            kind: FeedbackKind::Success,
            rating: None,
            correction: None,
            domain: None,
            comment: Some(format!("the comment says {}", case.canaries[7])),
        };
        let other = Feedback { chunk_id: "c3".into(), query: Some("a query that stays".into()), comment: None, ..about.clone() };
        case.engine.add_feedback(vec![other, about]).wait().unwrap();
        case.fill(&mut dice, ROWS..ROWS * 2);
        case.optimize();
        case.assert_planted();
        case
    }

    /// The ordinary compaction.
    fn drop_room(&self) {
        for n in 0..2 {
            assert!(self.engine.delete("default", &format!("room{n}")).wait().unwrap());
        }
        self.optimize();
    }

    fn fill(&mut self, dice: &mut Dice, numbers: std::ops::Range<usize>) {
        for n in numbers {
            let mut c = chunk(&format!("c{n}"), &format!("chunk {n} {} {}", noise(dice), noise(dice).repeat(20)));
            c.embedding = Some(vector(&random_signs(dice)));
            self.engine.store(vec![c], WriteOptions::default()).wait().unwrap();
        }
        self.settle();
    }

    fn plant(&self, content: &str, ttl_seconds: Option<f64>) {
        let [_, id, tag, key, value, ..] = &self.canaries[..] else { panic!() };
        let mut c: ChunkInput = chunk(id, content);
        c.tags = Some(vec![tag.clone()]);
        c.metadata = Some(serde_json::Map::from_iter([(key.clone(), value.clone().into())]));
        c.embedding = Some(vector(&self.signs));
        c.ttl_seconds = ttl_seconds;
        self.engine.store(vec![c], WriteOptions::default()).wait().unwrap();
    }

    fn settle(&self) {
        while self.engine.step() {}
    }

    fn optimize(&self) {
        self.settle();
        let done = self.engine.optimize(CancelToken::default(), None);
        self.settle();
        done.wait().unwrap();
    }

    fn reopen(&mut self, disk: SimVfs) {
        self.disk = disk;
        self.engine = open_sim_graphs_at(&self.disk, SEGMENT, ROWS, Arc::clone(&self.clock)).unwrap();
    }

    fn left(&self) -> u64 {
        self.engine.stats().wait().unwrap().purge_pending
    }

    fn wanted(&self) -> Vec<(String, Vec<u8>)> {
        let mut out: Vec<(String, Vec<u8>)> = self.canaries.iter().map(|c| (c.clone(), c.clone().into_bytes())).collect();
        let values = vector(&self.signs);
        out.push(("the vector".into(), values.iter().flat_map(|v| v.to_le_bytes()).collect()));
        let codes = self.signs.iter().map(|s| if *s { 127 } else { -127i8 as u8 });
        out.push(("its code".into(), codes.collect()));
        out
    }

    /// Where anything of the chunk is found.
    fn found(&self) -> Vec<(String, Vec<String>)> {
        let all = self.wanted().into_iter().map(|(what, bytes)| (what, places(&self.disk, &bytes)));
        all.filter(|(_, places)| !places.is_empty()).collect()
    }

    fn assert_planted(&self) {
        let found = self.found();
        assert_eq!(found.len(), self.wanted().len(), "{found:?}");
        let places: String = found.iter().flat_map(|(_, p)| p).cloned().collect();
        for kind in [".seg", "terms of", ".graph", "feedback/events", "a payload in"] {
            assert!(places.contains(kind), "{kind}: {found:?}");
        }
    }

    /// Nothing of it is left, and everything else is there.
    fn assert_gone(&self) {
        assert_eq!(self.found(), Vec::new());
        assert_eq!(self.left(), 0);
        for n in 0..ROWS * 2 {
            assert!(get(&self.engine, &format!("c{n}")).unwrap().starts_with(&format!("chunk {n} ")));
        }
        assert!(!places(&self.disk, b"a query that stays").is_empty());
        assert!(self.engine.history("default", &self.canaries[1]).wait().unwrap().is_empty());
        let report = self.engine.verify(CancelToken::default(), None).wait().unwrap();
        assert!(report.ok, "{:?}", report.damaged);
    }
}

#[test]
fn a_purge_and_optimize_leave_no_byte() {
    let case = Case::new(1, None);
    case.assert_planted();
    assert_eq!(case.left(), 0);
    assert!(case.engine.delete_with("default", &case.canaries[1], PURGE).wait().unwrap());
    assert!(case.left() > 0);
    assert!(case.engine.history("default", &case.canaries[1]).wait().unwrap().is_empty(), "nobody reads it any more");
    case.optimize();
    case.assert_gone();
}

#[test]
fn the_background_purges_without_being_asked() {
    let case = Case::new(2, None);
    assert!(case.engine.delete_with("default", &case.canaries[1], PURGE).wait().unwrap());
    case.settle();
    case.assert_gone();
    // the next one waits: a store that purges all the time is not rewritten all the time
    case.plant("again", None);
    case.settle();
    assert!(case.engine.delete_with("default", &case.canaries[1], PURGE).wait().unwrap());
    case.settle();
    assert!(case.left() > 0 && !case.found().is_empty());
    case.clock.advance(60_000);
    case.engine.flush(false).wait().unwrap();
    common::put(&case.engine, "other", "a write has the background look");
    case.settle();
    assert_eq!((case.left(), case.found()), (0, Vec::new()));
}

#[test]
fn what_was_deleted_or_has_expired_before_can_be_purged() {
    for expires in [false, true] {
        let case = Case::new(3, expires.then_some(10.0));
        if expires {
            case.clock.advance(11_000);
        } else {
            assert!(case.engine.delete("default", &case.canaries[1]).wait().unwrap());
        }
        assert!(!case.engine.delete_with("default", &case.canaries[1], PURGE).wait().unwrap());
        case.optimize();
        case.assert_gone();
        assert!(!case.engine.delete_with("default", "never there", PURGE).wait().unwrap());
        assert_eq!(case.left(), 0);
    }
}

#[test]
fn the_end_of_its_time_is_a_purge() {
    let case = Case::new(4, Some(10.0));
    case.assert_planted();
    case.clock.advance(11_000);
    assert!(get(&case.engine, &case.canaries[1]).is_none());
    assert!(case.left() > 0);
    case.optimize();
    case.assert_gone();
}

/// Also when it was long over at the open, and when a new chunk has its name by then.
#[test]
fn what_is_doomed_is_known_after_a_restart() {
    for (seed, ttl, again) in [(5, None, false), (6, Some(10.0), false), (7, None, true), (8, Some(10.0), true)] {
        let mut case = Case::new(seed, ttl);
        match ttl {
            None => assert!(case.engine.delete_with("default", &case.canaries[1], PURGE).wait().unwrap()),
            Some(_) => case.clock.advance(11_000),
        }
        if again {
            common::put(&case.engine, &case.canaries[1], "a new life");
        }
        if seed % 2 == 1 {
            case.engine.shutdown().wait().unwrap();
        }
        case.reopen(case.disk.crash(seed)); // kill and power loss: the purge was acknowledged
        assert!(case.left() > 0);
        if again {
            assert_eq!(get(&case.engine, &case.canaries[1]).unwrap(), "a new life");
            assert_eq!(
                case.engine.history("default", &case.canaries[1]).wait().unwrap().len(),
                if ttl.is_none() { 1 } else { 3 }
            );
            case.optimize();
            assert_eq!(get(&case.engine, &case.canaries[1]).unwrap(), "a new life");
            let found = case.found(); // the name alone, in use again
            assert!(found.iter().all(|(what, _)| *what == case.canaries[1]), "{found:?}");
            assert!(case.engine.delete_with("default", &case.canaries[1], PURGE).wait().unwrap());
        }
        case.optimize();
        case.assert_gone();
    }
}

/// Power may go at any operation of the purge: the next open goes on with it.
#[test]
fn a_purge_that_is_cut_off_goes_on_after_the_open() {
    let whole = {
        let case = Case::new(9, None);
        case.engine.delete_with("default", &case.canaries[1], PURGE).wait().unwrap();
        let before = case.disk.ops();
        case.optimize();
        case.disk.ops() - before
    };
    for cut in (0..whole).step_by(3) {
        let mut case = Case::new(9, None);
        case.engine.delete_with("default", &case.canaries[1], PURGE).wait().unwrap();
        let before = case.disk.ops();
        case.disk.fail_from(before + 1 + cut, fluorite_memory::vfs::Fault::PowerLoss);
        case.settle();
        let done = case.engine.optimize(CancelToken::default(), None);
        case.settle();
        let _ = done.wait();
        case.reopen(case.disk.crash(cut));
        case.optimize();
        case.assert_gone();
    }
}

#[test]
fn delete_where_purges_too() {
    let case = Case::new(10, None);
    let tags = Some(SetFilter { any: Some(vec![case.canaries[2].clone()]), ..SetFilter::default() });
    let filter = SearchFilter { tags, ..SearchFilter::default() };
    assert_eq!(case.engine.delete_where_with(filter, false, PURGE).wait().unwrap(), 1);
    case.optimize();
    case.assert_gone();
}

/// What an ordinary compaction has dropped from the log is still in files that are made from it: a purge finds it there.
#[test]
fn what_the_log_has_dropped_already_is_purged_from_the_rest() {
    for redacted in [false, true] {
        let mut case = Case::once(12);
        if redacted {
            common::put(&case.engine, &case.canaries[1], "redacted");
        } else {
            assert!(case.engine.delete("default", &case.canaries[1]).wait().unwrap());
        }
        case.drop_room();
        assert_eq!(case.engine.history("default", &case.canaries[1]).wait().unwrap().len(), usize::from(redacted));
        let places: String =
            case.found().into_iter().filter(|(what, _)| *what != case.canaries[1]).flat_map(|(_, p)| p).collect();
        for kind in [".graph", "feedback/events"] {
            assert!(places.contains(kind), "{kind}: {places}");
        }
        assert!(!places.contains(".seg"), "{places}");
        assert_eq!(case.engine.delete_with("default", &case.canaries[1], PURGE).wait().unwrap(), redacted);
        assert!(case.left() > 0);
        case.reopen(case.disk.crash(12)); // it was acknowledged
        case.optimize();
        case.assert_gone();
    }
}

/// A chunk the dictionary was trained from: the dictionary goes with it, and all others stay readable.
#[test]
fn a_sample_takes_its_dictionary_along() {
    a_sample_is_purged(false);
}

/// Also when an ordinary compaction dropped the sample before.
#[test]
fn a_sample_that_is_long_gone_takes_its_dictionary_along() {
    a_sample_is_purged(true);
}

fn a_sample_is_purged(deleted: bool) {
    let mut dice = Dice::new(11);
    let (disk, clock) = (SimVfs::new(11), clock());
    let mut engine = open_sim_graphs_at(&disk, 1 << 20, 1 << 20, Arc::clone(&clock)).unwrap();
    let settle = |engine: &Engine| while engine.step() {};
    let optimize = |engine: &Engine| {
        settle(engine);
        let done = engine.optimize(CancelToken::default(), None);
        settle(engine);
        done.wait().unwrap();
    };
    let canary: String = (0..8).map(|_| noise(&mut dice)).collect();
    let text = |n: usize| {
        let secret = if n % 20 == 7 { canary.as_str() } else { "" };
        format!("export function handler{n}(request, response) {{ {secret} return response.send({n}) }}")
    };
    for part in 0..13 {
        let chunks = (part * 100..part * 100 + 100).map(|n| {
            let mut c = chunk(&format!("c{n}"), &text(n));
            c.ttl_seconds = (n % 20 == 8).then_some(3_600.0);
            c
        });
        engine.store(chunks.collect(), WriteOptions::default()).wait().unwrap();
        settle(&engine);
    }
    // the dictionary may hold a part of it only
    let parts = |disk: &SimVfs| -> Vec<String> {
        let parts: HashSet<&[u8]> = canary.as_bytes().windows(12).collect();
        let held = everything(disk).into_iter().filter(|s| s.bytes.windows(12).any(|w| parts.contains(w)));
        held.map(|s| s.place).collect()
    };
    let found = parts(&disk);
    assert!(found.iter().any(|p| p.contains("/dict/")), "it was sampled: {found:?}");
    let before = engine.stats().wait().unwrap().dictionary_id;
    assert_eq!(before, 1);

    // a chunk with a TTL was none
    clock.advance(3_600_001);
    optimize(&engine);
    assert_eq!(engine.stats().wait().unwrap().dictionary_id, before);

    let secrets = || (0..1_300).filter(|n| n % 20 == 7).map(|n| format!("c{n}"));
    if deleted {
        secrets().for_each(|id| assert!(engine.delete("default", &id).wait().unwrap()));
        optimize(&engine);
        assert_eq!(engine.stats().wait().unwrap().versions, 1_170, "the log has dropped them");
    }
    secrets().for_each(|id| assert_eq!(engine.delete_with("default", &id, PURGE).wait().unwrap(), !deleted));
    optimize(&engine);
    let check = |engine: &Engine, disk: &SimVfs| {
        assert_eq!(parts(disk), Vec::<String>::new());
        let stats = engine.stats().wait().unwrap();
        assert_eq!((stats.purge_pending, stats.dictionary_id), (0, 2), "trained anew");
        let dictionaries = disk.files().into_iter().filter(|(p, _)| p.starts_with("/store/dict")).count();
        assert_eq!(dictionaries, 1);
        for n in (0..1_300).filter(|n| !matches!(n % 20, 7 | 8)) {
            assert_eq!(get(engine, &format!("c{n}")).unwrap(), text(n));
        }
    };
    check(&engine, &disk);
    engine.shutdown().wait().unwrap();
    engine = open_sim_graphs_at(&disk, 1 << 20, 1 << 20, Arc::clone(&clock)).unwrap();
    check(&engine, &disk);
}
