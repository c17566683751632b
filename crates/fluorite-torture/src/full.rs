//! A real disk that is full: a tmpfs of 8 MiB (P5). Needs root on Linux; says so where it cannot run.

use std::path::{Path, PathBuf};
use std::process::Command;

use fluorite_memory::{CancelToken, Engine, EngineConfig, WriteOptions};

use crate::common::dice::Dice;
use crate::common::history::{Contents, contents};
use crate::common::{chunk, config};
use crate::{Options, Report};

/// A mounted tmpfs; unmounted when dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: &Path, size: &str) -> Result<Self, String> {
        std::fs::create_dir_all(at).map_err(|e| e.to_string())?;
        let options = format!("size={size}");
        let done = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "fluorite-torture"]).arg(at).output();
        match done {
            Ok(o) if o.status.success() => Ok(Self(at.to_owned())),
            Ok(o) => Err(String::from_utf8_lossy(&o.stderr).trim().to_owned()),
            Err(e) => Err(format!("mount: {e}")),
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // a store that is being closed may still hold a map
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

struct Filler<'a> {
    engine: &'a Engine,
    dice: Dice,
    stored: Contents,
}

impl Filler<'_> {
    fn noise(&mut self, n: usize) -> String {
        (0..n).map(|_| char::from(b'a' + self.dice.below(26) as u8)).collect()
    }

    /// Stores until not even an empty chunk finds room; how many found it.
    fn fill(&mut self, prefix: &str) -> Result<u64, String> {
        let mut size = 500 + self.dice.below(30_000) as usize;
        for i in 0..200_000 {
            let (id, content) = (format!("{prefix}-{i}"), self.noise(size));
            match self.engine.store(vec![chunk(&id, &content)], WriteOptions::default()).wait() {
                Ok(_) => drop(self.stored.insert(id, content)),
                Err(e) if e.code() != "NO_SPACE" => return Err(format!("store on a full disk: {}: {e}", e.code())),
                Err(_) if size == 0 => return Ok(i),
                Err(_) => size /= 8,
            }
        }
        Err("the disk never fills up".into())
    }

    fn same(&self, when: &str) -> Result<(), String> {
        let found = contents(self.engine)?;
        if found == self.stored { Ok(()) } else { Err(format!("{when}: {} found, {} stored", found.len(), self.stored.len())) }
    }

    fn delete(&mut self, id: &str) -> Result<(), String> {
        let found = self.engine.delete("default", id).wait().map_err(|e| format!("delete on a full disk: {}: {e}", e.code()))?;
        self.stored.remove(id);
        if found { Ok(()) } else { Err(format!("{id} was not there")) }
    }
}

fn cycle(dir: &Path, seed: u64, report: &mut Report) -> Result<(), String> {
    let settings = || EngineConfig { segment_bytes: 256 << 10, text_rows: 64, ..config(dir) };
    let engine = Engine::open(settings()).map_err(|e| format!("open: {e}"))?;
    let mut f = Filler { engine: &engine, dice: Dice::new(seed), stored: Contents::new() };
    let filled = f.fill("first")?;
    f.same("full")?;
    for round in 0..5 {
        let id = f.stored.keys().next().cloned().ok_or("nothing was stored")?;
        f.delete(&id)?;
        f.fill(&format!("again{round}"))?;
    }
    f.same("filled again and again")?;
    let half: Vec<String> = f.stored.keys().step_by(2).cloned().collect();
    for id in &half {
        f.delete(id)?;
    }
    engine.optimize(CancelToken::default(), None).wait().map_err(|e| format!("optimize on a full disk: {}: {e}", e.code()))?;
    f.same("compacted")?;
    let resumed = f.fill("after")?;
    if resumed < 3 {
        return Err(format!("{} chunks were deleted and only {resumed} find room", half.len()));
    }
    f.same("filled after compaction")?;
    let stored = std::mem::take(&mut f.stored);
    drop(engine); // as a kill: nothing is saved
    let engine = Engine::open(settings()).map_err(|e| format!("open on a full disk: {}: {e}", e.code()))?;
    let found = contents(&engine)?;
    if found != stored {
        return Err(format!("reopened: {} found, {} stored", found.len(), stored.len()));
    }
    let verified = engine.verify(CancelToken::default(), None).wait().map_err(|e| e.to_string())?;
    if !verified.ok {
        return Err(format!("verify: {:?}", verified.damaged));
    }
    // there may be no room for the closing mark and the id table: it says so, and is closed all the same
    match engine.shutdown().wait() {
        Err(e) if e.code() != "NO_SPACE" => return Err(format!("shutdown on a full disk: {}: {e}", e.code())),
        told => report.add("shutdowns_without_room", u64::from(told.is_err())),
    }
    let engine = Engine::open(settings()).map_err(|e| format!("open after it: {}: {e}", e.code()))?;
    if contents(&engine)? != stored {
        return Err("something is lost by a shutdown without room".into());
    }
    report.add("chunks_until_full", filled);
    report.add("chunks_after_compaction", resumed);
    Ok(())
}

/// A disk a cycle.
#[must_use]
pub fn run(options: &Options) -> Report {
    let mut report = Report::begin("full", options, 3);
    let root = tempfile::tempdir().unwrap();
    while report.goes_on() {
        let seed = options.seed + report.cycles;
        let disk = match SmallDisk::mount(&root.path().join(format!("disk{seed}")), "8m") {
            Ok(disk) => disk,
            Err(e) => {
                report.skipped = Some(format!("no tmpfs can be mounted here: {e}"));
                break;
            }
        };
        report.cycle(|| format!("--seed {seed} --cycles 1"), |report| cycle(&disk.0.join("store"), seed, report));
    }
    report.end()
}
