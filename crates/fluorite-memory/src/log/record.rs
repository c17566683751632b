//! Records: encoding, and decoding that trusts nothing.

use super::Frame;
use super::frame::RECORD_HEAD;
use super::varint::{Reader, put, put_bytes};
use crate::chunk::DEFAULT_NAMESPACE;
use crate::mutants::mutant;

const COMPRESSED: u8 = 1;
const TRUNCATED: u8 = 1;

/// What a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum RecordKind {
    /// A version of a chunk.
    Chunk = 1,
    /// The vector of a version.
    Vector = 2,
    /// A deletion.
    Tombstone = 3,
    /// Read counters.
    Usage = 4,
    /// A deletion that dooms every older version; names nothing.
    Purge = 5,
}

/// A CHUNK record without its fixed part.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChunkRecord<'a> {
    /// Milliseconds: first version of this chunk.
    pub created_at: i64,
    /// Milliseconds: this version.
    pub updated_at: i64,
    /// Milliseconds: end of life.
    pub expires_at: Option<i64>,
    /// 1 for the first.
    pub version: u32,
    /// 0 = none.
    pub dictionary: u32,
    /// Is the payload a zstd frame?
    pub compressed: bool,
    /// Bytes of the payload before compression.
    pub raw_len: u32,
    /// Namespace.
    pub namespace: &'a str,
    /// Id.
    pub id: &'a str,
    /// Payload as stored.
    pub payload: &'a [u8],
}

/// A VECTOR record.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VectorRecord<'a> {
    /// Sequence number of the chunk version.
    pub chunk: u64,
    /// XXH3-64 of the model id.
    pub model: u64,
    /// The text was longer than the model reads.
    pub truncated: bool,
    /// f32 little-endian values.
    pub values: &'a [u8],
}

/// One entry of a USAGE record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsageEntry {
    /// Key of the chunk.
    pub key: u128,
    /// Reads so far.
    pub count: u32,
    /// Milliseconds.
    pub accessed_at: i64,
}

/// A decoded record.
#[derive(Debug, Clone, PartialEq)]
pub enum RecordView<'a> {
    /// A version.
    Chunk(ChunkRecord<'a>),
    /// A vector.
    Vector(VectorRecord<'a>),
    /// A deletion.
    Tombstone {
        /// Milliseconds.
        deleted_at: i64,
        /// Namespace.
        namespace: &'a str,
        /// Id.
        id: &'a str,
    },
    /// Counters.
    Usage(Vec<UsageEntry>),
    /// A deletion that dooms every older version.
    Purge {
        /// Milliseconds.
        deleted_at: i64,
        /// Key of the chunk.
        key: u128,
    },
}

impl VectorRecord<'_> {
    /// Appends the values to `out`.
    pub fn read_into(&self, out: &mut Vec<f32>) {
        out.extend(self.values.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])));
    }
}

fn begin(out: &mut Vec<u8>, kind: RecordKind, flags: u8, sequence: u64) -> usize {
    let start = out.len();
    out.extend_from_slice(&[0; 8]);
    out.push(kind as u8);
    out.push(flags);
    out.extend_from_slice(&sequence.to_le_bytes());
    start
}

/// Seals the body, fills in length and crc; returns the record's length.
fn finish(out: &mut Vec<u8>, start: usize, frame: &Frame) -> u32 {
    frame.seal(out, start);
    let record = &mut out[start..];
    let len = record.len() as u32; // a record is bounded by max_chunk_size, far below 4 GiB
    record[4..8].copy_from_slice(&len.to_le_bytes());
    let crc = crc32c::crc32c_append(frame.salt(), &record[4..]);
    record[..4].copy_from_slice(&crc.to_le_bytes());
    len
}

fn put_namespace(out: &mut Vec<u8>, namespace: &str) {
    put_bytes(out, if namespace == DEFAULT_NAMESPACE { b"" } else { namespace.as_bytes() });
}

fn unsigned(ms: i64) -> u64 {
    u64::try_from(ms).unwrap_or(0)
}

fn millis(v: u64) -> Option<i64> {
    i64::try_from(v).ok()
}

/// Appends a CHUNK record; returns its length.
pub fn encode_chunk(out: &mut Vec<u8>, frame: &Frame, sequence: u64, c: &ChunkRecord<'_>) -> u32 {
    let start = begin(out, RecordKind::Chunk, if c.compressed { COMPRESSED } else { 0 }, sequence);
    put(out, unsigned(c.created_at));
    put(out, unsigned(c.updated_at.saturating_sub(c.created_at)));
    put(out, c.expires_at.map_or(0, |e| unsigned(e.saturating_sub(c.updated_at)).saturating_add(1)));
    put(out, u64::from(c.version));
    put(out, u64::from(c.dictionary));
    put(out, u64::from(c.raw_len));
    put_namespace(out, c.namespace);
    put_bytes(out, c.id.as_bytes());
    out.extend_from_slice(c.payload);
    finish(out, start, frame)
}

