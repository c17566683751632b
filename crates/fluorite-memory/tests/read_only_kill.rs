//! Readers of a store whose writer is another process, killed again and again: on real files they see what it had acknowledged.
//!
//! `FLUORITE_FOLLOW_CYCLES` sets the number of kills, `FLUORITE_SEED` the dice. The child is this test binary.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)] // a test that fails may panic

mod common;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use common::dice::{Dice, from_env};
use common::history::{Changes, History, contents};
use common::vectors::{own_contents_find, vector_of};
use common::{chunk, config};
use fluorite_memory::{CancelToken, Engine, EngineConfig, WriteOptions};

const DIR: &str = "FLUORITE_KILL_DIR";
const SEED: &str = "FLUORITE_KILL_SEED";
/// Chunks with vectors, and graphs of so many.
const GRAPHS: &str = "FLUORITE_KILL_GRAPHS";

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

fn spawn_with(dir: &Path, seed: u64, graphs: u64) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["child", "--exact", "--nocapture", "--test-threads=1"]).env(DIR, dir).env(SEED, seed.to_string());
    command.env(GRAPHS, graphs.to_string());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap()
}

/// Looks at the store while the child writes it, kills it after `lines` reports, and compares every look with what the child
/// had begun and been told by then. Returns the looks.
fn watch(mut child: Child, reader: &Engine, lines: u64, dice: &mut Dice, history: &mut History) -> Result<u64, String> {
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut looks = Vec::new();
    let (mut reports, mut acknowledged, mut killed) = (0, 0, false);
    loop {
        let mut line = String::new();
        if out.read_line(&mut line).map_err(|e| e.to_string())? == 0 {
            break;
        }
        let Some(report) = line.strip_suffix('\n').and_then(|l| l.strip_prefix('@')) else { continue };
        reports += 1;
        if let Some(changes) = report.strip_prefix('b') {
            history.begin(serde_json::from_str(changes).unwrap());
        } else if let Some(n) = report.strip_prefix('a') {
            acknowledged = n.parse().unwrap();
        }
        if !killed && reports >= lines {
            child.kill().unwrap();
            child.wait().unwrap();
            killed = true;
        }
        if !killed && dice.once_in(3) {
            reader.refresh().wait().map_err(|e| format!("refresh: {}: {e}", e.code()))?;
            looks.push((acknowledged, contents(reader)?));
        }
    }
    if !killed {
        return Err("the child ended by itself".into());
    }
    history.durable_upto(acknowledged);
    reader.refresh().wait().map_err(|e| format!("refresh after the kill: {}: {e}", e.code()))?;
    looks.push((acknowledged, contents(reader)?));
    let (mut at, count) = (0, looks.len() as u64);
    for (known, found) in &looks {
        at = at.max(*known);
        at = (at..=history.len())
            .find(|n| history.after(*n) == *found)
            .ok_or_else(|| format!("no state from {at} on (of {}) is what was seen: {:?}", history.len(), found.keys()))?;
    }
    history.settle(looks.pop().map(|l| l.1).unwrap_or_default())?;
    Ok(count)
}

/// The same readers stay through all the lives of the writer: what was acknowledged is seen, in the order it was written, and what
/// they see when it is dead is what the next one finds.
#[test]
fn readers_follow_writers_that_are_killed() {
    let seed = from_env("FLUORITE_SEED", 3);
    let mut dice = Dice::new(seed);
    let root = tempfile::tempdir().unwrap();
    for rows in [0, 20] {
        let dir = root.path().join(format!("store{rows}"));
        Engine::open(config(&dir)).unwrap().shutdown().wait().unwrap();
        let reader = Engine::open(EngineConfig { read_only: true, refresh_interval_ms: 0, ..config(&dir) }).unwrap();
        let mut history = History::default();
        let mut looks = 0;
        for cycle in 0..from_env("FLUORITE_FOLLOW_CYCLES", 20) {
            let lines = 1 + dice.below(120);
            let child = spawn_with(&dir, seed * 1_000_000 + cycle, rows);
            let seen = watch(child, &reader, lines, &mut dice, &mut history);
            looks += seen.unwrap_or_else(|e| panic!("FLUORITE_SEED={seed}, cycle {cycle}, {rows} rows: {e}"));
        }
        let follow = reader.stats().wait().unwrap().follow.unwrap();
        eprintln!("{looks} looks, {} whole states", follow.reloads);
        assert_eq!(reader.health().unwrap().status, "ok", "{:?}", reader.health());
        assert!(reader.verify(CancelToken::default(), None).wait().unwrap().ok);
        let seen = contents(&reader).unwrap();
        if rows > 0 {
            own_contents_find(&reader, seen.iter()).unwrap();
        }
        let writer = Engine::open(config(&dir)).unwrap();
        assert_eq!(contents(&writer).unwrap(), seen);
    }
}
