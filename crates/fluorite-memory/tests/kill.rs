//! kill -9 of a process at work on real files: nothing acknowledged is lost, nothing deleted comes back (P1, P2, P4).
//!
//! `FLUORITE_CYCLES` sets the number of kills, `FLUORITE_SEED` the dice. The child is this test binary.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)] // a test that fails may panic

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::dice::{Dice, from_env};
use common::history::{Changes, History, contents};
use common::vectors::{bare, index, own_contents_find, vector_of};
use common::{chunk, config};
use fluorite_memory::{CancelToken, Engine, EngineConfig, Query, SearchOptions, WriteOptions};

const DIR: &str = "FLUORITE_KILL_DIR";
const SEED: &str = "FLUORITE_KILL_SEED";
const HOLD: &str = "FLUORITE_KILL_HOLD";
/// Chunks with vectors, and graphs of so many.
const GRAPHS: &str = "FLUORITE_KILL_GRAPHS";

/// One test at a time: a child inherits, from its fork to its exec, the locks of stores this process has open just then.
static ALONE: std::sync::Mutex<()> = std::sync::Mutex::new(());

fn alone() -> std::sync::MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn settings(dir: &Path) -> EngineConfig {
    EngineConfig { segment_bytes: 4_096, ..config(dir) }
}

fn with_graphs(dir: &Path, rows: u64) -> EngineConfig {
    EngineConfig { segment_bytes: 32 << 10, graph_rows: rows as usize, text_rows: rows as usize, ..config(dir) }
}

/// Not a test: the process that is killed. Its reports start with `@`: ready, begin, acknowledged (so many).
#[test]
fn child() {
    let Ok(dir) = std::env::var(DIR) else { return };
    let say = |line: String| {
        let mut out = std::io::stdout().lock();
        out.write_all(format!("\n@{line}\n").as_bytes()).unwrap();
        out.flush().unwrap();
    };
    let graphs = from_env(GRAPHS, 0);
    let path = Path::new(&dir);
    let engine = Engine::open(if graphs > 0 { with_graphs(path, graphs) } else { settings(path) }).unwrap();
    let ids = if graphs > 0 { 120 } else { 24 };
    say("r".into());
    if std::env::var(HOLD).is_ok() {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        return;
    }
    let seed = from_env(SEED, 0);
    let mut dice = Dice::new(seed);
    let (mut writes, mut acknowledged) = (0, 0);
    loop {
        let mut stores = Vec::new();
        match dice.below(16) {
            0..=2 => {
                let id = format!("c{}", dice.below(ids));
                let changes: Changes = vec![(id.clone(), None)];
                say(format!("b{}", serde_json::to_string(&changes).unwrap()));
                engine.delete("default", &id).wait().unwrap();
                acknowledged += 1;
                say(format!("a{acknowledged}"));
            }
            3 if dice.once_in(4) => drop(engine.optimize(CancelToken::default(), None)), // goes on beside what follows
            4 => drop(engine.flush(false).wait()),
            5 => drop(engine.get_many("default", vec!["c1".into(), "c2".into()]).wait()),
            _ => {
                // some calls at once, some of them batches
                let calls = if dice.once_in(3) { 1 + dice.below(4) } else { 1 };
                for _ in 0..calls {
                    let count = if dice.once_in(3) { 2 + dice.below(5) } else { 1 };
                    let changes: Changes = (0..count)
                        .map(|_| {
                            writes += 1;
                            let padding = "padding ".repeat(dice.below(40) as usize);
                            (format!("c{}", dice.below(ids)), Some(format!("seed {seed} write {writes} {padding}")))
                        })
                        .collect();
                    say(format!("b{}", serde_json::to_string(&changes).unwrap()));
                    let input = |(id, c): &(String, Option<String>)| {
                        let content = c.as_ref().unwrap();
                        let mut input = chunk(id, content);
                        input.embedding = (graphs > 0).then(|| vector_of(content));
                        input
                    };
                    let chunks = changes.iter().map(input).collect();
                    stores.push(engine.store(chunks, WriteOptions::default()));
                }
            }
        }
        for done in stores {
            done.wait().unwrap();
            acknowledged += 1;
            say(format!("a{acknowledged}"));
        }
    }
}

