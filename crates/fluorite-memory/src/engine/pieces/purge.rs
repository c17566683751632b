//! What a purge has to find of texts that are, or were, stored in pieces.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::{Found, Pieces};
use crate::chunk::Chunk;
use crate::engine::queue::Target;
use crate::engine::state::{NONE, Row, State};
use crate::mutants::mutant;
use crate::whole::{self, MOST_PARTS, piece_id};

/// Reading a row takes as long as looking up so many names.
const ROW_IN_NAMES: u64 = 20;

impl Pieces<'_> {
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

    /// What a purge of rows has to find beside them: of the texts they are, or are pieces of, the versions that are stored
    /// otherwise and are gone, each with the place of its row. Rows that live are other rows: they go when they match, too.
    pub fn former(&self, rows: &[Target]) -> Vec<(usize, Target)> {
        let known = |t: &Target| self.shared.state.read().newest(t.key).is_some() || self.seen.contains_key(&t.key);
        let mut texts: HashMap<u128, (usize, Target)> = HashMap::new();
        for (i, row) in rows.iter().enumerate() {
            let named =
                |id: &str| Target { key: self.shared.key(&row.namespace, id), namespace: row.namespace.clone(), id: id.into() };
            if let Some(parent) = self.parent(&row.namespace, &row.id).map(|parent| named(&parent)) {
                texts.entry(parent.key).or_insert((i, parent));
            }
            // most rows never were in pieces: names are looked for only when one of the first few is there
            if (1..=8).any(|part| known(&named(&piece_id(&row.id, part)))) {
                texts.entry(row.key).or_insert((i, row.clone()));
            }
        }
        let mut found = self.dead_pieces(&texts);
        found.extend(texts.into_values());
        let lives = |t: &Target| match self.seen.get(&t.key) {
            Some((.., findable)) => *findable,
            None => self.shared.state.read().find(t.key).is_some(),
        };
        found.retain(|(_, t)| known(t) && !lives(t) && !mutant!("former_form_kept"));
        let mut told = HashSet::new();
        found.retain(|(_, t)| told.insert(t.key));
        found.sort_by_key(|(i, _)| *i);
        found
    }

    /// Names that were pieces of these texts: by trying every name a piece can have, or by reading every row that does not live,
    /// whichever is less work.
    fn dead_pieces(&self, texts: &HashMap<u128, (usize, Target)>) -> Vec<(usize, Target)> {
        let state = self.shared.state.read();
        let dead = state.rows.len() as u64 - state.live.len() as u64;
        // what this pass has put is in no table yet: it is found by name
        if !self.put.is_empty() || texts.len() as u64 * u64::from(MOST_PARTS) <= dead * ROW_IN_NAMES {
            drop(state);
            let ever = |(i, t): &(usize, Target)| self.ever(&t.namespace, &t.id).into_iter().map(|p| (*i, p)).collect::<Vec<_>>();
            return texts.values().flat_map(ever).collect();
        }
        let unused: HashSet<u32> = state.free.iter().copied().collect();
        let rows = (0..state.rows.len() as u32).filter(|row| !state.live.contains(*row) && !unused.contains(row));
        let read = |r: &Row| self.shared.load_aside(&state, r).ok();
        let mut found = Vec::new();
        for chunk in rows.filter_map(|row| state.row(row)).filter(|r| !r.tombstone && !r.purge).filter_map(read) {
            let Some(place) = whole::place(&chunk) else { continue };
            if let Some((i, text)) = texts.get(&self.shared.key(&chunk.namespace, place.parent)) {
                let id = piece_id(&text.id, place.part);
                found.push((*i, Target { key: self.shared.key(&text.namespace, &id), namespace: text.namespace.clone(), id }));
            }
        }
        found
    }
}
