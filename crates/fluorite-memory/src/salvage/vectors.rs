//! Whose vectors they are, and which version each belongs to.

use std::collections::HashMap;

use fluorite_ml::{ModelDir, ModelFolder};

use super::run::Run;
use super::source::Source;
use super::table::{At, FoundVector};
use crate::error::SUPPLIED_MODEL;
use crate::log::ModelId;

impl Run<'_> {
    /// The model the new store's vectors are of.
    pub(super) fn model(&mut self, source: &Source<'_>, saved: &HashMap<u64, (u128, At)>) -> Option<ModelId> {
        if let Some(m) = &source.manifest {
            return m.model.clone();
        }
        let mut found: HashMap<(u64, u32), u64> = HashMap::new();
        for v in self.table.vectors.iter().filter(|v| saved.contains_key(&v.chunk)) {
            *found.entry((v.model, v.dimensions)).or_default() += 1;
        }
        let ((hash, dimensions), _) = found.into_iter().max_by_key(|(_, n)| *n)?;
        let folders: Vec<ModelFolder> =
            self.options.models_paths.iter().map(|path| ModelFolder { path: path.clone(), explicit: true }).collect();
        let known = || {
            let name = self.options.embedding_model.as_deref().unwrap_or("all-MiniLM-L6-v2");
            ModelDir::find(&folders, name).and_then(|m| m.model_id()).ok()
        };
        let is = |name: &String| xxhash_rust::xxh3::xxh3_64(name.as_bytes()) == hash;
        let name = Some(SUPPLIED_MODEL.to_owned()).filter(is).or_else(|| known().filter(is));
        if name.is_none() {
            self.report.warn(
                "MANIFEST had the name of the model and no model known here made these vectors: they are left out, and computed again when the store is opened with its model",
            );
        }
        name.map(|id| ModelId { id, dimensions: dimensions as usize })
    }

    /// The newest vector of each saved version.
    pub(super) fn vectors_of(&self, saved: &HashMap<u64, (u128, At)>, model: Option<&ModelId>) -> HashMap<u64, FoundVector> {
        let mut newest: HashMap<u64, FoundVector> = HashMap::new();
        let Some(model) = model else { return newest };
        let hash = xxhash_rust::xxh3::xxh3_64(model.id.as_bytes());
        let fits =
            |v: &&FoundVector| v.model == hash && v.dimensions as usize == model.dimensions && saved.contains_key(&v.chunk);
        for v in self.table.vectors.iter().filter(fits) {
            let known = newest.entry(v.chunk).or_insert(*v);
            if known.sequence < v.sequence {
                *known = *v;
            }
        }
        newest
    }
}
