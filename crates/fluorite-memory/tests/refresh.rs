//! Many calls of `refresh` at once, and purges as a reader sees them.
#![allow(clippy::unwrap_used, clippy::panic)] // a test that fails may panic

mod common;

use std::io;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{config, get, open_sim, open_sim_reader, platform, put};
use fluorite_memory::vfs::{Mapped, OpenMode, SimVfs, Vfs, VfsFile, VfsLock};
use fluorite_memory::{CancelToken, DeleteOptions, Engine, EngineConfig, Executor, ManualClock, Platform};

const PATIENCE: Duration = Duration::from_secs(60);

/// Told when the manifest is about to be opened, and what to wait for then.
type Turn = Mutex<Option<(Sender<()>, Receiver<()>)>>;

/// A disk on which the next opening of the manifest waits to be let through.
#[derive(Debug)]
struct Gate(SimVfs, Arc<Turn>);

impl Vfs for Gate {
    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        self.0.create_dir_all(path)
    }
    fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Box<dyn VfsFile>> {
        let waits = if path.ends_with("MANIFEST") { self.1.lock().unwrap().take() } else { None };
        if let Some((arrived, go_on)) = waits {
            arrived.send(()).unwrap();
            let _ = go_on.recv(); // the sender goes with the test that fails
        }
        self.0.open(path, mode)
    }
    fn map(&self, path: &Path, len: u64) -> io::Result<Mapped> {
        self.0.map(path, len)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.0.rename(from, to)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        self.0.remove(path)
    }
    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        self.0.list(path)
    }
    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.0.sync_dir(path)
    }
    fn lock(&self, path: &Path, owner: &str) -> io::Result<Option<Box<dyn VfsLock>>> {
        self.0.lock(path, owner)
    }
}

/// Calls that come while a look is under way share the next one: they hold no thread of the pool meanwhile, and what was
/// acknowledged before them is visible to each.
#[test]
fn any_number_of_refreshes_take_two_looks_and_no_thread() {
    let disk = SimVfs::new(1);
    let writer = open_sim(&disk, 1 << 20).unwrap();
    put(&writer, "a", "stored first");
    let gate = Arc::<Turn>::default();
    let vfs = Arc::new(Gate(disk.clone(), Arc::clone(&gate)));
    let base = platform(vfs, Arc::new(ManualClock::at(1_700_000_000_000)));
    let platform = Platform { executor: Executor::pool(2).unwrap(), ..base };
    let reader = Engine::open_on(EngineConfig { read_only: true, ..config(Path::new("/store")) }, platform).unwrap();
    let before = reader.stats().wait().unwrap().follow.unwrap().looks;
    let (arrived, has_arrived) = channel();
    let (go_on, told) = channel();
    *gate.lock().unwrap() = Some((arrived, told));
    let first = reader.refresh();
    has_arrived.recv_timeout(PATIENCE).unwrap();
    put(&writer, "b", "stored while a look is under way");
    let many: Vec<_> = (0..200).map(|_| reader.refresh()).collect();
    // the pool has two threads: one is in the look
    let (found, is_found) = channel();
    reader.get_many("default", vec!["a".into()]).on_settle(move |r| _ = found.send(r.map(drop)));
    is_found.recv_timeout(PATIENCE).unwrap().unwrap();
    go_on.send(()).unwrap();
    first.wait().unwrap();
    many.into_iter().for_each(|r| _ = r.wait().unwrap());
    assert_eq!(get(&reader, "b").as_deref(), Some("stored while a look is under way"));
    assert_eq!(reader.stats().wait().unwrap().follow.unwrap().looks - before, 2);
    assert!(!reader.refresh().wait().unwrap());
    reader.shutdown().wait().unwrap();
}

#[test]
fn what_is_purged_is_gone_for_a_reader_that_looks() {
    let disk = SimVfs::new(2);
    let writer = open_sim(&disk, 4_000).unwrap();
    for n in 0..60 {
        put(&writer, &format!("c{n}"), &format!("chunk {n} {}", "text ".repeat(20)));
    }
    put(&writer, "c3", "a later version");
    let reader = open_sim_reader(&disk).unwrap();
    assert_eq!(get(&reader, "c3").as_deref(), Some("a later version"));
    for (n, compacted) in [(3, false), (30, true)] {
        let id = format!("c{n}");
        assert!(writer.delete_with("default", &id, DeleteOptions { purge: true }).wait().unwrap());
        if compacted {
            let done = writer.optimize(CancelToken::default(), None);
            while writer.step() {}
            done.wait().unwrap();
        }
        assert!(reader.refresh().wait().unwrap());
        assert_eq!(get(&reader, &id), None);
        assert_eq!(reader.history("default", &id).wait().unwrap().len(), 0);
    }
    put(&writer, "c3", "a new life");
    reader.refresh().wait().unwrap();
    assert_eq!(get(&reader, "c3").as_deref(), Some("a new life"));
    assert_eq!(reader.history("default", "c3").wait().unwrap().len(), 1);
    assert_eq!(get(&reader, "c59"), Some(format!("chunk 59 {}", "text ".repeat(20))));
}
