//! Random calls against a map: nothing dead ever comes back, in any leg, also after compaction and reopening.
//!
//! `FLUORITE_CASES` sets the number of cases, `FLUORITE_SEED` the first one.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)] // a test that fails may panic

mod common;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use common::dice::{Dice, from_env};
use common::{chunk, config, key, open_sim_at, open_sim_with};
use fluorite_memory::vfs::SimVfs;
use fluorite_memory::{
    CancelToken, Clock, Durability, Engine, EngineConfig, Error, ListOptions, ListOrder, ManualClock, OneOrMany, Query,
    SearchFilter, SearchOptions, SetFilter, WriteOptions,
};

const TEN_YEARS: i64 = 10 * 365 * 86_400_000;
const NAMESPACES: [&str; 2] = ["default", "other"];
type Key = (&'static str, String);

#[derive(Debug, Clone)]
struct Entry {
    content: String,
    word: String,
    odd: bool,
    vector: Option<Vec<f32>>,
    created_at: i64,
    version: u32,
    expires_at: Option<i64>,
    /// Monotonic end of life.
    deadline: Option<i64>,
    reads: u32,
    /// Reads that were written down.
    saved: u32,
}

struct Case {
    dice: Dice,
    clock: Arc<ManualClock>,
    disk: SimVfs,
    settings: EngineConfig,
    engine: Engine,
    live: BTreeMap<Key, Entry>,
    /// Overwritten, deleted and expired versions.
    dead: Vec<Entry>,
    /// Ended by the monotonic clock; the wall clock may say otherwise after a restart.
    expired: BTreeMap<Key, Entry>,
    writes: u64,
    /// The wall clock went back: counters and ends of life are what the engine makes of it.
    jumped_back: bool,
}

/// Words of consonants: neither stemmed nor alike.
fn word(n: u64) -> String {
    format!("{n:05}").bytes().map(|b| char::from(b"bcdfghjklm"[usize::from(b - b'0')])).collect::<String>() + "q"
}

/// One store in eight is encrypted.
fn settings(seed: u64, segment_bytes: u64) -> EngineConfig {
    let plain = config(Path::new("/store"));
    let encryption_key = if seed % 8 == 7 { Some(key(1)) } else { plain.encryption_key.clone() };
    EngineConfig { segment_bytes, encryption_key, ..plain }
}

type Verdict = Result<(), String>;

fn told(e: Error) -> String {
    format!("{}: {e}", e.code())
}

impl Case {
    fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let clock = Arc::new(ManualClock::at(1_700_000_000_000));
        let disk = SimVfs::new(seed);
        let segment_bytes = 500 + dice.below(6_000);
        let settings = settings(seed, segment_bytes);
        let engine = open_sim_with(&disk, settings.clone(), Arc::clone(&clock)).unwrap();
        let (live, dead, expired) = Default::default();
        Self { dice, clock, disk, settings, engine, live, dead, expired, writes: 0, jumped_back: false }
    }

    fn key(&mut self) -> Key {
        let namespace = NAMESPACES[usize::from(self.dice.once_in(4))];
        (namespace, format!("id{}", self.dice.below(16)))
    }

    /// What time has ended.
    fn expire(&mut self) {
        let now = self.clock.monotonic_ms();
        let over: Vec<Key> =
            self.live.iter().filter(|(_, e)| e.deadline.is_some_and(|d| d <= now)).map(|(k, _)| k.clone()).collect();
        for key in over {
            let e = self.live.remove(&key).unwrap();
            self.dead.push(e.clone());
            self.expired.insert(key, e);
        }
    }

    fn store(&mut self, count: u64) -> Verdict {
        self.expire();
        let now = self.clock.wall_ms();
        let mut inputs = Vec::new();
        for _ in 0..count {
            let (namespace, id) = self.key();
            self.writes += 1;
            let word = word(self.writes);
            let content = format!("{word} {}", "some common words ".repeat(self.dice.below(12) as usize));
            let vector =
                self.dice.once_in(2).then(|| (0..6).map(|_| self.dice.below(2_000) as f32 - 999.5).collect::<Vec<f32>>());
            let ttl = self.dice.once_in(4).then(|| 1 + self.dice.below(100) as i64);
            let odd = self.dice.once_in(3);
            let mut input = chunk(&id, &content);
            input.namespace = Some(namespace.into());
            input.embedding = vector.clone();
            input.ttl_seconds = ttl.map(|s| s as f64);
            input.tags = Some(vec![if odd { "odd".into() } else { "even".into() }]);
            inputs.push(input);
            let key = (namespace, id);
            let before = self.live.remove(&key);
            let version = before.as_ref().map(|e| e.version).filter(|v| *v > 0).map(|v| v + 1);
            let created_at = before.as_ref().map_or(now, |e| e.created_at.min(now));
            let entry = Entry {
                content,
                word,
                odd,
                vector,
                created_at,
                version: version.unwrap_or(0), // after a deletion compaction decides how much is remembered
                expires_at: ttl.map(|s| now + s * 1_000),
                deadline: ttl.map(|s| self.clock.monotonic_ms() + s * 1_000),
                reads: before.as_ref().map_or(0, |e| e.reads),
                saved: before.as_ref().map_or(0, |e| e.saved),
            };
            self.dead.extend(before);
            self.expired.remove(&key);
            self.live.insert(key, entry);
        }
        let durability = if self.dice.once_in(3) { Durability::Buffered } else { Durability::Sync };
        let o = WriteOptions { durability: Some(durability), ..WriteOptions::default() };
        let done = self.engine.store(inputs, o).wait().map_err(told)?;
        if done.stored == count { Ok(()) } else { Err(format!("{} of {count} stored", done.stored)) }
    }

    fn delete(&mut self) -> Verdict {
        self.expire();
        let key = self.key();
        let found = self.engine.delete(key.0, &key.1).wait().map_err(told)?;
        let before = self.live.remove(&key);
        if found != before.is_some() {
            return Err(format!("delete of {key:?} says {found}"));
        }
        self.dead.extend(before);
        self.expired.remove(&key); // deleted: not back behind a clock that went back
        Ok(())
    }

    fn delete_where(&mut self) -> Verdict {
        self.expire();
        let filter = SearchFilter {
            namespace: Some(OneOrMany::One("default".into())),
            tags: Some(SetFilter { any: Some(vec!["odd".into()]), ..SetFilter::default() }),
            ..SearchFilter::default()
        };
        let gone: Vec<Key> = self.live.iter().filter(|((n, _), e)| *n == "default" && e.odd).map(|(k, _)| k.clone()).collect();
        let count = self.engine.delete_where(filter, false).wait().map_err(told)?;
        if count != gone.len() as u64 {
            return Err(format!("delete_where says {count}, not {}", gone.len()));
        }
        for key in gone {
            self.dead.extend(self.live.remove(&key));
        }
        Ok(())
    }

    fn get(&mut self) -> Verdict {
        self.expire();
        let key = self.key();
        let found = self.engine.get_many(key.0, vec![key.1.clone()]).wait().map_err(told)?.remove(0);
        let jumped_back = self.jumped_back;
        match (found, self.live.get_mut(&key)) {
            (None, None) => Ok(()),
            (Some(r), Some(e)) => {
                e.reads += 1;
                let (c, seen) = (&r.chunk, (r.chunk.text().into_owned(), r.usage_count, r.chunk.created_at));
                if seen.0 != e.content || c.namespace != key.0 || c.id != key.1 {
                    return Err(format!("get of {key:?}: {seen:?}, not {e:?}"));
                }
                if !jumped_back && (seen.1 != e.reads || seen.2 != e.created_at || c.expires_at != e.expires_at) {
                    return Err(format!("get of {key:?}: {seen:?}, not {e:?}"));
                }
                if e.version > 0 && c.version != e.version {
                    return Err(format!("get of {key:?}: version {}, not {}", c.version, e.version));
                }
                e.version = c.version;
                e.reads = seen.1;
                Ok(())
            }
            (found, e) => Err(format!("get of {key:?}: {:?}, not {e:?}", found.map(|r| r.chunk.text().into_owned()))),
        }
    }

    fn list(&mut self) -> Verdict {
        self.expire();
        let mut found = BTreeMap::new();
        let mut cursor = None;
        let order = [ListOrder::Stored, ListOrder::Id, ListOrder::Updated][self.dice.below(3) as usize];
        loop {
            let o = ListOptions { order: Some(order), ..ListOptions::default() };
            let page = self.engine.list(o, cursor).wait().map_err(told)?;
            for r in page.records {
                let key = (r.chunk.namespace.clone(), r.chunk.id.clone());
                if found.insert(key, r.chunk.text().into_owned()).is_some() {
                    return Err(format!("{:?} is listed twice", r.chunk.id));
                }
            }
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        let expected: BTreeMap<_, _> =
            self.live.iter().map(|((n, id), e)| (((*n).to_owned(), id.clone()), e.content.clone())).collect();
        if found != expected {
            return Err(format!("list: {found:?}, not {expected:?}"));
        }
        let stats = self.engine.stats().wait().map_err(told)?;
        let vectors = self.live.values().filter(|e| e.vector.is_some()).count() as u64;
        if (stats.chunks, stats.vectors) != (expected.len() as u64, vectors) {
            return Err(format!(
                "stats: {} chunks, {} vectors, not {} and {vectors}",
                stats.chunks,
                stats.vectors,
                expected.len()
            ));
        }
        Ok(())
    }

    /// All hits are live and current; `wanted` comes first, or `gone` does not come.
    fn search(&mut self, query: Query, wanted: Option<&Key>, what: &str) -> Verdict {
        let o = SearchOptions { limit: Some(50), ..SearchOptions::default() };
        let hits = self.engine.search(query, o).wait().map_err(told)?;
        for h in &hits {
            let key = (NAMESPACES[usize::from(h.namespace == "other")], h.id.clone());
            let content = h.record.as_ref().map(|r| r.chunk.text().into_owned());
            if self.live.get(&key).map(|e| &e.content) != content.as_ref() {
                return Err(format!("{what}: {key:?} with {content:?} is found"));
            }
        }
        if let Some(key) = wanted
            && hits.first().is_none_or(|h| (h.namespace.as_str(), &h.id) != (key.0, &key.1))
        {
            return Err(format!("{what}: {key:?} is not first: {:?}", hits.iter().map(|h| &h.id).collect::<Vec<_>>()));
        }
        if wanted.is_none() && what == "word" && !hits.is_empty() {
            return Err(format!("a dead word finds {:?}", hits.iter().map(|h| &h.id).collect::<Vec<_>>()));
        }
        Ok(())
    }

    fn search_any(&mut self) -> Verdict {
        self.expire();
        let by_word = self.dice.once_in(2);
        let alive = self.dice.once_in(2);
        let candidates: Vec<(Option<Key>, Entry)> = if alive {
            self.live.iter().map(|(k, e)| (Some(k.clone()), e.clone())).collect()
        } else {
            self.dead.iter().rev().take(20).map(|e| (None, e.clone())).collect()
        };
        let candidates: Vec<_> = candidates.into_iter().filter(|(_, e)| by_word || e.vector.is_some()).collect();
        if candidates.is_empty() {
            return Ok(());
        }
        let (key, e) = &candidates[self.dice.below(candidates.len() as u64) as usize];
        if by_word {
            self.search(Query::Text(e.word.clone()), key.as_ref(), "word")
        } else {
            self.search(Query::Vector(e.vector.clone().unwrap()), key.as_ref(), "vector")
        }
    }

    fn optimize(&mut self) -> Verdict {
        while self.engine.step() {}
        let done = self.engine.optimize(CancelToken::default(), None);
        while self.engine.step() {}
        done.wait().map(|_| ()).map_err(told)
    }

    fn saved(&mut self) {
        self.live.values_mut().for_each(|e| e.saved = e.reads);
    }

    fn reopen(&mut self) -> Verdict {
        self.expire();
        let kill = self.dice.once_in(2);
        if !kill {
            self.engine.shutdown().wait().map_err(told)?;
            self.saved();
        }
        self.disk = self.disk.restart();
        self.engine = open_sim_with(&self.disk, self.settings.clone(), Arc::clone(&self.clock))
            .map_err(|e| format!("open: {}", told(e)))?;
        // from now on the wall clock counts
        let (wall, monotonic) = (self.clock.wall_ms(), self.clock.monotonic_ms());
        let mut back = BTreeMap::new();
        for (key, e) in std::mem::take(&mut self.expired) {
            // back only behind a wall clock that went back, and only where compaction has not ended it
            let to = if e.expires_at.is_some_and(|at| at > wall) { &mut back } else { &mut self.expired };
            to.insert(key, e);
        }
        if !back.is_empty() && !self.jumped_back {
            return Err(format!("the model is wrong about {back:?}"));
        }
        self.dead.retain(|d| back.values().all(|e| e.word != d.word));
        self.live.extend(back.clone());
        let over: Vec<Key> =
            self.live.iter().filter(|(_, e)| e.expires_at.is_some_and(|at| at <= wall)).map(|(k, _)| k.clone()).collect();
        for key in over {
            let e = self.live.remove(&key).unwrap();
            self.dead.push(e.clone());
            self.expired.insert(key, e);
        }
        for (key, e) in &mut self.live {
            e.deadline = e.expires_at.map(|at| monotonic + (at - wall));
            if !kill && !back.contains_key(key) && !self.jumped_back {
                continue;
            }
            let found = self.engine.get_many(key.0, vec![key.1.clone()]).wait().map_err(told)?.remove(0);
            let Some(r) = found else {
                if back.contains_key(key) {
                    self.dead.push(e.clone());
                    e.deadline = Some(i64::MIN); // stays ended
                    e.expires_at = Some(i64::MIN);
                    continue;
                }
                return Err(format!("{key:?} is lost by reopening"));
            };
            // a kill may lose reads that were not flushed
            if !self.jumped_back && !(e.saved..=e.reads).contains(&(r.usage_count - 1)) {
                return Err(format!("{key:?} was read {} to {} times, not {}", e.saved, e.reads, r.usage_count - 1));
            }
            e.reads = r.usage_count;
        }
        self.live.retain(|_, e| e.expires_at != Some(i64::MIN));
        Ok(())
    }

    fn act(&mut self) -> Verdict {
        self.clock.advance(1);
        match self.dice.below(40) {
            0..=8 => self.store(1),
            9..=11 => {
                let count = 2 + self.dice.below(6);
                self.store(count)
            }
            12..=15 => self.delete(),
            16 if self.dice.once_in(2) => self.delete_where(),
            17..=22 => self.get(),
            23..=24 => self.list(),
            25..=30 => self.search_any(),
            31 => {
                let done = self.engine.flush(self.dice.once_in(2)).wait().map_err(told);
                self.saved();
                done
            }
            32 if self.dice.once_in(2) => self.optimize(),
            33 => self.reopen(),
            34 => {
                self.clock.advance(self.dice.below(60_000) as i64);
                Ok(())
            }
            35 if self.dice.once_in(8) => {
                let back = self.dice.once_in(2);
                self.jumped_back |= back;
                self.clock.jump_wall(if back { -TEN_YEARS } else { TEN_YEARS });
                Ok(())
            }
            _ => {
                for _ in 0..=self.dice.below(4) {
                    let _ = self.engine.step();
                }
                Ok(())
            }
        }
    }

    fn run(&mut self) -> Verdict {
        for step in 0..100 {
            self.act().map_err(|e| format!("step {step}: {e}"))?;
        }
        self.optimize().map_err(|e| format!("at the end: {e}"))?;
        for _ in 0..2 {
            self.list()?;
            for _ in 0..10 {
                self.search_any()?;
                self.get()?;
            }
            self.reopen()?;
        }
        let report = self.engine.verify(CancelToken::default(), None).wait().map_err(told)?;
        if report.ok { Ok(()) } else { Err(format!("verify: {:?}", report.damaged)) }
    }
}

#[test]
fn random_calls_agree_with_a_map() {
    let first = from_env("FLUORITE_SEED", 0);
    for seed in first..first + from_env("FLUORITE_CASES", 2_000) {
        if let Err(e) = Case::new(seed).run() {
            panic!("FLUORITE_SEED={seed} FLUORITE_CASES=1: {e}");
        }
    }
}

/// Within a process expiry follows the monotonic clock, after a restart the wall clock.
#[test]
fn the_wall_clock_jumps_ten_years() {
    for jump in [TEN_YEARS, -TEN_YEARS] {
        let clock = Arc::new(ManualClock::at(1_700_000_000_000));
        let disk = SimVfs::new(1);
        let e = open_sim_at(&disk, 2_000, Arc::clone(&clock)).unwrap();
        let there = |e: &Engine, id: &str| e.get_many("default", vec![id.into()]).wait().unwrap()[0].is_some();
        let put = |e: &Engine, id: &str| {
            let mut c = chunk(id, "minute");
            c.ttl_seconds = Some(60.0);
            e.store(vec![c], WriteOptions::default()).wait().unwrap();
        };
        put(&e, "before");
        clock.jump_wall(jump);
        put(&e, "before and after");
        clock.jump_wall(-jump);
        put(&e, "before and after"); // created in another decade than it is updated
        clock.jump_wall(jump);
        put(&e, "after");
        clock.advance(59_999);
        for id in ["before", "before and after", "after"] {
            assert!(there(&e, id), "{id} lives on, jump {jump}");
        }
        put(&e, "later");
        clock.advance(1);
        for id in ["before", "before and after", "after"] {
            assert!(!there(&e, id), "{id} is over, jump {jump}");
        }
        assert!(there(&e, "later"));
        // order is by sequence, whatever the clock says
        let o = ListOptions { order: Some(ListOrder::Stored), ..ListOptions::default() };
        put(&e, "and last");
        let listed = e.list(o, None).wait().unwrap().records;
        assert_eq!(listed.iter().map(|r| r.chunk.id.as_str()).collect::<Vec<_>>(), ["later", "and last"]);
        assert!(e.delete("default", "and last").wait().unwrap());
        let killed = disk.restart();
        drop(e);
        let e = open_sim_at(&killed, 2_000, Arc::clone(&clock)).unwrap();
        assert!(there(&e, "later") && !there(&e, "after"));
        assert_eq!(there(&e, "before"), jump < 0, "after a restart the wall clock counts");
        e.shutdown().wait().unwrap();
    }
}