/// Appends a VECTOR record; returns its length.
pub fn encode_vector(
    out: &mut Vec<u8>,
    frame: &Frame,
    sequence: u64,
    chunk: u64,
    model: u64,
    truncated: bool,
    values: &[f32],
) -> u32 {
    let start = begin(out, RecordKind::Vector, if truncated { TRUNCATED } else { 0 }, sequence);
    put(out, chunk);
    out.extend_from_slice(&model.to_le_bytes());
    put(out, values.len() as u64);
    out.reserve(values.len() * 4);
    for v in values {
        out.extend_from_slice(&v.to_le_bytes());
    }
    finish(out, start, frame)
}

/// Appends a TOMBSTONE record; returns its length.
pub fn encode_tombstone(out: &mut Vec<u8>, frame: &Frame, sequence: u64, deleted_at: i64, namespace: &str, id: &str) -> u32 {
    let start = begin(out, RecordKind::Tombstone, 0, sequence);
    put(out, unsigned(deleted_at));
    put_namespace(out, namespace);
    put_bytes(out, id.as_bytes());
    finish(out, start, frame)
}

/// Appends a PURGE record; returns its length.
pub fn encode_purge(out: &mut Vec<u8>, frame: &Frame, sequence: u64, deleted_at: i64, key: u128) -> u32 {
    let start = begin(out, RecordKind::Purge, 0, sequence);
    put(out, unsigned(deleted_at));
    out.extend_from_slice(&key.to_le_bytes());
    finish(out, start, frame)
}

/// Appends a USAGE record; returns its length.
pub fn encode_usage(out: &mut Vec<u8>, frame: &Frame, sequence: u64, entries: &[UsageEntry]) -> u32 {
    let start = begin(out, RecordKind::Usage, 0, sequence);
    put(out, entries.len() as u64);
    for e in entries {
        out.extend_from_slice(&e.key.to_le_bytes());
        put(out, u64::from(e.count));
        put(out, unsigned(e.accessed_at));
    }
    finish(out, start, frame)
}

/// Decodes the record at the start of `bytes`: sequence number, view, length. `scratch`: where the body of an encrypted
/// store's record is opened. The error says what does not fit.
pub fn decode_record<'a>(
    bytes: &'a [u8],
    frame: &Frame,
    scratch: &'a mut Vec<u8>,
) -> Result<(u64, RecordView<'a>, usize), &'static str> {
    decode(bytes, frame, true, scratch)
}

/// As [`decode_record`], of bytes whose checksum was compared before.
pub fn decode_trusted<'a>(
    bytes: &'a [u8],
    frame: &Frame,
    scratch: &'a mut Vec<u8>,
) -> Result<(u64, RecordView<'a>, usize), &'static str> {
    decode(bytes, frame, false, scratch)
}

fn decode<'a>(
    bytes: &'a [u8],
    frame: &Frame,
    check: bool,
    scratch: &'a mut Vec<u8>,
) -> Result<(u64, RecordView<'a>, usize), &'static str> {
    let mut r = Reader(bytes);
    let (crc, len) = (r.u32().ok_or("a record header is cut off")?, r.u32().ok_or("a record header is cut off")?);
    let len = len as usize;
    if len < RECORD_HEAD || len > bytes.len() {
        return Err("a record's length is impossible");
    }
    let record = &bytes[..len];
    if !mutant!("checksum_ignored") && check && crc32c::crc32c_append(frame.salt(), &record[4..]) != crc {
        return Err("a record's checksum does not match");
    }
    let mut r = Reader(&record[8..]);
    let (kind, flags) = (r.u8().unwrap_or(0), r.u8().unwrap_or(0));
    let sequence = r.u64().unwrap_or(0);
    let mut r = Reader(frame.open(record, scratch).ok_or("a record is not what was sealed in this place")?);
    let view = match kind {
        1 => chunk(&mut r, flags).map(RecordView::Chunk),
        2 => vector(&mut r, flags).map(RecordView::Vector),
        3 => tombstone(&mut r),
        4 => usage(&mut r),
        5 => purge(&mut r),
        _ => return Err("a record is of unknown kind"),
    };
    Ok((sequence, view.ok_or("a record's body does not fit its kind")?, len))
}

fn namespace<'a>(r: &mut Reader<'a>) -> Option<&'a str> {
    Some(match r.text()? {
        "" => DEFAULT_NAMESPACE,
        name => name,
    })
}

