//! What a damaged store answers, and whether it may.

use std::collections::BTreeSet;
use std::path::Path;

use fluorite_memory::vfs::SimVfs;
use fluorite_memory::{CancelToken, Engine, ListOptions, Query, Result, SearchOptions};

use super::store::{NO_ROWS, Store};
use crate::common::history::Contents;
use crate::common::open_sim_graphs;
use crate::common::vectors::{settle, vector_of};

/// What came of an open store.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Seen {
    /// Readable chunks.
    pub(super) found: Contents,
    /// Chunks that answered with an error.
    pub(super) broken: BTreeSet<String>,
    /// `verify` found damage, or said why it cannot tell.
    pub(super) verified: bool,
    /// Bytes cut from the tail.
    pub(super) cut: u64,
    /// Feedback is missing or known to be damaged, or the file does not open.
    pub(super) feedback_hurt: bool,
    /// Feedback that is there.
    pub(super) feedback: u64,
}
impl Store {
    /// Opens a disk and reads everything. Content that never was is a panic.
    pub(super) fn look(&self, engine: Result<Engine>, rebuild: bool, what: &dyn Fn() -> String) -> Option<Seen> {
        let typed = |e: &fluorite_memory::Error| {
            assert!(["CORRUPT", "UNSUPPORTED_FORMAT", "IO"].contains(&e.code()), "{}: {}: {e}", what(), e.code());
        };
        let engine = match engine {
            Ok(engine) => engine,
            Err(e) => {
                typed(&e);
                return None;
            }
        };
        let mut seen = Seen::default();
        for (id, versions) in &self.versions {
            match engine.get_many("default", vec![id.clone()]).wait() {
                Ok(found) => {
                    if let Some(r) = &found[0] {
                        let content = r.chunk.text().into_owned();
                        assert!(versions.contains(&content), "{}: {id} never was {content:?}", what());
                        seen.found.insert(id.clone(), content);
                    }
                }
                Err(e) => {
                    typed(&e);
                    seen.broken.insert(id.clone());
                }
            }
            match engine.history("default", id).wait() {
                Ok(kept) => {
                    for c in kept {
                        assert!(versions.contains(&*c.text()), "{}: {id} never was {:?}", what(), c.text());
                    }
                }
                Err(e) => typed(&e),
            }
        }
        match engine.list(ListOptions::default(), None).wait() {
            Ok(page) => {
                let listed: Contents = page.records.iter().map(|r| (r.chunk.id.clone(), r.chunk.text().into_owned())).collect();
                assert_eq!(listed, seen.found, "{}: the listing", what());
            }
            Err(e) => typed(&e),
        }
        for query in [Query::Text("version longer vector group common".into()), Query::Vector(vector_of("any"))] {
            match engine.search(query, SearchOptions::default()).wait() {
                Ok(hits) => {
                    for h in hits {
                        let content = h.record.unwrap().chunk.text().into_owned();
                        assert_eq!(seen.found.get(&h.id), Some(&content), "{}: a hit", what());
                    }
                }
                Err(e) if e.code() == "DIMENSION_MISMATCH" => {} // history ends before the first vector
                Err(e) => typed(&e),
            }
        }
        seen.verified = match engine.verify(CancelToken::default(), None).wait() {
            Ok(report) => report.ok,
            Err(e) => {
                typed(&e);
                false
            }
        };
        seen.cut = engine.stats().wait().unwrap().recovered_tail_bytes;
        match engine.feedback_stats().wait() {
            Ok(f) => {
                assert!(f.events + f.damaged <= self.feedback + 2, "{}: {f:?}", what());
                seen.feedback = f.events;
                seen.feedback_hurt = f.damaged > 0;
            }
            Err(e) => {
                typed(&e);
                seen.feedback_hurt = true;
            }
        }
        if rebuild && self.rows < NO_ROWS {
            self.built_again(&engine, &seen, what);
        }
        drop(engine.shutdown().wait()); // the disk may be too full for a snapshot
        Some(seen)
    }

    /// A damaged index finds everything again once what waits is done.
    fn built_again(&self, engine: &Engine, seen: &Seen, what: &dyn Fn() -> String) {
        settle(engine);
        for (id, content) in seen.found.iter().filter(|(id, _)| id.starts_with('v')) {
            let hits = engine.search(Query::Vector(vector_of(content)), SearchOptions { limit: Some(1), ..Default::default() });
            let hits = hits.wait().unwrap_or_else(|e| panic!("{}: {e}", what()));
            assert!(
                hits.first().is_some_and(|h| h.id == *id),
                "{}: the vector of {id} finds {:?}",
                what(),
                hits.first().map(|h| &h.id)
            );
        }
        let hits = engine.search(Query::Text("common".into()), SearchOptions { limit: Some(1_000), ..Default::default() });
        let hits: BTreeSet<String> =
            hits.wait().unwrap_or_else(|e| panic!("{}: {e}", what())).into_iter().map(|h| h.id).collect();
        let wanted = seen.found.iter().filter(|(_, c)| c.contains("common")).map(|(id, _)| id.clone()).collect();
        assert_eq!(hits, wanted, "{}: found by a word", what());
    }

    /// `rebuild`: a damaged index is built again and judged too.
    pub(super) fn look_at(&self, disk: &SimVfs, path: &Path, rebuild: bool, what: &dyn Fn() -> String) -> Option<Seen> {
        self.look(open_sim_graphs(disk, self.segment_bytes, self.rows), rebuild && is_derived(path), what)
    }

    /// All that can be read is the latest; a chunk that answers with an error was hit itself.
    pub(super) fn latest(&self, seen: &Seen, what: &dyn Fn() -> String) {
        for (id, content) in self.now() {
            if !seen.broken.contains(id) {
                assert_eq!(seen.found.get(id), Some(content), "{}: {id}", what());
            }
        }
        for id in seen.found.keys() {
            assert!(self.now().contains_key(id), "{}: {id} is back", what());
        }
    }

    /// Latest, or without the last group, which the open had to cut from the tail.
    pub(super) fn latest_or_tail_cut(&self, seen: &Seen, live: bool, what: &dyn Fn() -> String) {
        if live && seen.cut > 0 {
            assert!(seen.broken.is_empty(), "{}: {seen:?}", what());
            assert!(self.states.iter().rev().take(2).any(|s| *s == seen.found), "{}: {:?}", what(), seen.found);
        } else {
            self.latest(seen, what);
        }
    }
}

impl Seen {
    /// A damaged event is told of, or taken for a torn end.
    pub(super) fn lost(&self, store: &Store) -> bool {
        self.feedback_hurt || self.feedback + 1 == store.feedback
    }
}

/// Feedback is no chunk: losing it costs the learned ranking.
pub(super) fn is_feedback(path: &Path) -> bool {
    path.starts_with("/store/feedback")
}

/// Files that only save reading the log.
pub(super) fn is_derived(path: &Path) -> bool {
    path.starts_with("/store/index")
}
