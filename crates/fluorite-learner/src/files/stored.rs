//! What the store already holds of files.

use std::collections::{BTreeMap, HashMap};

use fluorite_memory::{CancelToken, Chunk, Engine, OneOrMany, Result, SearchFilter};
use serde_json::{Map, Value, json};

use super::cut::LAYOUT;
use crate::each::each_chunk;

/// Marks the chunks of files.
pub(crate) const MARK: (&str, &str) = ("collected_as", "file");

/// The chunks of one file.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Ids by part.
    pub(super) ids: BTreeMap<u64, Vec<String>>,
    hashes: Vec<Option<String>>,
    parts: u64,
}

impl Known {
    /// Hash of the file, when all its chunks are there and of one moment.
    pub(super) fn hash(&self) -> Option<&str> {
        let first = self.hashes.first()?.as_deref()?;
        let whole = self.hashes.iter().all(|h| h.as_deref() == Some(first)) && self.hashes.len() as u64 == self.parts;
        whole.then_some(first)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &String> {
        self.ids.values().flatten()
    }
}

/// The chunks of files of a namespace.
#[derive(Debug, Default)]
pub(super) struct Stored {
    /// By relative path, of this folder.
    pub(super) files: HashMap<String, Known>,
    /// Every id, and the file of this folder it belongs to; `None`: of another folder.
    owners: HashMap<String, Option<String>>,
}

impl Stored {
    pub(super) fn load(engine: &Engine, namespace: &str, folder: &str, cancel: &CancelToken) -> Result<Self> {
        let metadata: Map<String, Value> = Map::from_iter([(MARK.0.to_owned(), json!(MARK.1))]);
        let namespace = Some(OneOrMany::One(namespace.to_owned()));
        let filter = SearchFilter { namespace, metadata: Some(metadata), ..SearchFilter::default() };
        let mut stored = Self::default();
        each_chunk(engine, filter, cancel, &mut |chunk| {
            stored.add(chunk, folder);
            Ok(())
        })?;
        Ok(stored)
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // counts written here
    fn add(&mut self, chunk: &Chunk, folder: &str) {
        let meta = &chunk.attributes.metadata;
        let text = |key: &str| meta.get(key).and_then(Value::as_str);
        let number = |key: &str| meta.get(key).and_then(Value::as_f64).map(|n| n as u64);
        let path = text("path").filter(|_| text("folder") == Some(folder));
        self.owners.insert(chunk.id.clone(), path.map(str::to_owned));
        let Some(path) = path else { return };
        let known = self.files.entry(path.to_owned()).or_default();
        known.ids.entry(number("part").unwrap_or(u64::MAX)).or_default().push(chunk.id.clone());
        known.hashes.push(text("file_hash").filter(|_| number("layout") == Some(LAYOUT)).map(str::to_owned));
        known.parts = number("parts").unwrap_or(0);
    }

    /// The id for a part of this file: the wished one, or with a suffix when it is another's.
    pub(super) fn claim(&mut self, wish: &str, file: &str, folder: &str) -> String {
        let hash = xxhash_rust::xxh3::xxh3_64(format!("{folder}\0{file}\0{wish}").as_bytes());
        let suffix = format!("~{hash:016x}");
        let room = fluorite_memory::MAX_ID_BYTES - suffix.len();
        let free = |id: &str| self.owners.get(id).is_none_or(|owner| owner.as_deref() == Some(file));
        let id = if wish.len() <= room && free(wish) {
            wish.to_owned()
        } else {
            format!("{}{suffix}", &wish[..wish.floor_char_boundary(room)])
        };
        self.owners.insert(id.clone(), Some(file.to_owned()));
        id
    }

    /// Gives the chunks of a file to another one: it was renamed.
    pub(super) fn rename(&mut self, from: &str, to: &str) -> Option<Known> {
        let known = self.files.remove(from)?;
        for id in known.all() {
            self.owners.insert(id.clone(), Some(to.to_owned()));
        }
        Some(known)
    }
}
