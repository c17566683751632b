//! The disk behind the lock: directories, contents, planned faults.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::inode::Inode;
use super::rng::Rng;
use super::tree::{Change, Entry, Ino, Tree};
use super::{Fault, Hook, SyncKind};
use crate::vfs::OpenMode;

pub(super) struct Disk {
    tree: Tree,
    inodes: BTreeMap<Ino, Inode>,
    next: Ino,
    rng: Rng,
    off: bool,
    pub(super) locks: BTreeSet<PathBuf>,
    pub(super) ops: u64,
    pub(super) count_reads: bool,
    pub(super) faults: Vec<(u64, Fault, bool)>,
    pub(super) capacity: Option<u64>,
    pub(super) dropped: Option<fn(SyncKind, &Path) -> bool>,
    /// What was asked of it, in order.
    pub(super) trace: Option<Vec<String>>,
    pub(super) hook: Option<Hook>,
}

impl Disk {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            tree: Tree::new(),
            inodes: BTreeMap::new(),
            next: 0,
            rng: Rng::new(seed),
            off: false,
            locks: BTreeSet::new(),
            ops: 0,
            count_reads: false,
            faults: Vec::new(),
            capacity: None,
            dropped: None,
            trace: None,
            hook: None,
        }
    }

    /// The disk after power loss.
    pub(super) fn crashed(&self, seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let tree = self.tree.crashed(&mut rng);
        let mut inodes = BTreeMap::new();
        for ino in tree.referenced() {
            if let Some(inode) = self.inodes.get(&ino) {
                inodes.insert(ino, Inode::durable(inode.crashed(&mut rng)));
            }
        }
        Self { tree, inodes, rng, next: self.next, ..self.settings() }
    }

    /// The disk after the process died.
    pub(super) fn restarted(&self) -> Self {
        let (tree, inodes, rng) = (self.tree.clone(), self.inodes.clone(), self.rng.clone());
        let mut disk = Self { tree, inodes, rng, next: self.next, ..self.settings() };
        disk.inodes.values_mut().for_each(|i| i.opens = 0);
        disk.collect();
        disk
    }

    /// An empty disk with the settings that outlive the process.
    fn settings(&self) -> Self {
        Self { count_reads: self.count_reads, capacity: self.capacity, dropped: self.dropped, ..Self::new(0) }
    }

    /// Counts an operation; the fault planned for it.
    fn admit(&mut self) -> io::Result<Option<Fault>> {
        if self.off {
            return Err(Fault::PowerLoss.error());
        }
        self.ops += 1;
        let now = self.ops;
        let fault = self.faults.iter().find(|(at, _, for_ever)| now == *at || (*for_ever && now > *at)).map(|f| f.1);
        self.off = fault == Some(Fault::PowerLoss);
        Ok(fault)
    }

    /// Counts an operation that happens whole or not at all: whether it does, and what is reported.
    fn admit_whole(&mut self) -> io::Result<(bool, io::Result<()>)> {
        Ok(match self.admit()? {
            None | Some(Fault::Short) => (true, Ok(())),
            Some(Fault::Interrupted) => (false, Err(Fault::Interrupted.error())),
            Some(fault) => (fault != Fault::NoSpace && self.rng.coin(), Err(fault.error())),
        })
    }

    /// Admits a read, which counts and fails as planned only when reads are counted.
    pub(super) fn admit_read(&mut self) -> io::Result<()> {
        self.admit_part(0).map(drop)
    }

    /// Admits a read of so many bytes: how many of them are given.
    fn admit_part(&mut self, bytes: usize) -> io::Result<usize> {
        if !self.count_reads {
            return if self.off { Err(Fault::PowerLoss.error()) } else { Ok(bytes) };
        }
        match self.admit()? {
            None => Ok(bytes),
            Some(Fault::Short) => Ok(self.part(bytes)),
            Some(fault) => Err(fault.error()),
        }
    }

    /// A part of so many bytes, at least one where there is one.
    fn part(&mut self, bytes: usize) -> usize {
        bytes.min(1) + self.rng.up_to(bytes.saturating_sub(2))
    }

    /// Notes an operation while a trace is kept.
    pub(super) fn note(&mut self, what: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            trace.push(what());
        }
    }

    /// Reads what there is, perhaps less.
    pub(super) fn read(&mut self, ino: Ino, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let most = self.admit_part(buf.len())?;
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let there = self.inode(ino)?.bytes().get(start..).unwrap_or_default();
        let n = there.len().min(most);
        buf[..n].copy_from_slice(&there[..n]);
        Ok(n)
    }

    pub(super) fn create_dir_all(&mut self, path: &Path) -> io::Result<()> {
        if self.tree.is_dir(path) {
            return self.admit_read();
        }
        let (applied, report) = self.admit_whole()?;
        if applied {
            self.make_dirs(path)?;
        }
        report
    }

    fn make_dirs(&mut self, path: &Path) -> io::Result<()> {
        let mut missing: Vec<&Path> = path.ancestors().take_while(|p| !self.tree.is_dir(p)).collect();
        missing.reverse();
        for dir in missing {
            if self.tree.get(dir)?.is_some() {
                return Err(io::ErrorKind::NotADirectory.into());
            }
            self.tree.apply(vec![Change::new(dir, Some(Entry::Dir))?])?;
        }
        Ok(())
    }

    pub(super) fn open(&mut self, path: &Path, mode: OpenMode) -> io::Result<Ino> {
        if mode == OpenMode::Create {
            let (applied, report) = self.admit_whole()?;
            if applied {
                let ino = self.ensure(path)?;
                self.inode(ino)?.set_len(0)?;
            }
            report?;
        } else {
            self.admit_read()?;
        }
        let ino = self.tree.file(path)?;
        self.inode(ino)?.opens += 1;
        Ok(ino)
    }

    /// The file of that name, made when there is none.
    fn ensure(&mut self, path: &Path) -> io::Result<Ino> {
        match self.tree.get(path)? {
            Some(Entry::File(ino)) => Ok(ino),
            Some(Entry::Dir) => Err(io::ErrorKind::IsADirectory.into()),
            None => {
                let ino = self.next;
                self.tree.apply(vec![Change::new(path, Some(Entry::File(ino)))?])?;
                self.next += 1;
                self.inodes.insert(ino, Inode::durable(Arc::default()));
                Ok(ino)
            }
        }
    }

    pub(super) fn close(&mut self, ino: Ino) {
        if let Some(inode) = self.inodes.get_mut(&ino) {
            inode.opens = inode.opens.saturating_sub(1);
        }
    }

    pub(super) fn inode(&mut self, ino: Ino) -> io::Result<&mut Inode> {
        self.inodes.get_mut(&ino).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// Writes all, or as much as a short write or a failure lets through; how much.
    pub(super) fn write(&mut self, ino: Ino, offset: u64, buf: &[u8]) -> io::Result<usize> {
        let fault = self.admit()?;
        let offset = usize::try_from(offset).map_err(|_| io::ErrorKind::FileTooLarge)?;
        let end = offset.checked_add(buf.len()).ok_or(io::ErrorKind::FileTooLarge)?;
        if fault == Some(Fault::Interrupted) {
            return Err(Fault::Interrupted.error());
        }
        let mut taken = if fault == Some(Fault::Short) { self.part(buf.len()) } else { buf.len() };
        let mut failure = None;
        let growth = end.saturating_sub(self.inode(ino)?.bytes().len());
        let room = self.room();
        if growth > room {
            taken = self.rng.up_to(buf.len().saturating_sub(growth - room));
            failure = Some(Fault::NoSpace);
        }
        if let Some(fault) = fault.filter(|f| *f != Fault::Short) {
            taken = self.rng.up_to(taken);
            failure = Some(fault);
        }
        self.inode(ino)?.write(offset, &buf[..taken])?;
        failure.map_or(Ok(taken), |fault| Err(fault.error()))
    }

    pub(super) fn set_len(&mut self, ino: Ino, len: u64) -> io::Result<()> {
        let (applied, report) = self.admit_whole()?;
        let len = usize::try_from(len).map_err(|_| io::ErrorKind::FileTooLarge)?;
        if len.saturating_sub(self.inode(ino)?.bytes().len()) > self.room() {
            return Err(Fault::NoSpace.error());
        }
        if applied {
            self.inode(ino)?.set_len(len)?;
        }
        report
    }

    /// Bytes that files may still grow by.
    fn room(&self) -> usize {
        let Some(capacity) = self.capacity else { return usize::MAX };
        let used: usize = self.inodes.values().map(Inode::occupies).sum();
        usize::try_from(capacity).unwrap_or(usize::MAX).saturating_sub(used)
    }

    pub(super) fn sync(&mut self, ino: Ino, path: &Path) -> io::Result<()> {
        let fault = self.admit()?;
        let Some(inode) = self.inodes.get_mut(&ino) else { return Err(io::ErrorKind::NotFound.into()) };
        match fault {
            Some(Fault::Interrupted) => Err(Fault::Interrupted.error()), // the wait ended, not the writing
            None | Some(Fault::Short) if self.dropped.is_some_and(|matches| matches(SyncKind::File, path)) => Ok(()),
            None | Some(Fault::Short) => {
                inode.sync();
                Ok(())
            }
            Some(fault) => {
                if fault != Fault::PowerLoss {
                    inode.sync_failed(&mut self.rng);
                }
                Err(fault.error())
            }
        }
    }

    pub(super) fn sync_dir(&mut self, path: &Path) -> io::Result<()> {
        if let Some(fault) = self.admit()?.filter(|f| *f != Fault::Short) {
            return Err(fault.error());
        }
        if !self.tree.is_dir(path) {
            return Err(io::ErrorKind::NotFound.into());
        }
        if !self.dropped.is_some_and(|matches| matches(SyncKind::Dir, path)) {
            self.tree.commit(path);
            self.collect();
        }
        Ok(())
    }

    pub(super) fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let (applied, report) = self.admit_whole()?;
        let ino = self.tree.file(from)?;
        let replaced = self.tree.get(to)?;
        if replaced == Some(Entry::Dir) {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        if applied && from != to {
            self.tree.apply(vec![Change::new(from, None)?, Change::new(to, Some(Entry::File(ino)))?])?;
            if let Some(Entry::File(old)) = replaced {
                self.inode(old)?.linked = false;
            }
        }
        report
    }

    pub(super) fn remove(&mut self, path: &Path) -> io::Result<()> {
        let (applied, report) = self.admit_whole()?;
        let ino = self.tree.file(path)?;
        if applied {
            self.tree.apply(vec![Change::new(path, None)?])?;
            self.inode(ino)?.linked = false;
        }
        report
    }

    pub(super) fn list(&mut self, path: &Path) -> io::Result<Vec<String>> {
        self.admit_read()?;
        Ok(self.tree.list(path)?.into_iter().map(|(name, _)| name.to_string_lossy().into_owned()).collect())
    }

    pub(super) fn is_vacant(&mut self, path: &Path) -> io::Result<bool> {
        self.admit_read()?;
        if self.tree.is_dir(path) {
            return Ok(self.tree.is_empty(path));
        }
        Ok(!matches!(self.tree.get(path), Ok(Some(_))))
    }

    pub(super) fn rename_dir(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let (applied, report) = self.admit_whole()?;
        if !self.tree.is_dir(from) {
            return Err(io::ErrorKind::NotFound.into());
        }
        if (self.tree.is_dir(to) && !self.tree.is_empty(to)) || matches!(self.tree.get(to), Ok(Some(Entry::File(_)))) {
            return Err(io::ErrorKind::DirectoryNotEmpty.into());
        }
        if applied {
            self.tree.move_dir(from, to)?;
        }
        report
    }

    /// Removes in the order a program would: it may get stuck half way.
    pub(super) fn remove_dir_all(&mut self, path: &Path) -> io::Result<()> {
        let (applied, report) = self.admit_whole()?;
        if !self.tree.is_dir(path) {
            return Err(io::ErrorKind::NotFound.into());
        }
        if applied {
            for ino in self.tree.remove_dir(path)? {
                self.inode(ino)?.linked = false;
            }
        }
        report
    }

    /// Takes a lock; false when it is held.
    pub(super) fn lock(&mut self, path: &Path, owner: &str) -> io::Result<bool> {
        if self.locks.contains(path) {
            return self.admit_read().map(|()| false);
        }
        let (applied, report) = self.admit_whole()?;
        if applied {
            let ino = self.ensure(path)?;
            let inode = self.inode(ino)?;
            inode.set_len(0)?;
            inode.write(0, owner.as_bytes())?;
        }
        report?;
        self.locks.insert(path.to_path_buf());
        Ok(true)
    }

    pub(super) fn read_file(&self, path: &Path) -> Option<Vec<u8>> {
        let ino = self.tree.file(path).ok()?;
        self.inodes.get(&ino).map(|i| i.bytes().to_vec())
    }

    /// Stores a file and the way to it durably; counts nothing.
    pub(super) fn write_file(&mut self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        if let Some(parent) = path.parent() {
            self.make_dirs(parent)?;
        }
        let ino = self.ensure(path)?;
        let inode = self.inode(ino)?;
        let opens = std::mem::replace(inode, Inode::durable(Arc::new(bytes.to_vec()))).opens;
        inode.opens = opens;
        path.ancestors().skip(1).for_each(|dir| self.tree.commit(dir));
        Ok(())
    }

    pub(super) fn files(&self) -> Vec<(PathBuf, u64)> {
        let len = |ino| self.inodes.get(&ino).map_or(0, |i| i.bytes().len() as u64);
        let in_dir = |dir: &PathBuf| {
            let entries = self.tree.list(dir).unwrap_or_default();
            entries.into_iter().map(|(name, ino)| (dir.join(name), len(ino))).collect::<Vec<_>>()
        };
        let mut all: Vec<_> = self.tree.dirs().flat_map(in_dir).collect();
        all.sort();
        all
    }

    /// Forgets contents nothing can reach.
    fn collect(&mut self) {
        let named = self.tree.referenced();
        self.inodes.retain(|ino, inode| inode.opens > 0 || named.contains(ino));
    }
}

/// A path in the one spelling the disk knows.
pub(super) fn clean(path: &Path) -> io::Result<PathBuf> {
    if path.components().any(|c| c == Component::ParentDir) {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    Ok(path.components().filter(|c| *c != Component::CurDir).collect())
}
