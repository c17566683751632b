//! The pieces of a text, as they are stored: found by their ids, for reading the whole and for what takes its place.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::queue::Target;
use super::shared::Shared;
use super::state::{NONE, State};
use crate::chunk::Chunk;
use crate::error::{Error, Result};
use crate::mutants::mutant;
use crate::report::Record;
use crate::whole::{self, MOST_PARTS, assemble, piece_id};

/// A whole larger than this would take the host's heap with it.
const MOST_BYTES: u64 = 256 << 20;

/// What a pass has done to a key: (created_at, version, findable).
pub type Seen = HashMap<u128, (i64, u32, bool)>;

/// Pieces a pass has put, by their keys: how many pieces their text has.
pub type PutPieces = HashMap<u128, u32>;

/// Row of a prepared chunk in a text that is stored in pieces.
#[derive(Debug, Clone)]
pub struct PartOf {
    /// Id of the whole.
    pub id: Arc<str>,
    /// From 1.
    pub part: u32,
    /// How many there are.
    pub parts: u32,
}

/// A piece that is there, or whose time is up while it is still in the log.
pub struct OldPiece {
    pub part: u32,
    pub target: Target,
    pub created_at: i64,
    pub version: u32,
    pub findable: bool,
    /// Reads so far, and the last one.
    pub reads: (u32, i64),
}

/// What stands at the id of a piece.
enum Found {
    Nothing,
    Piece {
        parts: u32,
        old: OldPiece,
    },
    /// A chunk that is no piece of that text.
    Other,
}

impl Shared {
    /// The whole of a text that is stored in pieces; `None` when there is none, or a piece is missing. Counts a read of each.
    pub fn whole(&self, state: &State, namespace: &str, id: &str) -> Result<Option<Record>> {
        let Some((row, r)) = state.find(self.key(namespace, &piece_id(id, 1))) else { return Ok(None) };
        let first = self.load(state, r)?;
        let Some(place) = whole::place(&first).filter(|p| p.parent == id && p.part == 1) else { return Ok(None) };
        let mut rows = vec![(row, r)];
        for part in 2..=place.parts {
            let Some(found) = state.find(self.key(namespace, &piece_id(id, part))) else { return Ok(None) };
            rows.push(found);
        }
        if rows.iter().map(|(_, r)| u64::from(r.raw_len)).sum::<u64>() > MOST_BYTES {
            return Err(Error::argument(format!("the whole of {id:?} has more than {MOST_BYTES} bytes: read its pieces")));
        }
        let pieces = rows.iter().map(|(_, r)| self.load(state, r)).collect::<Result<Vec<_>>>()?;
        let Some(chunk) = assemble(&pieces) else { return Ok(None) };
        let mut record = Record { chunk: Arc::new(chunk), usage_count: 0, accessed_at: 0 };
        for (row, r) in rows {
            self.touch(row, r);
            record.usage_count = record.usage_count.max(r.usage.load(Ordering::Relaxed));
            record.accessed_at = record.accessed_at.max(r.accessed_at.load(Ordering::Relaxed));
        }
        Ok(Some(record))
    }

    /// Could there be a whole of this id? Looks at its first piece alone.
    pub fn may_be_whole(&self, state: &State, namespace: &str, id: &str) -> bool {
        state.find(self.key(namespace, &piece_id(id, 1))).is_some()
    }

    /// All kept versions of a chunk, stored whole or in pieces, oldest first. A version in pieces is kept while all of them are.
    pub fn versions_of(&self, namespace: &str, id: &str) -> Result<Vec<Arc<Chunk>>> {
        let mut all = self.versions(self.key(namespace, id))?;
        let of_part = |part| -> Result<Vec<Arc<Chunk>>> {
            let mut versions = self.versions(self.key(namespace, &piece_id(id, part)))?;
            versions.retain(|c| whole::place(c).is_some_and(|p| p.parent == id && p.part == part));
            Ok(versions)
        };
        let mut pieces = vec![of_part(1)?];
        let most = pieces[0].iter().filter_map(|c| whole::place(c)).map(|p| p.parts).max().unwrap_or(0);
        for part in 2..=most {
            pieces.push(of_part(part)?);
        }
        let mut moments: Vec<u32> = pieces.iter().flatten().map(|c| c.version).collect();
        moments.sort_unstable();
        moments.dedup();
        for moment in moments {
            // of each piece what it was then; a piece of another number of pieces is not of that version
            let then = |versions: &Vec<Arc<Chunk>>| versions.iter().rfind(|c| c.version <= moment).cloned();
            let found: Vec<Arc<Chunk>> = pieces.iter().map_while(then).collect();
            let parts = found.first().and_then(|c| whole::place(c)).map_or(0, |p| p.parts as usize);
            if let Some(whole) = found.get(..parts).and_then(assemble) {
                all.push(Arc::new(whole));
            }
        }
        all.sort_by_key(|c| (c.version, c.sequence));
        Ok(all)
    }

