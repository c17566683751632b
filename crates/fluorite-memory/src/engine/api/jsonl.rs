//! Chunks as JSON lines, out and in.

use std::sync::Arc;

use super::Engine;
use crate::engine::shared::Shared;
use crate::engine::store::{Job, MOST_CHUNKS, run};
use crate::error::{Error, Result};
use crate::jsonl::{Line, LineVector, Past, Restored, read_line, write_line};
use crate::mutants::mutant;
use crate::options::{ExportOptions, ImportOptions, ListOptions, OnError, WriteOptions};
use crate::pending::{Pending, pending};
use crate::report::{BadLine, ExportPage, ImportReport, PageCursor, Record};

/// Most bad lines of a report.
const MOST_BAD: usize = 1_000;

/// Chunks of a block that will be stored, and where each came from.
#[derive(Default)]
struct Taken {
    chunks: Vec<crate::ChunkInput>,
    pasts: Vec<Option<Past>>,
    lines: Vec<u64>,
}

impl Engine {
    /// A page of chunks as JSON lines, with their vectors when asked. Chunks stored between two pages may or may not appear.
    pub fn export_page(&self, options: ExportOptions, cursor: Option<PageCursor>) -> Pending<ExportPage> {
        self.on_pool(move |shared| {
            let ExportOptions { filter, order, embeddings, skip_damaged } = options;
            let embeddings = embeddings.unwrap_or(false);
            let list = ListOptions { filter, order, skip_damaged, ..ListOptions::default() };
            let cursor_given = cursor.is_some();
            let page = shared.page(&list, cursor, &crate::CancelToken::default())?;
            let mut out =
                ExportPage { chunks: page.records.len() as u64, next: page.next, damaged: page.damaged, ..ExportPage::default() };
            let skipped = usize::from(mutant!("export_skips_at_page_end") && cursor_given);
            for record in page.records.iter().skip(skipped) {
                let vector = match embeddings.then(|| shared.line_vector(record)) {
                    Some(Err(e @ Error::Corrupt { .. })) if skip_damaged => {
                        out.damaged.push(e);
                        None
                    }
                    found => found.transpose()?.flatten(),
                };
                out.vectors += u64::from(vector.is_some());
                write_line(&mut out.lines, record, vector.as_ref());
            }
            Ok(out)
        })
    }

    /// Stores the chunks of a block of whole JSON lines, at most 10,000. What is stored already with this content, these fields and
    /// a vector is left alone, so a block can be given again. Times, reads and (for a new chunk) the version are kept; a vector is
    /// used when it is of the store's model, else the text is embedded. Bad lines are reported by number, `first` that of the
    /// first.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` (wrong defaults; with `on_error: abort` a bad line), `NO_SPACE`, `POISONED`, `ABORTED`.
    pub fn import_lines(&self, block: Vec<u8>, first: u64, options: ImportOptions) -> Pending<ImportReport> {
        let defaults = check_defaults(options.defaults.as_ref());
        let call = match defaults.and_then(|()| self.enter()).and_then(|c| self.0.shared.check_poison().map(|()| c)) {
            Ok(call) => call,
            Err(e) => return Pending::ready(Err(e)),
        };
        let (settler, done) = pending();
        let shared = Arc::clone(&self.0.shared);
        let place = shared.queue.place();
        self.0.shared.executor.spawn(move || {
            let mut report = ImportReport::default();
            let taken = match options.cancel.check().and_then(|()| shared.take_lines(&block, first, &options, &mut report)) {
                Ok(taken) => taken,
                Err(e) => {
                    drop(place);
                    return settler.settle(Err(e));
                }
            };
            let Taken { chunks, pasts, lines } = taken;
            let write = WriteOptions {
                on_error: Some(options.on_error.unwrap_or(OnError::Collect)),
                embed: options.embed,
                durability: options.durability,
                auto_split: Some(false), // rows are kept as they are
                cancel: options.cancel.clone(),
                ..WriteOptions::default()
            };
            let (stored, store) = pending();
            let job = Job { place, chunks, pasts, options: write, settler: stored, call };
            store.on_settle(move |result| {
                settler.settle(result.map(|stored| {
                    report.stored += stored.stored;
                    for f in stored.failed {
                        let line = usize::try_from(f.index).ok().and_then(|i| lines.get(i)).copied().unwrap_or(first);
                        report.refuse(line, format!("{}: {}", f.code, f.message));
                    }
                    report.bad.sort_by_key(|b| b.line);
                    report
                }));
            });
            run(&shared, job);
        });
        done
    }
}

