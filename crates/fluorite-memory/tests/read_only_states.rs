//! A store that is only read here, while another engine writes it at any moment: what is seen is a state the writer had (T8).
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)] // a test that fails may panic

mod common;

use std::path::Path;
use std::sync::{Arc, Mutex};

use common::dice::{Dice, from_env};
use common::history::{Contents, contents};
use common::reading::{ROWS, SEGMENT, START, answers, input};
use common::vectors::settle;
use common::{config, open_sim_graphs, open_sim_reader, platform};
use fluorite_memory::vfs::{Fault, Mapped, OpenMode, SimVfs, Vfs, VfsFile, VfsLock};
use fluorite_memory::{CancelToken, Durability, Engine, EngineConfig, ManualClock, WriteOptions};

/// What may be seen, and what was.
#[derive(Default)]
struct Seen {
    before: Contents,
    /// The operation under way may have happened.
    after: Option<Contents>,
    looks: u64,
    torn: u64,
    wrong: Option<String>,
}

impl Seen {
    fn check(&mut self, when: &str, found: Result<Contents, String>) {
        self.looks += 1;
        let wrong = match found {
            Err(e) => Some(e),
            Ok(found) if found == self.before => None,
            Ok(found) if Some(&found) == self.after.as_ref() => {
                self.torn += 1;
                None
            }
            Ok(found) => Some(format!("{found:?}, neither {:?} nor {:?}", self.before, self.after)),
        };
        if let Some(wrong) = wrong {
            self.wrong.get_or_insert_with(|| format!("{when}: {wrong}"));
        }
    }
}

/// A writer at work on a simulated disk. Before each change of the disk, and in the middle of each write, readers look.
struct Work {
    disk: SimVfs,
    seen: Arc<Mutex<Seen>>,
    writer: Option<Engine>,
    dice: Dice,
    writes: u64,
}

impl Work {
    fn new(seed: u64) -> Self {
        let disk = SimVfs::new(seed);
        let writer = open_sim_graphs(&disk, SEGMENT, ROWS).unwrap();
        Self { disk, seen: Arc::default(), writer: Some(writer), dice: Dice::new(seed), writes: 0 }
    }

    /// One reader that stays and looks one time in `often`, and one in ten times a new one.
    fn watch(&self, seed: u64, often: u64) -> Engine {
        let staying = open_sim_reader(&self.disk).unwrap();
        let (reader, disk, seen) = (staying.clone(), self.disk.clone(), Arc::clone(&self.seen));
        let dice = Mutex::new(Dice::new(seed ^ 0xabc));
        self.disk.before_changes(Some(Arc::new(move || {
            let mut dice = dice.lock().unwrap();
            if !dice.once_in(often) {
                return;
            }
            let (when, found) = if dice.once_in(10) {
                let opened = open_sim_reader(&disk).map_err(|e| format!("open: {e}"));
                ("a new reader", opened.and_then(|e| answers(&e)))
            } else {
                let refreshed = reader.refresh().wait().map_err(|e| format!("refresh: {}: {e}", e.code()));
                (
                    "the reader that stays",
                    refreshed.and_then(|_| if dice.once_in(3) { answers(&reader) } else { contents(&reader) }),
                )
            };
            if dice.once_in(4) {
                while reader.step() {}
            }
            seen.lock().unwrap().check(when, found);
        })));
        staying
    }

    /// Runs an operation that leads to `after`; false when the store is poisoned and what it did is not known.
    fn run(&mut self, after: Contents, op: impl FnOnce(&Engine) -> fluorite_memory::Result<()>) -> bool {
        self.seen.lock().unwrap().after = Some(after);
        let done = op(self.writer.as_ref().unwrap());
        let mut seen = self.seen.lock().unwrap();
        match done {
            Ok(()) => seen.before = seen.after.take().unwrap(),
            Err(e) if e.code() == "POISONED" => return false,
            Err(_) => seen.after = None,
        }
        true
    }

