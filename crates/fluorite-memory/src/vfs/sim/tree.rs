//! Directories: their live and durable entries, and the changes between.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use super::rng::Rng;

/// Number of a file's content.
pub(super) type Ino = u64;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    File(Ino),
    Dir,
}

#[derive(Debug, Clone, Default)]
struct Dir {
    live: BTreeMap<OsString, Entry>,
    durable: BTreeMap<OsString, Entry>,
}

/// A directory entry gets a new meaning.
#[derive(Debug, Clone)]
pub(super) struct Change {
    dir: PathBuf,
    name: OsString,
    to: Option<Entry>,
}

impl Change {
    pub(super) fn new(path: &Path, to: Option<Entry>) -> io::Result<Self> {
        let (Some(dir), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        Ok(Self { dir: dir.into(), name: name.into(), to })
    }
}

#[derive(Debug, Clone)]
pub(super) struct Tree {
    dirs: BTreeMap<PathBuf, Dir>,
    /// Unsynced operations in order; the changes of one operation happen together.
    pending: Vec<Vec<Change>>,
}

impl Tree {
    pub(super) fn new() -> Self {
        let dirs = ["", "/"].into_iter().map(|root| (root.into(), Dir::default())).collect();
        Self { dirs, pending: Vec::new() }
    }

    /// A folder that was renamed or removed stays in `dirs` for what a crash may bring back: its parent names it no more.
    pub(super) fn is_dir(&self, path: &Path) -> bool {
        let named = |dir: &Path, name| self.dirs.get(dir).is_some_and(|d| d.live.get(name) == Some(&Entry::Dir));
        self.dirs.contains_key(path)
            && match (path.parent(), path.file_name()) {
                (Some(parent), Some(name)) => named(parent, name),
                _ => true,
            }
    }

    pub(super) fn is_empty(&self, path: &Path) -> bool {
        self.dirs.get(path).is_none_or(|d| d.live.is_empty())
    }

    /// The folders under a path, itself the first.
    fn under(&self, path: &Path) -> Vec<PathBuf> {
        self.dirs.range(path.to_path_buf()..).map(|(p, _)| p).take_while(|p| p.starts_with(path)).cloned().collect()
    }

    /// Renames a folder. What is in it must be durable: unsynced changes of it keep its old name.
    pub(super) fn move_dir(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        for old in self.under(from) {
            let new = old.strip_prefix(from).map(|rest| if rest.as_os_str().is_empty() { to.into() } else { to.join(rest) });
            if let (Ok(new), Some(dir)) = (new, self.dirs.get_mut(&old)) {
                let moved = dir.clone();
                dir.live.clear();
                self.dirs.insert(new, moved);
            }
        }
        self.apply(vec![Change::new(from, None)?, Change::new(to, Some(Entry::Dir))?])
    }

    /// Removes a folder and all in it; the files it named.
    pub(super) fn remove_dir(&mut self, path: &Path) -> io::Result<Vec<Ino>> {
        let mut gone = Vec::new();
        for dir in self.under(path).into_iter().rev() {
            let names: Vec<(OsString, Entry)> =
                self.dirs.get(&dir).into_iter().flat_map(|d| &d.live).map(|(n, e)| (n.clone(), *e)).collect();
            for (name, entry) in names {
                if let Entry::File(ino) = entry {
                    gone.push(ino);
                }
                self.apply(vec![Change { dir: dir.clone(), name, to: None }])?;
            }
        }
        self.apply(vec![Change::new(path, None)?])?;
        Ok(gone)
    }

    /// What a path names; `NotFound` when its directory does not exist.
    pub(super) fn get(&self, path: &Path) -> io::Result<Option<Entry>> {
        let change = Change::new(path, None)?;
        let dir = self.dirs.get(&change.dir).ok_or(io::ErrorKind::NotFound)?;
        Ok(dir.live.get(&change.name).copied())
    }

