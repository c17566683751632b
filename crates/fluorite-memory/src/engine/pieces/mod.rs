//! The pieces of a text, as they are stored: found by their ids, for reading the whole and for what takes its place.

mod names;
mod purge;
mod wholes;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

pub use names::Given;

use super::queue::Target;
use super::shared::Shared;
use super::state::State;
use crate::mutants::mutant;
use crate::whole::{self, piece_id};

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

    /// The text a chunk that is there is a piece of.
    fn parent(&self, namespace: &str, id: &str) -> Option<String> {
        let (parent, _) = id.rsplit_once('#')?;
        let key = self.shared.key(namespace, id);
        if let Some((.., findable)) = self.seen.get(&key) {
            return (*findable && self.put.contains_key(&key)).then(|| parent.to_owned());
        }
        let state = self.shared.state.read();
        let (_, r) = state.find(key)?;
        let chunk = self.shared.load_aside(&state, r).ok()?;
        whole::place(&chunk).map(|p| p.parent.to_owned())
    }
}
