//! Learning files into a real engine: words only, a folder of its own each.
#![allow(clippy::unwrap_used)] // a test

use std::path::PathBuf;
use std::sync::Arc;

use fluorite_learner::{FileOptions, FilesReport, learn_from_files};
use fluorite_memory::{Query, SearchOptions};

mod common;

use common::Bench;

impl Bench {
    fn write(&self, file: &str, text: &str) {
        self.raw(file, text);
    }

    fn learn(&self) -> FilesReport {
        learn_from_files(&self.engine, &[self.root()], &FileOptions::default()).unwrap()
    }
}

#[test]
fn a_file_without_text_is_new_at_no_run() {
    let b = Bench::new();
    b.write("a.md", "# A\n\nSomething.\n");
    b.write("empty.md", "");
    b.write("blank.txt", " \n\n");
    b.write("mark.json", "\u{feff}");
    let first = b.learn();
    assert_eq!((counts(&first), first.found, first.empty), ([1, 0, 0, 0, 0], 4, 3));
    let again = b.learn();
    assert_eq!((counts(&again), again.empty), ([0, 0, 0, 1, 0], 3));
    // one that had text is a change, once
    b.write("a.md", "");
    let r = b.learn();
    assert_eq!((counts(&r), r.chunks_removed, r.empty), ([0, 1, 0, 0, 0], 1, 3));
    let r = b.learn();
    assert_eq!((counts(&r), r.empty), ([0, 0, 0, 0, 0], 4));
    b.write("empty.md", "now it has some\n");
    assert_eq!(counts(&b.learn()), [1, 0, 0, 0, 0]);
}

#[test]
fn a_byte_order_mark_is_no_part_of_a_text() {
    let b = Bench::new();
    let long = "word ".repeat(200);
    b.write("a.json", &format!("\u{feff}{{\n  \"first\": \"{long}\",\n  \"second\": \"{long}\"\n}}\n"));
    b.write("b.toml", &format!("\u{feff}[first]\na = \"{long}\"\n[second]\nb = \"{long}\"\n"));
    b.write("c.yaml", &format!("\u{feff}first: {long}\nsecond: {long}\n"));
    b.write("d.md", "\u{feff}# Title\n\nSome text.\n");
    let r = b.learn();
    assert_eq!((r.stored, &r.unparsed, &r.invalid), (4, &Vec::new(), &Vec::new()));
    let ids: Vec<String> = b.ids().into_iter().filter(|id| !id.contains('~')).collect();
    for id in [
        "file:a.json#first",
        "file:a.json#second",
        "file:b.toml#first.a",
        "file:b.toml#second.b",
        "file:c.yaml#first",
        "file:d.md#Title",
    ] {
        assert!(ids.iter().any(|i| i == id), "{id} is not in {ids:?}");
    }
    assert!(b.chunks().iter().all(|c| !c.text().contains('\u{feff}')));
}

/// stored, updated, renamed, unchanged, removed.
fn counts(r: &FilesReport) -> [u64; 5] {
    [r.stored, r.updated, r.renamed, r.unchanged, r.removed]
}

fn function(name: &str) -> String {
    format!("pub fn {name}() {{\n{}}}\n\n", "    let value = compute(1, 2, 3).unwrap_or_default();\n".repeat(12))
}

#[test]
fn a_tree_is_learned_by_structure_and_kept_in_step() {
    let b = Bench::new();
    b.write("a.rs", &(function("alpha") + &function("beta")));
    b.write("docs/guide.md", "# Guide\n\nHow to install the zebra.\n");
    b.write("conf.yaml", "name: x\nport: 1\n");
    b.write(".gitignore", "ignored/\n*.log.txt\n");
    b.write("ignored/no.rs", "fn no() {}");
    b.write("x.log.txt", "no");
    b.write("node_modules/m/index.js", "no()");
    b.write("logo.png", "png");
    let r = b.learn();
    assert_eq!((counts(&r), r.found, r.other, r.chunks_stored), ([3, 0, 0, 0, 0], 3, 1, 4));
    assert_eq!(b.ids(), ["file:a.rs#alpha", "file:a.rs#beta", "file:conf.yaml#name, port", "file:docs/guide.md#Guide"]);
    assert_eq!(counts(&b.learn()), [0, 0, 0, 3, 0]);
    let hits = b.engine.search(Query::Text("install the zebra".into()), SearchOptions::default()).wait().unwrap();
    assert_eq!(hits[0].id, "file:docs/guide.md#Guide");

    b.write("a.rs", &(function("beta") + &function("gamma")));
    std::fs::remove_file(b.root().join("conf.yaml")).unwrap();
    let r = b.learn();
    assert_eq!((counts(&r), r.chunks_removed), ([0, 1, 0, 1, 1], 2));
    assert_eq!(b.ids(), ["file:a.rs#beta", "file:a.rs#gamma", "file:docs/guide.md#Guide"]);
    let beta = b.chunks().remove(0);
    assert_eq!((beta.version, &beta.attributes.metadata["start_line"]), (2, &serde_json::json!(1)));
}

#[test]
fn a_renamed_file_keeps_ids_and_history() {
    let b = Bench::new();
    b.write("old.md", "# Title\n\nText about llamas.\n");
    b.learn();
    std::fs::create_dir(b.root().join("sub")).unwrap();
    std::fs::rename(b.root().join("old.md"), b.root().join("sub/new.md")).unwrap();
    assert_eq!(counts(&b.learn()), [0, 0, 1, 0, 0]);
    let chunk = b.chunks().remove(0);
    assert_eq!((chunk.id.as_str(), chunk.attributes.source.as_deref()), ("file:old.md#Title", Some("sub/new.md")));
    assert_eq!(b.engine.history("default", "file:old.md#Title").wait().unwrap().len(), 2);
    assert_eq!(counts(&b.learn()), [0, 0, 0, 1, 0]);
    b.write("old.md", "# Title\n\nAnother text.\n");
    assert_eq!(counts(&b.learn()), [1, 0, 0, 1, 0]);
    assert_eq!(b.chunks().len(), 2);
}

