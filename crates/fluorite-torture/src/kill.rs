//! kill -9 of a process at work on real files: nothing acknowledged is lost, nothing deleted comes back (P1, P2, P4).
//!
//! What this cannot show: the page cache outlives the process, so a missing fsync is not seen. `power` sees it.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fluorite_memory::{CancelToken, Engine, EngineConfig, Query, SearchOptions};

use crate::child::{Task, settings};
use crate::common::dice::Dice;
use crate::common::history::{Changes, Contents, History, contents};
use crate::common::vectors::{bare, index, own_contents_find, vector_of};
use crate::{Options, Report};

/// Kills of one store; then a new one, so that a violation can be seen again from its seed in a moment.
const LIVES: u64 = 50;

/// When a child dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Killed by the parent at a random moment.
    Killed,
    /// Aborts itself before, in half of or behind a random call that changes the disk.
    AtCall,
}

/// A child at work.
#[must_use]
pub fn spawn(program: &Path, task: &Task) -> Child {
    let mut command = Command::new(program);
    command.args(task.arguments()).stdin(Stdio::piped()).stdout(Stdio::piped());
    if task.abort_at > 0 {
        command.stderr(Stdio::null());
    }
    command.spawn().unwrap()
}

/// Notes what a dead child said; how much it said was acknowledged.
fn note(heard: &[u8], history: &mut History) -> u64 {
    let whole = heard.iter().rposition(|b| *b == b'\n').map_or(0, |n| n + 1);
    let before = history.len();
    let mut acknowledged = 0;
    for line in std::str::from_utf8(&heard[..whole]).unwrap().lines() {
        if let Some(changes) = line.strip_prefix("@b") {
            history.begin(serde_json::from_str::<Changes>(changes).unwrap());
        } else if let Some(n) = line.strip_prefix("@a") {
            acknowledged = n.parse().unwrap();
        }
    }
    history.durable_upto(before + acknowledged);
    acknowledged as u64
}

/// Kills the child after `lines` reports and `delay`.
fn kill(mut child: Child, lines: u64, delay: Duration, history: &mut History) -> Result<u64, String> {
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut heard = Vec::new();
    let mut reports = 0;
    while reports < lines {
        if out.read_until(b'\n', &mut heard).unwrap() == 0 {
            return Err(format!("the child ended by itself: {}", String::from_utf8_lossy(&heard)));
        }
        reports = heard.split(|b| *b == b'\n').filter(|l| l.first() == Some(&b'@')).count() as u64;
    }
    let until = Instant::now() + delay; // a random moment, not a wait for something
    while Instant::now() < until {
        std::hint::spin_loop();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    out.read_to_end(&mut heard).unwrap();
    Ok(note(&heard, history))
}

/// Waits until the child has aborted itself.
fn aborted(mut child: Child, history: &mut History) -> Result<u64, String> {
    use std::os::unix::process::ExitStatusExt;
    let mut heard = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut heard).unwrap();
    let status = child.wait().unwrap();
    if status.signal() != Some(6) {
        return Err(format!("the child ended by itself ({status}): {}", String::from_utf8_lossy(&heard)));
    }
    Ok(note(&heard, history))
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else if entry.file_name() != "RESERVE" {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn open(config: EngineConfig) -> Result<Engine, String> {
    Engine::open(config).map_err(|e| format!("open: {}: {e}", e.code()))
}

/// One store, killed again and again.
struct Store<'a> {
    root: tempfile::TempDir,
    dice: Dice,
    seed: u64,
    when: When,
    history: History,
    program: &'a Path,
}

impl Store<'_> {
    /// One life of the child.
    fn child(&mut self, life: u64, graphs: u64, lines: u64, delay: Duration) -> Result<u64, String> {
        let abort_at = match self.when {
            When::Killed => 0,
            When::AtCall => 1 + if self.dice.once_in(4) { self.dice.below(12) } else { self.dice.below(250) },
        };
        let dir = self.root.path().join("store");
        let task = Task { dir, seed: self.seed * 1_000 + life, graphs, abort_at, ..Task::default() };
        let child = spawn(self.program, &task);
        if abort_at > 0 { aborted(child, &mut self.history) } else { kill(child, lines, delay, &mut self.history) }
    }

    fn plain(&mut self, life: u64, report: &mut Report) -> Result<(), String> {
        let at_open = self.dice.once_in(8);
        let lines = if at_open { 0 } else { 1 + self.dice.below(60) };
        let delay = Duration::from_micros(self.dice.below(if at_open { 15_000 } else { 2_500 }));
        let acknowledged = self.child(life, 0, lines, delay)?;
        report.add("acknowledged", acknowledged);
        report.add("at_open", u64::from(at_open));
        // every other time a copy is opened: the next child meets the files as the kill left them
        let (dir, spare) = (self.root.path().join("store"), self.root.path().join(format!("copy{life}")));
        let looked_at = if self.dice.once_in(2) || !dir.exists() { &dir } else { &spare };
        if looked_at == &spare {
            copy(&dir, &spare);
        }
        let engine = open(settings(looked_at, 0))?;
        self.history.settle(contents(&engine)?)?;
        whole(&engine)?;
        engine.shutdown().wait().map_err(|e| format!("shutdown: {e}"))?;
        let _ = std::fs::remove_dir_all(&spare);
        Ok(())
    }

    /// Killed while vectors become graphs, text is sealed, and both are joined: each chunk is found by its own vector and words.
    fn graphs(&mut self, life: u64, report: &mut Report) -> Result<(), String> {
        let rows = 4 + self.dice.below(40);
        let (lines, delay) = (1 + self.dice.below(90), Duration::from_micros(self.dice.below(8_000)));
        let acknowledged = self.child(life, rows, lines, delay)?;
        report.add("acknowledged", acknowledged);
        let dir = self.root.path().join("store");
        let strays = std::fs::read_dir(dir.join("index"))
            .map(|files| files.filter(|e| e.as_ref().unwrap().path().extension().is_some_and(|e| e == "graph")).count())
            .unwrap_or_default() as u64;
        let engine = open(EngineConfig { graph_rows: 1_000_000, text_rows: 1_000_000, ..settings(&dir, rows) })?;
        let found = contents(&engine)?;
        own_contents_find(&engine, found.iter())?;
        let stats = index(&engine);
        report.add("opens_with_graphs", u64::from(stats.graphs > 0));
        report.add("opens_with_half_a_graph", u64::from(strays > stats.graphs));
        let text = engine.stats().wait().map_err(|e| e.to_string())?.text_index;
        report.add("opens_with_text_segments", u64::from(text.segments > 0));
        if stats.graph_vectors + stats.scanned != found.len() as u64 {
            return Err(format!("{} chunks: {stats:?}", found.len()));
        }
        self.words(&engine, &found)?;
        exact(&engine, life)?;
        self.history.settle(found)?;
        if engine.health().map_err(|e| e.to_string())?.status != "ok" {
            return Err(format!("{:?}", engine.health()));
        }
        engine.shutdown().wait().map_err(|e| format!("shutdown: {e}"))
    }

    /// Some of the words find what has them, and nothing that is gone.
    fn words(&mut self, engine: &Engine, found: &Contents) -> Result<(), String> {
        for (id, content) in found.iter().filter(|_| self.dice.once_in(10)) {
            let hits = engine.search(Query::Text(content.clone()), SearchOptions { limit: Some(1_000), ..bare() });
            let hits = hits.wait().map_err(|e| format!("search: {e}"))?;
            if !hits.iter().any(|h| h.id == *id) || hits.iter().any(|h| !found.contains_key(&h.id)) {
                return Err(format!("the words of {id} find {:?}", hits.iter().map(|h| &h.id).collect::<Vec<_>>()));
            }
        }
        Ok(())
    }
}

