//! The manifest: bytes as the file, then as the body of a file whose checksum is right.

use std::path::Path;

use fluorite_memory::log::Manifest;
use fluorite_memory::vfs::SimVfs;

use super::support::envelope;

pub const TOKENS: &[&str] =
    &["\"dictionaries\":[4294967295]", "\"spoiled\":[", "\"trained\":[", "\"model\":null", "4294967295", "{", "}", "[", "]", ","];
const MAGIC: &[u8] = b"FLUOMAN1";

/// Promise: `CORRUPT`, `UNSUPPORTED_FORMAT` or a manifest that says the same after it was saved.
pub fn run(data: &[u8]) {
    let dir = Path::new("/m");
    let disk = SimVfs::new(1);
    let put = |bytes: &[u8]| disk.write_file(dir.join("MANIFEST"), bytes).expect("the simulated disk");
    put(data);
    if let Some(m) = load(&disk, dir) {
        // only the right envelope is taken
        let body = serde_json::to_vec(&m).expect("a manifest");
        assert!(data.starts_with(MAGIC) && data.len() >= 20 && !body.is_empty());
        assert_eq!(data[16..20], crc32c::crc32c(&data[20..20 + length(data)]).to_le_bytes(), "a wrong checksum was accepted");
    }
    put(&envelope(MAGIC, 1, data));
    let Some(mut m) = load(&disk, dir) else { return };
    m.save(&disk, dir).expect("saving");
    assert_eq!(load(&disk, dir).as_ref(), Some(&m), "a manifest changes when it is saved");
    let current = m.dictionary();
    assert!(current == 0 || m.dictionaries.contains(&current));
    let (_, _) = (m.stage(), m.id().map_err(|e| e.code()));
    let next = m.next_dictionary();
    assert!(next == u32::MAX || !m.dictionaries.contains(&next), "a number of a dictionary is used twice");
    m.spoil(0);
    assert!(m.dictionaries.iter().all(|d| m.spoiled.contains(d)) || m.trained.iter().any(|t| t.upto == 0));
    let gone = m.drop_spoiled();
    assert!(m.dictionaries.iter().all(|d| !gone.contains(d)));
}

fn length(data: &[u8]) -> usize {
    u32::from_le_bytes([data[12], data[13], data[14], data[15]]) as usize
}

fn load(disk: &SimVfs, dir: &Path) -> Option<Manifest> {
    match Manifest::load(disk, dir) {
        Ok(m) => Some(m.expect("the file is there")),
        Err(e) => {
            assert!(["CORRUPT", "UNSUPPORTED_FORMAT"].contains(&e.code()), "{}: {e}", e.code());
            None
        }
    }
}
