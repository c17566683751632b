//! What the engine says about itself and its work.

use std::sync::Arc;

use serde::Serialize;

use crate::chunk::{Chunk, ChunkType};

/// A chunk that a batch could not store.
#[derive(Debug, Clone, Serialize)]
pub struct BatchFailure {
    /// Position in the call.
    pub index: u64,
    /// The chunk's id, when it had one.
    pub id: Option<String>,
    /// Error code.
    pub code: &'static str,
    /// Error message.
    pub message: String,
}

/// A text that was stored in pieces, with the ids `<id>#1` to `<id>#<parts>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SplitChunk {
    /// Position in the call.
    pub index: u64,
    /// Id of the whole.
    pub id: String,
    /// Pieces.
    pub parts: u32,
}

/// Result of `store`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct BatchResult {
    /// Ids in the order given; `None` where the chunk failed.
    pub ids: Vec<Option<String>>,
    /// Chunks stored.
    pub stored: u64,
    /// Chunks not stored (`on_error: collect`).
    pub failed: Vec<BatchFailure>,
    /// Those that were stored in pieces, in the order given.
    pub split: Vec<SplitChunk>,
}

/// A chunk with what changes by reading it.
#[derive(Debug, Clone)]
pub struct Record {
    /// The stored version.
    pub chunk: Arc<Chunk>,
    /// Reads so far.
    pub usage_count: u32,
    /// Milliseconds since the epoch of the last read; creation when never read.
    pub accessed_at: i64,
}

/// One hit of a search.
#[derive(Debug, Clone)]
pub struct SearchHit {
    /// Id.
    pub id: String,
    /// Namespace.
    pub namespace: String,
    /// 0 to 1, higher is better.
    pub score: f32,
    /// Cosine, negative counted as 0; `None` when the chunk has no vector or the query none.
    pub similarity: Option<f32>,
    /// BM25 mapped to 0 to 1; `None` when words were not asked.
    pub lexical_score: Option<f32>,
    /// The vector is still to be computed.
    pub pending: bool,
    /// The vector covers only the first tokens of the text.
    pub truncated: bool,
    /// Components of the score, with `explain`.
    pub explain: Option<Vec<(&'static str, f32)>>,
    /// The chunk, unless `fields` is empty.
    pub record: Option<Record>,
}

/// One text of a `semantic_search`.
#[derive(Debug, Clone, PartialEq)]
pub struct RankedDocument {
    /// Its place in the documents given.
    pub document_index: usize,
    /// The text.
    pub document_content: String,
    /// Cosine of its vector and the query's, negative counted as 0.
    pub similarity_score: f32,
}

/// A chunk of a context.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ContextChunk {
    /// Id.
    pub id: String,
    /// Namespace.
    pub namespace: String,
    /// Its score as a hit: 0 to 1.
    #[serde(serialize_with = "decimal")]
    pub score: f32,
    /// Its source, else `metadata.path`.
    pub path: Option<String>,
    /// First line in that file, from 1; of what stands in the text.
    pub start_line: Option<u64>,
    /// Last line, included.
    pub end_line: Option<u64>,
    /// What it adds to the text, heading included.
    pub tokens: usize,
    /// Its end was cut off to fit.
    pub truncated: bool,
}

/// Result of `build_context`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Context {
    /// The chunks with their headings; empty when nothing was found, or nothing fits.
    pub text: String,
    /// Tokens of the text, as `count_tokens` counts; 0 for an empty one.
    pub tokens: usize,
    /// Ids, in the order of the text.
    pub chunk_ids: Vec<String>,
    /// The chunks, in the order of the text.
    pub chunks: Vec<ContextChunk>,
}

/// Digits of an `f32` only.
fn decimal<S: serde::Serializer>(x: &f32, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_f64((f64::from(*x) * 1e7).round() / 1e7)
}

/// A chunk with a vector, as `points` gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// Namespace.
    pub namespace: String,
    /// Id.
    pub id: String,
    /// What it is.
    pub chunk_type: ChunkType,
}

/// Vectors of many chunks.
#[derive(Debug, Clone, Default)]
pub struct Points {
    /// Values per vector.
    pub dimensions: usize,
    /// Unit vectors, one after the other.
    pub values: Vec<f32>,
    /// Whose they are.
    pub items: Vec<Point>,
    /// Chunks with a vector that match, in the sample or not.
    pub matching: u64,
    /// Chunks that match and have none.
    pub without_vector: u64,
    /// Chunks left out because they, or their vectors, cannot be read: each as its `Corrupt`.
    pub damaged: Vec<crate::Error>,
}

/// A page of a listing.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// Chunks in order.
    pub records: Vec<Record>,
    /// Chunks left out because they cannot be read (`skip_damaged`): each as the `Corrupt` it would end with.
    pub damaged: Vec<crate::Error>,
    /// Give it to the next call; `None` at the end.
    pub next: Option<PageCursor>,
}

