//! What `initialize` was given, resolved, and the engine opened from it.

use std::path::Path;
use std::sync::Arc;

use fluorite_learner::LearningConfig;
use fluorite_memory::input::Value;
use fluorite_memory::{Engine, Error};

use crate::embedder::OwnEmbedder;
use crate::error::Fail;

/// An open engine and the settings that belong to the bridge.
pub(crate) struct Opened {
    pub(crate) engine: Engine,
    pub(crate) learning: LearningConfig,
    /// Kept while the bridge is open: it answers for an equal one, whose thread has ended.
    _own: Option<Arc<OwnEmbedder>>,
}

/// Resolves the configuration (explicit, environment, file, default) and opens the engine; blocks. The model and the
/// ONNX Runtime library that come with the package are looked for after what the user configured.
pub(crate) fn open(explicit: Value, package: &Path, runtime: &Path, own: Option<Arc<OwnEmbedder>>) -> Result<Opened, Error> {
    let config = fluorite_learner::resolve(explicit, &environment)?;
    let mut engine = config.engine_config(Some(&package.join("models")), vec![runtime.to_path_buf()]);
    engine.embedder = own.clone().map(|own| fluorite_memory::OwnEmbedder::new(own)).transpose()?;
    let engine = Engine::open(engine)?;
    Ok(Opened { engine, learning: config.learning, _own: own })
}

/// A variable of the environment, also when it is set and empty. One that is no UTF-8 is not taken for unset: what it is for
/// refuses it.
pub(crate) fn environment(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

/// A configuration that is no data is a configuration error.
pub(crate) fn refused(fail: Fail) -> Fail {
    Error::config(fail.to_string()).into()
}
