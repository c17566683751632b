//! The append-only chunk log: the only truth of a store.
//!
//! Owns: record, group and segment formats (`docs/format.md`), the live segment, sealing, recovery, the manifest, dictionaries.
//! Knows bytes, keys and sequence numbers. Must not know: indexes, vectors' meaning, search, threads.
//! In: records to append. Out: locations, and on open every record in order.

mod codec;
mod dictionary;
mod frame;
mod group;
mod live;
mod manifest;
mod payload;
mod record;
mod scan;
mod segment;
mod tail;
pub(crate) mod varint;

pub use codec::Codec;
pub use dictionary::{dictionary_name, load_dictionary, save_dictionary, train_dictionary};
pub use frame::Frame;
pub use group::{GROUP_HEADER, GroupBuilder};
pub(crate) use group::{read_body, read_head};
pub use live::LiveSegment;
pub use manifest::{Closed, Manifest, ModelId, SealedSegment, Trained};
pub use payload::{decode_payload, encode_payload};
pub use record::{
    ChunkRecord, RecordKind, RecordView, UsageEntry, VectorRecord, decode_record, decode_trusted, encode_chunk, encode_purge,
    encode_tombstone, encode_usage, encode_vector,
};
pub use scan::{Scan, ScannedRecord, scan_segment, scan_tail};
pub use segment::{SEGMENT_HEADER, Segment, segment_name};
pub(crate) use segment::{check_header, encode_header};
pub use tail::{Followed, Tail};

/// Where a record lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Location {
    /// Segment number.
    pub segment: u32,
    /// Offset in the segment.
    pub offset: u32,
    /// Bytes of the whole record; 0 = no record.
    pub length: u32,
}

impl Location {
    /// True when it points nowhere.
    #[must_use]
    pub fn is_none(self) -> bool {
        self.length == 0
    }
}
