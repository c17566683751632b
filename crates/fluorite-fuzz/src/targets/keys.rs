//! `KEYS`, the copy of the wrapped data keys: bytes as the file, then as the body of a file whose checksum is right.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use fluorite_memory::vfs::{SimVfs, Vfs};
use fluorite_memory::{
    CancelToken, ChunkInput, EncryptionKey, Engine, EngineConfig, Error, Executor, ManualClock, Platform, Result, SalvageOptions,
    WriteOptions, salvage_on,
};

use super::support::{ROOT, STORE_ID, envelope};

pub const TOKENS: &[&str] = &[
    "WRAPPED",
    "\"generation\":4294967295",
    "\"store_id\":\"00000000000000000000000000000007\"",
    "\"keys\":[]",
    "xchacha20-poly1305",
    "null",
    "{",
    "}",
    "[",
    "]",
];
const MAGIC: &[u8] = b"FLUOKEY1";
/// Stands in an input for the data key as this process wrapped it: it is another each time.
const WRAPPED: &str = "WRAPPED";
/// What must not be read without the key.
const SECRET: &str = "a secret nobody reads without the key";
const MOMENT: i64 = 1_700_000_000_000;

fn key(of: u8) -> Option<EncryptionKey> {
    EncryptionKey::new(&[of; 32]).ok()
}

fn open(disk: &SimVfs, root: &str, encryption_key: Option<EncryptionKey>) -> Result<Engine> {
    let config = EngineConfig { enable_ml: false, num_threads: Some(1), encryption_key, ..EngineConfig::new(Path::new(root)) };
    let clock = Arc::new(ManualClock::at(MOMENT));
    let vfs = Arc::new(disk.clone());
    let executor = Executor::inline();
    Engine::open_on(config, Platform { vfs, clock, executor, embedder: Box::new(|| Ok(None)), new_store: (STORE_ID, 11) })
}

/// A store of one chunk, and its data key as it is wrapped.
fn made() -> &'static (SimVfs, String) {
    static MADE: OnceLock<(SimVfs, String)> = OnceLock::new();
    MADE.get_or_init(|| {
        let disk = SimVfs::new(1);
        let engine = open(&disk, ROOT, key(1)).expect("a store");
        engine.store(vec![ChunkInput::text(SECRET).with_id("a")], WriteOptions::default()).wait().expect("stored");
        engine.shutdown().wait().expect("closed");
        let file = disk.read_file(Path::new(ROOT).join("KEYS")).expect("KEYS");
        let body: serde_json::Value = serde_json::from_slice(&file[20..]).expect("its body");
        let wrapped = body["encryption"]["keys"][0]["wrapped"].as_str().expect("the wrapped key").to_owned();
        (disk, wrapped)
    })
}

/// Promise: with a good MANIFEST the key opens the store and no other does, whatever KEYS holds. Without it `salvage` saves what was
/// there or gives a typed error, and without the key it saves nothing.
pub fn run(data: &[u8]) {
    let (whole, wrapped) = made();
    let filled = match std::str::from_utf8(data) {
        Ok(text) => text.replace(WRAPPED, wrapped).into_bytes(),
        Err(_) => data.to_vec(),
    };
    for file in [filled.clone(), envelope(MAGIC, 1, &filled)] {
        let with = |lost: bool| {
            let disk = whole.restart();
            disk.write_file(Path::new(ROOT).join("KEYS"), &file).expect("the simulated disk");
            if lost {
                disk.remove(&Path::new(ROOT).join("MANIFEST")).expect("the simulated disk");
            }
            disk
        };
        let disk = with(false);
        let engine = open(&disk, ROOT, key(1)).expect("MANIFEST is the truth");
        reads(&engine);
        let verified = engine.verify(CancelToken::default(), None).wait();
        verified.as_ref().map_or_else(typed, |_| ());
        engine.shutdown().wait().expect("closed");
        let refused = |key| open(&with(false), ROOT, key).err().map(|e| e.code());
        assert_eq!((refused(key(2)), refused(None)), (Some("KEY_WRONG"), Some("KEY_REQUIRED")));
        for lost in [false, true] {
            match salvage(&with(lost), key(1)) {
                Ok((disk, chunks)) if chunks > 0 => reads(&open(&disk, "/saved", key(1)).expect("the saved store")),
                Ok(_) => assert!(lost, "MANIFEST has the key, and nothing was saved"),
                Err(e) => {
                    assert!(lost, "{e}");
                    typed(&e);
                }
            }
            for other in [key(2), None] {
                match salvage(&with(lost), other) {
                    Ok((_, chunks)) => assert_eq!(chunks, 0, "saved without the key"),
                    Err(e) => typed(&e),
                }
            }
        }
    }
}

fn reads(engine: &Engine) {
    let found = engine.get_many("default", vec!["a".into()]).wait().expect("a read").remove(0);
    assert_eq!(found.map(|r| r.chunk.text().into_owned()).as_deref(), Some(SECRET));
}

/// Into a plain store where there is no key; the disk and how many chunks it has.
fn salvage(disk: &SimVfs, encryption_key: Option<EncryptionKey>) -> Result<(SimVfs, u64)> {
    let options = SalvageOptions { encryption_key, ..SalvageOptions::default() };
    let clock = ManualClock::at(MOMENT);
    let report = salvage_on(disk, Path::new(ROOT), Path::new("/saved"), &clock, (99, 77), &options, None)?;
    Ok((disk.clone(), report.chunks))
}

fn typed(e: &Error) {
    let known =
        ["CORRUPT", "KEY_WRONG", "KEY_REQUIRED", "UNSUPPORTED_FORMAT", "NOT_FOUND", "IO", "INVALID_CONFIG", "INVALID_ARGUMENT"];
    assert!(known.contains(&e.code()), "{}: {e}", e.code());
}
