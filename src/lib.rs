//! The Node binding: converts, never decides. Lifetime of a call: `bridge` or `store` reads the arguments (`convert`),
//! the engine works, `settle` brings the result back (`records`), all through the safe face of `raw`.
#![allow(unreachable_pub)] // napi exports must be `pub`; nothing can reach into a cdylib

mod bridge;
mod care;
mod chunk;
mod config;
mod context;
mod convert;
mod core;
mod embedder;
mod error;
mod events;
mod feedback;
mod insight;
mod learn;
mod metrics;
mod patterns;
mod progress;
mod raw;
mod records;
mod related;
mod settle;
mod split;
mod store;
mod time;
mod watch;
