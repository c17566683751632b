//! Feedback events and the file they are in.

use std::path::Path;
use std::sync::OnceLock;

use fluorite_memory::vfs::SimVfs;
use fluorite_memory::{ChunkInput, Query, SearchOptions, WriteOptions};

use super::support::{ROOT, STORE_ID, open};

fn whole() -> &'static SimVfs {
    static DISK: OnceLock<SimVfs> = OnceLock::new();
    DISK.get_or_init(|| {
        let disk = SimVfs::new(1);
        let engine = open(&disk, 1 << 20, 8_192).expect("a store");
        engine.store(vec![ChunkInput::text("common words").with_id("a")], WriteOptions::default()).wait().expect("stored");
        engine.shutdown().wait().expect("closed");
        disk
    })
}

/// Input: bodies of events, a line each; they get mark, length and checksum. Promise: the store opens, counts no more events
/// than there are lines, and ranks with them.
pub fn run(data: &[u8]) {
    let salt = crc32c::crc32c(&STORE_ID.to_le_bytes());
    let mut file = b"FLUOFBK1".to_vec();
    for word in [1, salt] {
        file.extend_from_slice(&u32::to_le_bytes(word));
    }
    file.resize(28, 0);
    file.extend_from_slice(&crc32c::crc32c(&file).to_le_bytes());
    let lines: Vec<&[u8]> = data.split(|b| *b == b'\n').collect();
    for body in &lines {
        file.extend_from_slice(b"FEVT");
        file.extend_from_slice(&(body.len() as u32).to_le_bytes());
        file.extend_from_slice(&crc32c::crc32c_append(salt, body).to_le_bytes());
        file.extend_from_slice(body);
    }
    let disk = whole().restart();
    disk.write_file(Path::new(ROOT).join("feedback/events"), &file).expect("the simulated disk");
    let engine = open(&disk, 1 << 20, 8_192).expect("feedback never refuses an open");
    let stats = engine.feedback_stats().wait().expect("the header is right");
    assert!(stats.events <= lines.len() as u64, "{} events in {} lines", stats.events, lines.len());
    let hits = engine.search(Query::Text("common".into()), SearchOptions::default()).wait().expect("a search");
    assert!(hits.len() == 1 && hits[0].score.is_finite(), "{hits:?}");
    let trained = engine.train_incremental(Vec::new(), Default::default()).wait();
    let again = engine.search(Query::Text("common".into()), SearchOptions::default()).wait().expect("a search");
    assert!(again.len() == 1 && again[0].score.is_finite(), "{trained:?}: {again:?}");
    engine.shutdown().wait().expect("closed");
}