    fn step(&mut self) -> bool {
        let before = self.seen.lock().unwrap().before.clone();
        let mut after = before.clone();
        match self.dice.below(12) {
            0 | 1 => {
                let id = format!("c{}", self.dice.below(12));
                after.remove(&id);
                self.run(after, |e| e.delete("default", &id).wait().map(drop))
            }
            2 => self.run(before, |e| e.flush(false).wait()),
            3 => self.run(before, |e| {
                let done = e.optimize(CancelToken::default(), None);
                while e.step() {}
                done.wait().map(drop)
            }),
            4 | 5 => {
                settle(self.writer.as_ref().unwrap());
                true
            }
            _ => {
                let count = if self.dice.once_in(3) { 2 + self.dice.below(4) } else { 1 };
                let mut chunks = Vec::new();
                for _ in 0..count {
                    self.writes += 1;
                    let id = format!("c{}", self.dice.below(12));
                    let content = format!("write{} {}", self.writes, "padding ".repeat(self.dice.below(30) as usize));
                    after.insert(id.clone(), content.clone());
                    chunks.push(input(&id, &content));
                }
                let durability = if self.dice.once_in(4) { Durability::Buffered } else { Durability::Sync };
                let o = WriteOptions { durability: Some(durability), ..WriteOptions::default() };
                self.run(after, |e| e.store(chunks, o).wait().map(drop))
            }
        }
    }

    fn reopen(&mut self, kill: bool) {
        if kill {
            std::mem::forget(self.writer.take());
            self.disk.clear_faults();
            self.disk.drop_locks();
        } else if let Some(writer) = self.writer.take() {
            writer.shutdown().wait().unwrap();
        }
        self.writer = Some(open_sim_graphs(&self.disk, SEGMENT, ROWS).unwrap());
        let found = contents(self.writer.as_ref().unwrap()).unwrap();
        let mut seen = self.seen.lock().unwrap();
        seen.check("reopened", Ok(found.clone()));
        (seen.before, seen.after) = (found, None);
    }
}

fn interleaved(seed: u64, steps: u64, faults: bool) -> (u64, u64, u64) {
    let mut work = Work::new(seed);
    let reader = work.watch(seed, 3);
    for step in 0..steps {
        if faults && work.dice.once_in(12) {
            let at = work.disk.ops() + 1 + work.dice.below(12);
            let fault = if work.dice.once_in(2) { Fault::NoSpace } else { Fault::Eio };
            if work.dice.once_in(3) { work.disk.fail_from(at, fault) } else { work.disk.fail_at(at, fault) }
        }
        let sure = work.step();
        if !sure || work.dice.once_in(25) {
            let kill = !sure || work.dice.once_in(2);
            work.disk.clear_faults();
            work.reopen(kill);
        } else if work.dice.once_in(3) {
            work.disk.clear_faults();
        }
        let looked = reader.refresh().wait().map_err(|e| format!("refresh: {}: {e}", e.code()));
        let mut seen = work.seen.lock().unwrap();
        seen.check("between two operations", looked.and_then(|_| answers(&reader)));
        if let Some(wrong) = &seen.wrong {
            panic!("FLUORITE_SEED={seed}, step {step}: {wrong}");
        }
    }
    let health = reader.health().unwrap();
    assert_eq!(health.status, "ok", "seed {seed}: {health:?}");
    let follow = reader.stats().wait().unwrap().follow.unwrap();
    let seen = work.seen.lock().unwrap();
    (seen.looks, seen.torn, follow.reloads)
}

#[test]
fn a_reader_sees_a_state_of_the_writer_whenever_it_looks() {
    let first = from_env("FLUORITE_SEED", 1);
    let (mut looks, mut torn, mut reloads) = (0, 0, 0);
    for seed in first..first + from_env("FLUORITE_SEEDS", 4) {
        let (a, b, c) = interleaved(seed, 60, false);
        (looks, torn, reloads) = (looks + a, torn + b, reloads + c);
    }
    eprintln!("{looks} looks, {torn} saw an operation before its caller was told, {reloads} whole states");
    assert!(torn > 3 && reloads > 10);
}

#[test]
fn a_reader_sees_a_state_of_a_writer_whose_disk_fails() {
    let first = from_env("FLUORITE_SEED", 1);
    for seed in first..first + from_env("FLUORITE_SEEDS", 4) {
        interleaved(seed ^ 0x5eed, 60, true);
    }
}

