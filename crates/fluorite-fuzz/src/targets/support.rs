//! What several targets need.

use std::path::Path;
use std::sync::Arc;

use fluorite_memory::input::Value;
use fluorite_memory::vfs::SimVfs;
use fluorite_memory::{Engine, EngineConfig, Executor, ManualClock, Platform, Result};

/// Folder of the store on a simulated disk.
pub const ROOT: &str = "/store";
/// Its store id.
pub const STORE_ID: u128 = 7;

/// The store of this disk on the inline stepper, without a model: the same calls, the same bytes.
pub fn open(disk: &SimVfs, segment_bytes: u64, rows: usize) -> Result<Engine> {
    let config = EngineConfig {
        enable_ml: false,
        num_threads: Some(1),
        cache_size_mb: 1,
        segment_bytes,
        graph_rows: rows,
        text_rows: rows,
        ..EngineConfig::new(Path::new(ROOT))
    };
    let clock = Arc::new(ManualClock::at(1_700_000_000_000));
    let vfs = Arc::new(disk.clone());
    Engine::open_on(
        config,
        Platform { vfs, clock, executor: Executor::inline(), embedder: Box::new(|| Ok(None)), new_store: (STORE_ID, 11) },
    )
}

/// JSON as the binding would hand it over.
pub fn tree(json: serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(b) => Value::Bool(b),
        serde_json::Value::Number(n) => Value::Number(n.as_f64().unwrap_or(f64::NAN)),
        serde_json::Value::String(s) => Value::Text(s),
        serde_json::Value::Array(a) => Value::List(a.into_iter().map(tree).collect()),
        serde_json::Value::Object(o) => Value::Object(o.into_iter().map(|(k, v)| (k, tree(v))).collect()),
    }
}

/// The bytes as text, what is no UTF-8 replaced.
pub fn text(data: &[u8]) -> String {
    String::from_utf8_lossy(data).into_owned()
}

/// A file with this body in the envelope of `vfs::replace`, its checksum right.
pub fn envelope(magic: &[u8], version: u32, body: &[u8]) -> Vec<u8> {
    let mut out = magic.to_vec();
    out.extend_from_slice(&version.to_le_bytes());
    out.extend_from_slice(&(body.len() as u32).to_le_bytes());
    out.extend_from_slice(&crc32c::crc32c(body).to_le_bytes());
    out.extend_from_slice(body);
    out
}
