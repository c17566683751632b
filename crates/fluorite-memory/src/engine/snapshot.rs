//! The id table of the sealed segments on disk: opening reads it and replays the live segment (64 MiB at most, under 0.1 s).

use std::path::Path;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use super::commit::Writer;
use super::doomed::Doomed;
use super::replay::Replay;
use super::shared::Shared;
use super::state::{NONE, Row};
use crate::error::{Error, Result};
use crate::log::varint::{Reader, put};
use crate::log::{Location, Manifest, UsageEntry};
use crate::mutants::mutant;
use crate::vfs::{Vfs, map_checked, replace};

const MAGIC: &[u8; 8] = b"FLUOIDS1";
const VERSION: u32 = 3;
/// File name.
pub const NAME: &str = "ids";

/// How far a snapshot covers each segment.
pub type Coverage = Vec<(u32, u64)>;

/// Saves the table. Sealed segments are durable, so everything it names is.
pub fn save(shared: &Shared, w: &Writer) -> Result<()> {
    let mut coverage: Coverage = w.manifest.sealed.iter().map(|s| (s.number, s.length)).collect();
    if coverage.is_empty() {
        let _ = shared.vfs.remove(&shared.index_dir().join(NAME)); // an old one names segments that are gone
        return Ok(());
    }
    let mut live = w.live.segment().number();
    if mutant!("id_table_newer_than_log") {
        coverage.push((live, w.live.end()));
        live = 0; // no segment's
    }
    let mut body = Vec::new();
    put(&mut body, coverage.len() as u64);
    for (number, upto) in coverage {
        put(&mut body, u64::from(number));
        put(&mut body, upto);
    }
    put(&mut body, w.next_sequence);
    {
        let state = shared.state.read();
        let free: std::collections::HashSet<u32> = state.free.iter().copied().collect();
        let wanted = |(i, r): &(usize, &Row)| r.at.segment != live && !free.contains(&(*i as u32));
        let mut rows: Vec<&Row> = state.rows.iter().enumerate().filter(wanted).map(|(_, r)| r).collect();
        rows.sort_unstable_by_key(|r| r.sequence);
        put(&mut body, rows.len() as u64);
        for r in &rows {
            body.extend_from_slice(&r.key.to_le_bytes());
        }
        let mut last = 0;
        for r in &rows {
            put(&mut body, r.sequence - last);
            last = r.sequence;
            put_row(&mut body, r, live);
        }
        // a row in the live segment may owe its counter to a sealed USAGE record, which replay will not read
        let read = |r: &&Row| r.at.segment == live && r.usage.load(Ordering::Relaxed) > 0;
        let counters: Vec<&Row> = state.live.iter().filter_map(|row| state.row(row)).filter(read).collect();
        put(&mut body, counters.len() as u64);
        for r in counters {
            body.extend_from_slice(&r.key.to_le_bytes());
            put(&mut body, u64::from(r.usage.load(Ordering::Relaxed)));
            put(&mut body, r.accessed_at.load(Ordering::Relaxed).max(0) as u64);
        }
        // vector records without use: replay will not meet those in sealed segments
        let strays = state.doomed.strays.iter().flat_map(|(chunk, at)| at.iter().map(|segment| (*chunk, *segment)));
        let orphans = state.doomed.orphans.iter().map(|segment| (0, *segment));
        let mut without_use: Vec<(u64, u32)> = strays.chain(orphans).filter(|(_, segment)| *segment != live).collect();
        without_use.sort_unstable(); // equal stores have equal files
        put(&mut body, without_use.len() as u64);
        for (chunk, segment) in without_use {
            put(&mut body, chunk);
            put(&mut body, u64::from(segment));
        }
    }
    // not compressed: half of it is hashes, and opening waits for it
    replace(&*shared.vfs, &shared.index_dir(), NAME, MAGIC, VERSION, &body)
}

fn put_location(out: &mut Vec<u8>, at: Location) {
    put(out, u64::from(at.length));
    if !at.is_none() {
        put(out, u64::from(at.segment));
        put(out, u64::from(at.offset));
    }
}

fn put_row(out: &mut Vec<u8>, r: &Row, live: u32) {
    put(out, u64::from(r.tombstone) | u64::from(r.truncated) << 1 | u64::from(r.purge) << 2);
    put_location(out, r.at);
    put_location(out, if r.vector.segment == live { Location::default() } else { r.vector });
    put(out, r.created_at.max(0) as u64);
    put(out, (r.updated_at - r.created_at).max(0) as u64);
    put(out, r.expires_at.map_or(0, |e| (e - r.updated_at).max(0) as u64 + 1));
    put(out, u64::from(r.version));
    put(out, u64::from(r.raw_len));
    put(out, u64::from(r.dictionary));
    put(out, u64::from(r.usage.load(Ordering::Relaxed)));
    put(out, (r.accessed_at.load(Ordering::Relaxed) - r.updated_at).max(0) as u64);
}

