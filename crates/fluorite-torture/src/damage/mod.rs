//! Damaged files: a typed error or a recovered older state, never other content, never a panic (P3).
//!
//! Not recognisable by design (docs/format.md): damage in what was written last before a kill looks like a torn tail.

mod cases;
mod look;
mod store;

pub use cases::{
    after_a_shutdown_damage_to_the_end_is_corrupt, damage_on_a_real_disk, every_missing_file, junk_behind_the_end_of_every_file,
};
pub use store::{Store, stores};

use look::{is_derived, is_feedback};

use crate::common::dice::Dice;
use crate::{Options, Report};

/// The bytes that are looked at: every one, or (not `all`) of long runs of zeros, which pad pages, one in a hundred.
fn places(bytes: &[u8], all: bool) -> Vec<usize> {
    let mut zeros = 0;
    let padding: Vec<bool> = bytes
        .iter()
        .map(|b| {
            zeros = if *b == 0 { zeros + 1 } else { 0 };
            zeros > 24
        })
        .collect();
    (0..bytes.len()).filter(|at| all || !padding[*at] || at % 101 == 0).collect()
}

/// Cuts every file at every byte (`all`: also within the padding of pages).
#[must_use]
pub fn truncate(options: &Options, all: bool) -> Report {
    let mut report = Report::begin("truncate", options, u64::MAX);
    for store in stores(if all { 2 } else { 1 }) {
        let whole = store.disk();
        let live = store.live();
        for (path, bytes) in &store.files {
            for length in places(bytes, all) {
                if !report.goes_on() {
                    report.add("stopped_early", 1);
                    return report.end();
                }
                let what = || format!("{}: {path:?} cut to {length} of {}", store.name, bytes.len());
                report.cycle(what, |report| {
                    let disk = whole.restart();
                    disk.write_file(path, &bytes[..length]).unwrap();
                    report.add("cuts", 1);
                    let Some(seen) = store.look_at(&disk, path, all || length % 40 == 0, &what) else { return Ok(()) };
                    report.add("opened", 1);
                    assert!(seen.verified && seen.broken.is_empty(), "{}: {seen:?}", what());
                    if *path == live && !store.is_closed() {
                        assert!(store.states.contains(&seen.found), "{}: not a prefix: {:?}", what(), seen.found);
                    } else {
                        store.latest(&seen, &what);
                    }
                    Ok(())
                });
            }
        }
    }
    report.end()
}

/// Flips one bit of every byte of every file, or (`all`) each of the eight.
#[must_use]
pub fn flips(options: &Options, all: bool) -> Report {
    let mut report = Report::begin("flips", options, u64::MAX);
    let mut dice = Dice::new(options.seed);
    for store in stores(if all { 2 } else { 1 }) {
        let whole = store.disk();
        let live_path = store.live();
        for (path, bytes) in &store.files {
            let live = *path == live_path;
            for at in places(bytes, all) {
                let one = dice.below(8) as u8;
                for bit in if all { 0..8 } else { one..one + 1 } {
                    if !report.goes_on() {
                        report.add("stopped_early", 1);
                        return report.end();
                    }
                    let what = || format!("{}: {path:?} bit {bit} of byte {at} of {}", store.name, bytes.len());
                    report.cycle(what, |report| {
                        let mut bad = bytes.clone();
                        bad[at] ^= 1 << bit;
                        let disk = whole.restart();
                        disk.write_file(path, &bad).unwrap();
                        report.add("flips", 1);
                        let Some(seen) = store.look_at(&disk, path, all || at % 40 == 0, &what) else {
                            report.add("refused", 1);
                            return Ok(());
                        };
                        store.latest_or_tail_cut(&seen, live && !store.is_closed(), &what);
                        if !seen.broken.is_empty() {
                            report.add("answered_by_reads", 1);
                            assert!(!seen.verified, "{}: verify does not see what reading sees", what());
                        } else if !seen.verified {
                            report.add("seen_by_verify_alone", 1);
                        } else {
                            // an index is derived and was built again; the tail was cut; damaged feedback is counted
                            let told = is_derived(path) || (live && seen.cut > 0) || (is_feedback(path) && seen.lost(&store));
                            assert!(told, "{}: nobody noticed: {seen:?}", what());
                            report.add("recovered", 1);
                        }
                        Ok(())
                    });
                }
            }
        }
    }
    report.end()
}
