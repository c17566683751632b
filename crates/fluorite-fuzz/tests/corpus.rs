//! Replays `corpus/` and runs each target over a fixed number of mutations with a fixed seed.

use fluorite_fuzz::{Options, TARGETS, corpus, run};

fn target(name: &str) {
    let target = TARGETS.iter().find(|t| t.name == name).expect("a target");
    let inputs = corpus::load(name).expect("its corpus");
    assert!(!inputs.is_empty(), "corpus/{name} is empty");
    for (file, bytes) in &inputs {
        eprintln!("corpus/{name}/{file}");
        (target.run)(bytes);
    }
    let bytes: Vec<Vec<u8>> = inputs.into_iter().map(|(_, bytes)| bytes).collect();
    let options = Options { runs: Some(target.test_runs), seed: 1, ..Options::default() };
    let report = run(target, &bytes, &options);
    assert!(report.failure.is_none(), "{}", report.line());
    assert_eq!(report.runs, target.test_runs);
}

macro_rules! targets {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            target(stringify!($name));
        })*

        #[test]
        fn every_target_has_a_test_and_a_corpus() {
            let named = [$(stringify!($name)),*];
            assert!(TARGETS.iter().all(|t| named.contains(&t.name)) && named.len() == TARGETS.len());
        }
    };
}

targets!(record payload manifest keys store events feedback spike config ids input catalog chunking lexicon terms query time);
