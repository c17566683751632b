//! Gathering what `metrics` reports.

use std::path::Path;
use std::sync::Arc;

use super::shared::Shared;
use super::stats::resident_bytes;
use crate::error::Result;
use crate::metrics::{MemoryStats, Metrics, MetricsCaches, MetricsOptions, QualityDistribution};

impl Shared {
    /// Figures of this moment, and `accuracy` when asked.
    pub fn gather_metrics(self: &Arc<Self>, options: &MetricsOptions) -> Result<Metrics> {
        let sample = options.sample()?;
        if options.accuracy == Some(true) {
            let found = self.measure_accuracy(options, sample)?;
            *self.metrics.accuracy.lock() = Some(found);
        }
        if options.accuracy != Some(true)
            && let Some(filter) = &options.filter
        {
            self.select(&self.state.read(), filter)?; // a mistake in it is told, though nothing is measured
        }
        options.cancel.check()?;
        let quality = self.quality()?;
        let stats = self.stats();
        let mapped = self.mapped_bytes();
        Ok(Metrics {
            uptime_seconds: self.metrics.uptime(),
            chunks: stats.chunks,
            vectors: stats.vectors,
            pending: stats.pending,
            calls: stats.calls,
            threads: stats.threads,
            learning: self.metrics.learning(),
            quality,
            memory: MemoryStats {
                disk_bytes: stats.disk_bytes,
                mapped_bytes: mapped,
                mapped_resident_bytes: resident_below(&self.config.path),
                index_bytes: stats.index_bytes,
                process_rss_bytes: resident_bytes(),
            },
            caches: MetricsCaches { chunks: stats.cache, embeddings: stats.model.cache },
            accuracy: self.metrics.accuracy.lock().clone(),
            latency: self.metrics.latency().into_iter().map(|(stage, l)| (stage.name(), l)).collect(),
        })
    }

    /// Quality scores of the live chunks, from the filter index.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)] // a score
    fn quality(&self) -> Result<QualityDistribution> {
        self.ensure_loaded()?;
        self.expire_due();
        let state = self.state.read();
        let mut out = QualityDistribution::default();
        let mut sum = 0.0;
        for score in state.live.iter().filter_map(|row| state.filter.quality(row)) {
            out.histogram[((score * 10.0 + 1e-4) as usize).min(9)] += 1;
            out.chunks += 1;
            sum += f64::from(score);
        }
        out.mean = if out.chunks == 0 { 0.0 } else { sum / out.chunks as f64 };
        Ok(out)
    }

    /// Bytes of sealed segments, graphs and text segments.
    fn mapped_bytes(&self) -> u64 {
        let texts: u64 = self.text.index.read().segments().map(|s| s.segment.file_bytes()).sum();
        let state = self.state.read();
        let log: u64 = state.segments.values().filter_map(|s| s.map()).map(|m| m.len() as u64).sum();
        let graphs: u64 = state.vectors.as_ref().map_or(0, |v| v.graphs().map(|g| g.graph.file_bytes()).sum());
        log + graphs + texts
    }
}

/// Bytes of maps of files below a folder that are in memory; `None` where the system does not tell.
fn resident_below(folder: &Path) -> Option<u64> {
    let maps = std::fs::read(Path::new("/proc/self/smaps")).ok()?;
    let maps = String::from_utf8_lossy(&maps);
    let folder = format!("{}/", folder.to_str()?);
    let mut ours = false;
    let mut kib = 0;
    for line in maps.lines() {
        match line.strip_prefix("Rss:") {
            Some(rss) if ours => kib += rss.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or(0),
            Some(_) => {}
            // a map begins with its addresses and ends with the path; the lines below it begin with a name and a colon
            None if line.split(' ').next().is_some_and(|a| a.contains('-')) => ours = line.contains(&folder),
            None => {}
        }
    }
    Some(kib * 1024)
}
