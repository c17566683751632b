//! The model: found, loaded, and the one whose vectors the store holds.

use std::path::Path;
use std::sync::Arc;

use fluorite_ml::{Embedder, ModelDir, ModelFolder, Onnx, Runtime};

use crate::engine::EngineConfig;
use crate::engine::state::State;
use crate::error::{Error, Result, SUPPLIED_MODEL};
use crate::log::{Manifest, ModelId};
use crate::vfs::Vfs;

/// The folders of the model, as `ModelDir` takes them.
pub fn model_folders(config: &EngineConfig) -> Vec<ModelFolder> {
    config.models_paths.iter().map(|p| ModelFolder { path: p.clone(), explicit: true }).collect()
}

/// Loads the model and the runtime library.
pub fn load_embedder(config: &EngineConfig, threads: usize) -> Result<Arc<dyn Embedder>> {
    let model = ModelDir::find(&model_folders(config), &config.embedding_model)?;
    let runtime = Runtime::get(&config.runtime_paths)?;
    Ok(Arc::new(Onnx::load(&model, &runtime, threads)?))
}

/// The store's model and the configured one must be the same; a store without one takes the configured one (saved by the caller).
pub(super) fn check_model(manifest: &mut Manifest, embedder: Option<&dyn Embedder>) -> Result<()> {
    let Some(e) = embedder else { return Ok(()) };
    match &manifest.model {
        Some(m) if m.id == e.model_id() && m.dimensions == e.dimensions() => Ok(()),
        Some(m) if m.id == SUPPLIED_MODEL => Ok(()), // judged once it is known whether any vector is left
        Some(m) => Err(Error::ModelChanged { stored: m.id.clone(), configured: e.model_id().to_owned() }),
        None => {
            manifest.model = Some(ModelId { id: e.model_id().to_owned(), dimensions: e.dimensions() });
            Ok(())
        }
    }
}

/// Supplied vectors and the model's do not mix: the model takes over only a store that has none left.
pub(super) fn replace_supplied(
    vfs: &dyn Vfs,
    root: &Path,
    manifest: &mut Manifest,
    embedder: Option<&dyn Embedder>,
    state: &State,
) -> Result<()> {
    let Some(e) = embedder else { return Ok(()) };
    match &manifest.model {
        Some(m) if m.id == SUPPLIED_MODEL && state.embedded.is_empty() => {
            manifest.model = Some(ModelId { id: e.model_id().to_owned(), dimensions: e.dimensions() });
            manifest.save(vfs, root)
        }
        Some(m) if m.id == SUPPLIED_MODEL => {
            Err(Error::ModelChanged { stored: m.id.clone(), configured: e.model_id().to_owned() })
        }
        _ => Ok(()),
    }
}