#[test]
#[cfg(unix)] // links, pipes, rights
fn hostile_entries_are_reported_and_skipped() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let b = Bench::new();
    let at = |p: &str| b.root().join(p);
    b.write("good.md", "# Good\n\ntext\n");
    b.write(
        "bomb.yaml",
        &format!(
            "a: &a [x,x,x,x,x,x,x,x,x]\n{}",
            ('b'..='i')
                .map(|c| format!("{c}: &{c} [*{0},*{0},*{0},*{0},*{0},*{0},*{0},*{0}]\n", (c as u8 - 1) as char))
                .collect::<String>()
        ),
    );
    symlink(b.root(), at("loop")).unwrap();
    symlink("/dev/zero", at("zero.md")).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(at("pipe.md")).status().unwrap().success());
    std::fs::File::create(at("giant.json")).unwrap().set_len(1 << 30).unwrap();
    b.write("line.js", &"x".repeat(100_000));
    b.write("binary.rs", "fn a\0b() {}");
    std::fs::write(at("latin.txt"), b"caf\xe9").unwrap();
    b.write("deep.json", &"[".repeat(50_000));
    b.write("locked/x.md", "# X\n");
    std::fs::set_permissions(at("locked"), std::fs::Permissions::from_mode(0o000)).unwrap();
    let root_may_read = std::fs::read_dir(at("locked")).is_ok();
    let r = b.learn();
    std::fs::set_permissions(at("locked"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut why: Vec<(&str, &str)> = r.invalid.iter().map(|i| (i.file.as_str(), i.reason.as_str())).collect();
    if root_may_read {
        why.push(("locked", "cannot be read")); // nobody locks root out
    }
    for (file, reason) in [
        ("loop", "symbolic links"),
        ("zero.md", "symbolic links"),
        ("pipe.md", "no regular file"),
        ("giant.json", "1073741824 bytes"),
        ("line.js", "a line of more than"),
        ("binary.rs", "no text"),
        ("latin.txt", "not UTF-8"),
        ("locked", "cannot be read"),
        ("bomb.yaml", "aliases would make more than"),
    ] {
        assert!(why.iter().any(|(f, w)| *f == file && w.contains(reason)), "{file}: {why:?}");
    }
    assert!(b.ids().contains(&"file:good.md#Good".to_owned()) && b.chunks().len() < 100);
    assert_eq!(r.unparsed.iter().map(|u| u.file.as_str()).collect::<Vec<_>>(), ["deep.json"]);
    // a bomb that a good file became leaves the chunks of the good one
    b.write("good.yaml", "a: 1\n");
    b.learn();
    std::fs::copy(at("bomb.yaml"), at("good.yaml")).unwrap();
    let r = b.learn();
    assert!(r.invalid.iter().any(|i| i.file == "good.yaml") && b.ids().contains(&"file:good.yaml#a".to_owned()));
}

#[test]
fn single_files_two_folders_and_wrong_paths() {
    let b = Bench::new();
    b.write("one/a.md", "# A\n\none\n");
    b.write("two/a.md", "# A\n\ntwo\n");
    let learn = |paths: &[&str]| {
        let paths: Vec<PathBuf> = paths.iter().map(|p| b.root().join(p)).collect();
        learn_from_files(&b.engine, &paths, &FileOptions::default())
    };
    assert_eq!(counts(&learn(&["one", "two"]).unwrap()), [2, 0, 0, 0, 0]);
    assert_eq!(b.chunks().len(), 2);
    assert_eq!(counts(&learn(&["one", "two"]).unwrap()), [0, 0, 0, 2, 0]);
    b.write("one/b.md", "# B\n");
    assert_eq!(counts(&learn(&["one/b.md"]).unwrap()), [1, 0, 0, 0, 0]);
    assert_eq!(counts(&learn(&["one/b.md"]).unwrap()), [0, 0, 0, 1, 0]);
    assert_eq!(b.chunks().len(), 3, "one file alone removes none of the others");
    assert_eq!(learn(&["missing"]).unwrap_err().code(), "INVALID_ARGUMENT");
    assert_eq!(learn(&[]).unwrap_err().code(), "INVALID_ARGUMENT");
    let zero = FileOptions { max_tokens: Some(1), ..FileOptions::default() };
    assert_eq!(learn_from_files(&b.engine, &[b.root()], &zero).unwrap_err().code(), "INVALID_ARGUMENT");
}

#[test]
fn a_stopped_run_is_gone_on_with_and_threads_do_not_matter() {
    let b = Bench::new();
    for i in 0..200 {
        b.write(&format!("f{i:03}.md"), &format!("# Title {i}\n\nText number {i}.\n"));
    }
    let mut options = FileOptions::default();
    let cancel = options.cancel.clone();
    options.on_progress = Some(Arc::new(move |p| {
        if p.done > 20 {
            cancel.cancel();
        }
    }));
    assert_eq!(learn_from_files(&b.engine, &[b.root()], &options).unwrap_err().code(), "ABORTED");
    let part = b.chunks().len() as u64;
    assert!(part > 0 && part < 200, "{part}");
    assert_eq!(counts(&b.learn()), [200 - part, 0, 0, part, 0]);
    let other = FileOptions { parallel_processing: Some(false), namespace: Some("one".into()), ..FileOptions::default() };
    learn_from_files(&b.engine, &[b.root()], &other).unwrap();
    assert_eq!(b.contents("default"), b.contents("one"));
}
