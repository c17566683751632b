//! What the engine says about itself.

use super::shared::Shared;
use crate::options::{Progress, ProgressFn};
use crate::report::{
    CacheStats, ComponentHealth, EngineStats, IndexProgress, ModelStats, SystemHealth, TextIndexStats, VectorIndexStats,
};
use crate::vfs::OpenMode;

impl Shared {
    /// Figures of this moment.
    #[allow(clippy::cast_precision_loss)] // ratios
    pub fn stats(&self) -> EngineStats {
        self.expire_due();
        let disk_bytes = self.disk_bytes();
        let e = self.embeddings.stats();
        let rate = |hits: u64, misses: u64| if hits + misses == 0 { 0.0 } else { hits as f64 / (hits + misses) as f64 };
        let embeddings = CacheStats {
            bytes: e.bytes as u64,
            limit_bytes: e.capacity as u64,
            entries: e.entries as u64,
            hits: e.hits,
            misses: e.misses,
            hit_rate: rate(e.hits, e.misses),
        };
        let model = self.model.lock().clone();
        let purge_pending = self.purge_pending();
        let text_bytes = self.text.index.read().bytes();
        let text_index = self.text_index_stats();
        // before `state`: who loads rows holds `unloaded` and asks for `state`
        let unindexed = (self.text.behind() + self.unloaded.len()) as u64;
        let state = self.state.read();
        let (total, live) = state.log_bytes();
        let chunks = state.live.len() as u64;
        let vectors = state.embedded.len() as u64;
        EngineStats {
            chunks,
            versions: state.versions,
            pending: if self.embedder.is_some() { chunks - vectors } else { 0 },
            vectors,
            unindexed,
            raw_bytes: state.raw_bytes,
            disk_bytes,
            vector_bytes: state.embedded.iter().filter_map(|r| state.row(r)).map(|r| u64::from(r.vector.length)).sum(),
            vector_index: self.vector_index_stats(&state),
            text_index,
            reserve_bytes: self.file_bytes(&self.config.path.join(super::reserve::NAME)),
            encrypted: self.config.encryption_key.is_some(),
            key_rotation_pending: self.is_rekeying(),
            purge_pending,
            disk_ratio: if state.raw_bytes == 0 { 0.0 } else { disk_bytes as f64 / state.raw_bytes as f64 },
            segments: state.segments.len() as u64,
            live_share: if total == 0 { 1.0 } else { live as f64 / total as f64 },
            dictionary_id: self.dictionary.load(std::sync::atomic::Ordering::Relaxed),
            cache: self.cache.stats(),
            model: ModelStats {
                dimensions: model.as_ref().map(|m| m.dimensions as u64),
                id: model.map(|m| m.id),
                enabled: self.embedder.is_some(),
                truncated: state.truncated,
                cache: embeddings,
            },
            domains: self.feedback.ranker.read().domains.keys().cloned().collect(),
            process_rss_bytes: resident_bytes(),
            index_bytes: (state.bytes() + text_bytes) as u64,
            calls: *self.calls.lock() as u64,
            threads: self.executor.threads() as u64,
            recovered_tail_bytes: self.recovered_tail,
            follow: self.reader.as_ref().map(|r| r.stats(self.clock.monotonic_ms())),
        }
    }

    fn vector_index_stats(&self, state: &super::state::State) -> VectorIndexStats {
        let (building, built) = {
            let graphing = self.graphing.lock();
            (graphing.progress.map(|(done, total)| IndexProgress { done, total }), graphing.built)
        };
        let Some(vectors) = &state.vectors else { return VectorIndexStats { building, built, ..VectorIndexStats::default() } };
        let mut stats = VectorIndexStats { building, built, ..VectorIndexStats::default() };
        stats.scanned = vectors.head_rows().and_len(&state.embedded) as u64;
        for info in vectors.graphs() {
            stats.graphs += 1;
            stats.graph_vectors += info.rows as u64;
            stats.graph_bytes += info.graph.file_bytes();
        }
        stats
    }

    fn text_index_stats(&self) -> TextIndexStats {
        let (building, built) = {
            let sealing = self.text.sealing.lock();
            (sealing.progress.map(|(done, total)| IndexProgress { done, total }), sealing.built)
        };
        let index = self.text.index.read();
        let mut stats = TextIndexStats { in_memory: index.in_memory() as u64, built, building, ..TextIndexStats::default() };
        for info in index.segments() {
            stats.segments += 1;
            stats.segment_chunks += info.rows as u64;
            stats.segment_bytes += info.segment.file_bytes();
        }
        stats
    }

