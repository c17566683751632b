//! Text segments made: of texts, and of other segments. tantivy's single-threaded writer and its merger do the work, in memory.

use std::path::{Path, PathBuf};

use tantivy::directory::{Directory, OwnedBytes, RamDirectory};
use tantivy::fastfield::{AliveBitSet, write_alive_bitset};
use tantivy::index::{Index, IndexSettings};
use tantivy::indexer::merge_filtered_segments;
use tantivy::schema::{Field as SchemaField, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::{Token, TokenStream, Tokenizer, TokenizerManager};
use tantivy::{BitSet, SingleSegmentIndexWriter, TantivyDocument};

use super::super::{field::Field, tokens::for_each_term};
use super::file::{Header, OWN, write};
use super::mapped::{TextSegment, contained};
use crate::cancel::CancelToken;
use crate::error::{Error, Result};
use crate::vfs::Vfs;

/// What tantivy's writer sizes its table for, by the rows to come; it grows with what is added.
const BUDGET: std::ops::RangeInclusive<usize> = 128 << 10..=16 << 20;
const ROW_BUDGET: usize = 2 << 10;
const TOKENIZER: &str = "counted";

/// A segment in memory.
pub(crate) struct MadeText {
    sequences: Vec<u64>,
    lengths: Vec<u32>,
    files: Vec<(String, OwnedBytes)>,
}

impl MadeText {
    /// Its documents' sequence numbers, in their order.
    pub(crate) fn sequences(&self) -> &[u64] {
        &self.sequences
    }

    /// Writes the file and makes it durable; `cancel` is looked at every 4 MB.
    pub(crate) fn write(&self, vfs: &dyn Vfs, path: &Path, store_id: u128, cancel: &CancelToken) -> Result<()> {
        let header = Header {
            store_id,
            first_sequence: self.sequences.iter().copied().min().unwrap_or(0),
            last_sequence: self.sequences.iter().copied().max().unwrap_or(0),
            docs: self.sequences.len() as u32,
            sections: Vec::new(),
        };
        let sequences: Vec<u8> = self.sequences.iter().flat_map(|s| s.to_le_bytes()).collect();
        let mut parts = vec![(OWN[0], &sequences[..]), (OWN[1], bytemuck::cast_slice(&self.lengths))];
        parts.extend(self.files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())));
        write(vfs, path, header, &parts, cancel)
    }
}

/// Makes a segment of texts.
pub(crate) struct TextBuilder {
    writer: SingleSegmentIndexWriter,
    directory: RamDirectory,
    field: SchemaField,
    sequences: Vec<u64>,
    lengths: Vec<u32>,
    /// Terms of the document being added, one behind the other, and where each lies.
    text: String,
    found: Vec<(u32, u32, u8)>,
}

impl TextBuilder {
    /// Nothing yet of about so many rows.
    pub(crate) fn new(rows: usize) -> Result<Self> {
        let budget = rows.saturating_mul(ROW_BUDGET).clamp(*BUDGET.start(), *BUDGET.end());
        let mut schema = Schema::builder();
        // frequencies alone: lengths are exact beside it, and texts are in the log
        let indexing = TextFieldIndexing::default()
            .set_tokenizer(TOKENIZER)
            .set_index_option(IndexRecordOption::WithFreqs)
            .set_fieldnorms(false);
        let field = schema.add_text_field("terms", TextOptions::default().set_indexing_options(indexing));
        let tokenizers = TokenizerManager::new();
        tokenizers.register(TOKENIZER, Counted);
        let directory = RamDirectory::create();
        let builder = Index::builder().schema(schema.build()).settings(settings()).tokenizers(tokenizers);
        let writer = contained(|| builder.single_segment_index_writer(directory.clone(), budget)).map_err(Error::internal)?;
        let (sequences, lengths) = (Vec::new(), Vec::new());
        Ok(Self { writer, directory, field, sequences, lengths, text: String::new(), found: Vec::new() })
    }

    /// Adds a chunk version. Cost: tokenising and a table look-up a term; about 40 µs a KB.
    pub(crate) fn add(&mut self, sequence: u64, parts: &[(&str, Field)]) -> Result<()> {
        let Self { text, found, .. } = self;
        text.clear();
        found.clear();
        for (part, field) in parts {
            let weight = field.weight();
            for_each_term(part, &mut |term| {
                found.push((text.len() as u32, term.len() as u32, weight));
                text.push_str(term);
            });
        }
        let term = |&(at, length, _): &(u32, u32, u8)| text.get(at as usize..(at + length) as usize).unwrap_or_default();
        found.sort_unstable_by(|a, b| term(a).cmp(term(b)));
        let mut counted = String::with_capacity(text.len() + 2 * found.len());
        for same in found.chunk_by(|a, b| term(a) == term(b)) {
            let count = same.iter().fold(0, |sum: u8, (.., weight)| sum.saturating_add(*weight)); // as the head counts
            counted.push(char::from_u32(COUNT_AT + u32::from(count)).unwrap_or(END));
            counted.push_str(same.first().map_or("", term));
            counted.push(END);
        }
        self.lengths.push(u32::try_from(self.found.len()).unwrap_or(u32::MAX));
        self.sequences.push(sequence);
        let mut document = TantivyDocument::default();
        document.add_text(self.field, counted);
        contained(|| self.writer.add_document(document)).map_err(Error::internal)
    }

