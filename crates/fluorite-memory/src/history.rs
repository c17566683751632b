//! The search history: what was searched and found, in a file of the user's own, where it was asked for.
//!
//! Owns: a folder outside the store (mode 0700), `searches.jsonl` in it (0600), its rotation. Must not know: how searches run.
//! In: a search with its hits. Out: a JSON line each. A failure fails no search; `failure` tells it to `health`.
//! Written past the `Vfs`: it is no part of the store, and losing it loses nothing.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use parking_lot::Mutex;
use serde::Serialize;
use serde_json::Value;

use crate::error::{Error, Result};
use crate::options::{SearchFilter, SearchMode};
use crate::report::SearchHit;
use crate::time::format_iso;

/// The file that is written.
const NAME: &str = "searches.jsonl";
/// Bytes after which a file is put aside.
const MOST_BYTES: u64 = 8 << 20;
/// Files put aside that are kept: with the one being written at most 40 MiB, and a line.
const KEPT: u32 = 4;

/// What was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Asked {
    /// By text or vector.
    Search,
    /// What is like a stored chunk.
    Related,
    /// For a context.
    Context,
}

/// One search. `query` is absent for a vector, `related_to` for anything but `related`.
#[derive(Debug, Serialize)]
pub struct Entry<'a> {
    /// What was asked.
    pub kind: Asked,
    /// The text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<&'a str>,
    /// Namespace and id of the chunk whose like was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub related_to: Option<(&'a str, &'a str)>,
    /// As the caller gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<SearchMode>,
    /// As the caller gave it.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "given")]
    pub filter: Option<&'a SearchFilter>,
    /// Milliseconds it took.
    pub took_ms: f64,
}

/// A filter without what it does not say.
#[allow(clippy::ref_option)] // serde's signature
fn given<S: serde::Serializer>(filter: &Option<&SearchFilter>, s: S) -> std::result::Result<S::Ok, S::Error> {
    let value = serde_json::to_value(filter).map_err(serde::ser::Error::custom)?;
    said(value).serialize(s)
}

fn said(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            Value::Object(members.into_iter().filter(|(_, v)| !v.is_null()).map(|(k, v)| (k, said(v))).collect())
        }
        other => other,
    }
}

#[derive(Serialize)]
struct Hit<'a> {
    namespace: &'a str,
    id: &'a str,
    score: f64,
}

#[derive(Serialize)]
struct Line<'a> {
    at: String,
    store: &'a Path,
    #[serde(flatten)]
    entry: &'a Entry<'a>,
    hits: Vec<Hit<'a>>,
}

#[derive(Debug, Default)]
struct Writer {
    file: Option<File>,
    bytes: u64,
    failure: Option<String>,
}

/// Where searches are written down.
#[derive(Debug)]
pub struct SearchHistory {
    folder: PathBuf,
    store: PathBuf,
    most_bytes: u64,
    writer: Mutex<Writer>,
}

impl SearchHistory {
    /// The history of a store, in a folder that must not lie in it. Both paths absolute. The folder is made by the first search.
    pub fn new(folder: PathBuf, store: &Path) -> Result<Self> {
        if folder.starts_with(store) {
            return Err(Error::config(format!(
                "learning.history_dir: {folder:?} lies in the store {store:?}, and would be copied with it: name a folder elsewhere"
            )));
        }
        Ok(Self { folder, store: store.to_owned(), most_bytes: MOST_BYTES, writer: Mutex::default() })
    }

    /// The file that is written.
    pub fn path(&self) -> PathBuf {
        self.folder.join(NAME)
    }

    /// Why the last search was not written down.
    pub fn failure(&self) -> Option<String> {
        self.writer.lock().failure.clone()
    }

