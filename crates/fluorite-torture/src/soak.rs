//! One caller for a long time on real files: nothing is forgotten, memory and disk stay within bounds.

use std::alloc::System;
use std::collections::BTreeMap;

use cap::Cap;
use fluorite_memory::{CancelToken, Durability, Engine, EngineConfig, Query, SearchOptions, WriteOptions};

use crate::common::dice::Dice;
use crate::common::history::{Contents, contents};
use crate::common::vectors::{bare, own_contents_find, vector_of};
use crate::common::{chunk, config};
use crate::{Options, Report};

/// Counts the bytes that are allocated and not freed: exact, where resident memory is the allocator's and the kernel's affair.
/// What C libraries (zstd) allocate is not in it; `rss_grown_bytes` tells that too.
#[global_allocator]
static HEAP: Cap<System> = Cap::new(System, usize::MAX);

/// Calls of a cycle; then everything is compared.
const CALLS: u64 = 1_000;
const IDS: u64 = 500;
/// Cycles of the first opening of the store; each later one is twice as long.
const FIRST_LIFE: u64 = 10;
/// Every so many cycles the store is compacted, and memory is looked at behind it: at the same point of its work each time.
const COMPACT: u64 = 4;
/// Cycles that may still fill caches and pools.
const WARM: u64 = 5;
/// Bytes a call may leave behind.
const KEPT: u64 = 5;
/// What the heap of an open store varies by: what is in memory and sealed later, cached contents.
const OPEN_SLACK: u64 = 256 << 10;
/// The same when no store is open.
const CLOSED_SLACK: u64 = 64 << 10;
/// What resident memory may grow beside what a call may keep: allocators give back late.
const RSS_SLACK: u64 = 48 << 20;

/// Bytes held after so many calls, at like moments.
#[derive(Default)]
struct Held(Vec<(u64, u64)>);

impl Held {
    fn look(&mut self, calls: u64) {
        self.0.push((calls, HEAP.allocated() as u64));
    }

    /// By how much the last third holds more than the first, at the least of each, and in how many calls.
    fn growth(&self) -> Option<(u64, u64)> {
        let third = self.0.len().div_ceil(3);
        let least = |of: &[(u64, u64)]| of.iter().min_by_key(|(_, bytes)| *bytes).copied();
        let (first, last) = (least(self.0.get(..third)?)?, least(self.0.get(self.0.len() - third..)?)?);
        (last.0 > first.0).then(|| (last.1.saturating_sub(first.1), last.0 - first.0))
    }

    fn judge(&self, what: &'static str, slack: u64, report: &mut Report) {
        let Some((grown, calls)) = self.growth() else { return };
        report.most(what, grown);
        if grown > KEPT * calls + slack {
            report.violations.push(format!("{what}: {grown} in {calls} calls"));
        }
    }
}

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

/// A thousand calls a cycle; the store is compacted every fourth, and closed and opened anew after 10, 30, 70, 150 ... cycles.
/// Memory must not grow with the calls: neither within an opening, nor from one to the next.
#[must_use]
pub fn run(options: &Options) -> Report {
    let mut report = Report::begin("soak", options, 24);
    let root = tempfile::tempdir().unwrap();
    let settings = || EngineConfig { segment_bytes: 1 << 20, graph_rows: 300, text_rows: 300, ..config(root.path()) };
    let mut engine = Some(Engine::open(settings()).unwrap());
    let mut dice = Dice::new(options.seed);
    let mut live: Contents = BTreeMap::new();
    let (mut open, mut closed) = (Held::default(), Held::default());
    let (mut ends, mut life) = (FIRST_LIFE, FIRST_LIFE);
    let mut warm = None;
    while report.goes_on() {
        let (seed, cycle) = (options.seed, report.cycles);
        let went = report.cycle(
            || format!("--seed {seed} --cycles {}", cycle + 1),
            |report| {
                let e = engine.as_ref().ok_or("the store is closed")?;
                calls(e, &mut dice, &mut live)?;
                report.add("calls", CALLS);
                let found = contents(e)?;
                if found != live {
                    return Err(format!("{} found, {} stored", found.len(), live.len()));
                }
                own_contents_find(e, found.iter())?;
                drop(found);
                if cycle % COMPACT == COMPACT - 1 {
                    e.optimize(CancelToken::default(), None).wait().map_err(|e| format!("optimize: {e}"))?;
                    let stats = e.stats().wait().map_err(|e| e.to_string())?;
                    // a live share is what compaction leaves: a quarter of dead bytes and headers at most
                    report.most("most_disk_bytes", stats.disk_bytes);
                    if cycle >= WARM {
                        open.look(report.figure("calls"));
                    }
                }
                if cycle + 1 == ends {
                    open.judge("heap_grown_open", OPEN_SLACK, report);
                    open = Held::default();
                    e.shutdown().wait().map_err(|e| format!("shutdown: {e}"))?;
                    engine = None;
                    closed.look(report.figure("calls"));
                    life *= 2;
                    ends += life;
                    engine = Some(Engine::open(settings()).map_err(|e| format!("open: {e}"))?);
                }
                Ok(())
            },
        );
        if !went {
            break;
        }
        if cycle >= WARM && warm.is_none() {
            warm = Some((rss(), report.figure("calls")));
        }
    }
    open.judge("heap_grown_open", OPEN_SLACK, &mut report);
    if let Some((bytes, calls)) = warm {
        let grown = rss().saturating_sub(bytes);
        report.add("rss_grown_bytes", grown);
        if grown > KEPT * (report.figure("calls") - calls) + RSS_SLACK {
            report.violations.push(format!("resident memory has grown by {grown} bytes"));
        }
    }
    if let Some(engine) = engine.take() {
        let _ = engine.shutdown().wait();
    }
    closed.look(report.figure("calls"));
    closed.judge("heap_grown_closed", CLOSED_SLACK, &mut report);
    report.end()
}