/// Where a listing goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageCursor {
    /// Namespace of the last chunk.
    pub namespace: String,
    /// Id of the last chunk.
    pub id: String,
    /// Sequence number of the last chunk.
    pub sequence: u64,
    /// Update time of the last chunk.
    pub updated_at: i64,
    /// Chunks delivered so far.
    pub delivered: u64,
    /// Greatest sequence number when the listing began: what is stored again later does not come again.
    pub upto: u64,
}

/// A page of an export.
#[derive(Debug, Clone, Default)]
pub struct ExportPage {
    /// JSON lines, each with its end.
    pub lines: Vec<u8>,
    /// How many.
    pub chunks: u64,
    /// Of them those with a vector.
    pub vectors: u64,
    /// Chunks left out, and vectors of chunks that are there, which cannot be read (`skip_damaged`).
    pub damaged: Vec<crate::Error>,
    /// Give it to the next call; `None` at the end.
    pub next: Option<PageCursor>,
}

/// A line that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BadLine {
    /// Its number, from 1.
    pub line: u64,
    /// Why not.
    pub reason: String,
}

/// What became of the lines of an import.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ImportReport {
    /// Lines with something on them.
    pub lines: u64,
    /// Chunks stored.
    pub stored: u64,
    /// Lines left alone: stored already.
    pub unchanged: u64,
    /// Lines left out: their time was over.
    pub expired: u64,
    /// Lines that could not be taken.
    pub failed: u64,
    /// Vectors taken from the lines.
    pub vectors: u64,
    /// Vectors of another model than the store's: these texts are embedded anew.
    pub vectors_dropped: u64,
    /// The first 1,000 lines that could not be taken.
    pub bad: Vec<BadLine>,
}

/// Cache figures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct CacheStats {
    /// Bytes held.
    pub bytes: u64,
    /// Bound in bytes.
    pub limit_bytes: u64,
    /// Entries held.
    pub entries: u64,
    /// Reads answered from it.
    pub hits: u64,
    /// Reads that went to the log.
    pub misses: u64,
    /// hits / (hits + misses); 0 before the first read.
    pub hit_rate: f64,
}

/// The model of a store.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ModelStats {
    /// Name and file hash; `None` before the first vector.
    pub id: Option<String>,
    /// Numbers per vector.
    pub dimensions: Option<u64>,
    /// Can this engine embed text?
    pub enabled: bool,
    /// Texts longer than the model reads, among the live chunks.
    pub truncated: u64,
    /// Embeddings answered from the embedding cache.
    pub cache: CacheStats,
}

/// A graph being built.
#[derive(Debug, Clone, Serialize)]
pub struct IndexProgress {
    /// Units of work done.
    pub done: u64,
    /// Units in all.
    pub total: u64,
}

/// The vector index.
#[derive(Debug, Clone, Default, Serialize)]
pub struct VectorIndexStats {
    /// Vectors that are scanned, in no graph yet.
    pub scanned: u64,
    /// Graphs searched.
    pub graphs: u64,
    /// Vectors of live chunks in graphs.
    pub graph_vectors: u64,
    /// Bytes of the graph files (mapped, not heap).
    pub graph_bytes: u64,
    /// Graphs built since the open.
    pub built: u64,
    /// The graph being built, if one is.
    pub building: Option<IndexProgress>,
}

/// How words are found.
#[derive(Debug, Clone, Default, Serialize)]
pub struct TextIndexStats {
    /// Chunks whose words are in memory, in no sealed segment yet.
    pub in_memory: u64,
    /// Sealed segments.
    pub segments: u64,
    /// Live chunks in them.
    pub segment_chunks: u64,
    /// Bytes of their files (mapped, not heap).
    pub segment_bytes: u64,
    /// Segments written since the open.
    pub built: u64,
    /// The segment being made, if one is.
    pub building: Option<IndexProgress>,
}

