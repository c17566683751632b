//! Every file of a store: log, manifest, id table, filters, graphs, text segments, dictionaries, feedback.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use fluorite_memory::vfs::SimVfs;
use fluorite_memory::{
    CancelToken, ChunkInput, Engine, Error, Feedback, FeedbackKind, ListOptions, Query, Result, SearchOptions, WriteOptions,
};

use super::support::{ROOT, open};

const SEGMENT_BYTES: u64 = 2_000;
const ROWS: usize = 5;
const PAGE: usize = 4_096;
/// Bytes of one edit in an input.
const EDIT: usize = 8;
/// Most edits of one input.
const MOST_EDITS: usize = 12;

struct Made {
    files: BTreeMap<PathBuf, Vec<u8>>,
    /// Every content a chunk ever had.
    ever: BTreeMap<String, BTreeSet<String>>,
    /// What it has now.
    now: BTreeMap<String, String>,
}

fn made() -> &'static Made {
    static MADE: OnceLock<Made> = OnceLock::new();
    MADE.get_or_init(|| make().expect("the store of the fuzzer"))
}

fn make() -> Result<Made> {
    let disk = SimVfs::new(1);
    let engine = open(&disk, SEGMENT_BYTES, ROWS)?;
    let (mut ever, mut now): (BTreeMap<String, BTreeSet<String>>, BTreeMap<String, String>) = Default::default();
    for i in 0..14_u8 {
        for version in 0..=u8::from(i % 3 == 0) {
            let (id, content) =
                (format!("c{i}"), format!("content {i} of version {version} is common {}", "word ".repeat(i.into())));
            let mut input = ChunkInput::text(&content).with_id(&id);
            input.embedding = Some(vector(i));
            input.tags = Some(vec!["tag".into()]);
            engine.store(vec![input], WriteOptions::default()).wait()?;
            ever.entry(id.clone()).or_default().insert(content.clone());
            now.insert(id, content);
        }
        if i % 5 == 4 {
            engine.delete("default", &format!("c{i}")).wait()?;
            now.remove(&format!("c{i}"));
        }
        if i == 2 || i == 3 {
            let (chunk_id, query, kind) = (format!("c{i}"), Some("common".into()), FeedbackKind::Success);
            let (namespace, rating, correction, domain, comment) = (None, None, None, None, None);
            engine
                .add_feedback(vec![Feedback { chunk_id, namespace, query, kind, rating, correction, domain, comment }])
                .wait()?;
        }
        while engine.step() {}
    }
    engine.shutdown().wait()?;
    let unused = |p: &Path| p.ends_with("RESERVE") || p.ends_with("LOCK");
    let names = disk.files().into_iter().map(|(p, _)| p).filter(|p| !unused(p));
    let files = names.filter_map(|p| disk.read_file(&p).map(|bytes| (p, bytes))).collect();
    Ok(Made { files, ever, now })
}

fn vector(i: u8) -> Vec<f32> {
    (0..8_u8).map(|d| f32::from((i.wrapping_mul(37) ^ d.wrapping_mul(51)).wrapping_mul(29)) / 255.0 - 0.5).collect()
}

/// Input: a byte of flags, then edits of eight bytes (file, kind, place in three bytes, value in three). Flag 1: checksums of
/// envelopes and first pages are put right, so that what is behind them is reached; such a file is forged, and only a crash
/// would break a promise. Otherwise: an open gives a typed error, or contents that once were, the latest ones when derived files
/// alone are hit.
pub fn run(data: &[u8]) {
    let Some((&flags, edits)) = data.split_first() else { return };
    let forged = flags & 1 == 1;
    let made = made();
    let mut files = made.files.clone();
    let mut derived = true;
    for edit in edits.chunks_exact(EDIT).take(MOST_EDITS) {
        let Some((path, bytes)) = files.iter_mut().nth(usize::from(edit[0]) % made.files.len()) else { return };
        derived &= path.starts_with(Path::new(ROOT).join("index"));
        change(bytes, edit);
        if forged {
            mend(bytes);
        }
    }
    let disk = SimVfs::new(1);
    for (path, bytes) in &files {
        disk.write_file(path, bytes).expect("the simulated disk");
    }
    disk.set_capacity(files.values().map(|b| b.len() as u64).sum::<u64>() + (80 << 10));
    match open(&disk, SEGMENT_BYTES, ROWS) {
        Ok(engine) => {
            let seen = look(&engine, forged);
            if derived && !forged {
                assert_eq!(seen.as_ref(), Some(&made.now), "damage in derived files changes what is read");
            }
        }
        Err(e) => {
            assert!(!derived || forged, "damage in derived files refuses the open: {e}");
            typed(&e);
        }
    }
}

