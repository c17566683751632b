//! The configuration: an explicit tree (JSON) and a TOML file.

use std::cell::OnceCell;

use fluorite_learner::resolve;
use fluorite_memory::input::Value;

use super::support::tree;

pub const TOKENS: &[&str] = &[
    "memory_path",
    "\"memoryPath\":",
    "[memory]",
    "[learning]",
    "num_threads = ",
    "cache_size_mb = ",
    "quality_threshold = ",
    "nan",
    "-1",
    "inf",
    "true",
    "[lexicon]",
    "\"\"\"",
    "[[",
    "]]",
    "= ",
    "\n",
    "1979-05-27T07:32:00Z",
    "compression_level",
];

thread_local! {
    static FOLDER: OnceCell<tempfile::TempDir> = const { OnceCell::new() };
}

/// An input that begins with `{` is JSON, anything else a TOML file. Promise: `INVALID_CONFIG`, or every value in its range.
pub fn run(data: &[u8]) {
    let explicit = if data.first() == Some(&b'{') {
        let Ok(json) = serde_json::from_slice::<serde_json::Value>(data) else { return };
        // a file of this machine is no input
        if data.windows(6).any(|w| w.eq_ignore_ascii_case(b"config")) {
            return;
        }
        tree(json)
    } else {
        let path = FOLDER.with(|f| f.get_or_init(|| tempfile::tempdir().expect("a folder")).path().join("fluorite.toml"));
        std::fs::write(&path, data).expect("a file");
        let memory = ("memory_path".to_owned(), Value::Text("m".into()));
        Value::Object(vec![memory, ("config_path".to_owned(), Value::Text(path.to_string_lossy().into_owned()))])
    };
    match resolve(explicit, &|_| None) {
        Ok(c) => {
            assert!(c.num_threads.is_none_or(|n| (1..=64).contains(&n)), "num_threads {:?}", c.num_threads);
            assert!((1..=1_048_576).contains(&c.cache_size_mb), "cache_size_mb {}", c.cache_size_mb);
            assert!((1..=19).contains(&c.compression_level), "compression_level {}", c.compression_level);
            assert!((1..=64 << 20).contains(&c.max_chunk_size), "max_chunk_size {}", c.max_chunk_size);
            assert!((1..=1_024).contains(&c.segment_mb), "segment_mb {}", c.segment_mb);
            assert!(c.refresh_interval_ms <= 3_600_000, "refresh_interval_ms {}", c.refresh_interval_ms);
            assert!((0.0..=1.0).contains(&c.learning.quality_threshold), "quality_threshold {}", c.learning.quality_threshold);
        }
        Err(e) => assert!(e.code() == "INVALID_CONFIG" && !e.to_string().is_empty(), "{}: {e}", e.code()),
    }
}