    /// Refuses a text whose pieces would replace chunks that are none of its pieces.
    pub fn check_taken(&self, namespace: &str, id: &str, parts: u32) -> Result<()> {
        let (seen, put) = (Seen::new(), PutPieces::new());
        Pieces { shared: self, seen: &seen, put: &put }.check(namespace, id, 1..=parts)
    }
}

/// Pieces as they are behind what a pass has done already.
pub struct Pieces<'a> {
    pub shared: &'a Shared,
    pub seen: &'a Seen,
    pub put: &'a PutPieces,
}

impl Pieces<'_> {
    fn at(&self, state: &State, namespace: &str, id: &str, part: u32) -> Found {
        let name = piece_id(id, part);
        let key = self.shared.key(namespace, &name);
        let target = || Target { key, namespace: namespace.to_owned(), id: name.clone() };
        if let Some((created_at, version, findable)) = self.seen.get(&key).copied() {
            let old = || OldPiece { part, target: target(), created_at, version, findable, reads: (0, 0) };
            return match self.put.get(&key) {
                _ if !findable => Found::Nothing,
                Some(parts) => Found::Piece { parts: *parts, old: old() },
                None => Found::Other,
            };
        }
        let Some(row) = state.newest(key) else { return Found::Nothing };
        let Some(r) = state.row(row).filter(|r| !r.tombstone) else { return Found::Nothing };
        let findable = state.live.contains(row);
        // one that cannot be read may be replaced, and does not say how many there are
        let chunk = self.shared.load_aside(state, r).ok();
        let place = chunk.as_deref().map(|c| whole::place(c).filter(|p| p.parent == id));
        let parts = match place {
            None => 0,
            Some(None) if mutant!("foreign_piece_taken") => 0,
            Some(None) => return if findable { Found::Other } else { Found::Nothing },
            Some(Some(place)) => place.parts,
        };
        let reads = (r.usage.load(Ordering::Relaxed), r.accessed_at.load(Ordering::Relaxed));
        let (created_at, version) = (r.created_at, r.version);
        Found::Piece { parts, old: OldPiece { part, target: target(), created_at, version, findable, reads } }
    }

    /// The pieces of a text: those its first piece, or one of `known`, tells of.
    pub fn live(&self, namespace: &str, id: &str, known: u32) -> Vec<OldPiece> {
        let state = self.shared.state.read();
        let (mut found, mut most, mut part) = (Vec::new(), known.max(1), 1);
        while part <= most {
            if let Found::Piece { parts, old } = self.at(&state, namespace, id, part) {
                most = most.max(parts);
                found.push(old);
            }
            part += 1;
        }
        found
    }

    /// Everything that is or was a piece of a text: what a purge has to find. Chunks that are none now are left alone.
    pub fn ever(&self, namespace: &str, id: &str) -> Vec<Target> {
        let state = self.shared.state.read();
        let mut found = Vec::new();
        for part in 1..=MOST_PARTS {
            let name = piece_id(id, part);
            let key = self.shared.key(namespace, &name);
            let other = || matches!(self.at(&state, namespace, id, part), Found::Other);
            let known = state.newest(key).is_some() || self.seen.contains_key(&key);
            let known = known && !(mutant!("purged_piece_kept") && state.find(key).is_none());
            if known && !other() && (self.put.contains_key(&key) || self.was_piece(&state, key, id)) {
                found.push(Target { key, namespace: namespace.to_owned(), id: name });
            }
        }
        found
    }

    /// Every version of a text that was ever stored in pieces, and how many each has (0: stored whole). `None` when the log lacks one.
    fn known_versions(&self, state: &State, namespace: &str, id: &str) -> Option<Vec<(u32, u32)>> {
        let keys = [self.shared.key(namespace, &piece_id(id, 1)), self.shared.key(namespace, id)];
        if state.newest(keys[0]).is_none() || keys.iter().any(|key| self.seen.contains_key(key)) {
            return None;
        }
        let (mut found, mut purged) = (Vec::new(), 0);
        for (i, key) in keys.into_iter().enumerate() {
            let mut row = state.newest(key).unwrap_or(NONE);
            while let Some(r) = state.row(row) {
                if r.purge {
                    purged = purged.max(r.version);
                    break;
                }
                if !r.tombstone && i == 0 {
                    let chunk = self.shared.load_aside(state, r).ok()?;
                    found.extend(whole::place(&chunk).filter(|p| p.parent == id).map(|p| (r.version, p.parts)));
                } else if !r.tombstone {
                    found.push((r.version, 0));
                }
                row = r.previous;
            }
        }
        found.retain(|(version, _)| *version > purged);
        found.sort_unstable();
        let last = found.last()?.0;
        found.iter().map(|(version, _)| *version).eq(purged + 1..=last).then_some(found)
    }

    /// Of the names a purge is to remove (a text and all its pieces): those of which versions are gone from the log unseen.
    pub fn lacking(&self, text: &Target, all: &[&Target]) -> Vec<u128> {
        let state = self.shared.state.read();
        let known = self.known_versions(&state, &text.namespace, &text.id).filter(|v| v.iter().any(|(_, parts)| *parts > 0));
        let lacks = |t: &Target| {
            let part = t.id.strip_prefix(&text.id).map_or("", |end| end.trim_start_matches('#')).parse().unwrap_or(0u32);
            match &known {
                // a piece has a version for each of the text's that was cut into as many
                Some(versions) => {
                    let wanted = versions.iter().filter(|(_, parts)| if part == 0 { *parts == 0 } else { *parts >= part });
                    self.kept(&state, t.key, (part > 0).then_some(&text.id)) < wanted.count()
                }
                None => state.lacks_versions(t.key, self.seen.contains_key(&t.key)),
            }
        };
        all.iter().filter(|t| lacks(t)).map(|t| t.key).collect()
    }

    /// Versions of a key in the log since it was last purged: of pieces of `whole`, or all of them.
    fn kept(&self, state: &State, key: u128, whole: Option<&String>) -> usize {
        let is = |c: Arc<Chunk>| whole.is_none_or(|id| whole::place(&c).is_some_and(|p| p.parent == id));
        let (mut kept, mut next) = (0, state.newest(key).and_then(|row| state.row(row)));
        while let Some(r) = next.filter(|r| !r.purge) {
            kept += usize::from(!r.tombstone && self.shared.load_aside(state, r).is_ok_and(is));
            next = state.row(r.previous);
        }
        kept
    }

    /// Was any kept version a piece of this text? One that cannot be read is taken for one.
    fn was_piece(&self, state: &State, key: u128, id: &str) -> bool {
        let mut row = state.newest(key).unwrap_or(NONE);
        while let Some(r) = state.row(row).filter(|r| !r.purge) {
            let is = |c: Arc<Chunk>| whole::place(&c).is_some_and(|p| p.parent == id);
            if !r.tombstone && self.shared.load_aside(state, r).map_or(true, is) {
                return true;
            }
            row = r.previous;
        }
        false
    }

    /// (created_at, version) of the last version that was stored in pieces and is gone.
    pub fn last(&self, namespace: &str, id: &str) -> Option<(i64, u32)> {
        let state = self.shared.state.read();
        let key = self.shared.key(namespace, &piece_id(id, 1));
        if let Some((created_at, version, findable)) = self.seen.get(&key).filter(|_| self.put.contains_key(&key)) {
            return (!findable).then_some((*created_at, *version));
        }
        let newest = state.newest(key).filter(|row| !state.live.contains(*row))?;
        let dead = state.row(newest).filter(|r| !r.purge)?;
        let r = if dead.tombstone { state.row(dead.previous).filter(|r| !r.tombstone)? } else { dead };
        let chunk = self.shared.load_aside(&state, r).ok()?;
        whole::place(&chunk).filter(|p| p.parent == id).map(|_| (r.created_at, r.version))
    }

    /// Refuses when one of these pieces would replace a chunk that is none.
    pub fn check(&self, namespace: &str, id: &str, parts: std::ops::RangeInclusive<u32>) -> Result<()> {
        let state = self.shared.state.read();
        for part in parts {
            if matches!(self.at(&state, namespace, id, part), Found::Other) {
                return Err(taken(id, &piece_id(id, part)));
            }
        }
        Ok(())
    }
}

/// The text `id` cannot have a piece of this name.
pub fn taken(id: &str, piece: &str) -> Error {
    Error::InvalidId {
        message: format!(
            "{id:?} is too long for one chunk, and {piece:?}, which would be its piece, is a chunk of its own: \
             delete that chunk, or give another id"
        ),
    }
}
