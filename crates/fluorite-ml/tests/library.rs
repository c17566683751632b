//! A library that is missing, garbage, cut short or something else is an error with a code, and does not spoil the next try.
// A test reports by panicking.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::path::PathBuf;
use std::process::Command;

use fluorite_ml::Runtime;

const LIBRARY: &str = "FLUORITE_TEST_LIBRARY";

/// The runtime is one per process, so the tries run in a child, without ORT_DYLIB_PATH.
#[test]
fn bad_libraries_are_typed_errors_and_a_good_one_loads_after_them() {
    if std::env::var_os(LIBRARY).is_some() {
        return child();
    }
    let good = common::runtime().library().to_path_buf();
    let name = "bad_libraries_are_typed_errors_and_a_good_one_loads_after_them";
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env_remove("ORT_DYLIB_PATH")
        .env(LIBRARY, good)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("all tries done"), "{}: {text}", output.status);
}

#[expect(clippy::print_stdout, reason = "the parent test reads it")]
fn child() {
    let good = PathBuf::from(std::env::var_os(LIBRARY).unwrap());
    let bytes = std::fs::read(&good).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(good.file_name().unwrap());
    let folders = [folder.path().to_path_buf()];
    assert_eq!(Runtime::get(&folders).unwrap_err().code(), "MODEL_NOT_FOUND");
    assert_eq!(Runtime::get(&[]).unwrap_err().code(), "MODEL_NOT_FOUND");

    // The last is a program of this machine: well formed, and no ONNX Runtime.
    let program = std::fs::read(std::env::current_exe().unwrap()).unwrap();
    for (name, bad) in
        [("empty", &b""[..]), ("garbage", &[b'x'; 9999]), ("half", &bytes[..bytes.len() / 2]), ("program", &program)]
    {
        std::fs::write(&file, bad).unwrap();
        let error = Runtime::get(&folders).unwrap_err();
        assert_eq!(error.code(), "EMBEDDING_FAILED", "{name}: {error}");
        assert!(error.to_string().contains("npm run setup"), "{name}: {error}");
    }
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    assert_eq!(Runtime::get(&folders).unwrap_err().code(), "EMBEDDING_FAILED");
    std::fs::remove_dir(&file).unwrap();
    std::fs::write(&file, &bytes).unwrap();
    let loaded = Runtime::get(&folders).unwrap();
    assert_eq!(loaded.library(), file.canonicalize().unwrap());
    assert_eq!(Runtime::get(&[]).unwrap().library(), loaded.library(), "later calls share the first runtime");
    println!("all tries done");
}
