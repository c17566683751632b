//! Learns a folder of spike templates, words only, and prints what came of it: `learn_all <folder> [store]`.
//!
//! Without a store a temporary one is used, and more follows, in a copy of the folder: a second run without changes, ten files
//! touched, five deleted, a run that is killed in the middle and gone on with, and spot checks of scores. With a store: one run.
#![allow(clippy::print_stdout, clippy::unwrap_used)] // its figures are its output

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

use fluorite_learner::{LearnOptions, LearningReport, is_generated, learn_from_spikes, read_spike, score};
use fluorite_memory::{Attributes, Engine, EngineConfig, ListOptions};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let Some(folder) = args.first().map(PathBuf::from) else {
        println!("learn_all <folder of spike templates> [store]");
        return;
    };
    if let Some(store) = args.get(1) {
        let engine = open(Path::new(store));
        let options = LearnOptions {
            path: Some(folder),
            on_progress: Some(Arc::new(|p| println!("{} {} {}", p.phase, p.done, p.total.unwrap_or(0)))),
            ..LearnOptions::default()
        };
        println!("{}", line(&learn_from_spikes(&engine, &options).unwrap()));
        engine.shutdown().wait().unwrap();
        return;
    }
    let temp = tempfile::tempdir().unwrap();
    let copy = temp.path().join("spikes");
    std::fs::create_dir(&copy).unwrap();
    for entry in std::fs::read_dir(&folder).unwrap().flatten().filter(|e| e.path().is_file()) {
        std::fs::copy(entry.path(), copy.join(entry.file_name())).unwrap();
    }
    let engine = open(&temp.path().join("store"));
    let first = learn(&engine, &copy);
    println!("first run      {}", line(&first));
    figures(&first);
    let second = learn(&engine, &copy);
    println!("second run     {}", line(&second));
    assert_eq!(
        first.patterns.iter().map(|p| &p.id).collect::<Vec<_>>(),
        second.patterns.iter().map(|p| &p.id).collect::<Vec<_>>()
    );
    let learned = good(&copy);
    for path in learned.iter().take(10) {
        let text = std::fs::read_to_string(path).unwrap();
        std::fs::write(path, format!("{text}\n")).unwrap();
    }
    println!("ten touched    {}", line(&learn(&engine, &copy)));
    learned.iter().skip(10).take(5).for_each(|p| std::fs::remove_file(p).unwrap());
    println!("five deleted   {}", line(&learn(&engine, &copy)));
    let fresh = open(&temp.path().join("fresh"));
    learn(&fresh, &copy);
    killed(&fresh, &copy, &temp.path().join("killed"));
    spot_checks(&folder);
}

/// A process of its own learns the folder and is killed when half the files are done; the next run goes on. Both stores must be equal.
fn killed(undisturbed: &Engine, folder: &Path, store: &Path) {
    let program = std::env::current_exe().unwrap();
    let mut child = Command::new(program).arg(folder).arg(store).stdout(Stdio::piped()).spawn().unwrap();
    for line in BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok) {
        let words: Vec<&str> = line.split(' ').collect();
        let number = |i: usize| words.get(i).and_then(|w| w.parse::<u64>().ok()).unwrap_or(0);
        if words.first() == Some(&"learning") && number(1) * 2 > number(2) {
            break;
        }
    }
    child.kill().unwrap(); // SIGKILL
    child.wait().unwrap();
    let engine = open(store);
    let before = engine.stats().wait().unwrap().chunks;
    let report = learn(&engine, folder);
    println!("killed with {before} chunks stored, gone on with: {}", line(&report));
    let (one, other) = (contents(undisturbed), contents(&engine));
    println!(
        "the store of the killed run {} that of an undisturbed one ({} chunks)",
        if one == other { "equals" } else { "DIFFERS FROM" },
        one.len()
    );
}

/// Everything a store holds but times and versions.
fn contents(engine: &Engine) -> BTreeMap<String, (u128, Attributes)> {
    let (mut out, mut cursor) = (BTreeMap::new(), None);
    loop {
        let page = engine.list(ListOptions::default(), cursor).wait().unwrap();
        out.extend(page.records.iter().map(|r| (r.chunk.id.clone(), (r.chunk.content_hash, r.chunk.attributes.clone()))));
        cursor = page.next;
        if cursor.is_none() {
            return out;
        }
    }
}

