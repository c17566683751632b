//! A query's terms with their statistics, over heads and segments alike.

use tantivy::postings::TermInfo;

use super::{
    bm25::Statistics,
    head::TextHead,
    layered::TextIndex,
    slot::{Docs, Slot},
    terms::{QueryTerm, QueryTerms},
    window::Window,
};
use crate::error::Result;
use crate::index::{rows::RowSet, top::TopK};

/// A query over an index, with one set of live rows. Its statistics are taken once.
pub struct TextQuery<'a> {
    index: &'a TextIndex,
    terms: &'a QueryTerms,
    statistics: Statistics,
    /// Live rows that hold each term.
    frequencies: Vec<usize>,
    /// What each counts, in order of the terms; nothing when no live row holds it.
    weights: Vec<Option<f32>>,
    slots: Vec<SlotTerms<'a>>,
}

/// Where the terms are in a segment.
struct SlotTerms<'a> {
    slot: &'a Slot,
    live: Docs<'a>,
    infos: Vec<Option<TermInfo>>,
}

impl<'a> TextQuery<'a> {
    pub(super) fn new(index: &'a TextIndex, terms: &'a QueryTerms, live: &'a RowSet) -> Result<Self> {
        let mut statistics = Statistics::default();
        let mut frequencies = vec![0; terms.len()];
        for head in index.heads() {
            let whole = head.rows().is_subset(live);
            statistics = statistics.plus(head.statistics(live, whole, &index.lengths));
            for (sum, term) in frequencies.iter_mut().zip(terms.all()) {
                *sum += head.count(term.hash, live, whole);
            }
        }
        let mut slots = Vec::with_capacity(index.slots.len());
        for slot in &index.slots {
            let docs = slot.docs_of(live, |row| index.doc_of(row));
            let found = slot.statistics(&docs);
            if found.documents == 0 {
                continue;
            }
            statistics = statistics.plus(found);
            let mut infos = Vec::with_capacity(terms.len());
            for (sum, term) in frequencies.iter_mut().zip(terms.iter()) {
                let info = slot.find(term)?;
                if let Some(info) = &info {
                    *sum += slot.count(info, &docs)?;
                }
                infos.push(info);
            }
            slots.push(SlotTerms { slot, live: docs, infos });
        }
        let mut weights = Vec::with_capacity(terms.len());
        let own =
            terms.all().iter().zip(&frequencies).filter(|(term, _)| !term.alternative).map(|(_, df)| statistics.weight(*df));
        let usual = own.clone().sum::<f32>() / own.count().max(1) as f32;
        let (mut group, mut most) = (u32::MAX, usual);
        for (term, df) in terms.all().iter().zip(&frequencies) {
            let weight = statistics.weight(*df);
            if term.group != group {
                (group, most) = (term.group, if term.alternative { usual } else { weight });
            }
            // a rare word tells no more than the word it stands in for
            weights.push(term.counts(*df, statistics.documents, weight.min(most)));
        }
        Ok(Self { index, terms, statistics, frequencies, weights, slots })
    }

    /// Live rows with text here.
    #[must_use]
    pub fn documents(&self) -> usize {
        self.statistics.documents
    }

    /// Each term as the tokenizer made it, and how many live rows hold it.
    pub fn frequencies(&self) -> impl Iterator<Item = (&str, usize)> {
        self.terms.iter().zip(self.frequencies.iter().copied())
    }

    /// What a row would score that held each of the query's own words without end; a word that no row holds counts as the rarest.
    #[must_use]
    pub fn best_possible(&self) -> f32 {
        let own = self.terms.all().iter().zip(&self.frequencies).filter(|(term, _)| !term.alternative);
        own.map(|(_, df)| self.statistics.weight(*df)).sum()
    }

