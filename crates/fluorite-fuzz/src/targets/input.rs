//! Untyped trees on their way to typed input: lines of an import, options.

use fluorite_memory::input::{from_value, nearest, snake_case};
use fluorite_memory::{ChunkInput, ListOptions, SearchFilter, SearchOptions, TrainOptions, WriteOptions};

use super::support::{text, tree};

pub const TOKENS: &[&str] = &[
    "\"content\":",
    "\"embedding\":[",
    "\"metadata\":{",
    "\"tags\":[",
    "\"filter\":{",
    "\"any\":[",
    "\"limit\":",
    "\"ttl_ms\":",
    "\"chunkType\":",
    "\"chunk_type\":",
    "null",
    "1e400",
    "-1",
    "0.5",
    "9007199254740993",
    "{",
    "}",
    "\"created_at\":\"2024-01-01\"",
];
/// A secret in the wrong place is not repeated.
const SECRET: &str = "hunter2-hunter2";

/// Promise: a value or a message of bounded length that does not repeat the texts given; spelling keys is done once.
pub fn run(data: &[u8]) {
    let key = text(data);
    let snake = snake_case(&key);
    assert_eq!(snake_case(&snake), snake, "a key changes twice");
    let known = ["content", "embedding", "chunk_type"];
    assert!(nearest(&key, &known).is_none_or(|k| known.contains(&k)));
    let Ok(json) = serde_json::from_slice::<serde_json::Value>(data) else { return };
    let value = tree(json);
    let told = |outcome: Result<(), String>| {
        if let Err(message) = outcome {
            assert!(!message.is_empty() && message.len() <= 8 << 10, "a message of {} bytes", message.len());
            assert!(!message.contains(SECRET), "a message repeats what was given: {message}");
        }
    };
    told(from_value::<ChunkInput>(value.clone()).map(drop));
    told(from_value::<SearchOptions>(value.clone()).map(drop));
    told(from_value::<SearchFilter>(value.clone()).map(drop));
    told(from_value::<ListOptions>(value.clone()).map(drop));
    told(from_value::<WriteOptions>(value.clone()).map(drop));
    told(from_value::<TrainOptions>(value).map(drop));
}