    /// Writes a search down, or notes why it could not.
    pub fn write(&self, wall_ms: i64, entry: &Entry<'_>, hits: &[SearchHit]) {
        let score = |s: f32| (f64::from(s) * 1e7).round() / 1e7;
        let hits = hits.iter().map(|h| Hit { namespace: &h.namespace, id: &h.id, score: score(h.score) }).collect();
        let line = Line { at: format_iso(wall_ms), store: &self.store, entry, hits };
        let mut writer = self.writer.lock();
        let done = serde_json::to_vec(&line).map_err(|e| e.to_string()).and_then(|mut bytes| {
            bytes.push(b'\n');
            self.append(&mut writer, &bytes)
        });
        if done.is_err() {
            writer.file = None; // opened anew by the next search
        }
        writer.failure = done.err();
    }

    fn append(&self, writer: &mut Writer, line: &[u8]) -> std::result::Result<(), String> {
        if writer.file.is_some() && writer.bytes + line.len() as u64 > self.most_bytes {
            writer.file = None;
        }
        if writer.file.is_none() {
            self.prepare()?;
            self.rotate(line.len() as u64)?;
            let file = self.open()?;
            writer.bytes = file.metadata().map_err(|e| self.told("cannot read", &self.path(), &e))?.len();
            writer.file = Some(file);
        }
        let Some(file) = writer.file.as_mut() else { return Ok(()) };
        // one write of a file opened for appending: lines of other processes stay whole
        file.write_all(line).map_err(|e| self.told("cannot write", &self.path(), &e))?;
        writer.bytes += line.len() as u64;
        Ok(())
    }

    fn told(&self, what: &str, path: &Path, e: &std::io::Error) -> String {
        format!("{what} {path:?}: {e}")
    }

    /// Makes the folder for its owner alone; one that others can enter is not written to.
    fn prepare(&self) -> std::result::Result<(), String> {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&self.folder).map_err(|e| self.told("cannot make the folder", &self.folder, &e))?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let found = std::fs::metadata(&self.folder).map_err(|e| self.told("cannot read", &self.folder, &e))?;
            if found.permissions().mode() & 0o077 != 0 {
                return Err(format!("{:?} is open to other users: chmod 700 it, or name another folder", self.folder));
            }
        }
        // a repository the folder may lie in must not take it in
        let ignore = self.folder.join(".gitignore");
        if !ignore.exists() {
            std::fs::write(&ignore, "*\n").map_err(|e| self.told("cannot write", &ignore, &e))?;
        }
        Ok(())
    }

    fn open(&self) -> std::result::Result<File, String> {
        let path = self.path();
        if let Ok(found) = std::fs::symlink_metadata(&path)
            && !found.is_file()
        {
            return Err(format!("{path:?} is no file: remove it"));
        }
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&path).map_err(|e| self.told("cannot open", &path, &e))
    }

    /// Puts a full file aside. The lock keeps two processes from doing it at once; the second one finds a new file.
    fn rotate(&self, more: u64) -> std::result::Result<(), String> {
        let size = |path: &Path| std::fs::metadata(path).map_or(0, |m| m.len());
        let path = self.path();
        if size(&path) + more <= self.most_bytes {
            return Ok(());
        }
        let guard_path = self.folder.join(".rotating");
        let guard = OpenOptions::new().create(true).append(true).open(&guard_path);
        let guard = guard.map_err(|e| self.told("cannot open", &guard_path, &e))?;
        guard.lock().map_err(|e| self.told("cannot lock", &guard_path, &e))?;
        if size(&path) == 0 || size(&path) + more <= self.most_bytes {
            return Ok(());
        }
        let aside = |n: u32| self.folder.join(format!("searches.{n}.jsonl"));
        for n in (1..KEPT).rev() {
            let _ = std::fs::rename(aside(n), aside(n + 1)); // there may be none
        }
        std::fs::rename(&path, aside(1)).map_err(|e| self.told("cannot rename", &path, &e))
    }
}

#[cfg(test)]
#[path = "history_tests.rs"]
mod tests;
