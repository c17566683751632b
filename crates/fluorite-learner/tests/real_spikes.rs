//! Reads every spike of the folder named by `FLUORITE_SPIKES` and prints the figures; without it, of `examples/spikes`.
//! With `FLUORITE_SPIKES_SHOW=1` each repair is printed with its text.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // a test; its figures are its output

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use fluorite_learner::read_spike;
use serde_json::Value;

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
    let mut files: Vec<PathBuf> = entries.filter(|p| p.extension().is_some_and(|e| e == "json")).collect();
    files.sort();
    files
}

#[test]
fn real_spikes_are_read_repaired_or_explained() {
    let sample = Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("../../examples/spikes");
    let folder = std::env::var_os("FLUORITE_SPIKES").map_or(sample, PathBuf::from);
    let show = std::env::var_os("FLUORITE_SPIKES_SHOW").is_some();
    let (mut strict, mut repaired, mut unreadable, mut generated) = (0, 0, 0, 0);
    let mut ids: HashMap<String, Vec<String>> = HashMap::new();
    let mut chunk_ids = std::collections::HashSet::new();
    for path in files(&folder) {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let bytes = std::fs::read(&path).unwrap();
        let is_json = serde_json::from_slice::<Value>(&bytes).is_ok();
        match read_spike(&bytes) {
            Ok(reading) => {
                assert_eq!(is_json, reading.repaired.is_none(), "{name}");
                match &reading.repaired {
                    None => strict += 1,
                    Some(what) => {
                        repaired += 1;
                        println!("repaired   {name}: {what}");
                        for f in reading.template.files.iter().filter(|_| show) {
                            println!("  | {}\n{}", f.path, f.template);
                        }
                    }
                }
                generated += usize::from(reading.template.is_generated());
                let chunk = reading.template.to_chunk(&name);
                assert!(chunk_ids.insert(chunk.id.unwrap()), "{name}");
                ids.entry(reading.template.id).or_default().push(name);
            }
            Err(e) => {
                unreadable += 1;
                println!("unreadable {name} at {:?}: {e}", e.offset);
            }
        }
    }
    for (id, names) in ids.iter().filter(|(_, names)| names.len() > 1) {
        println!("one id     {id}: {names:?}");
    }
    let all = strict + repaired + unreadable;
    println!(
        "{all} files: {strict} well-formed, {repaired} repaired, {unreadable} unreadable; {generated} generated, {} ids",
        ids.len()
    );
    assert!(unreadable * 1_000 <= all.max(1_000));
}