fn whole(engine: &Engine) -> Result<(), String> {
    let report = engine.verify(CancelToken::default(), None).wait().map_err(|e| format!("verify: {e}"))?;
    if report.ok { Ok(()) } else { Err(format!("verify: {:?}", report.damaged)) }
}

/// So few are found nearly as by a scan: a walk may miss one of ten, never invents one.
fn exact(engine: &Engine, life: u64) -> Result<(), String> {
    let mut missed = 0;
    for round in 0..5 {
        let ask = |exact| {
            let o = SearchOptions { exact: Some(exact), ..bare() };
            let hits = engine.search(Query::Vector(vector_of(&format!("{life} {round}"))), o).wait();
            hits.map(|hits| hits.into_iter().map(|h| (h.id, h.similarity)).collect::<Vec<_>>())
        };
        match (ask(false), ask(true)) {
            (Ok(a), Ok(b)) if a.len() == b.len() => {
                missed += b.iter().filter(|hit| !a.contains(hit)).count();
                if missed > 2 {
                    return Err(format!("an exact search finds {b:?}, not {a:?}"));
                }
            }
            (Err(e), _) if e.code() == "DIMENSION_MISMATCH" => {} // not a vector was stored yet
            (a, b) => return Err(format!("an exact search finds {b:?}, not {a:?}")),
        }
    }
    Ok(())
}

/// Lives of stores, by their seed with (`graphs`) or without vectors and indexes on disk.
fn lives(mut report: Report, options: &Options, when: When, graphs: impl Fn(u64) -> bool) -> Report {
    let mut number = 0;
    while report.goes_on() {
        let seed = options.seed + number;
        let graphs = graphs(seed);
        number += 1;
        let root = tempfile::tempdir().unwrap();
        let history = History::default();
        let mut store = Store { root, dice: Dice::new(seed), seed, when, history, program: &options.program };
        for life in 0..LIVES {
            let again = || format!("--seed {seed} --cycles {LIVES} ({}), life {life}", if graphs { "graphs" } else { "plain" });
            let one = |r: &mut Report| if graphs { store.graphs(life, r) } else { store.plain(life, r) };
            if !report.goes_on() || !report.cycle(again, one) {
                break; // what this store holds now is not known any more
            }
        }
    }
    report.end()
}

/// Both kinds of stores in turn.
#[must_use]
pub fn run(options: &Options, when: When) -> Report {
    let mode = if when == When::Killed { "kill" } else { "syscalls" };
    lives(Report::begin(mode, options, 400), options, when, |seed| seed % 4 == 3)
}

/// Stores without vectors, killed.
#[must_use]
pub fn plain(options: &Options, when: When) -> Report {
    lives(Report::begin("kill plain", options, 300), options, when, |_| false)
}

/// Stores with graphs and text segments, killed.
#[must_use]
pub fn graphs(options: &Options, when: When) -> Report {
    lives(Report::begin("kill graphs", options, 100), options, when, |_| true)
}
