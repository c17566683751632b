//! The whole engine on the simulated disk, twice from one seed: every call to the disk must be the same.

use fluorite_memory::vfs::SimVfs;
use fluorite_memory::{
    CancelToken, Durability, Engine, Feedback, FeedbackKind, Query, SearchOptions, TrainOptions, WriteOptions,
};

use crate::common::dice::Dice;
use crate::common::history::contents;
use crate::common::vectors::{settle, vector_of};
use crate::common::{chunk, open_sim_graphs};
use crate::{Options, Report};

/// Kinds of files that must have been written, each by a part of its path.
pub const WRITTEN: [&str; 9] =
    ["/store/MANIFEST", ".seg", "/store/dict/", ".graph", "/graphs", ".text", "/texts", "/index/ids", "/feedback/events"];

fn store(engine: &Engine, dice: &mut Dice, ids: std::ops::Range<u64>) -> Result<(), String> {
    let all: Vec<u64> = ids.collect();
    for part in all.chunks(50) {
        let input = |n: &u64| {
            let content = format!(
                "text {n} about {} and {} {}",
                dice.below(50),
                dice.below(9),
                "more words ".repeat(dice.below(9) as usize)
            );
            let mut c = chunk(&format!("c{n}"), &content);
            c.embedding = (!n.is_multiple_of(3)).then(|| vector_of(&content));
            c.tags = Some(vec![format!("t{}", n % 5)]);
            c
        };
        let inputs = part.iter().map(input).collect();
        let durability = Some(if part[0].is_multiple_of(100) { Durability::Sync } else { Durability::Buffered });
        engine.store(inputs, WriteOptions { durability, ..WriteOptions::default() }).wait().map_err(|e| e.to_string())?;
    }
    Ok(())
}

fn life(engine: &Engine, dice: &mut Dice, number: u64) -> Result<(), String> {
    let told = |e: fluorite_memory::Error| format!("{}: {e}", e.code());
    store(engine, dice, number * 300..number * 300 + 1_100)?;
    settle(engine);
    for _ in 0..60 {
        engine.delete("default", &format!("c{}", dice.below(1_400))).wait().map_err(told)?;
    }
    let first = dice.below(1_000);
    store(engine, dice, first..first + 200)?;
    for n in 0..20 {
        let query = format!("text about {}", dice.below(50));
        let hits = engine.search(Query::Text(query.clone()), SearchOptions::default()).wait().map_err(told)?;
        let Some(hit) = hits.first() else { continue };
        let (chunk_id, query, kind) = (hit.id.clone(), Some(query), FeedbackKind::Rating);
        let (namespace, rating, correction, domain, comment) = (None, Some((n % 3) as f32 / 2.0), None, None, None);
        engine
            .add_feedback(vec![Feedback { chunk_id, namespace, query, kind, rating, correction, domain, comment }])
            .wait()
            .map_err(told)?;
    }
    engine.train_incremental(Vec::new(), TrainOptions::default()).wait().map_err(told)?;
    let done = engine.optimize(CancelToken::default(), None);
    settle(engine);
    done.wait().map_err(told)?;
    engine.flush(false).wait().map_err(told)?;
    contents(engine).map(drop)
}

/// The calls of three lives: one that is shut down, one that loses power, one that is killed.
///
/// # Errors
/// The engine failed, or did not find what it had stored.
pub fn calls(seed: u64) -> Result<Vec<String>, String> {
    let mut dice = Dice::new(seed);
    let mut disk = SimVfs::new(seed);
    let mut all = Vec::new();
    for number in 0..3 {
        disk.trace();
        let engine = open_sim_graphs(&disk, 48 << 10, 150).map_err(|e| format!("open: {e}"))?;
        life(&engine, &mut dice, number)?;
        if number == 0 {
            engine.shutdown().wait().map_err(|e| format!("shutdown: {e}"))?;
        }
        all.append(&mut disk.take_trace());
        disk = if number == 1 { disk.crash(seed) } else { disk.restart() };
    }
    Ok(all)
}

/// A seed a cycle.
#[must_use]
pub fn run(options: &Options) -> Report {
    let mut report = Report::begin("trace", options, 1);
    while report.goes_on() {
        let seed = options.seed + report.cycles;
        report.cycle(
            || format!("--seed {seed} --cycles 1"),
            |report| {
                let (one, two) = (calls(seed)?, calls(seed)?);
                if let Some(n) = (0..one.len().max(two.len())).find(|n| one.get(*n) != two.get(*n)) {
                    return Err(format!("call {n} differs: {:?} and {:?}", one.get(n), two.get(n)));
                }
                if let Some(missing) = WRITTEN.iter().find(|w| !one.iter().any(|c| c.starts_with("write") && c.contains(*w))) {
                    return Err(format!("nothing was written to {missing}"));
                }
                report.add("calls_compared", one.len() as u64);
                Ok(())
            },
        );
    }
    report.end()
}
