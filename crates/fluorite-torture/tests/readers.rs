//! Readers of a store whose writer is another process, killed again and again: on real files they see what it had acknowledged
//! (T8). `FLUORITE_FOLLOW_CYCLES` sets the number of kills, `FLUORITE_SEED` the dice.

use std::io::{BufRead, BufReader};
use std::process::Child;

use fluorite_memory::{CancelToken, Engine, EngineConfig};
use fluorite_torture::child::Task;
use fluorite_torture::common::config;
use fluorite_torture::common::dice::{Dice, from_env};
use fluorite_torture::common::history::{History, contents};
use fluorite_torture::common::vectors::own_contents_find;
use fluorite_torture::kill::spawn;

const PROGRAM: &str = env!("CARGO_BIN_EXE_fluorite-torture");

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
            let task = Task { dir: dir.clone(), seed: seed * 1_000_000 + cycle, graphs: rows, ..Task::default() };
            let child = spawn(PROGRAM.as_ref(), &task);
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
