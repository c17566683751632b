//! Learning into a real engine: words only, a folder of its own each.
#![allow(clippy::unwrap_used)] // a test

use std::path::Path;
use std::sync::{Arc, Mutex};

use fluorite_learner::{Config, LearnOptions, LearningConfig, LearningPipeline, LearningReport, learn_from_spikes};
use fluorite_memory::{Query, SearchOptions};

mod common;

use common::Bench;

impl Bench {
    fn write(&self, file: &str, id: &str, text: &str) {
        self.raw(file, &format!(r#"{{"id":"{id}","name":"Name of {id}","stack":["bun"],"tags":["t"],"files":[{{"path":"a.ts","template":"{text}"}}]}}"#));
    }

    fn options(&self) -> LearnOptions {
        LearnOptions { path: Some(self.root()), batch_size: Some(3), ..LearnOptions::default() }
    }

    fn learn(&self) -> LearningReport {
        learn_from_spikes(&self.engine, &self.options()).unwrap()
    }
}

/// stored, updated, unchanged, removed.
fn counts(r: &LearningReport) -> (u64, u64, u64, u64) {
    (r.stored, r.updated, r.unchanged, r.removed)
}

#[test]
fn only_what_changed_is_stored_again() {
    let b = Bench::new();
    for i in 0..10 {
        b.write(&format!("s{i}.json"), &format!("s{i}"), "serve()");
    }
    assert_eq!(counts(&b.learn()), (10, 0, 0, 0));
    assert_eq!(counts(&b.learn()), (0, 0, 10, 0));
    b.write("s3.json", "s3", "changed()");
    std::fs::remove_file(b.root().join("s4.json")).unwrap();
    b.write("sub/s10.json", "s10", "new()");
    assert_eq!(counts(&b.learn()), (1, 1, 8, 1));
    assert_eq!(b.chunks().len(), 10);
    let s3 = b.chunks().into_iter().find(|c| c.id == "spike:s3").unwrap();
    assert!(s3.text().contains("changed()") && s3.version == 2);
    assert_eq!(s3.attributes.source.as_deref(), Some("s3.json"));
    let again = LearnOptions { incremental: Some(false), ..b.options() };
    assert_eq!(counts(&learn_from_spikes(&b.engine, &again).unwrap()), (0, 10, 0, 0));
    let hits = b.engine.search(Query::Text("changed".into()), SearchOptions::default()).wait().unwrap();
    assert_eq!(hits.first().map(|h| h.id.as_str()), Some("spike:s3"));
}

#[test]
#[cfg(unix)] // makes a symbolic link
fn broken_files_are_repaired_or_reported_and_never_lose_their_chunk() {
    let b = Bench::new();
    b.write("a.json", "a", "one()");
    b.write("q.json", "q", r#"say "hi""#);
    b.raw("x.json", "{\"id\": oops");
    std::os::unix::fs::symlink("/dev/zero", b.root().join("z.json")).unwrap();
    let r = b.learn();
    assert_eq!((r.found, r.stored, r.repaired.len(), r.invalid.len()), (3, 2, 1, 2));
    assert_eq!(
        (r.repaired[0].file.as_str(), r.invalid[0].file.as_str(), r.invalid[1].file.as_str()),
        ("q.json", "x.json", "z.json")
    );
    assert_eq!(r.invalid[0].offset, Some(7));
    b.raw("a.json", "{\"id\": half writ");
    let r = b.learn();
    assert_eq!((counts(&r), r.invalid.len()), ((0, 0, 1, 0), 3));
    assert_eq!(b.ids(), ["spike:a", "spike:q"]);
}

#[test]
fn boilerplate_is_left_out_unless_asked_for() {
    let b = Bench::new();
    b.raw("g.json", r#"{"id":"g","name":"G","tags":["generated"]}"#);
    let r = b.learn();
    assert_eq!((r.skipped_generated, r.stored), (1, 0));
    let all = LearnOptions { include_generated: Some(true), ..b.options() };
    assert_eq!(learn_from_spikes(&b.engine, &all).unwrap().stored, 1);
    assert_eq!(counts(&b.learn()), (0, 0, 1, 0));
}

#[test]
fn equal_ids_stay_apart_in_one_folder_and_between_two() {
    let b = Bench::new();
    b.write("a.json", "a", "one()");
    b.write("a-fixed.json", "a", "one()");
    b.write("other/a.json", "a", "one()");
    assert_eq!(b.learn().stored, 3);
    assert_eq!(b.ids(), ["spike:a", "spike:a@a-fixed", "spike:a@other/a"]);
    // The folder below as a root of its own: its `a.json` wants the id that is taken.
    let second = LearnOptions { path: Some(b.root().join("other")), ..b.options() };
    assert_eq!(counts(&learn_from_spikes(&b.engine, &second).unwrap()), (1, 0, 0, 0));
    assert_eq!(counts(&learn_from_spikes(&b.engine, &second).unwrap()), (0, 0, 1, 0));
    assert_eq!(counts(&b.learn()), (0, 0, 3, 0));
    assert_eq!(b.chunks().len(), 4);
    std::fs::remove_file(b.root().join("other/a.json")).unwrap();
    assert_eq!(counts(&b.learn()), (0, 0, 2, 1));
    assert_eq!(counts(&learn_from_spikes(&b.engine, &second).unwrap()), (0, 0, 0, 1));
    assert_eq!(b.ids(), ["spike:a", "spike:a@a-fixed"]);
}

#[test]
fn a_renamed_file_keeps_id_and_history() {
    let b = Bench::new();
    b.write("a.json", "a", "one()");
    b.write("b.json", "b", "two()");
    b.learn();
    std::fs::create_dir(b.root().join("sub")).unwrap();
    std::fs::rename(b.root().join("a.json"), b.root().join("sub/other.json")).unwrap();
    assert_eq!(counts(&b.learn()), (0, 1, 1, 0));
    assert_eq!(counts(&b.learn()), (0, 0, 2, 0));
    // also when it changes later, under its new name
    b.write("sub/other.json", "a", "three()");
    assert_eq!(counts(&b.learn()), (0, 1, 1, 0));
    let kept = b.engine.history("default", "spike:a").wait().unwrap();
    let said: Vec<_> = kept.iter().map(|c| (c.version, c.attributes.source.clone().unwrap())).collect();
    assert_eq!(said, [(1, "a.json".to_owned()), (2, "sub/other.json".into()), (3, "sub/other.json".into())]);
    assert_eq!(b.chunks().len(), 2);
}

#[test]
fn a_renamed_spike_leaves_no_second_chunk() {
    let b = Bench::new();
    b.write("a.json", "a", "one()");
    b.learn();
    b.write("a.json", "b", "one()");
    assert_eq!(counts(&b.learn()), (0, 1, 0, 0));
    assert_eq!(b.ids(), ["spike:b@a"]);
}

#[test]
fn one_thread_and_many_learn_the_same() {
    let b = Bench::new();
    let sample = Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("../../examples/spikes");
    let learn = |parallel, namespace: &str| {
        let options = LearnOptions {
            path: Some(sample.clone()),
            parallel_processing: Some(parallel),
            namespace: Some(namespace.into()),
            ..LearnOptions::default()
        };
        LearningReport { duration_ms: 0, ..learn_from_spikes(&b.engine, &options).unwrap() }
    };
    let (one, many) = (learn(false, "one"), learn(true, "many"));
    assert_eq!(one, many);
    assert!(one.stored > 250 && one.repaired.len() >= 3, "{one:?}");
    assert_eq!(b.contents("one"), b.contents("many"));
}

#[test]
fn progress_is_told_and_cancelling_stops() {
    let b = Bench::new();
    for i in 0..60 {
        b.write(&format!("s{i}.json"), &format!("s{i}"), "serve()");
    }
    let told = Arc::new(Mutex::new(Vec::new()));
    let mut options = b.options();
    let (sink, cancel) = (Arc::clone(&told), options.cancel.clone());
    options.on_progress = Some(Arc::new(move |p| {
        sink.lock().unwrap().push((p.done, p.total));
        if p.done > 0 {
            cancel.cancel();
        }
    }));
    assert_eq!(learn_from_spikes(&b.engine, &options).unwrap_err().code(), "ABORTED");
    let stored = b.chunks().len();
    assert!(stored < 60 && told.lock().unwrap().iter().all(|(_, total)| *total == Some(60)));
    assert_eq!(counts(&b.learn()), (60 - stored as u64, 0, stored as u64, 0));
}

#[test]
fn a_missing_folder_is_an_argument_error_and_deletes_nothing() {
    let b = Bench::new();
    b.write("a.json", "a", "one()");
    b.learn();
    std::fs::remove_dir_all(b.root()).unwrap();
    let e = learn_from_spikes(&b.engine, &b.options()).unwrap_err();
    assert!(e.code() == "INVALID_ARGUMENT" && e.to_string().contains("spike_templates_path"), "{e}");
    assert_eq!(b.ids(), ["spike:a"]);
}

#[test]
fn the_pipeline_opens_learns_and_reports() {
    let b = Bench::new();
    b.write("a.json", "a", "one()");
    let mut config = Config::new(b.dir.path().join("second-store"));
    config.enable_ml = false;
    config.learning.spike_templates_path = Some(b.root());
    let pipeline = LearningPipeline::new(config).wait().unwrap();
    assert_eq!(pipeline.learn_from_spikes().wait().unwrap().stored, 1);
    pipeline.engine().shutdown().wait().unwrap();
    let without = LearningPipeline::with_engine(b.engine.clone(), LearningConfig::default());
    assert_eq!(without.learn_from_spikes().wait().err().map(|e| e.code()), Some("INVALID_ARGUMENT"));
}
