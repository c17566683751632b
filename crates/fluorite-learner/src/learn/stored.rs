//! What the store already holds of spike templates.

use std::collections::HashMap;

use fluorite_memory::{CancelToken, Chunk, ChunkType, Engine, OneOrMany, Result, SearchFilter};
use serde_json::Value;

use crate::each::each_chunk;
use crate::spike::LAYOUT;

/// The chunk of one file of this folder.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) id: String,
    /// Hash of the file's bytes; `None` when the chunk was written in another layout.
    pub(crate) hash: Option<String>,
    pub(crate) quality: f32,
}

/// The spike chunks of a namespace.
#[derive(Debug, Default)]
pub(crate) struct Stored {
    /// By relative path, of this folder.
    pub(crate) files: HashMap<String, Known>,
    /// Chunks of this folder whose file has another chunk already.
    pub(crate) doubles: Vec<String>,
    /// Every id and the file it belongs to; `None` for chunks of other folders.
    owners: HashMap<String, Option<String>>,
}

impl Stored {
    /// Reads all spike chunks of the namespace, page by page.
    pub(crate) fn load(engine: &Engine, namespace: &str, folder: &str, cancel: &CancelToken) -> Result<Self> {
        let filter = SearchFilter {
            namespace: Some(OneOrMany::One(namespace.to_owned())),
            chunk_type: Some(vec![ChunkType::SpikeTemplate]),
            ..SearchFilter::default()
        };
        let mut stored = Self::default();
        each_chunk(engine, filter, cancel, &mut |chunk| {
            stored.add(chunk, folder);
            Ok(())
        })?;
        Ok(stored)
    }

    fn add(&mut self, chunk: &Chunk, folder: &str) {
        let meta = &chunk.attributes.metadata;
        let text = |key: &str| meta.get(key).and_then(Value::as_str);
        let source = chunk.attributes.source.as_ref().filter(|_| text("folder") == Some(folder));
        self.owners.insert(chunk.id.clone(), source.cloned());
        let Some(source) = source else { return };
        let current = meta.get("layout").and_then(Value::as_f64) == Some(LAYOUT as f64);
        let hash = text("file_hash").filter(|_| current).map(str::to_owned);
        if let Some(older) =
            self.files.insert(source.clone(), Known { id: chunk.id.clone(), hash, quality: chunk.attributes.quality_score })
        {
            self.doubles.push(older.id);
        }
    }

    /// Files that are new here with the bytes of one that is gone were renamed: they take over its chunk. `new`: path and hash.
    pub(crate) fn rename<'a>(&mut self, gone: &mut Vec<String>, new: impl Iterator<Item = (&'a str, &'a str)>) {
        gone.sort_unstable();
        for (file, hash) in new {
            let same = |old: &String| self.files.get(old).is_some_and(|k| k.hash.as_deref() == Some(hash));
            let Some(known) = gone.iter().position(same).and_then(|at| self.files.remove(&gone.remove(at))) else { continue };
            self.owners.insert(known.id.clone(), Some(file.to_owned()));
            // without a hash: it is stored again, under its id, with its new place
            self.files.insert(file.to_owned(), Known { hash: None, ..known });
        }
    }

    /// The id for this file: the one it has while the template keeps its own id, else the wished one, or that with a suffix when
    /// another file or folder has it.
    pub(crate) fn claim(&mut self, wish: &str, file: &str, folder: &str) -> String {
        let stem = file.strip_suffix(".json").unwrap_or(file);
        let base = wish.strip_suffix(&format!("@{stem}")).unwrap_or(wish);
        let of_this = |id: &str| id.strip_prefix(base).is_some_and(|rest| rest.is_empty() || rest.starts_with(['@', '~']));
        if let Some(had) = self.files.get(file).map(|k| k.id.clone()).filter(|id| of_this(id)) {
            self.owners.insert(had.clone(), Some(file.to_owned()));
            return had;
        }
        let hash = xxhash_rust::xxh3::xxh3_64(format!("{folder}\0{file}").as_bytes());
        let suffix = format!("~{hash:016x}");
        let room = fluorite_memory::MAX_ID_BYTES - suffix.len();
        let other = format!("{}{suffix}", &wish[..wish.floor_char_boundary(room)]);
        let mine = |id: &str| self.owners.get(id).is_none_or(|owner| owner.as_deref() == Some(file));
        let had = self.files.get(file).map(|k| k.id.as_str());
        let id = if had == Some(other.as_str()) || !mine(wish) { other } else { wish.to_owned() };
        self.owners.insert(id.clone(), Some(file.to_owned()));
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_belongs_to_one_file_of_one_folder() {
        let mut s = Stored::default();
        s.owners.insert("spike:theirs".into(), None);
        assert_eq!(s.claim("spike:a", "a.json", "/f"), "spike:a");
        assert_eq!(s.claim("spike:a", "a.json", "/f"), "spike:a");
        let second = s.claim("spike:a", "b.json", "/f");
        assert!(second.starts_with("spike:a~") && second.len() == 24);
        assert!(s.claim("spike:theirs", "theirs.json", "/f").starts_with("spike:theirs~"));
        s.files.insert("b.json".into(), Known { id: second.clone(), hash: None, quality: 0.5 });
        s.owners.remove("spike:a");
        assert_eq!(s.claim("spike:a", "b.json", "/f"), second);
    }

    #[test]
    fn a_renamed_file_keeps_its_chunk() {
        let mut s = Stored::default();
        let known = |id: &str, hash: &str| Known { id: id.into(), hash: Some(hash.into()), quality: 0.5 };
        s.files.insert("a.json".into(), known("spike:a", "1"));
        s.files.insert("b.json".into(), known("spike:b", "2"));
        let mut gone = vec!["b.json".to_owned(), "a.json".to_owned()];
        s.rename(&mut gone, [("x.json", "1"), ("y.json", "1"), ("z.json", "3")].into_iter());
        assert_eq!(gone, ["b.json"]);
        assert_eq!(s.claim("spike:a@x", "x.json", "/f"), "spike:a");
        assert_eq!(s.claim("spike:a@y", "y.json", "/f"), "spike:a@y", "one file takes it over");
        assert_eq!(s.claim("spike:other@x", "x.json", "/f"), "spike:other@x", "another template in the file is another chunk");
    }
}
