//! Sixty-four callers at once on real files: each key behaves as one register, each pair as one chunk (P2, P7).
//!
//! Writes, deletes, batches, reads, searches by words and by vectors, with compaction, graphs and text segments made behind
//! them. Every search that names one version is a read of its key.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use fluorite_memory::{
    CancelToken, Durability, Engine, EngineConfig, Query, Record, SearchFilter, SearchOptions, SetFilter, WriteOptions,
};

use crate::common::dice::Dice;
use crate::common::vectors::vector_of;
use crate::common::{chunk, config};
use crate::linear::{Event, What, check};
use crate::{Options, Report};

/// Callers.
const THREADS: u64 = 64;
/// Calls of each in a round.
const CALLS: u64 = 60;
/// Keys written alone.
const KEYS: usize = 48;
/// Pairs written together; their keys come behind the single ones.
const PAIRS: usize = 12;
const ALL: usize = KEYS + 2 * PAIRS;

/// What all callers share.
struct Round {
    engine: Engine,
    clock: AtomicU64,
    /// Calls by key.
    told: Vec<Mutex<Vec<Event>>>,
    /// A value that was stored not long ago, by key.
    last: Vec<AtomicU64>,
    next: AtomicU64,
    violations: Mutex<Vec<String>>,
}

/// A word of the value's own.
fn word(value: u64) -> String {
    format!("{value:09}").bytes().map(|b| char::from(b"bcdfghjklm"[usize::from(b - b'0')])).collect::<String>() + "q"
}

fn content(key: usize, value: u64) -> String {
    format!("{} value {value} of {key} {}", word(value), "and more ".repeat((value % 7) as usize))
}

fn value_of(r: &Record) -> u64 {
    r.chunk.text().split(' ').nth(2).and_then(|v| v.parse().ok()).unwrap_or(u64::MAX)
}

impl Round {
    fn now(&self) -> u64 {
        self.clock.fetch_add(1, SeqCst)
    }

    fn tell(&self, key: usize, begin: u64, end: u64, what: What) {
        self.told[key].lock().unwrap().push(Event { begin, end, what });
    }

    fn wrong(&self, what: String) {
        self.violations.lock().unwrap().push(what);
    }

    fn put(&self, dice: &mut Dice, keys: &[usize]) {
        let value = self.next.fetch_add(1, SeqCst);
        let input = |key: &usize| {
            let mut c = chunk(&format!("k{key}"), &content(*key, value));
            c.embedding = Some(vector_of(&content(*key, value)));
            c.tags = Some(vec![format!("pair{}", keys[0])]);
            c
        };
        let durability = Some(if dice.once_in(4) { Durability::Sync } else { Durability::Buffered });
        let begin = self.now();
        let done = self.engine.store(keys.iter().map(input).collect(), WriteOptions { durability, ..Default::default() }).wait();
        let end = self.now();
        match done {
            Ok(_) => keys.iter().for_each(|key| {
                self.last[*key].store(value, SeqCst);
                self.tell(*key, begin, end, What::Put(value));
            }),
            Err(e) => self.wrong(format!("store: {e}")),
        }
    }

    fn delete(&self, key: usize) {
        let begin = self.now();
        let done = self.engine.delete("default", &format!("k{key}")).wait();
        match done {
            Ok(found) => self.tell(key, begin, self.now(), What::Delete(found)),
            Err(e) => self.wrong(format!("delete: {e}")),
        }
    }

    fn delete_pair(&self, first: usize) {
        let tags = Some(SetFilter { any: Some(vec![format!("pair{first}")]), ..SetFilter::default() });
        let begin = self.now();
        let done = self.engine.delete_where(SearchFilter { tags, ..SearchFilter::default() }, false).wait();
        let end = self.now();
        match done {
            Ok(n @ (0 | 2)) => [first, first + 1].into_iter().for_each(|key| self.tell(key, begin, end, What::Delete(n == 2))),
            other => self.wrong(format!("delete_where of a pair: {other:?}")),
        }
    }

    fn get(&self, keys: &[usize]) {
        let begin = self.now();
        let found = self.engine.get_many("default", keys.iter().map(|k| format!("k{k}")).collect()).wait();
        let end = self.now();
        match found {
            Ok(found) => {
                let values: Vec<Option<u64>> = found.iter().map(|r| r.as_ref().map(value_of)).collect();
                if keys.len() == 2 && values[0] != values[1] {
                    self.wrong(format!("half a batch: {keys:?} hold {values:?}"));
                }
                keys.iter().zip(values).for_each(|(key, value)| self.tell(*key, begin, end, What::Get(value)));
            }
            Err(e) => self.wrong(format!("get: {e}")),
        }
    }