/// Result of `stats`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct EngineStats {
    /// Chunks that can be found.
    pub chunks: u64,
    /// Versions kept (current and older, tombstones excluded).
    pub versions: u64,
    /// Chunks whose vector is still to be computed.
    pub pending: u64,
    /// Chunks with a vector.
    pub vectors: u64,
    /// Rows the text index has still to take in (the next search does it).
    pub unindexed: u64,
    /// Bytes of metadata and content of the live chunks before compression.
    pub raw_bytes: u64,
    /// Bytes of all files of the store.
    pub disk_bytes: u64,
    /// Part of `disk_bytes`: vectors of live chunks (f32, not compressed).
    pub vector_bytes: u64,
    /// Vector index.
    pub vector_index: VectorIndexStats,
    /// The text index.
    pub text_index: TextIndexStats,
    /// Part of `disk_bytes`: the reserve for a full disk (1 MiB, whatever the store's size).
    pub reserve_bytes: u64,
    /// Whether the store is encrypted.
    pub encrypted: bool,
    /// Something is still sealed with the data key before the last rotation: `optimize` goes on with it, and the next open.
    pub key_rotation_pending: bool,
    /// Versions and files that still hold something of purged or expired chunks. 0: nothing of them is left on disk.
    pub purge_pending: u64,
    /// `disk_bytes / raw_bytes`; 0 for an empty store.
    pub disk_ratio: f64,
    /// Segments of the log, the live one included.
    pub segments: u64,
    /// Share of log bytes that live chunks hold.
    pub live_share: f64,
    /// Current zstd dictionary; 0 before one is trained.
    pub dictionary_id: u32,
    /// Chunk cache.
    pub cache: CacheStats,
    /// Model.
    pub model: ModelStats,
    /// Domains whose feedback was trained, in order of name: any other one of a search ranks by what all of them taught.
    pub domains: Vec<String>,
    /// Resident memory of the process in bytes; 0 where it cannot be read.
    pub process_rss_bytes: u64,
    /// Bytes held by the indexes (estimate: allocations' capacities).
    pub index_bytes: u64,
    /// Calls waiting or running.
    pub calls: u64,
    /// Worker threads.
    pub threads: u64,
    /// Bytes the open had to cut from a torn tail.
    pub recovered_tail_bytes: u64,
    /// How an opening with `read_only` keeps up; null for one that writes.
    pub follow: Option<FollowStats>,
}

/// How an opening that only reads keeps up with the writer.
#[derive(Debug, Clone, Default, Serialize)]
pub struct FollowStats {
    /// Looks at what was written, by itself and by `refresh`.
    pub looks: u64,
    /// Looks that built a whole new state (after a compaction, a dictionary, a new index file).
    pub reloads: u64,
    /// Milliseconds since the last look that succeeded began: what was acknowledged before it is visible.
    pub age_ms: u64,
}

/// One part of the engine in `health`.
#[derive(Debug, Clone, Serialize)]
pub struct ComponentHealth {
    /// `ok`, `degraded` or `failed`.
    pub status: &'static str,
    /// Why, when not ok.
    pub detail: Option<String>,
}

/// Result of `health`.
#[derive(Debug, Clone, Serialize)]
pub struct SystemHealth {
    /// The worst of the parts.
    pub status: &'static str,
    /// The chunk log.
    pub storage: ComponentHealth,
    /// Vector and text index.
    pub index: ComponentHealth,
    /// Embeddings.
    pub embedder: ComponentHealth,
    /// The search history: where it is, or that it is off.
    pub history: ComponentHealth,
}

/// A damaged place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Damage {
    /// Path within the store, with `/`.
    pub file: String,
    /// Offset in bytes.
    pub offset: u64,
    /// Bytes of it; 0 when that is not known.
    pub length: u64,
    /// What does not fit.
    pub what: String,
    /// What cannot be had because of it.
    pub lost: String,
    /// What to do.
    pub remedy: String,
}

/// Result of `verify`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct VerifyReport {
    /// No damage found.
    pub ok: bool,
    /// Whether contents and derived files were looked into, not checksums alone.
    pub deep: bool,
    /// Records whose checksum was compared.
    pub records: u64,
    /// Bytes of the log read.
    pub bytes: u64,
    /// Chunk versions that were decompressed and decoded (`deep`).
    pub versions: u64,
    /// Vectors that were compared with what indexes have of them (`deep`).
    pub vectors: u64,
    /// Chunks whose words were compared with the text segments (`deep`).
    pub texts: u64,
    /// Files compared with their checksums beside the log: dictionaries, and with `deep` the derived ones.
    pub files: u64,
    /// Damaged places in all.
    pub damages: u64,
    /// The first 1,000 of them.
    pub damaged: Vec<Damage>,
}

/// Result of `snapshot`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SnapshotReport {
    /// Chunks of the store at the moment of the copy, expired ones left out.
    pub chunks: u64,
    /// Files of the copy.
    pub files: u64,
    /// Of them those that share their bytes with the store's (`link: true`).
    pub linked: u64,
    /// Bytes of all files.
    pub bytes: u64,
}

/// Result of `optimize`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct OptimizeReport {
    /// Segments rewritten.
    pub segments_rewritten: u64,
    /// Bytes of the store before.
    pub bytes_before: u64,
    /// Bytes of the store after.
    pub bytes_after: u64,
    /// Versions and tombstones dropped.
    pub versions_dropped: u64,
    /// Vectors in the graph that was built; 0 when there was nothing to gain.
    pub vectors_indexed: u64,
}
