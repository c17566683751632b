//! How long a mode goes on, and what it found.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde::Serialize;

/// Violations after which a mode ends: the first ones say enough.
const MOST_VIOLATIONS: usize = 20;

/// How often, how long, with which dice.
#[derive(Debug, Clone)]
pub struct Options {
    /// Cycles, seeds or cases; the mode's small figure when neither this nor `seconds` is given.
    pub cycles: Option<u64>,
    /// Ends the mode after this time.
    pub seconds: Option<u64>,
    /// First seed.
    pub seed: u64,
    /// The binary of this crate: children are started from it.
    pub program: PathBuf,
}

impl Options {
    /// So many cycles from this seed on.
    #[must_use]
    pub fn new(cycles: u64, seed: u64, program: impl Into<PathBuf>) -> Self {
        Self { cycles: Some(cycles), seconds: None, seed, program: program.into() }
    }
}

/// What a mode did and found. Printed as a line of JSON.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Name of the mode.
    pub mode: &'static str,
    /// First seed.
    pub seed: u64,
    /// Cycles run.
    pub cycles: u64,
    /// Wall time.
    pub seconds: f64,
    /// Counts of what happened.
    pub figures: BTreeMap<&'static str, u64>,
    /// Broken promises, each with how to see it again.
    pub violations: Vec<String>,
    /// Why the mode could not run here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skipped: Option<String>,
    #[serde(skip)]
    began: Instant,
    #[serde(skip)]
    most: u64,
    #[serde(skip)]
    until: Option<Duration>,
}

impl Report {
    /// Begins a mode that runs `small` cycles unless the options say otherwise.
    #[must_use]
    pub fn begin(mode: &'static str, options: &Options, small: u64) -> Self {
        Self {
            mode,
            seed: options.seed,
            cycles: 0,
            seconds: 0.0,
            figures: BTreeMap::new(),
            violations: Vec::new(),
            skipped: None,
            began: Instant::now(),
            most: options.cycles.unwrap_or(if options.seconds.is_some() { u64::MAX } else { small }),
            until: options.seconds.map(Duration::from_secs),
        }
    }

    /// Is there another cycle to run?
    #[must_use]
    pub fn goes_on(&self) -> bool {
        self.cycles < self.most
            && self.until.is_none_or(|until| self.began.elapsed() < until)
            && self.violations.len() < MOST_VIOLATIONS
    }

    /// Counts.
    pub fn add(&mut self, figure: &'static str, n: u64) {
        *self.figures.entry(figure).or_default() += n;
    }

    /// Keeps the largest.
    pub fn most(&mut self, figure: &'static str, n: u64) {
        let kept = self.figures.entry(figure).or_default();
        *kept = n.max(*kept);
    }

    /// A count so far.
    #[must_use]
    pub fn figure(&self, name: &str) -> u64 {
        self.figures.get(name).copied().unwrap_or(0)
    }

    /// Runs one cycle. An error or a panic is a violation; `again` says how to see it again.
    pub fn cycle(&mut self, again: impl FnOnce() -> String, run: impl FnOnce(&mut Self) -> Result<(), String>) -> bool {
        let result = catch_unwind(AssertUnwindSafe(|| run(self)));
        self.cycles += 1;
        let what = match result {
            Ok(Ok(())) => return true,
            Ok(Err(e)) => e,
            Err(panic) => match (panic.downcast_ref::<String>(), panic.downcast_ref::<&str>()) {
                (Some(s), _) => format!("panic: {s}"),
                (_, Some(s)) => format!("panic: {s}"),
                _ => "panic".into(),
            },
        };
        self.violations.push(format!("{}: {what}", again()));
        false
    }

    /// Ends the mode.
    #[must_use]
    pub fn end(mut self) -> Self {
        self.seconds = (self.began.elapsed().as_secs_f64() * 10.0).round() / 10.0;
        self
    }

    /// For tests: prints the line, and fails with the violations if there are any.
    ///
    /// # Panics
    /// When there are violations.
    pub fn assert_clean(&self) {
        eprintln!("{}", self.line());
        assert!(self.violations.is_empty(), "{}", self.violations.join("\n"));
    }

    /// The line of JSON.
    #[must_use]
    pub fn line(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|e| format!("{{\"error\":\"{e}\"}}"))
    }
}