    pub(super) fn disk_bytes(&self) -> u64 {
        let root = &self.config.path;
        let mut sum = 0;
        for dir in [root.clone(), self.log_dir(), self.dict_dir(), self.index_dir(), self.feedback_dir()] {
            for name in self.vfs.list(&dir).unwrap_or_default() {
                sum += self.file_bytes(&dir.join(name));
            }
        }
        sum
    }

    fn file_bytes(&self, path: &std::path::Path) -> u64 {
        self.vfs.open(path, OpenMode::Read).and_then(|f| f.len()).unwrap_or(0)
    }

    /// What works and what does not.
    pub fn health(&self) -> SystemHealth {
        let part = |status, detail| ComponentHealth { status, detail };
        let poisoned = self.poisoned.lock().clone();
        let compaction = self.compaction.lock().failure.clone();
        let behind = self.reader.as_ref().and_then(|r| r.trouble.lock().clone());
        let storage = match (poisoned, compaction) {
            _ if behind.is_some() => {
                let e = behind.unwrap_or_default();
                part("degraded", Some(format!("the log is not followed: {e}; what was read before is still served")))
            }
            (Some(cause), _) => part("failed", Some(format!("writes are refused since: {cause}; reopen the store"))),
            (None, Some(e)) => part("degraded", Some(format!("space is not reclaimed: {e}; call optimize() once it is mended"))),
            (None, None) => part("ok", None),
        };
        let (graphs, damaged) = {
            let graphing = self.graphing.lock();
            (graphing.failure.clone(), graphing.damage.clone())
        };
        let (texts, damaged_text) = {
            let sealing = self.text.sealing.lock();
            (sealing.failure.clone(), sealing.damage.clone())
        };
        let unreadable = self.state.read().unreadable.lock().first.clone();
        let lost = self.index_damage.lock().clone().or(unreadable);
        let learned = self.feedback.failure.lock().clone();
        let died = self
            .executor
            .failure()
            .map(|e| format!("background work failed inside: {e}; searches may miss chunks: reopen the store"));
        let lost = lost.map(|e| format!("some chunks are not indexed: {e}")).or(died);
        let index = match (lost, damaged.or(damaged_text), graphs, texts) {
            (Some(e), ..) | (None, Some(e), ..) => part("degraded", Some(e)),
            (None, None, None, Some(e)) => {
                part("degraded", Some(format!("text stays in memory, it is not sealed: {e}; call optimize() once it is mended")))
            }
            (None, None, Some(e), _) => {
                part("degraded", Some(format!("vectors are scanned, no graph is built: {e}; call optimize() once it is mended")))
            }
            (None, None, None, None) => match learned {
                Some(e) => part("degraded", Some(format!("hits are ranked without what feedback taught: {e}"))),
                None => part("ok", None),
            },
        };
        let embedder = match (self.embedder.is_some(), self.backlog.failure()) {
            (_, Some(e)) => part("degraded", Some(format!("some chunks could not be embedded: {e}"))),
            (false, None) => part("ok", Some("off (enable_ml: false)".into())),
            (true, None) => part("ok", None),
        };
        let history = match &self.history {
            None => part("ok", Some("off (learning.history)".into())),
            Some(h) => match h.failure() {
                Some(e) => part("degraded", Some(format!("searches are not written down: {e}"))),
                None => part("ok", Some(format!("searches are written to {}", h.path().display()))),
            },
        };
        let parts = [&storage, &index, &embedder, &history];
        let worst = ["failed", "degraded"].into_iter().find(|w| parts.iter().any(|p| p.status == *w));
        SystemHealth { status: worst.unwrap_or("ok"), storage, index, embedder, history }
    }

    /// Tells a caller how far long work has come.
    #[allow(clippy::cast_precision_loss)] // a rate
    pub fn report_progress(&self, to: Option<&ProgressFn>, phase: &'static str, done: u64, total: Option<u64>, started: i64) {
        let Some(f) = to else { return };
        let seconds = ((self.clock.monotonic_ms() - started).max(1)) as f64 / 1e3;
        let rate = done as f64 / seconds;
        let seconds_left = total.filter(|_| rate > 0.0).map(|t| t.saturating_sub(done) as f64 / rate);
        f(Progress { phase, done, total, rate, seconds_left });
    }
}

/// Resident memory of this process; 0 where the system does not tell.
pub(super) fn resident_bytes() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").ok().and_then(|s| s.split(' ').nth(1)?.parse::<u64>().ok());
    pages.unwrap_or(0) * 4096
}