    /// Looks for a version by its own word or its own vector.
    fn search(&self, key: usize, by_word: bool) {
        let value = self.last[key].load(SeqCst);
        if value == 0 {
            return;
        }
        let query = if by_word { Query::Text(word(value)) } else { Query::Vector(vector_of(&content(key, value))) };
        let begin = self.now();
        let hits = self.engine.search(query, SearchOptions { limit: Some(3), ..SearchOptions::default() }).wait();
        let end = self.now();
        let hits = match hits {
            Ok(hits) => hits,
            Err(e) => return self.wrong(format!("search: {e}")),
        };
        let id = format!("k{key}");
        let is_it = |h: &&fluorite_memory::SearchHit| h.id == id && h.record.as_ref().is_some_and(|r| value_of(r) == value);
        let found = hits.iter().any(|h| is_it(&h));
        if by_word && hits.iter().any(|h| h.record.as_ref().is_some_and(|r| !r.chunk.text().contains(&word(value)))) {
            self.wrong(format!("the word of {value} finds {:?}", hits.iter().map(|h| &h.id).collect::<Vec<_>>()));
        }
        self.tell(key, begin, end, if found { What::Get(Some(value)) } else { What::Not(value) });
    }

    fn act(&self, dice: &mut Dice, first: bool) {
        let single = dice.below(KEYS as u64) as usize;
        let pair = KEYS + 2 * dice.below(PAIRS as u64) as usize;
        match dice.below(40) {
            0..=11 => self.put(dice, &[single]),
            12..=15 => self.delete(single),
            16..=24 => self.get(&[single]),
            25..=27 => self.search(single, true),
            28..=29 => self.search(single, false),
            30..=32 => self.put(dice, &[pair, pair + 1]),
            33..=35 => self.get(&[pair, pair + 1]),
            36 => self.delete_pair(pair),
            37 => self.search(pair, true),
            38 if first => drop(self.engine.optimize(CancelToken::default(), None)),
            38 => drop(self.engine.flush(false).wait()),
            _ => {
                let many: Vec<usize> = (0..4).map(|_| dice.below(KEYS as u64) as usize).collect();
                self.get(&many);
            }
        }
    }
}

fn values(engine: &Engine) -> Result<Vec<Option<u64>>, String> {
    let found = engine.get_many("default", (0..ALL).map(|k| format!("k{k}")).collect()).wait().map_err(|e| e.to_string())?;
    Ok(found.iter().map(|r| r.as_ref().map(value_of)).collect())
}

/// A round a cycle: the store is opened, used by all callers, judged, closed.
#[must_use]
pub fn run(options: &Options) -> Report {
    let mut report = Report::begin("mixed", options, 6);
    let root = tempfile::tempdir().unwrap();
    let mut known = vec![None; ALL];
    let mut next = 1;
    while report.goes_on() {
        let (seed, cycle) = (options.seed, report.cycles);
        let config = EngineConfig { segment_bytes: 64 << 10, graph_rows: 16, text_rows: 16, ..config(root.path()) };
        let round = |report: &mut Report| {
            let engine = Engine::open(config).map_err(|e| format!("open: {e}"))?;
            let found = values(&engine)?;
            if found != known {
                return Err(format!("reopened with {found:?}, closed with {known:?}"));
            }
            let told = (0..ALL).map(|_| Mutex::default()).collect();
            let last = (0..ALL).map(|_| AtomicU64::new(0)).collect();
            let (clock, violations) = (AtomicU64::new(0), Mutex::default());
            let round = Round { engine, clock, told, last, next: AtomicU64::new(next), violations };
            std::thread::scope(|scope| {
                for thread in 0..THREADS {
                    let round = &round;
                    let mut dice = Dice::new(seed + cycle * 1_000 + thread);
                    scope.spawn(move || (0..CALLS).for_each(|_| round.act(&mut dice, thread == 0)));
                }
            });
            known = values(&round.engine)?;
            next = round.next.load(SeqCst);
            for (key, first) in found.into_iter().enumerate() {
                let mut calls = std::mem::take(&mut *round.told[key].lock().unwrap());
                let now = round.now();
                calls.push(Event { begin: now, end: round.now(), what: What::Get(known[key]) });
                report.add("calls_judged", calls.len() as u64);
                check(first, &calls).map_err(|e| format!("key {key}: {e}"))?;
            }
            if let Some(first) = round.violations.lock().unwrap().first() {
                return Err(first.clone());
            }
            let stats = round.engine.stats().wait().map_err(|e| e.to_string())?;
            report.add("graphs_built", stats.vector_index.built);
            report.add("text_segments_built", stats.text_index.built);
            round.engine.shutdown().wait().map_err(|e| format!("shutdown: {e}"))
        };
        if !report.cycle(|| format!("--seed {seed} --cycles {} (threads take their own turns), round {cycle}", cycle + 1), round)
        {
            break;
        }
    }
    report.end()
}
