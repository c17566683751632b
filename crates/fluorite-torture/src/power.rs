//! Power loss at any operation: what was acknowledged is there, batches are whole, opening works (P1, P2).
//!
//! Seeds are independent of each other: `just torture power --seed S --cycles 1` sees one again.

use std::path::Path;
use std::sync::Arc;

use fluorite_memory::vfs::{Fault, SimVfs, SyncKind, Vfs};
use fluorite_memory::{
    CancelToken, ChunkInput, Durability, Engine, EngineConfig, Error, Feedback, FeedbackKind, ManualClock, Query, SearchFilter,
    SearchOptions, SetFilter, WriteOptions,
};

use crate::common::dice::Dice;
use crate::common::history::{Changes, History, contents};
use crate::common::vectors::{own_contents_find, vector_of};
use crate::common::{chunk, config, key, open_sim_graphs, open_sim_with};
use crate::{Options, Report};

/// Which syncs a disk forgets.
pub type Dropped = fn(SyncKind, &Path) -> bool;

/// Ids, few so that they are overwritten often.
const IDS: u64 = 24;

/// Vectors that become a graph: so few that graphs are built and joined all the time.
const GRAPH_ROWS: usize = 6;

fn has_vector(id: u64) -> bool {
    !id.is_multiple_of(4)
}

/// Chunks with odd numbers are tagged.
fn input(id: u64, content: &str) -> ChunkInput {
    let mut c = chunk(&format!("c{id}"), content);
    c.tags = Some(vec![if id % 2 == 1 { "odd".into() } else { "even".into() }]);
    c.embedding = has_vector(id).then(|| vector_of(content)); // of its own, so that an older version's is told from it
    c
}

struct Run {
    dice: Dice,
    history: History,
    writes: u64,
    /// Feedback that was acknowledged, and that was begun.
    feedback: (u64, u64),
    /// Graphs.
    built: u64,
    /// Text segments.
    texts: u64,
}

impl Run {
    fn content(&mut self) -> String {
        self.writes += 1;
        let padding = "lorem ipsum ".repeat(self.dice.below(30) as usize);
        format!("write {} {padding}", self.writes)
    }

    fn store(&mut self, engine: &Engine, count: u64) -> Result<(), Error> {
        let mut changes = Changes::new();
        let mut chunks = Vec::new();
        for _ in 0..count {
            let id = self.dice.below(IDS);
            let content = self.content();
            chunks.push(input(id, &content));
            changes.push((format!("c{id}"), Some(content)));
        }
        let durability = if self.dice.once_in(2) { Durability::Sync } else { Durability::Buffered };
        self.history.begin(changes);
        engine.store(chunks, WriteOptions { durability: Some(durability), ..WriteOptions::default() }).wait()?;
        if durability == Durability::Sync {
            self.history.durable();
        }
        Ok(())
    }

    /// Feedback about a chunk, when there is one.
    fn judge(&mut self, engine: &Engine) -> Result<(), Error> {
        let Some(chunk_id) = self.history.now().into_keys().next() else { return Ok(()) };
        let (query, rating) = (Some(format!("query {}", self.writes)), Some(0.5));
        let kind = FeedbackKind::Rating;
        let (namespace, correction, domain, comment) = (None, None, None, None);
        self.feedback.1 += 1;
        engine.add_feedback(vec![Feedback { chunk_id, namespace, query, kind, rating, correction, domain, comment }]).wait()?;
        self.feedback.0 = self.feedback.1;
        Ok(())
    }

    fn delete(&mut self, engine: &Engine) -> Result<Result<(), String>, Error> {
        let id = format!("c{}", self.dice.below(IDS));
        let was_there = self.history.now().contains_key(&id);
        self.history.begin(vec![(id.clone(), None)]);
        let found = engine.delete("default", &id).wait()?;
        if found {
            self.history.durable();
        }
        Ok(if found == was_there { Ok(()) } else { Err(format!("delete of {id} says {found}")) })
    }