fn chunk<'a>(r: &mut Reader<'a>, flags: u8) -> Option<ChunkRecord<'a>> {
    let created_at = millis(r.varint()?)?;
    let updated_at = created_at.checked_add(millis(r.varint()?)?)?;
    let expires_at = match r.varint()? {
        0 => None,
        n => Some(updated_at.checked_add(millis(n - 1)?)?),
    };
    Some(ChunkRecord {
        created_at,
        updated_at,
        expires_at,
        version: u32::try_from(r.varint()?).ok()?,
        dictionary: u32::try_from(r.varint()?).ok()?,
        raw_len: u32::try_from(r.varint()?).ok()?,
        compressed: flags & COMPRESSED != 0,
        namespace: namespace(r)?,
        id: r.text()?,
        payload: r.0,
    })
}

fn vector<'a>(r: &mut Reader<'a>, flags: u8) -> Option<VectorRecord<'a>> {
    let (chunk, model) = (r.varint()?, r.u64()?);
    let dimensions = usize::try_from(r.varint()?).ok()?;
    let values = r.take(dimensions.checked_mul(4)?)?;
    r.0.is_empty().then_some(VectorRecord { chunk, model, truncated: flags & TRUNCATED != 0, values })
}

fn purge<'a>(r: &mut Reader<'a>) -> Option<RecordView<'a>> {
    let deleted_at = millis(r.varint()?)?;
    let key = u128::from_le_bytes(r.array()?);
    r.0.is_empty().then_some(RecordView::Purge { deleted_at, key })
}

fn tombstone<'a>(r: &mut Reader<'a>) -> Option<RecordView<'a>> {
    let deleted_at = millis(r.varint()?)?;
    let (namespace, id) = (namespace(r)?, r.text()?);
    r.0.is_empty().then_some(RecordView::Tombstone { deleted_at, namespace, id })
}

fn usage<'a>(r: &mut Reader<'a>) -> Option<RecordView<'a>> {
    let n = usize::try_from(r.varint()?).ok()?;
    let most = if mutant!("usage_count_believed") { usize::MAX } else { r.0.len() / 18 };
    let mut entries = Vec::with_capacity(n.min(most)); // an entry is 18 bytes or more: a lying count allocates nothing
    for _ in 0..n {
        entries.push(UsageEntry {
            key: u128::from_le_bytes(r.array()?),
            count: u32::try_from(r.varint()?).ok()?,
            accessed_at: millis(r.varint()?)?,
        });
    }
    r.0.is_empty().then_some(RecordView::Usage(entries))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_round_trip_and_every_flipped_bit_is_noticed() {
        let c = ChunkRecord {
            created_at: 1_700_000_000_000,
            updated_at: 1_700_000_000_500,
            expires_at: Some(1_700_000_000_500),
            version: 3,
            dictionary: 1,
            compressed: true,
            raw_len: 5,
            namespace: "ns",
            id: "id",
            payload: b"hello",
        };
        let mut out = Vec::new();
        encode_chunk(&mut out, &Frame::plain(9), 42, &c);
        assert_eq!(decode_record(&out, &Frame::plain(9), &mut Vec::new()), Ok((42, RecordView::Chunk(c), out.len())));
        assert!(decode_record(&out, &Frame::plain(8), &mut Vec::new()).is_err(), "another salt is another segment");
        for bit in 0..out.len() * 8 {
            let mut bad = out.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(decode_record(&bad, &Frame::plain(9), &mut Vec::new()).is_err(), "bit {bit}");
        }
        for cut in 0..out.len() {
            assert!(decode_record(&out[..cut], &Frame::plain(9), &mut Vec::new()).is_err());
        }
    }

    #[test]
    fn the_other_kinds_round_trip() {
        let mut out = Vec::new();
        encode_vector(&mut out, &Frame::plain(1), 7, 6, 99, true, &[1.0, -2.5]);
        let mut scratch = Vec::new();
        let (seq, RecordView::Vector(v), _) = decode_record(&out, &Frame::plain(1), &mut scratch).unwrap() else { panic!() };
        let mut values = Vec::new();
        v.read_into(&mut values);
        assert_eq!((seq, v.chunk, v.model, v.truncated, values), (7, 6, 99, true, vec![1.0, -2.5]));
        out.clear();
        encode_tombstone(&mut out, &Frame::plain(1), 8, 5, "default", "x");
        assert_eq!(
            decode_record(&out, &Frame::plain(1), &mut Vec::new()).unwrap().1,
            RecordView::Tombstone { deleted_at: 5, namespace: "default", id: "x" }
        );
        out.clear();
        encode_purge(&mut out, &Frame::plain(1), 10, 5, 1 << 101);
        assert_eq!(
            decode_record(&out, &Frame::plain(1), &mut Vec::new()).unwrap().1,
            RecordView::Purge { deleted_at: 5, key: 1 << 101 }
        );
        out.clear();
        let e = UsageEntry { key: 1 << 100, count: 3, accessed_at: 77 };
        encode_usage(&mut out, &Frame::plain(1), 9, &[e]);
        assert_eq!(decode_record(&out, &Frame::plain(1), &mut Vec::new()).unwrap().1, RecordView::Usage(vec![e]));
    }
}
