//! Metrics as text for Prometheus (exposition format 0.0.4).

use std::fmt::{Display, Write};

use super::histogram::reported_bounds;
use super::report::Metrics;

/// Writes metrics one family at a time: all samples of a family stand together, behind its HELP and TYPE.
struct Text(String);

impl Text {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let help = help.replace('\\', "\\\\").replace('\n', "\\n");
        let _ = write!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}\n"); // a String takes every write
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        self.0.push_str(name);
        for (i, (key, label)) in labels.iter().enumerate() {
            let label = label.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let _ = write!(self.0, "{}{key}=\"{label}\"", if i == 0 { '{' } else { ',' });
        }
        let _ = writeln!(self.0, "{} {value}", if labels.is_empty() { "" } else { "}" });
    }

    fn gauge(&mut self, name: &str, help: &str, value: impl Display) {
        self.family(name, "gauge", help);
        self.sample(name, &[], value);
    }

    fn counter(&mut self, name: &str, help: &str, value: impl Display) {
        self.family(name, "counter", help);
        self.sample(name, &[], value);
    }
}

impl Metrics {
    /// As Prometheus scrapes them. Base units (seconds, bytes, ratios); labels are names of ours, never text of a user.
    #[must_use]
    pub fn prometheus(&self) -> String {
        let mut t = Text(String::with_capacity(16 << 10));
        self.store(&mut t);
        self.learned(&mut t);
        self.cached(&mut t);
        self.measured(&mut t);
        self.timed(&mut t);
        t.0
    }

    fn store(&self, t: &mut Text) {
        let m = &self.memory;
        t.gauge("fluorite_uptime_seconds", "Time since the store was opened.", self.uptime_seconds);
        t.gauge("fluorite_chunks", "Chunks that can be found.", self.chunks);
        t.gauge("fluorite_vectors", "Chunks with a vector.", self.vectors);
        t.gauge("fluorite_vectors_pending", "Chunks whose vector is still to be computed.", self.pending);
        t.gauge("fluorite_calls", "Calls waiting or running.", self.calls);
        t.gauge("fluorite_threads", "Worker threads.", self.threads);
        t.gauge("fluorite_disk_bytes", "All files of the store.", m.disk_bytes);
        t.gauge("fluorite_mapped_bytes", "Files of the store that are mapped.", m.mapped_bytes);
        if let Some(resident) = m.mapped_resident_bytes {
            t.gauge("fluorite_mapped_resident_bytes", "Mapped files of the store that are in memory.", resident);
        }
        t.gauge("fluorite_index_bytes", "Indexes and tables on the heap (estimate).", m.index_bytes);
        t.gauge("fluorite_process_resident_memory_bytes", "Resident memory of the process.", m.process_rss_bytes);
        t.gauge("fluorite_quality_mean_ratio", "Mean quality score of the live chunks.", self.quality.mean);
        let name = "fluorite_quality_chunks";
        t.family(name, "gauge", "Live chunks by quality score: at least `from`, below `to` (1 included in the last).");
        for (i, n) in self.quality.histogram.iter().enumerate() {
            let (from, to) = (format!("0.{i}"), if i == 9 { "1.0".to_owned() } else { format!("0.{}", i + 1) });
            t.sample(name, &[("from", &from), ("to", &to)], n);
        }
    }

    fn learned(&self, t: &mut Text) {
        let l = &self.learning;
        t.counter("fluorite_learning_runs_total", "Runs of learning, failed ones included.", l.runs);
        t.counter("fluorite_learning_failed_runs_total", "Runs of learning that failed or were cancelled.", l.failed_runs);
        t.counter("fluorite_learning_files_total", "Files that learning looked at.", l.files);
        t.counter("fluorite_learning_stored_total", "Chunks that learning stored.", l.stored);
        t.counter("fluorite_learning_removed_total", "Chunks that learning removed.", l.removed);
        t.counter("fluorite_learning_invalid_total", "Files that learning could not read.", l.invalid);
        t.counter("fluorite_learning_seconds_total", "Time of all runs of learning.", l.seconds);
    }

    fn cached(&self, t: &mut Text) {
        let caches = [("chunks", &self.caches.chunks), ("embeddings", &self.caches.embeddings)];
        let hits = "fluorite_cache_hits_total";
        t.family(hits, "counter", "Reads that a cache answered.");
        caches.iter().for_each(|(name, c)| t.sample(hits, &[("cache", name)], c.hits));
        let misses = "fluorite_cache_misses_total";
        t.family(misses, "counter", "Reads that a cache did not answer.");
        caches.iter().for_each(|(name, c)| t.sample(misses, &[("cache", name)], c.misses));
        let bytes = "fluorite_cache_bytes";
        t.family(bytes, "gauge", "What a cache holds.");
        caches.iter().for_each(|(name, c)| t.sample(bytes, &[("cache", name)], c.bytes));
        let limit = "fluorite_cache_limit_bytes";
        t.family(limit, "gauge", "What a cache may hold.");
        caches.iter().for_each(|(name, c)| t.sample(limit, &[("cache", name)], c.limit_bytes));
        let entries = "fluorite_cache_entries";
        t.family(entries, "gauge", "Things in a cache.");
        caches.iter().for_each(|(name, c)| t.sample(entries, &[("cache", name)], c.entries));
    }

    #[allow(clippy::cast_precision_loss)] // a moment
    fn measured(&self, t: &mut Text) {
        let Some(a) = &self.accuracy else { return };
        t.gauge("fluorite_accuracy_hit_at_10_ratio", "Leave-one-out hit@10, as last measured.", a.hit_at_10);
        t.gauge("fluorite_accuracy_chance_ratio", "Leave-one-out hit@10 of random hits.", a.chance);
        t.gauge("fluorite_accuracy_known_item_hit_at_10_ratio", "Known-item hit@10, as last measured.", a.known_item_hit_at_10);
        t.gauge("fluorite_accuracy_measured_chunks", "Chunks it was measured on.", a.measured);
        t.gauge("fluorite_accuracy_measured_timestamp_seconds", "When it was measured.", a.measured_at as f64 / 1e3);
    }

    fn timed(&self, t: &mut Text) {
        let name = "fluorite_stage_duration_seconds";
        t.family(name, "histogram", "Latency by stage since the open; docs/metrics.md names the stages.");
        for (stage, l) in &self.latency {
            // the same bounds in every scrape: the report ends where all are counted
            for (i, bound) in reported_bounds().enumerate() {
                let below = l.buckets.get(i).map_or(l.count, |b| b.count);
                t.sample("fluorite_stage_duration_seconds_bucket", &[("stage", stage), ("le", &bound.to_string())], below);
            }
            t.sample("fluorite_stage_duration_seconds_bucket", &[("stage", stage), ("le", "+Inf")], l.count);
            t.sample("fluorite_stage_duration_seconds_sum", &[("stage", stage)], l.sum_seconds);
            t.sample("fluorite_stage_duration_seconds_count", &[("stage", stage)], l.count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_and_help_are_escaped() {
        let mut t = Text(String::new());
        t.family("a", "gauge", "one\ntwo \\ three");
        t.sample("a", &[("x", "say \"hi\"\n\\"), ("y", "")], 1.5);
        assert_eq!(t.0, "# HELP a one\\ntwo \\\\ three\n# TYPE a gauge\na{x=\"say \\\"hi\\\"\\n\\\\\",y=\"\"} 1.5\n");
    }
}
