//! Text segments against the texts of the log: all postings, by a sum over each document's terms.

use std::sync::Arc;

use super::{Check, REBUILD};
use crate::chunk::Chunk;
use crate::engine::state::NONE;
use crate::engine::text::text_parts;
use crate::error::{Error, Result};
use crate::index::{Digest, TextSegment};

/// Documents read under one read lock.
const BATCH: usize = 64;

impl Check<'_> {
    pub(super) fn texts(&mut self) -> Result<()> {
        let shared = self.shared;
        let numbers = shared.text.sealing.lock().list.texts.clone();
        let total = numbers.len() as u64;
        for (i, number) in numbers.into_iter().enumerate() {
            match self.text(number) {
                Ok(()) => {}
                // joined with others, or given up, meanwhile
                Err(_) if !shared.text.sealing.lock().list.texts.contains(&number) => {}
                Err(e @ Error::Corrupt { .. }) => self.note(e, "nothing; until then words may find other chunks", REBUILD)?,
                Err(e) => return Err(e),
            }
            self.tell("texts", i as u64 + 1, total);
        }
        Ok(())
    }

    fn text(&mut self, number: u32) -> Result<()> {
        let shared = self.shared;
        let opened = TextSegment::open(&*shared.vfs, &shared.index_dir(), number, shared.store_id)?;
        let Some(segment) = opened else { return Ok(()) }; // of another tokenizer: built again anyway
        self.report.files += 1;
        segment.prepare(self.cancel)?;
        let sums = segment.document_sums(self.cancel)?;
        let rows = shared.text.index.read().rows_of(number).map(<[u32]>::to_vec).unwrap_or_default();
        let documents: Vec<(usize, u32, u64)> = rows
            .iter()
            .zip(segment.sequences())
            .enumerate()
            .filter(|(_, (row, _))| **row != NONE)
            .map(|(doc, (row, sequence))| (doc, *row, sequence))
            .collect();
        let (mut compared, mut wrong) = (0, 0u64);
        for batch in documents.chunks(BATCH) {
            self.cancel.check()?;
            let mut loaded: Vec<(usize, Arc<Chunk>)> = Vec::with_capacity(batch.len());
            {
                let state = shared.state.read();
                for (doc, row, sequence) in batch {
                    let row = state.row(*row).filter(|r| r.sequence == *sequence && state.live.contains(*row));
                    // a chunk that cannot be read is damage of the log, which has its own place in the report
                    loaded.extend(row.and_then(|r| Some((*doc, shared.load_aside(&state, r).ok()?))));
                }
            }
            for (doc, chunk) in loaded {
                let digest = Digest::of(&text_parts(&chunk, &chunk.text()));
                let found = (sums.get(doc).copied(), segment.lengths().get(doc).copied());
                compared += 1;
                wrong += u64::from(found != (Some(digest.sum()), Some(digest.length())));
            }
        }
        self.report.texts += compared;
        if wrong == 0 {
            return Ok(());
        }
        let what = format!("{wrong} documents have other words than their chunks");
        Err(self.corrupt(format!("index/{}", TextSegment::file_name(number)), 0, &what))
    }
}