fn change(bytes: &mut Vec<u8>, edit: &[u8]) {
    let number = |b: &[u8]| b.iter().fold(0_usize, |n, b| n << 8 | usize::from(*b));
    let at = number(&edit[2..5]) % (bytes.len() + 1);
    match edit[1] % 6 {
        0 => bytes.iter_mut().skip(at).take(1).for_each(|b| *b ^= 1 << (edit[5] % 8)),
        1 => bytes.iter_mut().skip(at).zip(&edit[5..8]).for_each(|(b, v)| *b = *v),
        2 => bytes.truncate(at),
        3 => bytes.extend(std::iter::repeat_n(edit[5], usize::from(edit[6]) + 1)),
        4 => bytes.iter_mut().skip(at).take(8).for_each(|b| *b = edit[5]),
        // the first page of graphs and text segments has the lengths that others are trusted by
        _ => bytes.iter_mut().skip(at % 256).zip(&edit[5..8]).for_each(|(b, v)| *b = *v),
    }
}

/// Puts the checksum of an envelope or of a first page right.
fn mend(bytes: &mut [u8]) {
    let magic = bytes.get(..8).unwrap_or_default().to_vec();
    if [&b"FLUOGRF"[..], b"FLUOTXT"].iter().any(|m| magic.starts_with(m)) && bytes.len() >= PAGE {
        let crc = crc32c::crc32c(&bytes[..PAGE - 4]);
        bytes[PAGE - 4..PAGE].copy_from_slice(&crc.to_le_bytes());
    } else if magic.starts_with(b"FLUO") && !magic.starts_with(b"FLUOSEG") && !magic.starts_with(b"FLUOFBK") && bytes.len() >= 20
    {
        let length = (bytes.len() - 20) as u32;
        bytes[12..16].copy_from_slice(&length.to_le_bytes());
        let crc = crc32c::crc32c(&bytes[20..]);
        bytes[16..20].copy_from_slice(&crc.to_le_bytes());
    }
}

fn typed(e: &Error) {
    let known =
        ["CORRUPT", "UNSUPPORTED_FORMAT", "IO", "NO_SPACE", "DIMENSION_MISMATCH", "INTERNAL", "POISONED", "MODEL_MISMATCH"];
    assert!(known.contains(&e.code()), "{}: {e}", e.code());
}

/// Reads everything; `None` when something answered with an error.
fn look(engine: &Engine, forged: bool) -> Option<BTreeMap<String, String>> {
    let made = made();
    let (mut found, mut whole) = (BTreeMap::new(), true);
    let mut failed = |e: Error| {
        typed(&e);
        whole = false;
    };
    for (id, ever) in &made.ever {
        match engine.get_many("default", vec![id.clone()]).wait() {
            Ok(records) => {
                if let Some(record) = records.into_iter().flatten().next() {
                    let content = record.chunk.text().into_owned();
                    assert!(forged || ever.contains(&content), "{id} never was {content:?}");
                    found.insert(id.clone(), content);
                }
            }
            Err(e) => failed(e),
        }
    }
    if let Err(e) = engine.list(ListOptions::default(), None).wait() {
        failed(e);
    }
    for settled in [false, true] {
        for query in [Query::Text("common version word".into()), Query::Vector(vector(3))] {
            match engine.search(query, SearchOptions::default()).wait() {
                Ok(hits) => {
                    for hit in hits {
                        let content = hit.record.map(|r| r.chunk.text().into_owned());
                        assert!(
                            forged || content.is_none() || content.as_ref() == found.get(&hit.id),
                            "a hit that is not stored"
                        );
                    }
                }
                Err(e) => failed(e),
            }
        }
        // what was damaged is built again
        while !settled && engine.step() {}
    }
    let asides = [
        engine.feedback_stats().wait().err(),
        engine.stats().wait().err(),
        engine.verify(CancelToken::default(), None).wait().err(),
    ];
    asides.iter().flatten().for_each(typed); // feedback is no chunk: the contents may be whole
    if let Err(e) = engine.shutdown().wait() {
        typed(&e);
    }
    whole.then_some(found)
}