    /// The best `k` of the allowed rows, best first, ties to the lower row.
    ///
    /// # Errors
    /// `Internal` when a segment cannot be read.
    pub fn search(&self, allowed: &RowSet, k: usize) -> Result<Vec<(u32, f32)>> {
        if k == 0 || allowed.is_empty() || self.frequencies.iter().all(|df| *df == 0) {
            return Ok(Vec::new());
        }
        let saturation = self.statistics.saturation();
        let mut top = TopK::new(k);
        let mut window = Window::new();
        for SlotTerms { slot, live, infos } in &self.slots {
            let narrowed;
            let docs = if slot.present().is_subset(allowed) && matches!(live, Docs::All) {
                live
            } else {
                narrowed = slot.docs_of(allowed, |row| self.index.doc_of(row));
                &narrowed
            };
            let held =
                infos.iter().zip(self.counted()).filter_map(|(info, (term, weight))| Some((info.as_ref()?, weight?, term.group)));
            slot.offer(held, saturation, docs, &mut window, &mut top)?;
        }
        for head in self.index.heads().filter(|h| !h.rows().is_empty()) {
            let terms = self.counted().filter_map(|(term, weight)| Some((term.hash, weight?, term.group)));
            head.offer(terms, saturation, &self.index.lengths, allowed, &mut window, &mut top);
        }
        Ok(top.into_best_first())
    }

    /// The raw scores of these rows, in their order, the same as [`search`](Self::search) gives; 0 where no term matches.
    /// Cost: about 0.2 µs a row and term.
    ///
    /// # Errors
    /// `Internal` when a segment cannot be read.
    pub fn score_rows(&self, rows: &[u32]) -> Result<Vec<f32>> {
        let saturation = self.statistics.saturation();
        let mut scores = vec![0.0; rows.len()];
        let mut sealed: Vec<Vec<(u32, usize)>> = vec![Vec::new(); self.index.slots.len()];
        let mut heads: Vec<(usize, &TextHead)> = Vec::new();
        for (place, row) in rows.iter().enumerate() {
            match self.index.place(*row) {
                Some((slot, doc)) => sealed[slot].push((doc, place)),
                None => heads.extend(self.index.heads().find(|h| h.rows().contains(*row)).map(|h| (place, h))),
            }
        }
        let length = |place: usize| self.index.lengths.get(rows[place] as usize).copied().unwrap_or(0);
        let counted: Vec<_> = self.counted().collect();
        for (place, head) in heads {
            for group in counted.chunk_by(|a, b| a.0.group == b.0.group) {
                let share = |(term, weight): &(&QueryTerm, Option<f32>)| {
                    let frequency = head.frequency(term.hash, rows[place]);
                    weight.filter(|_| frequency > 0).map_or(0.0, |weight| weight * saturation.of(frequency, length(place)))
                };
                scores[place] += group.iter().map(share).fold(0.0, f32::max);
            }
        }
        let mut best = vec![0.0_f32; rows.len()];
        for SlotTerms { slot, infos, .. } in &self.slots {
            let at = self.index.slots.iter().position(|s| std::ptr::eq(s, *slot));
            let Some(docs) = at.map(|at| &mut sealed[at]).filter(|docs| !docs.is_empty()) else { continue };
            docs.sort_unstable();
            let mut infos = infos.iter();
            for group in counted.chunk_by(|a, b| a.0.group == b.0.group) {
                for ((_, weight), info) in group.iter().zip(infos.by_ref()) {
                    let (Some(info), Some(weight)) = (info, weight) else { continue };
                    slot.frequencies(info, docs, |place, f| {
                        best[place] = best[place].max(weight * saturation.of(f, length(place)))
                    })?;
                }
                docs.iter().for_each(|(_, place)| scores[*place] += std::mem::take(&mut best[*place]));
            }
        }
        Ok(scores)
    }

    /// Each term with what it counts.
    fn counted(&self) -> impl Iterator<Item = (&'a QueryTerm, Option<f32>)> {
        self.terms.all().iter().zip(self.weights.iter().copied())
    }
}