/// The reader's view of a disk on which the writer goes on between any two of its calls.
#[derive(Clone)]
struct Between {
    disk: SimVfs,
    act: Arc<dyn Fn() + Send + Sync>,
}

impl std::fmt::Debug for Between {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Between")
    }
}

#[derive(Debug)]
struct Watched(Box<dyn VfsFile>, Between);

impl VfsFile for Watched {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> std::io::Result<()> {
        (self.1.act)();
        self.0.read_at(buf, offset)
    }
    fn write_at(&self, _: &[u8], _: u64) -> std::io::Result<()> {
        panic!("a reader writes")
    }
    fn sync(&self) -> std::io::Result<()> {
        panic!("a reader syncs")
    }
    fn set_len(&self, _: u64) -> std::io::Result<()> {
        panic!("a reader cuts")
    }
    fn len(&self) -> std::io::Result<u64> {
        (self.1.act)();
        self.0.len()
    }
}

impl Vfs for Between {
    fn create_dir_all(&self, path: &Path) -> std::io::Result<()> {
        panic!("a reader makes {path:?}")
    }
    fn open(&self, path: &Path, mode: OpenMode) -> std::io::Result<Box<dyn VfsFile>> {
        assert_eq!(mode, OpenMode::Read, "{path:?}");
        (self.act)();
        Ok(Box::new(Watched(self.disk.open(path, mode)?, self.clone())))
    }
    fn map(&self, path: &Path, len: u64) -> std::io::Result<Mapped> {
        (self.act)();
        self.disk.map(path, len)
    }
    fn rename(&self, from: &Path, _: &Path) -> std::io::Result<()> {
        panic!("a reader renames {from:?}")
    }
    fn remove(&self, path: &Path) -> std::io::Result<()> {
        panic!("a reader removes {path:?}")
    }
    fn list(&self, path: &Path) -> std::io::Result<Vec<String>> {
        (self.act)();
        self.disk.list(path)
    }
    fn sync_dir(&self, path: &Path) -> std::io::Result<()> {
        panic!("a reader syncs {path:?}")
    }
    fn lock(&self, path: &Path, _: &str) -> std::io::Result<Option<Box<dyn VfsLock>>> {
        panic!("a reader locks {path:?}")
    }
}

/// The writer goes on while the reader looks: what was acknowledged before a refresh is there after it, and what is there is a
/// state the writer had.
#[test]
fn a_refresh_sees_what_was_acknowledged_before_it_while_the_writer_goes_on() {
    let first = from_env("FLUORITE_SEED", 1);
    let mut reloads = 0;
    for seed in first..first + from_env("FLUORITE_SEEDS", 4) {
        let work = Arc::new(Mutex::new(Work::new(seed)));
        let states = Arc::new(Mutex::new(vec![Contents::new()]));
        let dice = Mutex::new(Dice::new(seed ^ 0x777));
        let (w, s) = (Arc::clone(&work), Arc::clone(&states));
        let act: Arc<dyn Fn() + Send + Sync> = Arc::new(move || {
            if dice.lock().unwrap().once_in(10) {
                let mut work = w.lock().unwrap();
                assert!(work.step());
                let now = work.seen.lock().unwrap().before.clone();
                s.lock().unwrap().push(now);
            }
        });
        let between = Between { disk: work.lock().unwrap().disk.clone(), act };
        let settings = EngineConfig { read_only: true, ..config(Path::new("/store")) };
        let reader = Engine::open_on(settings, platform(Arc::new(between), Arc::new(ManualClock::at(START)))).unwrap();
        for round in 0..15 {
            let known = states.lock().unwrap().len() - 1;
            if let Err(e) = reader.refresh().wait() {
                panic!("FLUORITE_SEED={seed}, round {round}: {}: {e}", e.code());
            }
            let found = answers(&reader).unwrap_or_else(|e| panic!("FLUORITE_SEED={seed}, round {round}: {e}"));
            let states = states.lock().unwrap();
            assert!(
                states[known..].contains(&found),
                "FLUORITE_SEED={seed}, round {round}: {found:?} not in {:?}",
                &states[known..]
            );
        }
        reloads += reader.stats().wait().unwrap().follow.unwrap().reloads;
    }
    assert!(reloads > 4, "{reloads}");
}
