//! `fluorite-torture <mode> [--cycles N] [--seconds S] [--seed X] [--full]`: a line of JSON a mode; exit code 1 with violations.

use std::process::ExitCode;

use fluorite_torture::child::{self, Task};
use fluorite_torture::kill::When;
use fluorite_torture::{Options, Report, damage, faults, full, kill, mixed, power, soak, trace};

const MODES: [&str; 10] = ["kill", "syscalls", "power", "faults", "flips", "truncate", "full", "mixed", "soak", "trace"];
const HELP: &str = "usage: fluorite-torture <mode> [--cycles N] [--seconds S] [--seed X] [--full]
modes: kill syscalls power faults flips truncate full mixed soak trace, or all
--cycles   how often (seeds, cases, rounds); the small figures of CI when neither this nor --seconds is given
--seconds  how long each mode goes on
--seed     first seed: 1; a violation says with which it is seen again
--full     flips: all eight bits; flips and truncate: every byte of graphs; faults: a longer workload";

fn run(mode: &str, o: &Options, all: bool) -> Option<Report> {
    Some(match mode {
        "kill" => kill::run(o, When::Killed),
        "syscalls" => kill::run(o, When::AtCall),
        "power" => power::run(o),
        "faults" => faults::run(o, if all { 4 } else { 2 }, None),
        "flips" => damage::flips(o, all),
        "truncate" => damage::truncate(o, all),
        "full" => full::run(o),
        "mixed" => mixed::run(o),
        "soak" => soak::run(o),
        "trace" => trace::run(o),
        _ => return None,
    })
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(("child", rest)) = arguments.split_first().map(|(first, rest)| (first.as_str(), rest)) {
        let Some(task) = Task::parse(rest) else { return ExitCode::from(2) };
        child::run(&task);
        return ExitCode::SUCCESS;
    }
    let mut options = Options { cycles: None, seconds: None, seed: 1, program: std::env::current_exe().unwrap_or_default() };
    let (mut modes, mut all) = (Vec::new(), false);
    let mut rest = arguments.iter();
    while let Some(a) = rest.next() {
        let number = |v: Option<&String>| v.and_then(|v| v.replace('_', "").parse::<u64>().ok());
        let slot = match a.as_str() {
            "--full" => {
                all = true;
                continue;
            }
            "all" => {
                modes.extend(MODES);
                continue;
            }
            "--cycles" => &mut options.cycles,
            "--seconds" => &mut options.seconds,
            "--seed" => {
                let Some(seed) = number(rest.next()) else { return usage() };
                options.seed = seed;
                continue;
            }
            mode if MODES.contains(&mode) => {
                modes.push(mode);
                continue;
            }
            _ => return usage(),
        };
        *slot = number(rest.next());
        if slot.is_none() {
            return usage();
        }
    }
    if modes.is_empty() {
        return usage();
    }
    let mut clean = true;
    for report in modes.into_iter().filter_map(|mode| run(mode, &options, all)) {
        println!("{}", report.line());
        clean &= report.violations.is_empty();
    }
    if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn usage() -> ExitCode {
    eprintln!("{HELP}");
    ExitCode::from(2)
}
