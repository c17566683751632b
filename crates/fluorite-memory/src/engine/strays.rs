//! Files MANIFEST does not name: what a crash left behind, or what tells that MANIFEST is an old one.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::replay::Replay;
use crate::error::{Error, Result};
use crate::log::{Manifest, Segment, dictionary_name, scan_segment, segment_name};
use crate::vfs::{OpenMode, Vfs};

/// Segment files it names.
fn named(manifest: &Manifest) -> HashSet<u32> {
    manifest.sealed.iter().map(|s| s.number).chain([manifest.live]).collect()
}

/// The number of a segment file.
pub fn segment_number(name: &str) -> Option<u32> {
    name.strip_suffix(".seg").filter(|n| n.len() == 8)?.parse().ok()
}

/// Refuses a MANIFEST that is older than the log, as one put back from a copy is. A crash leaves none such: a dictionary and the
/// model are named before a record needs them, a compaction copies what is known, a new segment is empty until it is named.
/// `had_model`: it named one when it was read.
pub fn check_newest(
    vfs: &dyn Vfs,
    root: &Path,
    manifest: &Manifest,
    (replay, next_sequence): (&Replay, u64),
    had_model: bool,
) -> Result<()> {
    let older = |proof: String| Error::Corrupt {
        path: root.join("MANIFEST"),
        offset: 0,
        what: format!("it is older than the log: {proof}. Put the latest MANIFEST back, or take this one away and use salvage"),
    };
    let unnamed = |d: u32| d != 0 && !manifest.dictionaries.contains(&d);
    if let Some(row) = replay.rows.iter().find(|r| unnamed(r.dictionary)) {
        return Err(older(format!("records need the dictionary {}, which it does not name", row.dictionary)));
    }
    if !had_model && replay.met_vectors() {
        return Err(older("there are vectors, and it names no model".into()));
    }
    let (dir, store_id) = (root.join("log"), manifest.id()?);
    // numbers below `next_segment` were known to it: the victims of a compaction whose removal did not come about
    let unknown = |n: &u32| *n >= manifest.next_segment;
    for number in vfs.list(&dir).unwrap_or_default().iter().filter_map(|n| segment_number(n)).filter(unknown) {
        let length = vfs.open(&dir.join(segment_name(number)), OpenMode::Read).and_then(|f| f.len());
        let Ok(segment) = length.map_or(Ok(None), |l| Segment::sealed(vfs, &dir, number, l, store_id).map(Some)) else {
            continue;
        };
        let Some(segment) = segment else { continue };
        let mut newest = 0;
        let bytes = segment.map().unwrap_or_default();
        let seen = scan_segment(&segment, bytes, 0, |r| {
            newest = newest.max(r.sequence);
            Ok(())
        });
        if newest >= next_sequence && seen.is_ok() {
            return Err(older(format!("{} holds later writes", segment_name(number))));
        }
    }
    Ok(())
}

/// Removes files a crash left behind. Failing to is no error: they are never read.
pub fn remove_strays(vfs: &dyn Vfs, root: &Path, manifest: &Manifest) {
    let wanted: HashSet<String> = named(manifest).into_iter().map(segment_name).collect();
    let is_segment = |n: &str| n.ends_with(".seg") && n.len() == 12;
    let stray = |dir: &PathBuf, test: &dyn Fn(&str) -> bool| {
        for name in vfs.list(dir).unwrap_or_default().iter().filter(|n| test(n)) {
            let _ = vfs.remove(&dir.join(name));
        }
    };
    stray(&root.join("log"), &|n| is_segment(n) && !wanted.contains(n));
    let dictionaries: HashSet<String> = manifest.dictionaries.iter().map(|d| dictionary_name(*d)).collect();
    let is_dictionary = |n: &str| n.len() == 8 && n.bytes().all(|b| b.is_ascii_digit());
    stray(&root.join("dict"), &|n| is_dictionary(n) && !dictionaries.contains(n));
    for dir in [root.to_owned(), root.join("dict"), root.join("index"), root.join("feedback")] {
        stray(&dir, &|n| n.ends_with(".tmp"));
    }
}