    fn delete_odd(&mut self, engine: &Engine) -> Result<Result<(), String>, Error> {
        let odd = |id: &String| id[1..].parse::<u64>().unwrap() % 2 == 1;
        let gone: Changes = self.history.now().into_keys().filter(odd).map(|id| (id, None)).collect();
        let expected = gone.len() as u64;
        self.history.begin(gone);
        let tags = Some(SetFilter { any: Some(vec!["odd".into()]), ..SetFilter::default() });
        let count = engine.delete_where(SearchFilter { tags, ..SearchFilter::default() }, false).wait()?;
        if count > 0 {
            self.history.durable();
        }
        Ok(if count == expected { Ok(()) } else { Err(format!("delete_where says {count}, not {expected}")) })
    }

    /// One random call. The outer error is the engine's, the inner one a violation.
    fn act(&mut self, engine: &Engine) -> Result<Result<(), String>, Error> {
        match self.dice.below(20) {
            0..=8 => self.store(engine, 1)?,
            9..=11 => {
                let count = 2 + self.dice.below(5);
                self.store(engine, count)?;
            }
            12..=13 => return self.delete(engine),
            14 if self.dice.once_in(3) => return self.delete_odd(engine),
            15 => {
                engine.flush(false).wait()?;
                self.history.durable();
            }
            16 if self.dice.once_in(2) => {
                while engine.step() {} // a compaction under way would make it BUSY
                let done = engine.optimize(CancelToken::default(), None);
                while engine.step() {}
                done.wait()?;
            }
            17 => {
                let ids = (0..4).map(|_| format!("c{}", self.dice.below(IDS))).collect();
                engine.get_many("default", ids).wait()?;
            }
            18 if self.dice.once_in(3) => self.judge(engine)?,
            _ => {
                for _ in 0..=self.dice.below(3) {
                    let _ = engine.step();
                }
            }
        }
        Ok(Ok(()))
    }

    /// What an open store holds must be a prefix of history; its indexes must agree.
    fn check(&mut self, engine: &Engine) -> Result<(), String> {
        let found = contents(engine)?;
        // a graph is named when it is whole and the log behind it durable: no loss of power makes one useless
        let index = engine.health().map_err(|e| format!("health: {e}"))?.index;
        if index.status != "ok" {
            return Err(format!("the index is {index:?}"));
        }
        own_contents_find(engine, found.iter().filter(|(id, _)| has_vector(id[1..].parse().unwrap())))?;
        for (id, content) in &found {
            if self.dice.once_in(8) {
                let word: String = content.split(' ').take(2).collect::<Vec<_>>().join(" ");
                let hits = engine.search(Query::Text(word), SearchOptions { limit: Some(99), ..SearchOptions::default() });
                let hits = hits.wait().map_err(|e| format!("search: {e}"))?;
                if !hits.iter().any(|h| h.id == *id) || hits.iter().any(|h| !found.contains_key(&h.id)) {
                    return Err(format!("the words of {id} find {:?}", hits.iter().map(|h| &h.id).collect::<Vec<_>>()));
                }
            }
        }
        self.history.settle(found)?;
        let events = engine.feedback_stats().wait().map_err(|e| format!("feedback: {e}"))?;
        if events.events < self.feedback.0 || events.events > self.feedback.1 || events.damaged > 0 {
            return Err(format!("{} feedbacks acknowledged of {}: {events:?}", self.feedback.0, self.feedback.1));
        }
        self.feedback = (events.events, events.events);
        let report = engine.verify(CancelToken::default(), None).wait().map_err(|e| format!("verify: {e}"))?;
        if report.ok { Ok(()) } else { Err(format!("verify: {:?}", report.damaged)) }
    }
}

/// Several lives of one store; the graphs and text segments built in them.
///
/// # Errors
/// A violation of the promises.
pub fn live_through(seed: u64, dropped: Option<Dropped>) -> Result<(u64, u64), String> {
    live(seed, dropped, |disk, segment_bytes| open_sim_graphs(disk, segment_bytes, GRAPH_ROWS))
}