fn spawn(dir: &Path, seed: u64, hold: bool) -> Child {
    spawn_with(dir, seed, hold, 0)
}

fn spawn_with(dir: &Path, seed: u64, hold: bool, graphs: u64) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["child", "--exact", "--nocapture", "--test-threads=1"]).env(DIR, dir).env(SEED, seed.to_string());
    command.env(GRAPHS, graphs.to_string());
    if hold {
        command.env(HOLD, "1");
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap()
}

/// Kills the child after `lines` reports (or `delay` after its start), and notes what it said.
fn kill(mut child: Child, lines: u64, delay: Duration, history: &mut History) -> u64 {
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut heard = Vec::new();
    let mut reports = 0;
    while reports < lines {
        if out.read_until(b'\n', &mut heard).unwrap() == 0 {
            panic!("the child ended by itself: {}", String::from_utf8_lossy(&heard));
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
    let whole = heard.iter().rposition(|b| *b == b'\n').map_or(0, |n| n + 1);
    let before = history.len();
    let mut acknowledged = 0;
    for line in std::str::from_utf8(&heard[..whole]).unwrap().lines() {
        if let Some(changes) = line.strip_prefix("@b") {
            history.begin(serde_json::from_str(changes).unwrap());
        } else if let Some(n) = line.strip_prefix("@a") {
            acknowledged = n.parse().unwrap();
        }
    }
    history.durable_upto(before + acknowledged);
    acknowledged as u64
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

#[test]
fn nothing_acknowledged_is_lost_by_kill() {
    let _alone = alone();
    let seed = from_env("FLUORITE_SEED", 1);
    let mut dice = Dice::new(seed);
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("store");
    let mut history = History::default();
    let mut acknowledged = 0;
    for cycle in 0..from_env("FLUORITE_CYCLES", 300) {
        let at_open = dice.once_in(8);
        let lines = if at_open { 0 } else { 1 + dice.below(60) };
        let delay = Duration::from_micros(dice.below(if at_open { 15_000 } else { 2_500 }));
        acknowledged += kill(spawn(&dir, seed * 1_000_000 + cycle, false), lines, delay, &mut history);
        // every other time a copy is opened: the next child meets the files as the kill left them
        let spare = root.path().join(format!("copy{cycle}"));
        let looked_at = if dice.once_in(2) { &dir } else { &spare };
        if looked_at == &spare && dir.exists() {
            copy(&dir, &spare);
        }
        let fail = |e: String| -> ! { panic!("FLUORITE_SEED={seed}, cycle {cycle}: {e}") };
        let engine = Engine::open(settings(looked_at)).unwrap_or_else(|e| fail(format!("open: {e}")));
        let found = contents(&engine).unwrap_or_else(|e| fail(e));
        history.settle(found).unwrap_or_else(|e| fail(e));
        let report = engine.verify(CancelToken::default(), None).wait().unwrap();
        if !report.ok {
            fail(format!("verify: {:?}", report.damaged));
        }
        engine.shutdown().wait().unwrap_or_else(|e| fail(format!("shutdown: {e}")));
        let _ = std::fs::remove_dir_all(&spare);
    }
    eprintln!("{acknowledged} acknowledged operations");
}

/// Killed while vectors become graphs, text is sealed, and both are joined: each chunk that was acknowledged is found by its
/// own vector and its own words.
#[test]
fn nothing_acknowledged_is_lost_by_kill_while_graphs_are_built() {
    let _alone = alone();
    let seed = from_env("FLUORITE_SEED", 2);
    let mut dice = Dice::new(seed);
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("store");
    let mut history = History::default();
    let (mut acknowledged, mut graphs, mut building, mut texts) = (0, 0, 0, 0);
    for cycle in 0..from_env("FLUORITE_GRAPH_CYCLES", 100) {
        let rows = 4 + dice.below(40);
        let (lines, delay) = (1 + dice.below(90), Duration::from_micros(dice.below(8_000)));
        acknowledged += kill(spawn_with(&dir, seed * 1_000_000 + cycle, false, rows), lines, delay, &mut history);
        let fail = |e: String| -> ! { panic!("FLUORITE_SEED={seed}, cycle {cycle}: {e}") };
        let strays = std::fs::read_dir(dir.join("index"))
            .unwrap()
            .filter(|e| e.as_ref().unwrap().path().extension().is_some_and(|e| e == "graph"))
            .count() as u64;
        let engine = Engine::open(with_graphs(&dir, 1_000_000)).unwrap_or_else(|e| fail(format!("open: {e}")));
        let found = contents(&engine).unwrap_or_else(|e| fail(e));
        own_contents_find(&engine, found.iter()).unwrap_or_else(|e| fail(e));
        let stats = index(&engine);
        graphs += u64::from(stats.graphs > 0);
        building += u64::from(strays > stats.graphs);
        let text = engine.stats().wait().unwrap().text_index;
        texts += u64::from(text.segments > 0);
        for (id, content) in found.iter().filter(|_| dice.once_in(10)) {
            let hits = engine.search(Query::Text(content.clone()), SearchOptions { limit: Some(1_000), ..bare() });
            let hits = hits.wait().unwrap_or_else(|e| fail(format!("search: {e}")));
            if !hits.iter().any(|h| h.id == *id) || hits.iter().any(|h| !found.contains_key(&h.id)) {
                fail(format!("the words of {id} find {:?}", hits.iter().map(|h| &h.id).collect::<Vec<_>>()));
            }
        }
        if stats.graph_vectors + stats.scanned != found.len() as u64 {
            fail(format!("{} chunks: {stats:?}", found.len()));
        }
        for round in 0..5 {
            let ask = |exact| {
                let o = SearchOptions { exact: Some(exact), ..bare() };
                let hits = engine.search(Query::Vector(vector_of(&format!("{cycle} {round}"))), o).wait().unwrap();
                hits.into_iter().map(|h| (h.id, h.similarity)).collect::<Vec<_>>()
            };
            assert_eq!(ask(false), ask(true), "so few are found as by a scan");
        }
        history.settle(found).unwrap_or_else(|e| fail(e));
        if engine.health().unwrap().status != "ok" {
            fail(format!("{:?}", engine.health()));
        }
        engine.shutdown().wait().unwrap_or_else(|e| fail(format!("shutdown: {e}")));
    }
    eprintln!(
        "{acknowledged} acknowledged operations; {graphs} opens with graphs, {building} with one half made; {texts} with text"
    );
    assert!(graphs > 50 && texts > 50);
}

#[test]
fn a_second_process_is_told_who_holds_the_store_until_the_holder_dies() {
    let _alone = alone();
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("store");
    let mut holder = spawn(&dir, 0, true);
    let mut out = BufReader::new(holder.stdout.take().unwrap());
    let mut line = String::new();
    while !line.ends_with("@r\n") {
        assert!(out.read_line(&mut line).unwrap() > 0, "the holder ended: {line}");
    }
    let started = Instant::now();
    let refused = Engine::open(settings(&dir)).unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    match refused {
        fluorite_memory::Error::StoreLocked { pid, .. } => assert_eq!(pid, holder.id()),
        e => panic!("{}: {e}", e.code()),
    }
    holder.kill().unwrap();
    holder.wait().unwrap();
    let engine = Engine::open(settings(&dir)).unwrap();
    engine.store(vec![chunk("mine", "now")], WriteOptions::default()).wait().unwrap();
    engine.shutdown().wait().unwrap();
}
