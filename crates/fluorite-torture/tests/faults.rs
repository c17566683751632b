//! T5: every operation fails once, or from then on, with EIO, ENOSPC, EINTR or a part of the bytes.

use fluorite_torture::Options;
use fluorite_torture::common::dice::from_env;
use fluorite_torture::faults::run;

fn sweep(name: &str) {
    let options = Options { cycles: None, seconds: Some(100_000), ..Options::new(0, 1, "") };
    let report = run(&options, from_env("FLUORITE_ROUNDS", 2) as usize, Some(name));
    report.assert_clean();
    assert!(report.figure(report.figures.keys().next().unwrap()) > 100);
}

#[test]
fn an_error_once() {
    sweep("EIO once");
}

#[test]
fn errors_for_ever() {
    sweep("EIO for ever");
}

#[test]
fn a_failing_read_once() {
    sweep("EIO once, reads too");
}

#[test]
fn no_space_once() {
    sweep("ENOSPC once");
}

#[test]
fn no_space_for_ever() {
    sweep("ENOSPC for ever");
}

#[test]
fn interrupted_calls_go_on_and_nobody_notices() {
    sweep("EINTR once, reads too");
}

#[test]
fn interrupted_for_ever_is_an_error() {
    sweep("EINTR for ever");
}

#[test]
fn short_reads_and_writes_go_on_and_nobody_notices() {
    sweep("short once, reads too");
    sweep("short for ever, reads too");
}
