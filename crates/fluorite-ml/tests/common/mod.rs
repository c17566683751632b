//! What the tests share: the shipped model, the runtime, and copies of the model's folder to break.
// Each test file uses its own part of this.
#![allow(dead_code)]

use std::path::{Path, PathBuf};

use fluorite_ml::{ModelDir, ModelFolder, Onnx, Runtime};

pub const MODEL: &str = "all-MiniLM-L6-v2";

fn root() -> PathBuf {
    // asked when it runs: a build folder may serve several checkouts
    Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("../..")
}

/// Where `npm run setup` leaves the ONNX Runtime library (ORT_DYLIB_PATH comes first, as everywhere).
pub fn library_folders() -> Vec<PathBuf> {
    let os = match std::env::consts::OS {
        "macos" => "darwin",
        "windows" => "win32",
        other => other,
    };
    let arch = if std::env::consts::ARCH == "aarch64" { "arm64" } else { "x64" };
    vec![root().join("runtime"), root().join("node_modules/onnxruntime-node/bin/napi-v6").join(os).join(arch)]
}

/// Fails, and does not skip, without the library: a green run must have run the model.
pub fn runtime() -> Runtime {
    Runtime::get(&library_folders()).unwrap_or_else(|e| panic!("these tests need ONNX Runtime; run `npm run setup` first: {e}"))
}

/// The shipped model, found as the package finds it: by the list of known files.
pub fn model() -> ModelDir {
    find(root().join("models"), false).unwrap()
}

pub fn find(path: PathBuf, explicit: bool) -> fluorite_ml::Result<ModelDir> {
    ModelDir::find(&[ModelFolder { path, explicit }], MODEL)
}

pub fn embedder(threads: usize) -> Onnx {
    Onnx::load(&model(), &runtime(), threads).unwrap()
}

/// A copy of the shipped model's folder, with `weights` in place of its weights.
pub fn copy_with(weights: &[u8]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (root().join("models").join(MODEL), folder.path().join(MODEL));
    for dir in ["1_Pooling", "onnx"] {
        std::fs::create_dir_all(to.join(dir)).unwrap();
    }
    for file in ["1_Pooling/config.json", "config.json", "modules.json", "sentence_bert_config.json", "tokenizer.json"] {
        std::fs::copy(from.join(file), to.join(file)).unwrap();
    }
    std::fs::write(to.join("onnx/model_quantized.onnx"), weights).unwrap();
    folder
}

/// The shipped weights.
pub fn weights() -> Vec<u8> {
    std::fs::read(model().weights()).unwrap()
}

/// Cosine of two vectors of any length.
pub fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |x: &[f32], y: &[f32]| x.iter().zip(y).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum::<f64>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}