    /// The segment.
    pub(crate) fn finish(self) -> Result<MadeText> {
        let Self { writer, directory, sequences, lengths, .. } = self;
        let index = contained(|| writer.finalize()).map_err(Error::internal)?;
        made(&index, &directory, sequences, lengths)
    }
}

/// One segment of several, without the documents that are dead; `None` when none is left. `live`: whether a document of a
/// part lives. Memory: the new segment, and a few bytes a document. Postings are copied, nothing is tokenised.
pub(crate) fn join(parts: &[(&TextSegment, &dyn Fn(usize) -> bool)]) -> Result<Option<MadeText>> {
    let (mut sequences, mut lengths) = (Vec::new(), Vec::new());
    let (mut segments, mut alive) = (Vec::new(), Vec::new());
    for (segment, live) in parts {
        let mut bits = BitSet::with_max_value(segment.docs() as u32);
        let before = sequences.len();
        for (doc, (sequence, length)) in segment.sequences().zip(segment.lengths()).enumerate().filter(|(doc, _)| live(*doc)) {
            bits.insert(doc as u32);
            sequences.push(sequence);
            lengths.push(*length);
        }
        if sequences.len() > before {
            segments.push(contained(|| segment.segment()).map_err(Error::internal)?);
            let mut bytes = Vec::new();
            write_alive_bitset(&bits, &mut bytes).map_err(|e| Error::internal(e.to_string()))?;
            alive.push(Some(AliveBitSet::open(OwnedBytes::new(bytes))));
        }
    }
    if segments.is_empty() {
        return Ok(None);
    }
    let directory = RamDirectory::create();
    let merge = || merge_filtered_segments(&segments, settings(), alive, directory.clone());
    let index = contained(merge).map_err(Error::internal)?;
    made(&index, &directory, sequences, lengths).map(Some)
}

fn made(index: &Index, directory: &RamDirectory, sequences: Vec<u64>, lengths: Vec<u32>) -> Result<MadeText> {
    let files = contained(|| {
        let metas = index.load_metas()?;
        let documents: usize = metas.segments.iter().map(|s| s.num_docs() as usize).sum();
        if metas.segments.len() > 1 || documents != sequences.len() {
            return Err(tantivy::TantivyError::InternalError("the segment has other documents than it was given".into()));
        }
        let mut names: Vec<PathBuf> = index.directory().list_managed_files().into_iter().collect();
        names.sort();
        let own = metas.segments.first().map(|s| s.id().uuid_string()).unwrap_or_default();
        let ours = name_of(&sequences);
        let mut files = Vec::with_capacity(names.len());
        for name in names {
            if directory.exists(&name)? {
                let bytes = directory.open_read(&name)?.read_bytes()?;
                let name = name.to_string_lossy();
                let bytes = if name.ends_with(".json") { renamed(&bytes, &own, &ours) } else { bytes };
                files.push((name.replace(&own, &ours), bytes));
            }
        }
        Ok(files)
    });
    Ok(MadeText { sequences, lengths, files: files.map_err(Error::internal)? })
}

/// tantivy names a segment by dice; a name made of what is in it lets equal stores have equal files.
fn name_of(sequences: &[u64]) -> String {
    let (first, last) = (sequences.iter().min().unwrap_or(&0), sequences.iter().max().unwrap_or(&0));
    format!("{first:016x}{last:016x}")
}

/// tantivy's own notes with the segment's name exchanged, in both spellings of a UUID.
fn renamed(json: &[u8], from: &str, to: &str) -> OwnedBytes {
    let dashed = |id: &str| match (id.get(..8), id.get(8..12), id.get(12..16), id.get(16..20), id.get(20..)) {
        (Some(a), Some(b), Some(c), Some(d), Some(e)) => format!("{a}-{b}-{c}-{d}-{e}"),
        _ => id.to_owned(),
    };
    let text = String::from_utf8_lossy(json).replace(from, to).replace(&dashed(from), &dashed(to));
    OwnedBytes::new(text.into_bytes())
}

fn settings() -> IndexSettings {
    IndexSettings { docstore_compress_dedicated_thread: false, ..IndexSettings::default() } // nothing is stored
}

/// Behind every term.
const END: char = '\n';
/// Counts are characters from here on: none of them is `END`.
const COUNT_AT: u32 = 0x100;

/// Hands over terms as often as the character before each says.
#[derive(Clone)]
struct Counted;

struct CountedStream<'a> {
    rest: &'a str,
    left: u32,
    token: Token,
}

impl Tokenizer for Counted {
    type TokenStream<'a> = CountedStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> CountedStream<'a> {
        CountedStream { rest: text, left: 0, token: Token { position: 0, position_length: 1, ..Token::default() } }
    }
}

impl TokenStream for CountedStream<'_> {
    fn advance(&mut self) -> bool {
        if self.left == 0 {
            let Some((term, rest)) = self.rest.split_once(END) else { return false };
            let mut term = term.chars();
            self.left = term.next().map_or(0, |c| u32::from(c).saturating_sub(COUNT_AT));
            self.token.text.clear();
            self.token.text.push_str(term.as_str());
            self.rest = rest;
            if self.left == 0 {
                return self.advance();
            }
        }
        self.left -= 1;
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}
