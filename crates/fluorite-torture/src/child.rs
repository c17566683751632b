//! The process that is killed: a random workload on real files. Its reports start with `@`: ready, begin, acknowledged (so many).

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use fluorite_memory::vfs::{Mapped, OpenMode, RealVfs, Vfs, VfsFile, VfsLock};
use fluorite_memory::{CancelToken, Engine, EngineConfig, Executor, Platform, SystemClock, WriteOptions};

use crate::common::dice::Dice;
use crate::common::history::Changes;
use crate::common::vectors::vector_of;
use crate::common::{chunk, config};

/// What a child does.
#[derive(Debug, Clone, Default)]
pub struct Task {
    /// Folder of the store.
    pub dir: PathBuf,
    /// Dice of the workload.
    pub seed: u64,
    /// Chunks have vectors, and graphs and text segments are made of so many; 0: neither.
    pub graphs: u64,
    /// Holds the store open until its input ends.
    pub hold: bool,
    /// Aborts itself at this call that changes the disk, counted from 1; 0: never.
    pub abort_at: u64,
}

impl Task {
    /// As arguments of the binary.
    #[must_use]
    pub fn arguments(&self) -> Vec<String> {
        let dir = self.dir.to_string_lossy().into_owned();
        let (seed, graphs, abort_at) = (self.seed.to_string(), self.graphs.to_string(), self.abort_at.to_string());
        vec!["child".into(), dir, seed, graphs, self.hold.to_string(), abort_at]
    }

    /// Back from the arguments behind `child`.
    #[must_use]
    pub fn parse(arguments: &[String]) -> Option<Self> {
        let [dir, seed, graphs, hold, abort_at] = arguments else { return None };
        let number = |s: &String| s.parse().ok();
        Some(Self {
            dir: dir.into(),
            seed: number(seed)?,
            graphs: number(graphs)?,
            hold: hold == "true",
            abort_at: number(abort_at)?,
        })
    }
}

/// Settings of the store, as the parent opens it too.
#[must_use]
pub fn settings(dir: &Path, graphs: u64) -> EngineConfig {
    match graphs {
        0 => EngineConfig { segment_bytes: 4_096, ..config(dir) },
        rows => EngineConfig { segment_bytes: 32 << 10, graph_rows: rows as usize, text_rows: rows as usize, ..config(dir) },
    }
}

fn open(task: &Task) -> Engine {
    let settings = settings(&task.dir, task.graphs);
    if task.abort_at == 0 {
        return Engine::open(settings).unwrap();
    }
    let platform = Platform {
        vfs: Arc::new(Aborting { left: Arc::new(AtomicU64::new(task.abort_at)), dice: task.seed }),
        clock: Arc::new(SystemClock::default()),
        executor: Executor::pool(2).unwrap(),
        embedder: Box::new(|| Ok(None)),
        new_store: (u128::from(task.seed) + 1, task.seed),
    };
    Engine::open_on(settings, platform).unwrap()
}

fn say(line: &str) {
    let mut out = io::stdout().lock();
    out.write_all(format!("\n@{line}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

/// Never returns unless it holds: it is killed, or aborts itself.
pub fn run(task: &Task) {
    let engine = open(task);
    let ids = if task.graphs > 0 { 120 } else { 24 };
    say("r");
    if task.hold {
        let _ = io::stdin().read_to_end(&mut Vec::new());
        return;
    }
    let mut dice = Dice::new(task.seed);
    let (mut writes, mut acknowledged) = (0, 0);
    loop {
        let mut stores = Vec::new();
        match dice.below(16) {
            0..=2 => {
                let id = format!("c{}", dice.below(ids));
                let changes: Changes = vec![(id.clone(), None)];
                say(&format!("b{}", serde_json::to_string(&changes).unwrap()));
                engine.delete("default", &id).wait().unwrap();
                acknowledged += 1;
                say(&format!("a{acknowledged}"));
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
                            let content = format!("seed {} write {writes} {padding}", task.seed);
                            (format!("c{}", dice.below(ids)), Some(content))
                        })
                        .collect();
                    say(&format!("b{}", serde_json::to_string(&changes).unwrap()));
                    let input = |(id, c): &(String, Option<String>)| {
                        let content = c.as_ref().unwrap();
                        let mut input = chunk(id, content);
                        input.embedding = (task.graphs > 0).then(|| vector_of(content));
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
            say(&format!("a{acknowledged}"));
        }
    }
}

/// Real files, until the n-th call that changes the disk: the process dies before it, in half of it, or behind it.
#[derive(Debug, Clone)]
struct Aborting {
    left: Arc<AtomicU64>,
    dice: u64,
}

impl Aborting {
    /// True for the call to die at. Later calls of other threads wait for the end.
    fn is_last(&self) -> bool {
        match self.left.fetch_sub(1, Ordering::SeqCst) {
            1 => true,
            n if n > 1 && n < u64::MAX / 2 => false,
            _ => loop {
                std::thread::park();
            },
        }
    }

    fn around<T>(&self, call: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        if !self.is_last() {
            return call();
        }
        if self.dice.is_multiple_of(2) {
            let _ = call();
        }
        std::process::abort();
    }
}

#[derive(Debug)]
struct AbortingFile(Box<dyn VfsFile>, Aborting);

impl VfsFile for AbortingFile {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        self.0.read_at(buf, offset)
    }
    fn write_at(&self, buf: &[u8], offset: u64) -> io::Result<()> {
        if !self.1.is_last() {
            return self.0.write_at(buf, offset);
        }
        let part = Dice::new(self.1.dice).below(buf.len() as u64 + 1) as usize;
        let _ = self.0.write_at(&buf[..part], offset);
        std::process::abort();
    }
    fn sync(&self) -> io::Result<()> {
        self.1.around(|| self.0.sync())
    }
    fn set_len(&self, len: u64) -> io::Result<()> {
        self.1.around(|| self.0.set_len(len))
    }
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }
}

impl Vfs for Aborting {
    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        self.around(|| RealVfs.create_dir_all(path))
    }
    fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Box<dyn VfsFile>> {
        let open = || RealVfs.open(path, mode);
        let file = if mode == OpenMode::Create { self.around(open) } else { open() };
        Ok(Box::new(AbortingFile(file?, self.clone())))
    }
    fn map(&self, path: &Path, len: u64) -> io::Result<Mapped> {
        RealVfs.map(path, len)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.around(|| RealVfs.rename(from, to))
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        self.around(|| RealVfs.remove(path))
    }
    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        RealVfs.list(path)
    }
    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.around(|| RealVfs.sync_dir(path))
    }
    fn lock(&self, path: &Path, owner: &str) -> io::Result<Option<Box<dyn VfsLock>>> {
        self.around(|| RealVfs.lock(path, owner))
    }
    fn lock_shared(&self, path: &Path) -> io::Result<Option<Box<dyn VfsLock>>> {
        RealVfs.lock_shared(path)
    }
    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.around(|| RealVfs.link(from, to))
    }
    fn is_vacant(&self, path: &Path) -> io::Result<bool> {
        RealVfs.is_vacant(path)
    }
    fn rename_dir(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.around(|| RealVfs.rename_dir(from, to))
    }
    fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        self.around(|| RealVfs.remove_dir_all(path))
    }
}
