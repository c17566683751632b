//! Models that are not there, or may not run, are refused with their code.
// A test reports by panicking.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::{MODEL, copy_with, find};
use fluorite_ml::{Error, ModelDir, ModelFolder, Onnx, Pooling, Result};

fn code<T>(result: Result<T>) -> &'static str {
    result.err().as_ref().map_or("no error", Error::code)
}

fn reason<T>(result: Result<T>) -> String {
    result.err().map_or_else(String::new, |e| e.to_string())
}

/// ModelProto { graph { initializer { external_data { location: "model.onnx_data" } } } }
const EXTERNAL: &[u8] = b"\x3a\x1f\x2a\x1d\x6a\x1b\x0a\x08location\x12\x0fmodel.onnx_data";

#[test]
fn a_missing_model_is_not_found_and_the_error_says_where_it_looked() {
    let empty = tempfile::tempdir().unwrap();
    let result = find(empty.path().to_path_buf(), true);
    assert_eq!(code(result.clone()), "MODEL_NOT_FOUND");
    assert!(reason(result).contains(&empty.path().join(MODEL).display().to_string()));
    let folder = copy_with(b"x");
    std::fs::remove_file(folder.path().join(MODEL).join("tokenizer.json")).unwrap();
    assert_eq!(code(find(folder.path().to_path_buf(), true)), "MODEL_NOT_FOUND");
}

#[test]
fn folders_are_searched_in_order_and_may_be_the_model_itself() {
    let (empty, full) = (tempfile::tempdir().unwrap(), copy_with(b"x"));
    let explicit = |path: &std::path::Path| ModelFolder { path: path.to_path_buf(), explicit: true };
    let itself = full.path().join(MODEL);
    for folders in [[explicit(empty.path()), explicit(full.path())], [explicit(&itself), explicit(empty.path())]] {
        let found = ModelDir::find(&folders, MODEL).unwrap();
        assert_eq!(found.path(), itself);
        assert_eq!((found.dimensions(), found.max_tokens(), found.pooling()), (384, 256, Pooling::Mean));
    }
}

#[test]
fn names_and_module_paths_must_stay_inside() {
    let folder = copy_with(b"x");
    for name in ["../all-MiniLM-L6-v2", "/all-MiniLM-L6-v2", "a/../b", ""] {
        let folders = [ModelFolder { path: folder.path().to_path_buf(), explicit: true }];
        assert_eq!(code(ModelDir::find(&folders, name)), "MODEL_REJECTED", "{name:?}");
    }
    let modules = folder.path().join(MODEL).join("modules.json");
    for (path, kind) in [("../1_Pooling", "Pooling"), ("/1_Pooling", "Pooling"), ("2_Dense", "Dense"), ("absent", "Pooling")] {
        std::fs::write(&modules, format!(r#"[{{"path":"{path}","type":"sentence_transformers.models.{kind}"}}]"#)).unwrap();
        assert_eq!(code(find(folder.path().to_path_buf(), true)), "MODEL_REJECTED", "{path:?}");
    }
}

#[test]
fn unknown_weights_run_only_from_a_folder_the_user_named() {
    let mut weights = common::weights();
    // The name of the producer, not a weight: the model still loads.
    let at = weights.windows(4).position(|w| w == b"onnx").unwrap();
    weights[at] = b'O';
    let folder = copy_with(&weights);
    let found = find(folder.path().to_path_buf(), false).unwrap();
    assert_eq!(code(found.model_id()), "MODEL_REJECTED");
    assert_eq!(code(Onnx::load(&found, &common::runtime(), 1)), "MODEL_REJECTED");
    assert!(reason(found.model_id()).contains("SHA-256"));

    let named = find(folder.path().to_path_buf(), true).unwrap();
    let id = named.model_id().unwrap();
    assert!(id.starts_with("all-MiniLM-L6-v2@") && id.len() == 33 && id != common::model().model_id().unwrap(), "{id}");
    assert!(Onnx::load(&named, &common::runtime(), 1).is_ok());
}

#[test]
fn known_weights_with_another_tokenizer_are_refused() {
    let folder = copy_with(&common::weights());
    assert!(find(folder.path().to_path_buf(), false).unwrap().model_id().is_ok());
    let tokenizer = folder.path().join(MODEL).join("tokenizer.json");
    let text = std::fs::read_to_string(&tokenizer).unwrap().replacen("\"lowercase\":true", "\"lowercase\":false", 1);
    std::fs::write(&tokenizer, text).unwrap();
    let error = find(folder.path().to_path_buf(), false).unwrap().model_id();
    assert_eq!(code(error.clone()), "MODEL_REJECTED");
    assert!(reason(error).contains("tokenizer.json"));
}

#[test]
fn external_data_is_refused_even_in_a_folder_the_user_named() {
    let folder = copy_with(EXTERNAL);
    let found = find(folder.path().to_path_buf(), true).unwrap();
    for result in [found.model_id(), Onnx::load(&found, &common::runtime(), 1).map(|_| String::new())] {
        assert_eq!(code(result.clone()), "MODEL_REJECTED");
        let reason = reason(result);
        assert!(reason.contains("external data") && reason.contains("model.onnx_data"), "{reason}");
    }
}

#[test]
fn damaged_weights_are_refused() {
    let whole = common::weights();
    for bad in [&b""[..], b"garbage", &whole[..whole.len() / 2], b"\x3a\x02\x12\x00"] {
        let folder = copy_with(bad);
        let found = find(folder.path().to_path_buf(), true).unwrap();
        assert_eq!(code(Onnx::load(&found, &common::runtime(), 1)), "MODEL_REJECTED", "{} bytes", bad.len());
    }
}

#[test]
fn weights_that_change_after_the_first_look_are_refused() {
    let folder = copy_with(&common::weights());
    let found = find(folder.path().to_path_buf(), true).unwrap();
    found.model_id().unwrap();
    std::fs::write(found.weights(), b"\x3a\x00").unwrap();
    let error = Onnx::load(&found, &common::runtime(), 1);
    assert!(reason(error).contains("changed"));
}
