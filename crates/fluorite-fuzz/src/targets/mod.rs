//! The targets: a function each, which panics when a promise is broken and never otherwise.
//!
//! Any bytes may come in. What is refused must be refused with a typed error; what is taken must keep the promise named at the
//! target. Deterministic: the same bytes always give the same outcome.

mod catalog;
mod chunking;
mod config;
mod events;
mod feedback;
mod ids;
mod input;
mod keys;
mod lexicon;
mod manifest;
mod payload;
mod query;
mod record;
mod spike;
mod store;
mod support;
mod terms;
mod time;

/// A function to feed.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name, and that of its folder in `corpus/`.
    pub name: &'static str,
    /// Panics when a promise is broken.
    pub run: fn(&[u8]),
    /// Words that mutations put in.
    pub tokens: &'static [&'static str],
    /// Inputs of the ordinary test.
    pub test_runs: u64,
}

/// Every target.
pub const TARGETS: &[Target] = &[
    Target { name: "record", run: record::run, tokens: &["default", "FGRP"], test_runs: 20_000 },
    Target { name: "payload", run: payload::run, tokens: &["{}", "{\"a\":", "1e308", "null"], test_runs: 10_000 },
    Target { name: "manifest", run: manifest::run, tokens: manifest::TOKENS, test_runs: 10_000 },
    Target { name: "keys", run: keys::run, tokens: keys::TOKENS, test_runs: 150 },
    Target { name: "store", run: store::run, tokens: &[], test_runs: 300 },
    Target { name: "events", run: events::run, tokens: feedback::TOKENS, test_runs: 300 },
    Target { name: "feedback", run: feedback::run, tokens: feedback::TOKENS, test_runs: 10_000 },
    Target { name: "spike", run: spike::run, tokens: spike::TOKENS, test_runs: 10_000 },
    Target { name: "config", run: config::run, tokens: config::TOKENS, test_runs: 3_000 },
    Target { name: "ids", run: ids::run, tokens: &["default", "\0", "..", "/", "\u{feff}"], test_runs: 1_000 },
    Target { name: "input", run: input::run, tokens: input::TOKENS, test_runs: 10_000 },
    Target { name: "catalog", run: catalog::run, tokens: catalog::TOKENS, test_runs: 5_000 },
    Target { name: "chunking", run: chunking::run, tokens: chunking::TOKENS, test_runs: 1_500 },
    Target { name: "lexicon", run: lexicon::run, tokens: lexicon::TOKENS, test_runs: 3_000 },
    Target { name: "terms", run: terms::run, tokens: &["getUserById", "é", "認証", "\u{200d}", "_", "İ"], test_runs: 10_000 },
    Target { name: "query", run: query::run, tokens: query::TOKENS, test_runs: 500 },
    Target { name: "time", run: time::run, tokens: &["2024-02-29", "T", "Z", "+09:00", "0000", "9999"], test_runs: 20_000 },
];
