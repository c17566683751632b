//! The configuration: sources, spellings, ranges, refusals.
#![allow(clippy::unwrap_used)] // a test

use std::path::{Path, PathBuf};

use fluorite_learner::{Config, resolve};
use fluorite_memory::Durability;
use fluorite_memory::input::Value;

fn tree(v: &serde_json::Value) -> Value {
    match v {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(b) => Value::Bool(*b),
        serde_json::Value::Number(n) => Value::Number(n.as_f64().unwrap()),
        serde_json::Value::String(s) => Value::Text(s.clone()),
        serde_json::Value::Array(a) => Value::List(a.iter().map(tree).collect()),
        serde_json::Value::Object(o) => Value::Object(o.iter().map(|(k, v)| (k.clone(), tree(v))).collect()),
    }
}

fn with(json: &str, env: &[(&str, &str)]) -> fluorite_memory::Result<Config> {
    let explicit = tree(&serde_json::from_str(json).unwrap());
    resolve(explicit, &|name| env.iter().find(|(k, _)| *k == name).map(|(_, v)| (*v).to_owned()))
}

fn refused(json: &str) -> String {
    let e = with(json, &[]).unwrap_err();
    assert_eq!(e.code(), "INVALID_CONFIG", "{e}");
    e.to_string()
}

/// A folder with `fluorite.toml` of this text.
fn file(text: &str) -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fluorite.toml");
    std::fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (dir, path)
}