fn open(path: &Path) -> Engine {
    Engine::open(EngineConfig { enable_ml: false, ..EngineConfig::new(path) }).unwrap()
}

fn learn(engine: &Engine, folder: &Path) -> LearningReport {
    learn_from_spikes(engine, &LearnOptions { path: Some(folder.to_path_buf()), ..LearnOptions::default() }).unwrap()
}

fn line(r: &LearningReport) -> String {
    format!(
        "{} files in {:.1} s: {} stored, {} updated, {} unchanged, {} removed, {} generated, {} below {} left out, {} repaired, {} left out, {} duplicates",
        r.found,
        r.duration_ms as f64 / 1e3,
        r.stored,
        r.updated,
        r.unchanged,
        r.removed,
        r.skipped_generated,
        r.skipped_low_quality,
        r.quality.threshold,
        r.repaired.len(),
        r.invalid.len(),
        r.duplicates
    )
}

fn figures(r: &LearningReport) {
    println!("\nquality of {} templates, mean {:.3}", r.quality.scores.scored, r.quality.scores.mean);
    for (i, n) in r.quality.scores.histogram.iter().enumerate() {
        println!("  .{i} to {:.1}  {n:5}  {}", (i + 1) as f32 / 10.0, "#".repeat((n / 40) as usize));
    }
    let members = |p: &fluorite_learner::Pattern| p.metadata["member_count"].as_u64().unwrap_or(0);
    println!("\n{} patterns; the largest families:", r.patterns.len());
    let mut by_size: Vec<_> = r.patterns.iter().collect();
    by_size.sort_by(|a, b| members(b).cmp(&members(a)).then(a.id.cmp(&b.id)));
    for p in by_size.iter().take(10) {
        let params = p.metadata["params"].as_array().map_or(0, Vec::len);
        println!("  {} {:3} members, {params} placeholders: {}", p.id, members(p), p.content.lines().next().unwrap_or(""));
    }
    for size in 2..=4 {
        let of: Vec<_> = r.combinations.iter().filter(|c| c.frameworks.len() == size).collect();
        println!("\n{} combinations of {size}:", of.len());
        for c in of.iter().take(if size == 2 { 30 } else { 5 }) {
            println!(
                "  {:40} support {:4}  confidence {:.2}  lift {:6.1}  {}",
                c.frameworks.join(" + "),
                c.support,
                c.confidence,
                c.lift,
                c.evidence.iter().take(2).cloned().collect::<Vec<_>>().join(", ")
            );
        }
    }
    println!();
}

/// Files of templates that are surely learned.
fn good(folder: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().flatten().map(|e| e.path()).collect();
    all.sort();
    let fine = |p: &PathBuf| {
        let bytes = std::fs::read(p).unwrap();
        read_spike(&bytes)
            .is_ok_and(|r| r.repaired.is_none() && !is_generated(&r.template) && score(&r.template, 1.0).score >= 0.7)
    };
    all.into_iter().filter(fine).take(15).collect()
}

/// The ten best and the ten worst hand-made templates, each with its parts (uniqueness aside).
fn spot_checks(folder: &Path) {
    let started = Instant::now();
    let mut all: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().flatten().map(|e| e.path()).collect();
    all.sort();
    let mut scored = Vec::new();
    for path in &all {
        let Ok(bytes) = std::fs::read(path) else { continue };
        let Ok(reading) = read_spike(&bytes) else { continue };
        if !is_generated(&reading.template) {
            scored.push((score(&reading.template, 0.0), path.file_name().unwrap().to_string_lossy().into_owned()));
        }
    }
    println!("\n{} hand-made templates scored in {:.1} s", scored.len(), started.elapsed().as_secs_f64());
    scored.sort_by(|(a, x), (b, y)| b.score.total_cmp(&a.score).then(x.cmp(y)));
    let show = |title: &str, some: &[(fluorite_learner::Quality, String)]| {
        println!("{title}");
        for (q, name) in some {
            let parts: Vec<String> = q.parts.iter().map(|p| format!("{} {:.2}", p.name, p.value)).collect();
            println!(
                "  {:.3} {name}: {}{}",
                q.score,
                parts.join(", "),
                q.limited_by.iter().map(|l| format!("; {l}")).collect::<String>()
            );
        }
    };
    show("the ten best:", &scored[..10.min(scored.len())]);
    show("the ten worst:", &scored[scored.len().saturating_sub(10)..]);
}
