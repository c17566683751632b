//! Runs a target over mutations of its corpus.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Once;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::mutate::mutate;
use crate::rng::Rng;
use crate::targets::Target;

/// Mebibytes of address space one stretch of runs may add: no length in an input is believed.
const MOST_GROWTH: u64 = 1 << 10;
/// Inputs between two looks at the address space.
const LOOK: u64 = 64;
/// Most inputs kept beside the corpus while running.
const KEPT: usize = 64;

/// How often or how long.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Inputs; without it and without `seconds` 10,000.
    pub runs: Option<u64>,
    /// Seconds.
    pub seconds: Option<u64>,
    /// Seed.
    pub seed: u64,
    /// Writes each input to this file before it is run: an abort (a stack overflow) cannot be caught.
    pub trace: Option<PathBuf>,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Report {
    /// Name of the target.
    pub target: &'static str,
    /// Inputs run.
    pub runs: u64,
    /// Seed.
    pub seed: u64,
    /// Slowest input.
    pub worst: Duration,
    /// The first failure: its number, its input, the panic's words.
    pub failure: Option<(u64, Vec<u8>, String)>,
}

impl Report {
    /// A line of JSON.
    #[must_use]
    pub fn line(&self) -> String {
        let failure =
            self.failure.as_ref().map(|(run, input, words)| json!({"run": run, "bytes": input.len(), "message": words}));
        let worst = self.worst.as_micros() as u64;
        json!({"target": self.target, "runs": self.runs, "seed": self.seed, "worst_us": worst, "failure": failure}).to_string()
    }
}

thread_local! {
    static WORDS: RefCell<Option<String>> = const { RefCell::new(None) };
}
static HOOK: Once = Once::new();
/// Begins the name of a thread whose panics are caught here and told in the report alone.
const QUIET: &str = "fuzz";

/// The words of the panic that `input` provokes, if it does.
#[must_use]
pub fn fails(target: &Target, input: &[u8]) -> Option<String> {
    WORDS.with_borrow_mut(Option::take);
    let outcome = catch_unwind(AssertUnwindSafe(|| (target.run)(input)));
    outcome.err().map(|_| WORDS.with_borrow_mut(Option::take).unwrap_or_else(|| "a panic without words".into()))
}

/// Runs mutations of `corpus` until one fails, or so often or so long as the options say. On a thread of its own.
#[must_use]
pub fn run(target: &'static Target, corpus: &[Vec<u8>], options: &Options) -> Report {
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            WORDS.with_borrow_mut(|w| *w = Some(info.to_string()));
            if std::thread::current().name() != Some(QUIET) {
                before(info);
            }
        }));
    });
    let (corpus, options) = (corpus.to_vec(), options.clone());
    let seed = options.seed;
    let thread = std::thread::Builder::new().name(QUIET.into()).stack_size(2 << 20); // the stack of a worker thread
    let run = thread.spawn(move || go(target, corpus, &options));
    let lost =
        |why: String| Report { target: target.name, runs: 0, seed, worst: Duration::ZERO, failure: Some((0, Vec::new(), why)) };
    match run.map(std::thread::JoinHandle::join) {
        Ok(Ok(report)) => report,
        Ok(Err(_)) => lost("the driver itself panicked".into()),
        Err(e) => lost(format!("no thread: {e}")),
    }
}

fn go(target: &'static Target, mut corpus: Vec<Vec<u8>>, options: &Options) -> Report {
    let begun = Instant::now();
    let own = corpus.len();
    let runs = options.runs.unwrap_or(if options.seconds.is_some() { u64::MAX } else { 10_000 });
    let mut report = Report { target: target.name, runs: 0, seed: options.seed, worst: Duration::ZERO, failure: None };
    let mut space = None;
    while report.runs < runs && options.seconds.is_none_or(|s| begun.elapsed() < Duration::from_secs(s)) {
        // a generator of its own: run N of a seed does not depend on how long the others took
        let mut rng =
            Rng::new(options.seed.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ report.runs.wrapping_mul(0x9e6c_63d0_876a_68ee));
        let mut input = corpus.get(rng.below(corpus.len())).cloned().unwrap_or_default();
        let other = corpus.get(rng.below(corpus.len())).cloned().unwrap_or_default();
        mutate(&mut input, &other, target.tokens, &mut rng);
        if let Some(path) = &options.trace {
            let _ = std::fs::write(path, &input); // a trace that cannot be written stops nothing
        }
        let at = Instant::now();
        let words = fails(target, &input);
        report.worst = report.worst.max(at.elapsed());
        report.runs += 1;
        let grown = if report.runs.is_multiple_of(LOOK) { growth(&mut space) } else { None };
        if let Some(words) = words.or(grown) {
            report.failure = Some((report.runs, input, words));
            return report;
        }
        // some mutations are kept, so that later ones go further from the corpus
        if rng.below(16) == 0 {
            if corpus.len() < own + KEPT {
                corpus.push(input);
            } else {
                let at = own + rng.below(KEPT);
                corpus[at] = input;
            }
        }
    }
    report
}

/// Says when the process's peak of address space has grown too much since the last look (Linux alone).
fn growth(before: &mut Option<u64>) -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let peak = status.lines().find_map(|l| l.strip_prefix("VmPeak:"))?.split_whitespace().next()?.parse::<u64>().ok()? >> 10;
    let grown = peak - before.replace(peak).unwrap_or(peak).min(peak);
    (grown > MOST_GROWTH).then(|| format!("one of the last {LOOK} inputs took {grown} MiB of address space"))
}
