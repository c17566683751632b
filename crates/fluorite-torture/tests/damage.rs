//! T3, T4: files that are cut, flipped, missing or too long.

use fluorite_torture::common::dice::from_env;
use fluorite_torture::{Options, damage};

fn options() -> Options {
    Options { cycles: None, seconds: Some(100_000), ..Options::new(0, 8, "") }
}

fn all() -> bool {
    from_env("FLUORITE_BITS", 1) >= 8
}

#[test]
fn every_file_cut_at_every_byte() {
    let report = damage::truncate(&options(), all());
    report.assert_clean();
    assert!(report.figure("opened") > 1_000);
}

#[test]
fn a_flipped_bit_in_every_byte_of_every_file() {
    let report = damage::flips(&options(), all());
    report.assert_clean();
    assert!(report.figure("refused") > 1_000 && report.figure("answered_by_reads") > 100);
}

#[test]
fn every_missing_file() {
    damage::every_missing_file();
}

#[test]
fn after_a_shutdown_damage_to_the_end_is_corrupt() {
    damage::after_a_shutdown_damage_to_the_end_is_corrupt();
}

#[test]
fn junk_behind_the_end_of_every_file() {
    damage::junk_behind_the_end_of_every_file();
}

#[test]
fn damage_on_a_real_disk() {
    damage::damage_on_a_real_disk();
}
