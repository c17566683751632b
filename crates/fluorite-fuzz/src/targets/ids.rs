//! Namespaces and ids.

use std::cell::OnceCell;

use fluorite_memory::vfs::SimVfs;
use fluorite_memory::{ChunkInput, Engine, MAX_ID_BYTES, WriteOptions, check_id};

use super::support::{open, text};

thread_local! {
    static ENGINE: OnceCell<Engine> = const { OnceCell::new() };
}

/// Input: an id, and behind the first NUL a namespace. Promise: 1 to 1,024 bytes are an id, stored and found as they are and
/// in their namespace alone; anything else is `INVALID_ID`.
pub fn run(data: &[u8]) {
    let (id, namespace) = data.iter().position(|b| *b == 0).map_or((data, &[][..]), |at| (&data[..at], &data[at + 1..]));
    let (id, namespace) = (text(id), text(namespace));
    let fits = (1..=MAX_ID_BYTES).contains(&id.len());
    assert_eq!(check_id(&id).map_err(|e| e.code()), if fits { Ok(()) } else { Err("INVALID_ID") });
    ENGINE.with(|engine| {
        let engine = engine.get_or_init(|| open(&SimVfs::new(1), 1 << 20, 8_192).expect("a store"));
        let mut input = ChunkInput::text("content").with_id(&id);
        input.namespace = (!namespace.is_empty()).then(|| namespace.clone());
        let own = input.namespace.clone().unwrap_or_else(|| "default".into());
        match engine.store(vec![input], WriteOptions::default()).wait() {
            Ok(_) => {
                assert!(fits, "an id of {} bytes was stored", id.len());
                let found = engine.get_many(&own, vec![id.clone()]).wait().expect("a read");
                assert!(
                    found[0].as_ref().is_some_and(|r| r.chunk.id == id && r.chunk.namespace == own),
                    "{own:?} {id:?} is lost"
                );
                let other = engine.get_many("another", vec![id.clone()]).wait().expect("a read");
                assert!(other[0].is_none() || own == "another", "{id:?} is found in another namespace");
                assert!(engine.delete(&own, &id).wait().expect("a deletion"));
            }
            Err(e) => assert!(["INVALID_ID", "INVALID_ARGUMENT"].contains(&e.code()), "{}: {e}", e.code()),
        }
        while engine.step() {}
    });
}
