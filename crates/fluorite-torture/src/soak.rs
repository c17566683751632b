//! One caller for a long time on real files: nothing is forgotten, memory and disk stay within bounds.

use std::collections::BTreeMap;

use fluorite_memory::{CancelToken, Durability, Engine, EngineConfig, Query, SearchOptions, WriteOptions};

use crate::common::dice::Dice;
use crate::common::history::{Contents, contents};
use crate::common::vectors::{bare, own_contents_find, vector_of};
use crate::common::{chunk, config};
use crate::{Options, Report};

/// Calls of a cycle; then everything is compared.
const CALLS: u64 = 1_000;
const IDS: u64 = 500;
/// Cycles that may still fill caches and pools.
const WARM: u64 = 5;
/// What memory may grow after that, beside what a call may keep: allocators give back late.
const SLACK: u64 = 48 << 20;

fn rss() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split(' ').nth(1).and_then(|n| n.parse::<u64>().ok()).unwrap_or(0) * 4_096
}

fn calls(engine: &Engine, dice: &mut Dice, live: &mut Contents) -> Result<(), String> {
    let told = |e: fluorite_memory::Error| format!("{}: {e}", e.code());
    for _ in 0..CALLS {
        let id = format!("c{}", dice.below(IDS));
        match dice.below(20) {
            0..=7 => {
                let content = format!("content {} {}", dice.next(), "and more text ".repeat(dice.below(40) as usize));
                let mut input = chunk(&id, &content);
                input.embedding = Some(vector_of(&content));
                let durability = Some(if dice.once_in(10) { Durability::Sync } else { Durability::Buffered });
                engine.store(vec![input], WriteOptions { durability, ..WriteOptions::default() }).wait().map_err(told)?;
                live.insert(id, content);
            }
            8..=9 => {
                let found = engine.delete("default", &id).wait().map_err(told)?;
                if found != live.remove(&id).is_some() {
                    return Err(format!("delete of {id} says {found}"));
                }
            }
            10..=14 => {
                let found = engine.get_many("default", vec![id.clone()]).wait().map_err(told)?;
                let found = found[0].as_ref().map(|r| r.chunk.text().into_owned());
                if found.as_ref() != live.get(&id) {
                    return Err(format!("{id} reads {found:?}"));
                }
            }
            15..=17 => {
                let query = Query::Text(format!("content text {}", dice.below(1_000)));
                let hits = engine.search(query, bare()).wait().map_err(told)?;
                if let Some(h) = hits.iter().find(|h| !live.contains_key(&h.id)) {
                    return Err(format!("{} is found", h.id));
                }
            }
            _ => {
                let query = Query::Vector(vector_of(&dice.next().to_string()));
                match engine.search(query, SearchOptions { limit: Some(5), ..bare() }).wait() {
                    Ok(hits) => {
                        if let Some(h) = hits.iter().find(|h| !live.contains_key(&h.id)) {
                            return Err(format!("{} is found", h.id));
                        }
                    }
                    Err(e) if e.code() == "DIMENSION_MISMATCH" => {}
                    Err(e) => return Err(told(e)),
                }
            }
        }
    }
    Ok(())
}

/// A thousand calls a cycle; the store is reopened every tenth and compacted every fourth.
#[must_use]
pub fn run(options: &Options) -> Report {
    let mut report = Report::begin("soak", options, 20);
    let root = tempfile::tempdir().unwrap();
    let settings = || EngineConfig { segment_bytes: 1 << 20, graph_rows: 300, text_rows: 300, ..config(root.path()) };
    let mut engine = Engine::open(settings()).unwrap();
    let mut dice = Dice::new(options.seed);
    let mut live: Contents = BTreeMap::new();
    let mut warm = 0;
    while report.goes_on() {
        let (seed, cycle) = (options.seed, report.cycles);
        let went = report.cycle(
            || format!("--seed {seed} --cycles {}", cycle + 1),
            |report| {
                calls(&engine, &mut dice, &mut live)?;
                report.add("calls", CALLS);
                if cycle % 4 == 3 {
                    engine.optimize(CancelToken::default(), None).wait().map_err(|e| format!("optimize: {e}"))?;
                    let stats = engine.stats().wait().map_err(|e| e.to_string())?;
                    // a live share is what compaction leaves: a quarter of dead bytes and headers at most
                    report.most("most_disk_bytes", stats.disk_bytes);
                }
                if cycle % 10 == 9 {
                    engine.shutdown().wait().map_err(|e| format!("shutdown: {e}"))?;
                    engine = Engine::open(settings()).map_err(|e| format!("open: {e}"))?;
                }
                let found = contents(&engine)?;
                if found != live {
                    return Err(format!("{} found, {} stored", found.len(), live.len()));
                }
                own_contents_find(&engine, found.iter())
            },
        );
        if !went {
            break;
        }
        if cycle == WARM {
            warm = rss();
        }
    }
    if warm > 0 && report.violations.is_empty() {
        let grown = rss().saturating_sub(warm);
        report.add("rss_grown_bytes", grown);
        let kept = 5 * report.figure("calls");
        if grown > kept + SLACK {
            report.violations.push(format!("memory has grown by {grown} bytes"));
        }
    }
    let _ = engine.shutdown().wait();
    report.end()
}
