//! Lines, rotation, modes, failures.

use std::sync::Arc;

use serde_json::Value;

use super::*;

fn entry(query: &str) -> Entry<'_> {
    Entry { kind: Asked::Search, query: Some(query), related_to: None, mode: None, filter: None, took_ms: 1.5 }
}

fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().map(|l| serde_json::from_str(l).unwrap()).collect()
}

fn history(dir: &Path, most_bytes: u64) -> SearchHistory {
    SearchHistory { most_bytes, ..SearchHistory::new(dir.join("h"), Path::new("/a/store")).unwrap() }
}

#[test]
fn rotation_bounds_the_folder_and_loses_the_oldest_only() {
    let dir = tempfile::tempdir().unwrap();
    let h = history(dir.path(), 1_000);
    for i in 0..100 {
        h.write(0, &entry(&format!("query {i} {}", "x".repeat(50))), &[]);
    }
    assert_eq!(h.failure(), None);
    let files = (0..=KEPT).rev().map(|n| if n == 0 { h.path() } else { h.folder.join(format!("searches.{n}.jsonl")) });
    let mut all = Vec::new();
    for path in files {
        let size = std::fs::metadata(&path).unwrap().len();
        assert!(size <= 1_000, "{path:?} has {size} bytes");
        all.extend(lines(&path).iter().map(|l| l["query"].as_str().unwrap().split(' ').nth(1).unwrap().parse::<u32>().unwrap()));
    }
    assert!(all.len() > 20 && all.len() < 50);
    let first = 100 - all.len() as u32;
    assert_eq!(all, (first..100).collect::<Vec<_>>(), "the newest, in order, none twice");
    assert!(!h.folder.join(format!("searches.{}.jsonl", KEPT + 1)).exists());
}

#[test]
fn several_writers_keep_lines_whole_and_rotate_once() {
    let dir = tempfile::tempdir().unwrap();
    let all: Vec<Arc<SearchHistory>> = (0..4).map(|_| Arc::new(history(dir.path(), 1 << 20))).collect();
    std::thread::scope(|s| {
        for (t, h) in all.iter().enumerate() {
            s.spawn(move || (0..200).for_each(|i| h.write(0, &entry(&format!("{t}-{i}")), &[])));
        }
    });
    let mut seen: Vec<String> = lines(&all[0].path()).iter().map(|l| l["query"].as_str().unwrap().to_owned()).collect();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 800);
}

#[cfg(unix)]
#[test]
fn the_owner_alone_can_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let h = history(dir.path(), 1_000);
    h.write(0, &entry("a"), &[]);
    let mode = |p: &Path| std::fs::metadata(p).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&h.folder), mode(&h.path())), (0o700, 0o600));
    assert_eq!(std::fs::read_to_string(h.folder.join(".gitignore")).unwrap(), "*\n");

    let open = dir.path().join("open");
    std::fs::create_dir(&open).unwrap();
    std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o755)).unwrap();
    let h = SearchHistory::new(open.clone(), Path::new("/a/store")).unwrap();
    h.write(0, &entry("a"), &[]);
    assert!(h.failure().unwrap().contains("chmod 700"), "{:?}", h.failure());
    assert_eq!(mode(&open), 0o755, "a folder of someone else's making stays as it is");
    assert!(!h.path().exists());
    std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o700)).unwrap();
    h.write(0, &entry("b"), &[]);
    assert_eq!((h.failure(), lines(&h.path()).len()), (None, 1), "once it is mended it is written");
}

#[cfg(unix)]
#[test]
fn a_link_in_its_place_is_not_followed() {
    let dir = tempfile::tempdir().unwrap();
    let h = history(dir.path(), 1_000);
    h.write(0, &entry("a"), &[]);
    std::fs::remove_file(h.path()).unwrap();
    let target = dir.path().join("target");
    std::os::unix::fs::symlink(&target, h.path()).unwrap();
    let h = history(dir.path(), 1_000);
    h.write(0, &entry("b"), &[]);
    assert!(h.failure().unwrap().contains("is no file"));
    assert!(!target.exists());
}

#[test]
fn never_inside_the_store() {
    for (folder, refused) in [("/a/store", true), ("/a/store/x/y", true), ("/a/store2", false), ("/a", false)] {
        let e = SearchHistory::new(folder.into(), Path::new("/a/store"));
        assert_eq!(e.is_err(), refused, "{folder}");
        assert!(e.is_ok() || e.unwrap_err().code() == "INVALID_CONFIG");
    }
}
