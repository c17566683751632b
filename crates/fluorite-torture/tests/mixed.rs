//! T14: sixty-four callers at once.

use fluorite_torture::common::dice::from_env;
use fluorite_torture::{Options, mixed, soak};

#[test]
fn every_key_is_one_register_and_every_batch_whole() {
    let report = mixed::run(&Options::new(from_env("FLUORITE_CYCLES", 6), from_env("FLUORITE_SEED", 1), ""));
    report.assert_clean();
    assert!(report.figure("calls_judged") > 3_000 * report.cycles);
}

#[test]
fn a_long_life_forgets_nothing() {
    soak::run(&Options::new(from_env("FLUORITE_CYCLES", 24), from_env("FLUORITE_SEED", 1), "")).assert_clean();
}
