//! Checking a store that is open: every checksum, and deeply every record and every derived file against the log.
//!
//! Owns: the walk over everything (`log`), what each derived file must say (`ids`, `filters`, `graphs`, `texts`), the report.
//! Changes nothing. In: the files, and the tables in memory. Out: damaged places, each with what is lost and what to do.

mod filters;
mod graphs;
mod ids;
mod log;
mod rest;
mod texts;

use std::path::Path;

use super::shared::Shared;
use crate::cancel::CancelToken;
use crate::crypt::load_keys;
use crate::error::{Error, Result};
use crate::log::{Manifest, load_dictionary};
use crate::options::ProgressFn;
use crate::report::{Damage, VerifyReport};

const MOST_DAMAGE: usize = 1_000;
const SALVAGE: &str = "restore the file from a copy, or salvage what is readable into a new folder (`fluorite salvage`)";
const REBUILD: &str = "close the store, remove this file and open it again: it is built anew from the log";

const LOST_COPY: &str = "nothing while MANIFEST is whole; without both nothing can be opened any more";
const RECOPY: &str = "open the store for writing: the copy is made again";

/// A verification under way.
struct Check<'a> {
    shared: &'a Shared,
    cancel: &'a CancelToken,
    progress: Option<&'a ProgressFn>,
    started: i64,
    report: VerifyReport,
}

impl Shared {
    /// Reads everything and compares every checksum; `deep`: everything else too (the caller keeps compaction away). Changes
    /// nothing.
    pub fn verify(&self, deep: bool, cancel: &CancelToken, progress: Option<&ProgressFn>) -> Result<VerifyReport> {
        let report = VerifyReport { deep, ..VerifyReport::default() };
        let mut check = Check { shared: self, cancel, progress, started: self.clock.monotonic_ms(), report };
        check.all(deep)?;
        check.report.ok = check.report.damages == 0;
        Ok(check.report)
    }
}

impl Check<'_> {
    fn all(&mut self, deep: bool) -> Result<()> {
        // what another process writes is judged as far as it was read
        let followed = self.followed().map(|(manifest, _)| manifest);
        let load = || Manifest::load(&*self.shared.vfs, &self.shared.config.path);
        let manifest = match followed.map_or_else(load, |m| Ok(Some(m))) {
            Ok(Some(m)) => m,
            other => {
                let missing = || self.corrupt("MANIFEST", 0, "the file is missing");
                let e = other.err().unwrap_or_else(missing);
                return self.note(e, "which files count: the store will not open again", SALVAGE);
            }
        };
        self.keys(&manifest)?;
        for id in &manifest.dictionaries {
            self.report.files += 1;
            if let Err(e) = load_dictionary(&*self.shared.vfs, &self.shared.dict_dir(), *id) {
                self.note(e, "every chunk that was compressed with it", SALVAGE)?;
            }
        }
        if !deep {
            return self.log(&manifest, &mut log::Shallow);
        }
        let mut against = log::Deep::new(self)?;
        self.log(&manifest, &mut against)?;
        against.end(self)?;
        self.graphs()?;
        self.texts()?;
        self.rest()
    }

    /// The copy of the wrapped keys, of an encrypted store.
    fn keys(&mut self, manifest: &Manifest) -> Result<()> {
        let Some(encryption) = &manifest.encryption else { return Ok(()) };
        self.report.files += 1;
        let (vfs, root) = (&*self.shared.vfs, &self.shared.config.path);
        // the key may be changed meanwhile, first in MANIFEST
        let changing = || Manifest::load(vfs, root).is_ok_and(|m| m.is_none_or(|m| m.encryption.as_ref() != Some(encryption)));
        match load_keys(vfs, root) {
            Ok(Some((id, keys))) if id == self.shared.store_id && (keys == *encryption || changing()) => Ok(()),
            Ok(_) => self.note(self.corrupt("KEYS", 0, "it is not the copy of the keys in MANIFEST"), LOST_COPY, RECOPY),
            Err(e) => self.note(e, LOST_COPY, RECOPY),
        }
    }

    /// Of a read-only store: the manifest as it was read, and how far the live segment was.
    fn followed(&self) -> Option<(Manifest, u64)> {
        self.shared.reader.as_ref().map(|r| {
            let following = r.following.lock();
            (following.manifest.clone(), following.tail.end())
        })
    }

    fn tell(&self, phase: &'static str, done: u64, total: u64) {
        self.shared.report_progress(self.progress, phase, done, Some(total), self.started);
    }

    fn corrupt(&self, file: impl AsRef<Path>, offset: u64, what: &str) -> Error {
        Error::Corrupt { path: self.shared.config.path.join(file), offset, what: what.into() }
    }

    /// Lists damage; other errors end the verification.
    fn note(&mut self, e: Error, lost: &str, remedy: &str) -> Result<()> {
        let (path, offset, what) = match e {
            Error::Corrupt { path, offset, what } => (path, offset, what),
            // a version byte is under no checksum of its own file
            Error::UnsupportedFormat { path, expected, found } => {
                (path, 8, format!("the format version is {found}, this build writes {expected}"))
            }
            e => return Err(e),
        };
        let file = path.strip_prefix(&self.shared.config.path).unwrap_or(&path);
        let parts: Vec<_> = file.components().map(|c| c.as_os_str().to_string_lossy()).collect();
        let (lost, remedy) = (lost.to_owned(), remedy.to_owned());
        self.damage(Damage { file: parts.join("/"), offset, length: 0, what, lost, remedy });
        Ok(())
    }

    fn damage(&mut self, damage: Damage) {
        self.report.damages += 1;
        if self.report.damaged.len() < MOST_DAMAGE {
            self.report.damaged.push(damage);
        }
    }
}
