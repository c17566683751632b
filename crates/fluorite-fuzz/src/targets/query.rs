//! What a search makes of its text: understanding, both legs, ranking.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use fluorite_memory::vfs::SimVfs;
use fluorite_memory::{ChunkInput, Engine, Query, SearchOptions, WriteOptions};

use super::support::{open, text};

pub const TOKENS: &[&str] = &[
    "how do I ",
    "\"",
    "src/a.ts",
    "getUser",
    "認証の実装",
    "NOT ",
    "*",
    "??",
    "\u{202e}",
    "error[E0382]",
    "::",
    "v1.2.3",
    "user_id",
];
const STORED: [(&str, &str); 5] = [
    ("a", "function getUserById(id) { return users.get(id) }"),
    ("b", "How to configure authentication with a session token"),
    ("c", "認証の実装 authentication database"),
    ("d", "error[E0382]: use of moved value, version v1.2.3"),
    ("e", "user_id integer primary key"),
];

thread_local! {
    static ENGINE: OnceCell<Engine> = const { OnceCell::new() };
}

/// Promise: hits that are stored, with finite scores in order, the same when asked again; or `INVALID_ARGUMENT`.
pub fn run(data: &[u8]) {
    let query = text(data);
    let stored: BTreeMap<&str, &str> = STORED.into_iter().collect();
    ENGINE.with(|engine| {
        let engine = engine.get_or_init(|| {
            let engine = open(&SimVfs::new(1), 1 << 20, 8_192).expect("a store");
            let inputs = STORED.iter().map(|(id, content)| ChunkInput::text(content).with_id(id)).collect();
            engine.store(inputs, WriteOptions::default()).wait().expect("stored");
            engine
        });
        let ask = || {
            let hits = engine.search(Query::Text(query.clone()), SearchOptions::default()).wait().map_err(|e| e.code())?;
            Ok::<_, &str>(
                hits.into_iter().map(|h| (h.id, h.score, h.record.map(|r| r.chunk.text().into_owned()))).collect::<Vec<_>>(),
            )
        };
        let hits = match ask() {
            Ok(hits) => hits,
            Err(code) => return assert_eq!(code, "INVALID_ARGUMENT"),
        };
        for (id, score, content) in &hits {
            assert!(score.is_finite(), "{id} scores {score}");
            assert_eq!(content.as_deref(), stored.get(id.as_str()).copied(), "{id}");
        }
        assert!(hits.is_sorted_by(|a, b| a.1 >= b.1), "not in order: {hits:?}");
        assert_eq!(ask().as_ref(), Ok(&hits), "asked again");
    });
}
