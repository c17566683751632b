//! Memory and processor time of this process, as Linux tells them; zeros elsewhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::{Value, json};

/// Ticks of `/proc/self/stat`: always 100 a second on Linux's usual architectures.
const TICKS: f64 = 100.0;

/// kB behind a name in `/proc/self/status`.
fn kilobytes(status: &str, name: &str) -> u64 {
    let line = status.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(':'));
    line.and_then(|l| l.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

fn status() -> String {
    std::fs::read_to_string("/proc/self/status").unwrap_or_default()
}

fn mb(kilobytes: u64) -> f64 {
    (kilobytes as f64 * 1.024).round() / 1e3
}

/// Resident memory in MB (10^6 bytes): all, anonymous (heap, stacks), of mapped files.
pub fn memory() -> Value {
    let status = status();
    let of = |name| mb(kilobytes(&status, name));
    json!({ "rss_mb": of("VmRSS"), "anon_mb": of("RssAnon"), "file_mb": of("RssFile") })
}

/// The most that was resident, in MB; mapped files included.
pub fn peak_mb() -> f64 {
    mb(kilobytes(&status(), "VmHWM"))
}

/// Seconds of processor time of all threads.
pub fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // the name in brackets may hold spaces; behind it, user and system time are fields 11 and 12
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(11).take(2).filter_map(|f| f.parse::<f64>().ok()).sum::<f64>() / TICKS
}

/// Seconds of processor time of the calling thread.
pub fn thread_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    stat.split_whitespace().next().and_then(|ns| ns.parse::<f64>().ok()).unwrap_or(0.0) / 1e9
}

/// Watches anonymous memory from a thread of its own.
pub struct Watch {
    peak: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    pub fn start() -> Self {
        let (peak, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (highest, end) = (Arc::clone(&peak), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            while !end.load(Ordering::Relaxed) {
                highest.fetch_max(kilobytes(&status(), "RssAnon"), Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        Self { peak, stop, thread: Some(thread) }
    }

    /// The most since the start or the last question, in MB.
    pub fn peak_mb(&self) -> f64 {
        mb(self.peak.swap(0, Ordering::Relaxed))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