#[test]
fn defaults_need_only_a_memory_path() {
    let c = with(r#"{"memory_path": "m"}"#, &[]).unwrap();
    assert_eq!(c, Config::new("m"));
    assert_eq!((c.enable_ml, c.cache_size_mb, c.compression_level, c.segment_mb), (true, 512, 3, 64));
    assert_eq!((c.learning.batch_size, c.learning.include_generated, c.learning.incremental), (32, false, true));
    let missing = with("null", &[("FLUORITE_MEMORY_PATH", "")]).unwrap_err().to_string();
    assert!(missing.contains("FLUORITE_MEMORY_PATH"), "{missing}");
}

#[test]
fn the_caller_comes_before_the_environment_before_the_file() {
    let (dir, toml) = file(
        "memory_path = 'file'\nmodels_path = 'file'\nspike_templates_path = '/abs/spikes'\nbatch_size = 5\n\
         [memory]\ncache_size_mb = 7\ndurability = 'buffered'\n[learning]\ninclude_generated = true\n[ml]\nnum_threads = 3\n",
    );
    let env = [("FLUORITE_MEMORY_PATH", "env"), ("FLUORITE_NUM_THREADS", " 2 "), ("FLUORITE_CONFIG", toml.as_str())];
    let c = with(r#"{"memory_path": "call", "memory": {"cache_size_mb": 9}}"#, &env).unwrap();
    assert_eq!((c.memory_path.as_path(), c.num_threads, c.cache_size_mb), (Path::new("call"), Some(2), 9));
    assert_eq!((c.durability, c.learning.batch_size, c.learning.include_generated), (Durability::Buffered, 5, true));
    assert_eq!(c.models_path, Some(dir.path().join("file")));
    assert_eq!(c.learning.spike_templates_path, Some(PathBuf::from("/abs/spikes")));
    let c = with("{}", &env).unwrap();
    assert_eq!((c.memory_path.as_path(), c.cache_size_mb), (Path::new("env"), 7));
    let c = with("{}", &env[2..]).unwrap();
    assert_eq!((c.memory_path, c.num_threads, c.learning.num_threads), (dir.path().join("file"), Some(3), Some(3)));
}

#[test]
fn config_path_comes_before_its_variable() {
    let (_a, one) = file("cache_size_mb = 1");
    let (_b, two) = file("cache_size_mb = 2");
    let json = serde_json::json!({"memoryPath": "m", "configPath": one}).to_string();
    assert_eq!(with(&json, &[("FLUORITE_CONFIG", &two)]).unwrap().cache_size_mb, 1);
}

#[test]
fn both_spellings_are_read_but_not_both_at_once() {
    let c = with(r#"{"memoryPath": "m", "enableMl": false, "memory": {"compressionLevel": 9}, "ml": {"numThreads": 4}}"#, &[])
        .unwrap();
    assert_eq!((c.enable_ml, c.compression_level, c.num_threads), (false, 9, Some(4)));
    let (_dir, toml) = file("[memory]\nmaxChunkSize = 10");
    assert_eq!(with(r#"{"memory_path": "m"}"#, &[("FLUORITE_CONFIG", &toml)]).unwrap().max_chunk_size, 10);
    assert!(refused(r#"{"memory_path": "m", "memoryPath": "m"}"#).contains("both spellings"));
}

#[test]
fn unknown_keys_name_the_nearest_known_one() {
    assert!(refused(r#"{"memory_pth": "m"}"#).contains("did you mean \"memory_path\""));
    let deep = refused(r#"{"memory_path": "m", "learning": {"batchSise": 1}}"#);
    assert!(deep.starts_with("learning: ") && deep.contains("did you mean \"batch_size\""), "{deep}");
    let (_dir, toml) = file("[ml]\nnum_thread = 1");
    let e = with(r#"{"memory_path": "m"}"#, &[("FLUORITE_CONFIG", &toml)]).unwrap_err();
    assert!(
        e.code() == "INVALID_CONFIG" && e.to_string().contains("fluorite.toml") && e.to_string().contains("num_threads"),
        "{e}"
    );
}

#[test]
fn what_nothing_acts_on_is_refused() {
    for key in [r#""target_frameworks": ["react"]"#, r#""learning": {"output_dir": "x"}"#, r#""ml": {"embedder": {}}"#] {
        let e = refused(&format!(r#"{{"memory_path": "m", {key}}}"#));
        assert!(e.contains("this release does not act on it"), "{e}");
    }
    assert!(refused(r#"{"memory_path": "m", "ml": {"cpu_only": false}}"#).contains("CPU only"));
    assert!(with(r#"{"memory_path": "m", "ml": {"cpu_only": true}}"#, &[]).is_ok());
}

#[test]
fn long_texts_are_stored_in_pieces_when_asked() {
    let c = with(r#"{"memory_path": "m"}"#, &[]).unwrap();
    let engine = c.engine_config(None, Vec::new());
    assert!(!c.auto_split && !engine.auto_split && engine.splitter.is_some());
    let (_dir, toml) = file("[memory]\nauto_split = true");
    let c = with(r#"{"memory_path": "m"}"#, &[("FLUORITE_CONFIG", &toml)]).unwrap();
    assert!(c.engine_config(None, Vec::new()).auto_split);
    let c = with(r#"{"memory_path": "m", "memory": {"autoSplit": false}}"#, &[("FLUORITE_CONFIG", &toml)]).unwrap();
    assert!(!c.auto_split);
    assert!(refused(r#"{"memory_path": "m", "memory": {"auto_split": "yes"}}"#).starts_with("memory.auto_split: "));
}

#[test]
fn searches_are_written_down_where_asked_and_nowhere_else() {
    let given = |learning: &str, env: &[(&str, &str)]| {
        with(&format!(r#"{{"memory_path": "m", "learning": {learning}}}"#), env)
            .map(|c| c.engine_config(None, Vec::new()).history_dir)
    };
    let home = [("HOME", "/home/you")];
    assert_eq!(given("{}", &home).unwrap(), None);
    assert_eq!(given(r#"{"history_dir": "/x"}"#, &home).unwrap(), None, "a folder alone switches nothing on");
    assert_eq!(given(r#"{"history": false, "history_dir": "/x"}"#, &home).unwrap(), None);
    assert_eq!(given(r#"{"history": true}"#, &home).unwrap(), Some("/home/you/tmp/fluorite-learning".into()));
    assert_eq!(given(r#"{"history": true, "historyDir": "~/h"}"#, &home).unwrap(), Some("/home/you/h".into()));
    assert_eq!(given(r#"{"history": true, "history_dir": "/x"}"#, &[]).unwrap(), Some("/x".into()));
    assert_eq!(given(r#"{"history": true}"#, &[]).unwrap_err().code(), "INVALID_CONFIG");
    assert_eq!(given(r#"{"history": true, "history_dir": ""}"#, &home).unwrap_err().code(), "INVALID_CONFIG");
    let (dir, toml) = file("[learning]\nhistory = true\nhistory_dir = \"beside\"");
    let c = with(r#"{"memory_path": "m"}"#, &[("FLUORITE_CONFIG", &toml)]).unwrap();
    assert_eq!(c.history_dir, Some(dir.path().join("beside")));
}

#[test]
fn a_store_is_opened_for_reading_when_asked() {
    let c = with(r#"{"memory_path": "m"}"#, &[]).unwrap();
    assert_eq!((c.read_only, c.refresh_interval_ms), (false, 1_000));
    let (_dir, toml) = file("memory_path = \"m\"\nread_only = true\nrefresh_interval_ms = 250\n");
    let c = with("{}", &[("FLUORITE_CONFIG", &toml)]).unwrap();
    let engine = c.engine_config(None, Vec::new());
    assert_eq!((engine.read_only, engine.refresh_interval_ms), (true, 250));
    let c = with(r#"{"readOnly": false, "refreshIntervalMs": 0}"#, &[("FLUORITE_CONFIG", &toml)]).unwrap();
    assert_eq!((c.read_only, c.refresh_interval_ms), (false, 0));
    assert!(
        refused(r#"{"memory_path": "m", "refresh_interval_ms": 3600001}"#).contains("refresh_interval_ms must be 0 to 3600000")
    );
}

#[test]
fn one_setting_in_two_places_must_agree() {
    assert!(
        refused(r#"{"memory_path": "m", "cache_size_mb": 1, "memory": {"cache_size_mb": 2}}"#).contains("they are one setting")
    );
    assert!(refused(r#"{"memory_path": "m", "batch_size": 1, "learning": {"batch_size": 2}}"#).contains("they are one setting"));
    let c = with(r#"{"memory_path": "m", "cache_size_mb": 2, "memory": {"cache_size_mb": 2}}"#, &[]).unwrap();
    assert_eq!(c.cache_size_mb, 2);
}

#[test]
fn ranges_and_types_are_checked() {
    for (json, words) in [
        (r#""memory": {"compression_level": 20}"#, "memory.compression_level must be 1 to 19; it is 20"),
        (r#""memory": {"segment_mb": 0}"#, "memory.segment_mb must be 1 to 1024; it is 0"),
        (r#""cache_size_mb": 0"#, "cache_size_mb must be 1"),
        (r#""batch_size": 1001"#, "batch_size must be 1 to 1000"),
        (r#""ml": {"num_threads": 65}"#, "ml.num_threads must be 1 to 64"),
        (r#""memory": {"max_chunk_size": -1}"#, "memory.max_chunk_size: "),
        (r#""memory": {"durability": "maybe"}"#, "memory.durability: "),
        (r#""enable_ml": "yes""#, "enable_ml: "),
        (r#""models_path": " ""#, "models_path is empty"),
        (r#""ml": {"embedding_model": "../x"}"#, "ml.embedding_model must be the name"),
    ] {
        let e = refused(&format!(r#"{{"memory_path": "m", {json}}}"#));
        assert!(e.starts_with(words), "{e}");
    }
    let e = with(r#"{"memory_path": "m"}"#, &[("FLUORITE_NUM_THREADS", "many")]).unwrap_err();
    assert!(e.code() == "INVALID_CONFIG" && e.to_string().starts_with("FLUORITE_NUM_THREADS"), "{e}");
    assert!(refused("[]").contains("expected an object"));
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    for (text, words) in [("memory_path = ", "fluorite.toml"), ("config_path = 'x'", "cannot stand in the file itself")] {
        let (_dir, toml) = file(text);
        let e = with(r#"{"memory_path": "m"}"#, &[("FLUORITE_CONFIG", &toml)]).unwrap_err();
        assert!(e.code() == "INVALID_CONFIG" && e.to_string().contains(words), "{e}");
    }
    assert!(refused(r#"{"memory_path": "m", "config_path": "no/such/file.toml"}"#).contains("correct config_path"));
    assert!(refused(r#"{"memory_path": "m", "config_path": "."}"#).contains("regular file"));
}

#[test]
fn models_of_the_caller_come_before_the_bundled() {
    let c = with(r#"{"memory_path": "m", "models_path": "mine", "memory": {"segment_mb": 1}}"#, &[]).unwrap();
    let e = c.engine_config(Some(Path::new("bundled")), vec!["rt".into()]);
    assert_eq!(e.models_paths, [PathBuf::from("mine"), PathBuf::from("bundled")]);
    assert_eq!((e.segment_bytes, e.runtime_paths.len()), (1 << 20, 1));
}

#[test]
fn own_terms_keep_their_spelling() {
    let c = with(r#"{"memory_path": "m", "memory": {"lexicon": {"APIキー": "apiKey|token"}}}"#, &[]).unwrap();
    assert_eq!(c.lexicon.get("APIキー").map(String::as_str), Some("apiKey|token"));
    assert_eq!(c.engine_config(None, Vec::new()).lexicon, c.lexicon);
    let (_dir, toml) = file("[memory.lexicon]\n\"帳票\" = \"report\"");
    let c = with(r#"{"memory_path": "m"}"#, &[("FLUORITE_CONFIG", &toml)]).unwrap();
    assert_eq!(c.lexicon.get("帳票").map(String::as_str), Some("report"));
}