    /// The file a path names.
    pub(super) fn file(&self, path: &Path) -> io::Result<Ino> {
        match self.get(path)? {
            Some(Entry::File(ino)) => Ok(ino),
            Some(Entry::Dir) => Err(io::ErrorKind::IsADirectory.into()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// Names and numbers of the files in a directory.
    pub(super) fn list(&self, path: &Path) -> io::Result<Vec<(&OsString, Ino)>> {
        let dir = self.dirs.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(files(&dir.live).collect())
    }

    pub(super) fn dirs(&self) -> impl Iterator<Item = &PathBuf> {
        self.dirs.keys()
    }

    /// One operation: live at once, durable after `commit`.
    pub(super) fn apply(&mut self, op: Vec<Change>) -> io::Result<()> {
        if op.iter().any(|c| !self.dirs.contains_key(&c.dir)) {
            return Err(io::ErrorKind::NotFound.into());
        }
        for c in &op {
            if c.to == Some(Entry::Dir) {
                self.dirs.entry(c.dir.join(&c.name)).or_default();
            }
            if let Some(dir) = self.dirs.get_mut(&c.dir) {
                set(&mut dir.live, c);
            }
        }
        self.pending.push(op);
        Ok(())
    }

    /// Makes the directory's operations durable, and with an operation on two directories all that came before it.
    pub(super) fn commit(&mut self, dir: &Path) {
        let mut needed = BTreeSet::from([dir.to_path_buf()]);
        let (mut done, mut left) = (Vec::new(), Vec::new());
        for op in std::mem::take(&mut self.pending).into_iter().rev() {
            if op.iter().any(|c| needed.contains(&c.dir)) {
                needed.extend(op.iter().map(|c| c.dir.clone()));
                done.push(op);
            } else {
                left.push(op);
            }
        }
        left.reverse();
        self.pending = left;
        for c in done.iter().rev().flatten() {
            if let Some(dir) = self.dirs.get_mut(&c.dir) {
                set(&mut dir.durable, c);
            }
        }
    }

    /// The directories after power loss: of each a random prefix of its operations.
    pub(super) fn crashed(&self, rng: &mut Rng) -> Self {
        let mut quota: BTreeMap<&Path, usize> = BTreeMap::new();
        for op in &self.pending {
            for dir in dirs_of(op) {
                *quota.entry(dir).or_default() += 1;
            }
        }
        for n in quota.values_mut() {
            *n = rng.survivors(*n);
        }
        let mut dirs = self.dirs.clone();
        for op in &self.pending {
            let touched = dirs_of(op);
            let survives = touched.iter().all(|d| quota.get(d).is_some_and(|n| *n > 0));
            for d in touched {
                quota.entry(d).and_modify(|n| *n = if survives { *n - 1 } else { 0 });
            }
            for c in op.iter().filter(|_| survives) {
                if let Some(dir) = dirs.get_mut(&c.dir) {
                    set(&mut dir.durable, c);
                }
            }
        }
        // Parents sort before their children, so one pass finds what is still reachable.
        let mut kept: BTreeMap<PathBuf, Dir> = BTreeMap::new();
        for (path, dir) in dirs {
            let reachable = match (path.parent(), path.file_name()) {
                (Some(parent), Some(name)) => kept.get(parent).is_some_and(|p| p.durable.get(name) == Some(&Entry::Dir)),
                _ => true,
            };
            if reachable {
                kept.insert(path, Dir { live: dir.durable.clone(), durable: dir.durable });
            }
        }
        Self { dirs: kept, pending: Vec::new() }
    }

    /// Every file a live, durable or pending entry names.
    pub(super) fn referenced(&self) -> BTreeSet<Ino> {
        let entries = self.dirs.values().flat_map(|d| files(&d.live).chain(files(&d.durable))).map(|(_, ino)| ino);
        let pending = self.pending.iter().flatten().filter_map(|c| match c.to {
            Some(Entry::File(ino)) => Some(ino),
            _ => None,
        });
        entries.chain(pending).collect()
    }
}

fn files(names: &BTreeMap<OsString, Entry>) -> impl Iterator<Item = (&OsString, Ino)> {
    names.iter().filter_map(|(name, entry)| match entry {
        Entry::File(ino) => Some((name, *ino)),
        Entry::Dir => None,
    })
}

fn dirs_of(op: &[Change]) -> BTreeSet<&Path> {
    op.iter().map(|c| c.dir.as_path()).collect()
}

fn set(names: &mut BTreeMap<OsString, Entry>, change: &Change) {
    match change.to {
        Some(entry) => names.insert(change.name.clone(), entry),
        None => names.remove(&change.name),
    };
}