/// The same of an encrypted store.
///
/// # Errors
/// A violation of the promises.
pub fn live_through_encrypted(seed: u64) -> Result<(u64, u64), String> {
    live(seed, None, |disk, segment_bytes| {
        let settings = config(Path::new("/store"));
        let (graph_rows, text_rows, encryption_key) = (GRAPH_ROWS, GRAPH_ROWS, Some(key(1)));
        let settings = EngineConfig { segment_bytes, graph_rows, text_rows, encryption_key, ..settings };
        open_sim_with(disk, settings, Arc::new(ManualClock::at(1_700_000_000_000)))
    })
}

fn live(seed: u64, dropped: Option<Dropped>, open: impl Fn(&SimVfs, u64) -> Result<Engine, Error>) -> Result<(u64, u64), String> {
    let mut run = Run { dice: Dice::new(seed), history: History::default(), writes: 0, feedback: (0, 0), built: 0, texts: 0 };
    let mut disk = SimVfs::new(seed);
    for life in 0..8u64 {
        if let Some(d) = dropped.filter(|_| life > 1) {
            disk.drop_syncs(d); // not while the store is made: the harness must find it in the daily round
        }
        let segment_bytes = 600 + run.dice.below(4_000);
        let quick = run.dice.once_in(4);
        disk.fail_from(disk.ops() + 1 + run.dice.below(if quick { 25 } else { 250 }), Fault::PowerLoss);
        let mut kill = false;
        if let Ok(engine) = open(&disk, segment_bytes) {
            run.check(&engine).or_else(|e| if lost_power(&disk) { Ok(()) } else { Err(format!("life {life}: {e}")) })?;
            for _ in 0..120 {
                match run.act(&engine) {
                    // behind the loss nobody hears an answer any more
                    Ok(verdict) => {
                        verdict.or_else(|e| if lost_power(&disk) { Ok(()) } else { Err(format!("life {life}: {e}")) })?
                    }
                    Err(_) if lost_power(&disk) => break,
                    Err(e) => return Err(format!("life {life}: {e}")),
                }
                if run.dice.once_in(40) && contents(&engine).is_ok_and(|found| found != run.history.now()) {
                    return Err(format!("life {life}: the open store differs from what it acknowledged"));
                }
                if run.dice.once_in(100) {
                    kill = true; // kill -9: the page cache lives on, nothing acknowledged is lost
                    run.history.durable();
                    break;
                }
            }
            if !kill && !lost_power(&disk) && run.dice.once_in(2) && engine.shutdown().wait().is_ok() {
                run.history.durable();
            }
            let built = engine.stats().wait().map_or((0, 0), |s| (s.vector_index.built, s.text_index.built));
            run.built += built.0;
            run.texts += built.1;
            disk = if kill { disk.restart() } else { disk.crash(run.dice.next()) };
        } else if lost_power(&disk) {
            disk = disk.crash(run.dice.next());
        } else {
            let e = open(&disk, segment_bytes).err();
            return Err(format!("life {life}: the open failed with the power on, and again: {e:?}"));
        }
        if run.dice.once_in(4) {
            // derived: without it the whole log is read again, in the order compaction has left
            let _ = disk.remove(Path::new("/store/index/ids"));
        }
        let engine = open(&disk, segment_bytes).map_err(|e| format!("life {life}: open after the end: {e}"))?;
        run.check(&engine).map_err(|e| format!("life {life}: {e}"))?;
        // the check leaves no mark: the next life starts from the disk as the end left it
        disk = if run.dice.once_in(2) { disk.restart() } else { disk.crash(run.dice.next()) };
        drop(engine);
    }
    Ok((run.built, run.texts))
}

fn lost_power(disk: &SimVfs) -> bool {
    disk.list(Path::new("/")).is_err()
}

/// A seed a cycle. Planted bug known to be caught: `list_and_install` (of graphs) that does not flush the log before it saves
/// the list; more in `scripts/mutants.mjs`.
#[must_use]
pub fn run(options: &Options) -> Report {
    let mut report = Report::begin("power", options, 200);
    while report.goes_on() {
        let seed = options.seed + report.cycles;
        report.cycle(
            || format!("--seed {seed} --cycles 1"),
            |report| {
                let (built, texts) = live_through(seed, None)?;
                report.add("graphs_built", built);
                report.add("text_segments_built", texts);
                Ok(())
            },
        );
    }
    report.end()
}