impl Shared {
    /// The vector of a record just read; none where the chunk was overwritten since.
    fn line_vector(&self, record: &Record) -> Result<Option<LineVector>> {
        let Some(model) = self.model.lock().as_ref().map(|m| m.id.clone()) else { return Ok(None) };
        let c = &record.chunk;
        let state = self.state.read();
        let Some((row, r)) = state.find(self.key(&c.namespace, &c.id)) else { return Ok(None) };
        if r.sequence != c.sequence || !state.embedded.contains(row) {
            return Ok(None);
        }
        let mut values = Vec::new();
        let found = crate::engine::read::LogVectors(&state).read(row, &mut values)?;
        Ok(found.then_some(LineVector { model, values, truncated: r.truncated }))
    }

    fn take_lines(&self, block: &[u8], first: u64, options: &ImportOptions, report: &mut ImportReport) -> Result<Taken> {
        let now = self.clock.wall_ms();
        let none = serde_json::Map::new();
        let defaults = options.defaults.as_ref().unwrap_or(&none);
        let mut taken = Taken::default();
        let mut rest = block;
        let mut number = first;
        while !rest.is_empty() {
            let end = rest.iter().position(|b| *b == b'\n').map_or(rest.len(), |at| at + 1);
            let (line, next) = rest.split_at(end);
            match read_line(line.strip_suffix(b"\n").unwrap_or(line), defaults, now) {
                Ok(Line::Blank) => {}
                Ok(Line::Expired) => {
                    report.lines += 1;
                    report.expired += 1;
                }
                Ok(Line::Chunk(mut r)) => {
                    report.lines += 1;
                    if !options.embeddings.unwrap_or(true) {
                        (r.chunk.embedding, r.past.model) = (None, None);
                    }
                    let named = r.chunk.namespace.as_deref();
                    match (&options.namespace, named) {
                        (Some(only), Some(named)) if only != named => {
                            let reason = format!("it names the namespace {named:?}, and all are to go into {only:?}");
                            if options.on_error == Some(OnError::Abort) {
                                return Err(Error::argument(format!("line {number}: {reason}")));
                            }
                            report.refuse(number, reason);
                        }
                        (only, _) => {
                            r.chunk.namespace = r.chunk.namespace.or_else(|| only.clone());
                            self.take_chunk(*r, number, options, report, &mut taken);
                        }
                    }
                }
                Err(reason) if options.on_error == Some(OnError::Abort) => {
                    return Err(Error::argument(format!("line {number}: {reason}")));
                }
                Err(_) if mutant!("bad_line_counts_as_stored") => {
                    report.lines += 1;
                    report.stored += 1;
                }
                Err(reason) => {
                    report.lines += 1;
                    report.refuse(number, reason);
                }
            }
            (rest, number) = (next, number + 1);
        }
        if taken.chunks.len() > MOST_CHUNKS {
            return Err(Error::argument(format!("a block holds at most {MOST_CHUNKS} lines, not {}", taken.chunks.len())));
        }
        Ok(taken)
    }

    fn take_chunk(&self, mut r: Restored, line: u64, options: &ImportOptions, report: &mut ImportReport, taken: &mut Taken) {
        if r.chunk.embedding.is_some() {
            // an array of numbers says no model: it is taken as `storeChunk` takes it
            if r.past.model.as_deref().is_some_and(|m| !self.takes_vectors_of(m)) {
                r.chunk.embedding = None;
                r.past.model = None;
                report.vectors_dropped += 1;
            } else {
                report.vectors += 1;
            }
        }
        if !options.force.unwrap_or(false) && self.has_restored(&r) {
            report.vectors -= u64::from(r.chunk.embedding.is_some()); // it was not used
            report.unchanged += 1;
            return;
        }
        taken.chunks.push(r.chunk);
        taken.pasts.push(Some(r.past));
        taken.lines.push(line);
    }
}

/// Defaults must be fields of a chunk, of its types: told once, not for every line.
fn check_defaults(defaults: Option<&serde_json::Map<String, serde_json::Value>>) -> Result<()> {
    let Some(defaults) = defaults else { return Ok(()) };
    let mut line = defaults.clone();
    line.insert("content".into(), "x".into());
    let text = serde_json::to_vec(&line).map_err(|e| Error::internal(e.to_string()))?;
    read_line(&text, &serde_json::Map::new(), 0)
        .map(drop)
        .map_err(|reason| Error::argument(format!("options: defaults: {reason}")))
}

impl ImportReport {
    fn refuse(&mut self, line: u64, reason: String) {
        self.failed += 1;
        if self.bad.len() < MOST_BAD {
            self.bad.push(BadLine { line, reason });
        }
    }
}
