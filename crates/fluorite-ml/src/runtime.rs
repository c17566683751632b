//! The ONNX Runtime environment of this process.

use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ort::environment::Environment;
use parking_lot::Mutex;

use crate::library;
use crate::{Error, Result};

/// The process's ONNX Runtime; clones share it. There can be only one per process, and it stays loaded until the process
/// ends: its threads and static destructors do not survive being unloaded.
#[derive(Debug, Clone)]
pub struct Runtime {
    environment: Environment,
    library: Arc<Path>,
}

static RUNTIME: Mutex<Option<Runtime>> = Mutex::new(None);

impl Runtime {
    /// The process's runtime, loaded by the first call that succeeds (some 30 ms); later calls return it, whatever their
    /// folders. The library is the file named by ORT_DYLIB_PATH, or the first of `libonnxruntime.so.1`,
    /// `libonnxruntime.so`, `libonnxruntime.dylib` and `onnxruntime.dll` in `folders`. Nothing else is searched.
    ///
    /// # Errors
    /// `MODEL_NOT_FOUND` when there is no such file; `EMBEDDING_FAILED` when it is not a library, or of a version that
    /// does not fit. A later call may try again with another file.
    pub fn get(folders: &[PathBuf]) -> Result<Self> {
        let mut runtime = RUNTIME.lock();
        if let Some(runtime) = &*runtime {
            return Ok(runtime.clone());
        }
        let path = library::find(std::env::var_os("ORT_DYLIB_PATH"), folders)?;
        library::check(&path)?;
        // A library that answers with nonsense makes `ort` panic, not fail.
        let environment = catch_unwind(|| load(&path))
            .unwrap_or_else(|_| Err(library::unusable(&path, "it is not ONNX Runtime 1.24 or later")))?;
        Ok(runtime.insert(Self { environment, library: path.into() }).clone())
    }

    /// The library's file.
    #[must_use]
    pub fn library(&self) -> &Path {
        &self.library
    }

    pub(crate) fn environment(&self) -> &Environment {
        &self.environment
    }
}

fn load(path: &Path) -> Result<Environment> {
    let builder = ort::init_from(path).map_err(|e| library::unusable(path, &e.to_string()))?;
    // Telemetry off: an embedded engine reports to nobody.
    builder
        .with_name("fluorite")
        .with_telemetry(false)
        .build()
        .map_err(|e| Error::failed(format!("ONNX Runtime did not start: {e}")))
}
