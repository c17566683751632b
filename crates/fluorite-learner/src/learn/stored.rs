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

    /// The id for this file: the wished one, or with a suffix when another file or folder has it.
    pub(crate) fn claim(&mut self, wish: &str, file: &str, folder: &str) -> String {
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
}
