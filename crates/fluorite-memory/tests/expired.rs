//! Chunks with an end, whatever the clock does: what is over for good never comes back, and what is not is not lost.
#![allow(clippy::unwrap_used, clippy::panic)] // a test that fails may panic

mod common;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use common::dice::{Dice, from_env};
use common::{chunk, get, open_sim_at};
use fluorite_memory::vfs::{Fault, SimVfs};
use fluorite_memory::{CancelToken, DeleteOptions, Engine, ManualClock, WriteOptions};

const SEGMENT: u64 = 2_000;
const IDS: u64 = 5;
const START: i64 = 1_700_000_000_000;
const TEN_YEARS: i64 = 315_360_000_000;

/// What the newest version of an id is to be.
struct Newest {
    content: String,
    /// Wall time of its end.
    ends: Option<i64>,
    /// The same by the clock that counts within a process.
    deadline: Option<i64>,
    /// Its time has been up once: after a restart under a clock that was set back it may be there, or be gone for good.
    was_over: bool,
}

struct Life {
    disk: SimVfs,
    clock: Arc<ManualClock>,
    engine: Engine,
    newest: BTreeMap<String, Newest>,
    /// Contents nobody may ever read again.
    over: HashSet<String>,
    writes: u64,
}

fn settle(engine: &Engine) {
    while engine.step() {}
}

impl Life {
    fn new(seed: u64) -> Self {
        let (disk, clock) = (SimVfs::new(seed), Arc::new(ManualClock::at(START)));
        let engine = open_sim_at(&disk, SEGMENT, Arc::clone(&clock)).unwrap();
        Self { disk, clock, engine, newest: BTreeMap::new(), over: HashSet::new(), writes: 0 }
    }

    fn monotonic(&self) -> i64 {
        fluorite_memory::Clock::monotonic_ms(&*self.clock)
    }

    fn wall(&self) -> i64 {
        fluorite_memory::Clock::wall_ms(&*self.clock)
    }

    fn put(&mut self, id: String, ttl: Option<i64>, room: u64) {
        self.writes += 1;
        let content = format!("write {} {}", self.writes, "x".repeat(room as usize));
        let mut c = chunk(&id, &content);
        c.ttl_seconds = ttl.map(|ms| ms as f64 / 1e3);
        self.engine.store(vec![c], WriteOptions::default()).wait().unwrap();
        let (ends, deadline) = (ttl.map(|ms| self.wall() + ms), ttl.map(|ms| self.monotonic() + ms));
        let before = self.newest.insert(id, Newest { content, ends, deadline, was_over: false });
        self.over.extend(before.map(|n| n.content));
    }

    fn delete(&mut self, id: &str, purge: bool) {
        let found = self.engine.delete_with("default", id, DeleteOptions { purge }).wait().unwrap();
        let is_over = self.newest.get(id).is_none_or(|n| n.deadline.is_some_and(|d| d <= self.monotonic()));
        assert!(!(found && is_over), "what is over is deleted");
        self.over.extend(self.newest.remove(id).map(|n| n.content));
    }

    fn optimize(&mut self) {
        settle(&self.engine);
        let done = self.engine.optimize(CancelToken::default(), None);
        settle(&self.engine);
        done.wait().unwrap();
        let now = self.monotonic();
        let ended = |n: &Newest| n.deadline.is_some_and(|d| d <= now);
        let ended: Vec<String> = self.newest.iter().filter(|(_, n)| ended(n)).map(|(id, _)| id.clone()).collect();
        for id in ended {
            self.over.extend(self.newest.remove(&id).map(|n| n.content));
        }
    }

    /// Power goes in the middle.
    fn optimize_cut_off(&mut self, dice: &mut Dice) {
        settle(&self.engine);
        self.disk.fail_from(self.disk.ops() + 1 + dice.below(60), Fault::PowerLoss);
        let done = self.engine.optimize(CancelToken::default(), None);
        settle(&self.engine);
        let _ = done.wait();
        self.reopen(dice.next(), true, 0);
    }

    /// After a shutdown, or power loss; the wall clock may have been set meanwhile.
    fn reopen(&mut self, seed: u64, crash: bool, jump: i64) {
        self.note_ended();
        if !crash {
            self.engine.shutdown().wait().unwrap();
        }
        self.disk = if crash { self.disk.crash(seed) } else { self.disk.restart() };
        self.clock.jump_wall(jump);
        self.engine = open_sim_at(&self.disk, SEGMENT, Arc::clone(&self.clock)).unwrap();
        let (wall, now) = (self.wall(), self.monotonic());
        self.newest.values_mut().for_each(|n| n.deadline = n.ends.map(|ends| now + ends - wall));
    }

    fn note_ended(&mut self) {
        let now = self.monotonic();
        self.newest.values_mut().for_each(|n| n.was_over |= n.deadline.is_some_and(|d| d <= now));
    }

    fn check(&mut self) {
        self.note_ended();
        let now = self.monotonic();
        for id in (0..IDS).map(|n| format!("c{n}")) {
            let found = get(&self.engine, &id);
            if let Some(content) = &found {
                assert!(!self.over.contains(content), "{id} came back: {}", &content[..20.min(content.len())]);
            }
            match self.newest.get(&id) {
                None => assert_eq!(found, None, "{id}"),
                Some(n) if n.deadline.is_some_and(|d| d <= now) => assert_eq!(found, None, "{id} is over"),
                Some(n) if n.was_over => assert!(found.is_none_or(|f| f == n.content), "{id}"),
                Some(n) => assert_eq!(found.as_ref(), Some(&n.content), "{id} is lost"),
            }
        }
    }

    /// Ten years on, or back again: clocks are wrong, but not before 1970.
    fn decade(&self) -> i64 {
        if self.wall() > START + TEN_YEARS / 2 { -TEN_YEARS } else { TEN_YEARS }
    }

    fn step(&mut self, dice: &mut Dice) {
        let id = format!("c{}", dice.below(IDS));
        match dice.below(20) {
            // these stay: a compaction has more to keep than fits into one segment, and takes several rounds
            16.. => {
                let text = "y".repeat(400 + dice.below(400) as usize);
                common::put(&self.engine, &format!("k{}", dice.below(30)), &text);
            }
            0..=5 => {
                let ttl = dice.once_in(2).then(|| 1_000 * (1 + dice.below(100) as i64));
                self.put(id, ttl, dice.below(600));
            }
            6 => self.delete(&id, false),
            7 => self.delete(&id, true),
            8..=9 => self.clock.advance(dice.below(60_000) as i64),
            10 => self.clock.jump_wall([self.decade(), 3_600_000, -3_600_000][dice.below(3) as usize]),
            11 => settle(&self.engine),
            12 => self.optimize(),
            13 => self.optimize_cut_off(dice),
            _ => {
                let jump = [0, 0, self.decade(), 50_000, -50_000][dice.below(5) as usize];
                self.reopen(dice.next(), dice.once_in(2), jump);
            }
        }
    }
}

#[test]
fn what_is_over_for_good_never_comes_back() {
    // 5058 is one that notices when compaction forgets the tombstone of what expired
    let (cases, first) = (from_env("FLUORITE_CASES", 250), from_env("FLUORITE_SEED", 5_000));
    for seed in first..first + cases {
        let mut dice = Dice::new(seed);
        let mut life = Life::new(seed);
        for step in 0..60 {
            let told = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                life.step(&mut dice);
                life.check();
            }));
            assert!(told.is_ok(), "FLUORITE_SEED={seed} FLUORITE_CASES=1, step {step}");
        }
    }
}