fn location(r: &mut Reader<'_>) -> Option<Location> {
    let length = u32::try_from(r.varint()?).ok()?;
    if length == 0 {
        return Some(Location::default());
    }
    Some(Location { length, segment: u32::try_from(r.varint()?).ok()?, offset: u32::try_from(r.varint()?).ok()? })
}

fn row(r: &mut Reader<'_>, key: u128, sequence: u64) -> Option<Row> {
    let flags = r.varint()?;
    let (at, vector) = (location(r)?, location(r)?);
    let created_at = i64::try_from(r.varint()?).ok()?;
    let updated_at = created_at.checked_add(i64::try_from(r.varint()?).ok()?)?;
    let expires_at = match r.varint()? {
        0 => None,
        n => Some(updated_at.checked_add(i64::try_from(n - 1).ok()?)?),
    };
    let mut small = || u32::try_from(r.varint()?).ok();
    let (version, raw_len, dictionary, usage) = (small()?, small()?, small()?, small()?);
    let accessed_at = updated_at.checked_add(i64::try_from(r.varint()?).ok()?)?;
    Some(Row {
        key,
        sequence,
        at,
        vector,
        previous: NONE,
        created_at,
        updated_at,
        expires_at,
        version,
        raw_len,
        dictionary,
        tombstone: flags & 1 != 0,
        purge: flags & 4 != 0,
        truncated: flags & 2 != 0,
        usage: AtomicU32::new(usage),
        counted: 0, // compaction keeps what it does not know
        accessed_at: AtomicI64::new(accessed_at),
    })
}

/// Loads the table when it fits the manifest. Missing, damaged or of other segments: nothing, and the log is read whole.
pub fn load(vfs: &dyn Vfs, index_dir: &Path, manifest: &Manifest) -> Option<(Replay, Coverage)> {
    map_checked(vfs, index_dir, NAME, (MAGIC, VERSION), |body| decode(body, manifest)).ok().flatten().flatten()
}

/// The rows of the table and what they cover, whatever the manifest says. `None`: there is no such file.
pub fn read_table(vfs: &dyn Vfs, index_dir: &Path) -> Result<Option<(Vec<Row>, Coverage)>> {
    let Some(decoded) = map_checked(vfs, index_dir, NAME, (MAGIC, VERSION), decode_any)? else { return Ok(None) };
    let bad = || Error::Corrupt { path: index_dir.join(NAME), offset: 20, what: "the table does not parse".into() };
    let (replay, coverage) = decoded.ok_or_else(bad)?;
    Ok(Some((replay.rows, coverage)))
}

/// The rows of the table. Missing or damaged: `None`.
pub fn read_rows(vfs: &dyn Vfs, index_dir: &Path) -> Option<Vec<Row>> {
    read_table(vfs, index_dir).ok().flatten().map(|(rows, _)| rows)
}

fn decode(body: &[u8], manifest: &Manifest) -> Option<(Replay, Coverage)> {
    let (replay, coverage) = decode_any(body)?;
    let known = |&(number, upto): &(u32, u64)| {
        number == manifest.live || manifest.sealed.iter().any(|s| s.number == number && s.length >= upto)
    };
    coverage.iter().all(known).then_some((replay, coverage))
}

fn decode_any(body: &[u8]) -> Option<(Replay, Coverage)> {
    let mut r = Reader(body);
    let mut coverage = Coverage::new();
    for _ in 0..r.varint()? {
        coverage.push((u32::try_from(r.varint()?).ok()?, r.varint()?));
    }
    let next_sequence = r.varint()?;
    let count = usize::try_from(r.varint()?).ok()?;
    let mut keys = Reader(r.take(count.checked_mul(16)?)?);
    let mut rows = Vec::with_capacity(count);
    let mut sequence = 0u64;
    for _ in 0..count {
        sequence = sequence.checked_add(r.varint()?)?;
        rows.push(row(&mut r, u128::from_le_bytes(keys.array()?), sequence)?);
    }
    let mut counters = Vec::new();
    for _ in 0..r.varint()? {
        let key = u128::from_le_bytes(r.array()?);
        let (count, accessed_at) = (u32::try_from(r.varint()?).ok()?, i64::try_from(r.varint()?).ok()?);
        counters.push(UsageEntry { key, count, accessed_at });
    }
    let mut doomed = Doomed::default();
    for _ in 0..r.varint()? {
        match (r.varint()?, u32::try_from(r.varint()?).ok()?) {
            (0, segment) => _ = doomed.orphans.insert(segment),
            (chunk, segment) => doomed.stray(chunk, segment),
        }
    }
    let mut replay = Replay::resumed(rows, doomed, next_sequence);
    counters.into_iter().for_each(|e| replay.count(e, 0));
    Some((replay, coverage))
}
