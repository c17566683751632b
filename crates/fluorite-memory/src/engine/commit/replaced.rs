//! What a write or a delete takes the place of: of a text that is stored in pieces always all of them.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::atomic::Ordering;

use super::pass::Pass;
use crate::engine::pieces::{OldPiece, Pieces};
use crate::engine::prepare::PreparedChunk;
use crate::engine::queue::Target;
use crate::engine::shared::Shared;
use crate::error::Result;
use crate::jsonl::Past;
use crate::mutants::mutant;
use crate::whole;

/// What was there before.
#[derive(Default)]
pub(super) struct Replaced {
    /// (created_at, version) of the newest version, and whether it could be found.
    pub before: Option<(i64, u32, bool)>,
    /// What is not written over and has to go.
    pub stale: Vec<Target>,
    /// Reads, and the last one, of a chunk that is kept under other ids from now on.
    pub reads: Option<(u32, i64)>,
}

impl Replaced {
    /// Gives the reads on.
    pub fn bequeath(&self, prepared: &mut PreparedChunk) {
        if let (Some((count, at)), None) = (self.reads, &prepared.past) {
            prepared.past = Some(Box::new(Past { usage_count: Some(count), accessed_at: Some(at), ..Past::default() }));
        }
    }
}

impl Pass {
    fn pieces<'a>(&'a self, shared: &'a Shared) -> Pieces<'a> {
        Pieces { shared, seen: &self.seen, put: &self.put_pieces }
    }

    /// What a chunk, or the text whose first piece it is, takes the place of.
    pub(super) fn replaced(&self, shared: &Shared, prepared: &PreparedChunk) -> Replaced {
        let c = &prepared.chunk;
        let namespace = c.namespace.as_str();
        let (id, parts) = prepared.part.as_ref().map_or((c.id.as_str(), 0), |p| (&*p.id, p.parts));
        if let (Some(_), Some(place)) = (&prepared.past, whole::place(c)) {
            return self.replaced_by_import(shared, prepared, place);
        }
        let target = Target { key: shared.key(namespace, id), namespace: namespace.to_owned(), id: id.to_owned() };
        let own = self.newest(shared, target.key);
        let pieces = self.pieces(shared);
        let old = pieces.live(namespace, id, parts);
        let last = pieces.last(namespace, id).map(|(created_at, version)| (created_at, version, false));
        if parts == 0 && old.is_empty() && last.is_none() {
            return Replaced { before: own, ..Replaced::default() };
        }
        let was_plain = own.is_some_and(|(.., findable)| findable);
        let all = || old.iter().map(|o| (o.created_at, o.version, o.findable)).chain(own).chain(last);
        let findable = all().any(|(.., findable)| findable);
        let before = all().map(|(_, version, _)| version).max().map(|version| {
            let born = all().filter(|a| a.2 == findable).map(|a| a.0).min().unwrap_or_default();
            (born, version, findable)
        });
        let reads = match parts {
            0 => old.iter().filter(|o| o.findable).map(|o| o.reads).max(),
            _ if was_plain => self.reads(shared, target.key),
            _ => None,
        };
        let mut stale: Vec<Target> = old.into_iter().filter(|o| o.part > parts).map(|o| o.target).collect();
        if parts > 0 && (was_plain || self.has_expired(shared, target.key)) {
            stale.push(target);
        }
        if mutant!("stale_piece_kept") {
            stale.pop();
        }
        Replaced { before, stale, reads }
    }

    /// A piece that comes alone, as a row of a file: it ends a chunk of the whole's id, the last one those behind it.
    fn replaced_by_import(&self, shared: &Shared, prepared: &PreparedChunk, place: whole::Place<'_>) -> Replaced {
        let namespace = &prepared.chunk.namespace;
        let key = shared.key(namespace, place.parent);
        let mut stale = Vec::new();
        if self.newest(shared, key).is_some_and(|(.., findable)| findable) || self.has_expired(shared, key) {
            stale.push(Target { key, namespace: namespace.clone(), id: place.parent.to_owned() });
        }
        if place.part == place.parts {
            let old: Vec<OldPiece> = self.pieces(shared).live(namespace, place.parent, place.parts);
            stale.extend(old.into_iter().filter(|o| o.part > place.parts).map(|o| o.target));
        }
        Replaced { before: self.newest(shared, prepared.key), stale, reads: None }
    }

    fn reads(&self, shared: &Shared, key: u128) -> Option<(u32, i64)> {
        let state = shared.state.read();
        let (_, r) = state.find(key).filter(|_| !self.seen.contains_key(&key))?;
        Some((r.usage.load(Ordering::Relaxed), r.accessed_at.load(Ordering::Relaxed)))
    }

    /// Remembers what stands at a piece's id from now on.
    pub(super) fn note_piece(&mut self, prepared: &PreparedChunk) {
        match whole::place(&prepared.chunk) {
            Some(place) => _ = self.put_pieces.insert(prepared.key, place.parts),
            None if self.put_pieces.is_empty() => {}
            None => _ = self.put_pieces.remove(&prepared.key),
        }
    }

    /// Refuses texts whose pieces would replace chunks that are none of theirs: another call may have stored them meanwhile.
    pub(super) fn check_pieces(&self, shared: &Shared, chunks: &[PreparedChunk]) -> Result<()> {
        for (c, part) in chunks.iter().filter_map(|c| Some((c, c.part.as_ref()?))).filter(|(_, part)| part.part == 1) {
            self.pieces(shared).check(&c.chunk.namespace, &part.id, 1..=part.parts)?;
        }
        Ok(())
    }

    /// Of what a purge is to remove, the keys of which versions are gone from the log unseen.
    pub(super) fn lacking(&self, shared: &Shared, targets: &[Target], all: &[(usize, Cow<'_, Target>)]) -> HashSet<u128> {
        let of_text = all.chunk_by(|(a, _), (b, _)| a == b);
        let each = targets.iter().zip(of_text).map(|(text, all)| {
            let all: Vec<&Target> = all.iter().map(|(_, t)| &**t).collect();
            self.pieces(shared).lacking(text, &all)
        });
        each.flatten().collect()
    }

    /// Targets with the pieces of the texts they name, each with the place of its target. `purge`: those that are gone already as well,
    /// without `wholes` (the targets are rows that matched) nothing else.
    pub(super) fn with_pieces<'t>(
        &self,
        shared: &Shared,
        targets: &'t [Target],
        purge: bool,
        wholes: bool,
    ) -> Vec<(usize, Cow<'t, Target>)> {
        let mut all = Vec::with_capacity(targets.len());
        let mut former = if purge && !wholes { self.pieces(shared).former(targets) } else { Vec::new() }.into_iter().peekable();
        for (i, t) in targets.iter().enumerate() {
            all.push((i, Cow::Borrowed(t)));
            if wholes && purge {
                all.extend(self.pieces(shared).ever(&t.namespace, &t.id).into_iter().map(|t| (i, Cow::Owned(t))));
            } else if wholes {
                let old = self.pieces(shared).live(&t.namespace, &t.id, 1);
                all.extend(old.into_iter().map(|o| (i, Cow::Owned(o.target))));
            }
            while let Some((_, t)) = former.next_if(|(at, _)| *at == i) {
                all.push((i, Cow::Owned(t)));
            }
        }
        all
    }
}
