//! Who has an id: a text in pieces takes ids beside its own, and none of them may be something else's.

use std::collections::HashSet;

use super::{Found, Pieces, PutPieces, Seen};
use crate::engine::prepare::PreparedChunk;
use crate::engine::shared::Shared;
use crate::error::{Error, Result};
use crate::mutants::mutant;
use crate::whole::{self, piece_id};

impl Shared {
    /// Refuses a text whose pieces would replace chunks that are none of its pieces.
    pub fn check_taken(&self, namespace: &str, id: &str, parts: u32) -> Result<()> {
        let (seen, put) = (Seen::new(), PutPieces::new());
        Pieces { shared: self, seen: &seen, put: &put }.check(namespace, id, 1..=parts)
    }
}

impl Pieces<'_> {
    /// Refuses when one of these pieces would replace a chunk that is none, or hide a text of that id; or the text, a piece of another.
    pub fn check(&self, namespace: &str, id: &str, parts: std::ops::RangeInclusive<u32>) -> Result<()> {
        if let Some(parent) = self.parent(namespace, id) {
            return Err(is_piece(id, &parent));
        }
        let state = self.shared.state.read();
        for part in parts {
            let name = piece_id(id, part);
            let hides = || {
                !mutant!("pieces_hidden")
                    && matches!(self.at(&state, namespace, &name, 1), Found::Piece { old, .. } if old.findable)
            };
            if matches!(self.at(&state, namespace, id, part), Found::Other) || hides() {
                return Err(taken(id, &name));
            }
        }
        Ok(())
    }
}

/// The names one call gives, as far as it has come.
#[derive(Default)]
pub struct Given {
    plain: HashSet<u128>,
    pieces: HashSet<u128>,
    wholes: HashSet<u128>,
}

impl Given {
    /// Refuses what would take the place of something else that the same call stores. `chunks`: one, or all pieces of a text.
    pub fn admit(&mut self, shared: &Shared, chunks: &[PreparedChunk]) -> Result<()> {
        let Some((first, part)) = chunks.first().and_then(|c| Some((c, c.part.as_ref()?))) else {
            // a piece that comes by its own id is no stranger to its text
            for c in chunks.iter().filter(|c| whole::place(&c.chunk).is_none()) {
                if self.pieces.contains(&c.key) {
                    return Err(given_twice(&c.chunk.id));
                }
                self.plain.insert(c.key);
            }
            return Ok(());
        };
        let key = shared.key(&first.chunk.namespace, &part.id);
        if self.pieces.contains(&key) {
            return Err(is_piece(&part.id, part.id.rsplit_once('#').map_or("", |(parent, _)| parent)));
        }
        if let Some(c) = chunks.iter().find(|c| self.plain.contains(&c.key) || self.wholes.contains(&c.key)) {
            return Err(taken(&part.id, &c.chunk.id));
        }
        self.wholes.insert(key);
        self.pieces.extend(chunks.iter().map(|c| c.key));
        Ok(())
    }
}

/// A text that is too long cannot have the id of a piece: the other text would lose it.
fn is_piece(id: &str, parent: &str) -> Error {
    Error::InvalidId {
        message: format!(
            "{id:?} is too long for one chunk, and a piece of {parent:?} has its id: delete {parent:?}, or give another id"
        ),
    }
}

/// Within a call nobody could say which of the two was meant.
fn given_twice(id: &str) -> Error {
    Error::InvalidId { message: format!("{id:?} is the id of a piece of a long text of the same call: give another id") }
}

/// The text `id` cannot have a piece of this name.
fn taken(id: &str, piece: &str) -> Error {
    Error::InvalidId {
        message: format!(
            "{id:?} is too long for one chunk, and {piece:?}, which would be its piece, is a chunk or a text of its own: \
             delete that, or give another id"
        ),
    }
}
