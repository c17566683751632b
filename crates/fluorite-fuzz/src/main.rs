//! `fluorite-fuzz <target>|all [--seconds S | --runs N] [--seed X] [--out DIR] [--trace]`: a line of JSON a target; exit code 1
//! with a failure. `fluorite-fuzz <target> FILE` runs one input.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use fluorite_fuzz::{Options, TARGETS, Target, corpus, fails, run};

const HELP: &str = "usage: fluorite-fuzz <target>|all [--seconds S | --runs N] [--seed X] [--out DIR] [--trace], or <target> FILE
--seconds  how long each target runs
--runs     how many inputs each target gets: 10,000
--seed     1; the same seed gives the same inputs
--out      where the input of a failure is written: a temporary folder
--trace    writes each input to DIR/<target>.last before it is run: finds what aborts the process";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut options = Options { seed: 1, ..Options::default() };
    let (mut out, mut trace) = (std::env::temp_dir().join("fluorite-fuzz"), false);
    let (mut targets, mut file): (Vec<&'static Target>, Option<PathBuf>) = (Vec::new(), None);
    let mut rest = arguments.iter();
    while let Some(a) = rest.next() {
        let known = TARGETS.iter().find(|t| t.name == a);
        match a.as_str() {
            "all" => targets.extend(TARGETS),
            "--trace" => trace = true,
            "--out" => match rest.next() {
                Some(dir) => out = dir.into(),
                None => return usage(),
            },
            "--seconds" | "--runs" | "--seed" => {
                let Some(n) = rest.next().and_then(|v| v.replace('_', "").parse().ok()) else { return usage() };
                match a.as_str() {
                    "--seconds" => options.seconds = Some(n),
                    "--runs" => options.runs = Some(n),
                    _ => options.seed = n,
                }
            }
            _ => match known {
                Some(target) => targets.push(target),
                None if Path::new(a).is_file() => file = Some(a.into()),
                None => return usage(),
            },
        }
    }
    if targets.is_empty() {
        return usage();
    }
    if let Some(file) = file {
        return one(&targets, &file);
    }
    if let Err(e) = std::fs::create_dir_all(&out) {
        eprintln!("{}: {e}", out.display());
        return ExitCode::from(2);
    }
    let mut clean = true;
    for target in targets {
        clean &=
            fuzz(target, &Options { trace: trace.then(|| out.join(format!("{}.last", target.name))), ..options.clone() }, &out);
    }
    if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn fuzz(target: &'static Target, options: &Options, out: &Path) -> bool {
    let corpus = corpus::load(target.name).unwrap_or_default().into_iter().map(|(_, bytes)| bytes).collect::<Vec<_>>();
    let report = run(target, &corpus, options);
    println!("{}", report.line());
    let Some((run, input, _)) = &report.failure else { return true };
    let path = out.join(format!("{}-{}-{run}", target.name, options.seed));
    match std::fs::write(&path, input) {
        Ok(()) => eprintln!("{}: seed {}, run {run}; input: {}", target.name, options.seed, path.display()),
        Err(e) => eprintln!("{}: {e}", path.display()),
    }
    false
}

fn one(targets: &[&'static Target], file: &Path) -> ExitCode {
    let Ok(input) = std::fs::read(file) else { return usage() };
    // the panic's own words are printed by the standard hook
    if targets.iter().any(|t| fails(t, &input).is_some()) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn usage() -> ExitCode {
    let names: Vec<&str> = TARGETS.iter().map(|t| t.name).collect();
    eprintln!("{HELP}\ntargets: {}", names.join(" "));
    ExitCode::from(2)
}
