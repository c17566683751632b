//! A frozen graph as a file. `docs/format.md` draws the bytes.
//!
//! A page of header, then sections that begin at page ends, each with its own checksum: ids and twins are compared at opening,
//! the rest is verified behind it (`Graph::verify`); until then a damaged number may cost recall, never memory safety
//! (links are bounded when walked) and never content (scores come from the log).

use std::path::Path;

use super::calibrate::{MOST_STEPS, Step};
use super::freeze::Frozen;
use super::table;
use crate::cancel::CancelToken;
use crate::error::{Error, Result};
use crate::vfs::{OpenMode, Vfs};

pub(super) const MAGIC: &[u8; 8] = b"FLUOGRF1";
pub(super) const VERSION: u32 = 2;
pub(super) const PAGE: usize = 4_096;
/// Section numbers.
pub(super) const IDS: usize = 0;
pub(super) const SCALES: usize = 1;
pub(super) const LINKS: usize = 2;
pub(super) const TABLE: usize = 3;
pub(super) const TWINS: usize = 4;
pub(super) const CODES: usize = 5;
const SECTIONS: usize = 6;
const SECTIONS_AT: usize = 80;
const STEPS_AT: usize = 256;
/// Bytes per write: what one look at the cancel flag covers.
const WRITE: usize = 4 << 20;

const _: () = assert!(cfg!(target_endian = "little"), "graph files are mapped, and little-endian");

/// Where a section lies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Section {
    pub offset: u64,
    pub length: u64,
    pub crc: u32,
}

/// The header.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Header {
    pub store_id: u128,
    pub model: u64,
    /// The highest sequence number of a node.
    pub last_sequence: u64,
    pub nodes: u32,
    /// The first so many nodes are walked, the others are twins.
    pub walked: u32,
    /// Nodes with twins.
    pub crowds: u32,
    pub dims: u32,
    pub stride: u32,
    pub width: u32,
    pub entries: u32,
    pub sections: [Section; SECTIONS],
    pub steps: Vec<Step>,
}

impl Header {
    /// Lengths the sections must have.
    fn lengths(&self) -> [u64; SECTIONS] {
        let (n, walked) = (u64::from(self.nodes), u64::from(self.walked));
        let slots = table::slots_for(self.walked as usize) as u64;
        let links = walked * u64::from(self.width) * 4;
        [n * 12, n * 4, links, slots * 8, u64::from(self.crowds) * 8, n * u64::from(self.stride)]
    }

    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(PAGE);
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&(PAGE as u32).to_le_bytes());
        out.extend_from_slice(&self.store_id.to_le_bytes());
        out.extend_from_slice(&self.model.to_le_bytes());
        out.extend_from_slice(&self.last_sequence.to_le_bytes());
        for v in [self.nodes, self.dims, self.stride, self.width, self.entries, self.steps.len() as u32, self.walked, self.crowds]
        {
            out.extend_from_slice(&v.to_le_bytes());
        }
        for s in &self.sections {
            out.extend_from_slice(&s.offset.to_le_bytes());
            out.extend_from_slice(&s.length.to_le_bytes());
            out.extend_from_slice(&u64::from(s.crc).to_le_bytes());
        }
        out.resize(STEPS_AT, 0);
        for s in self.steps.iter().take(MOST_STEPS) {
            out.extend_from_slice(&s.ef.to_le_bytes());
            out.extend_from_slice(&s.compared.to_le_bytes());
            out.extend_from_slice(&s.recall_10.to_le_bytes());
            out.extend_from_slice(&s.recall_100.to_le_bytes());
        }
        out.resize(PAGE - 4, 0);
        out.extend_from_slice(&crc32c::crc32c(&out).to_le_bytes());
        out
    }

    /// Reads and checks; what is wrong, in words, when something is.
    pub fn decode(page: &[u8], file_len: u64) -> std::result::Result<Self, &'static str> {
        if page.len() != PAGE || &page[..8] != MAGIC {
            return Err("the magic number does not match");
        }
        let u32_at = |at: usize| u32::from_le_bytes([page[at], page[at + 1], page[at + 2], page[at + 3]]);
        let u64_at = |at: usize| u64::from(u32_at(at)) | u64::from(u32_at(at + 4)) << 32;
        if crc32c::crc32c(&page[..PAGE - 4]) != u32_at(PAGE - 4) {
            return Err("the header's checksum does not match");
        }
        if u32_at(8) != VERSION || u32_at(12) as usize != PAGE {
            return Err("the format is another one");
        }
        let mut header = Self {
            store_id: u128::from(u64_at(16)) | u128::from(u64_at(24)) << 64,
            model: u64_at(32),
            last_sequence: u64_at(40),
            nodes: u32_at(48),
            dims: u32_at(52),
            stride: u32_at(56),
            width: u32_at(60),
            entries: u32_at(64),
            walked: u32_at(72),
            crowds: u32_at(76),
            ..Self::default()
        };
        let steps = (u32_at(68) as usize).min(MOST_STEPS);
        for (i, s) in header.sections.iter_mut().enumerate() {
            let at = SECTIONS_AT + i * 24;
            *s = Section { offset: u64_at(at), length: u64_at(at + 8), crc: u64_at(at + 16) as u32 };
        }
        for at in (0..steps).map(|i| STEPS_AT + i * 16) {
            header.steps.push(Step {
                ef: u32_at(at),
                compared: u32_at(at + 4),
                recall_10: f32::from_bits(u32_at(at + 8)),
                recall_100: f32::from_bits(u32_at(at + 12)),
            });
        }
        let fits = header.sections.iter().zip(header.lengths()).all(|(s, length)| {
            s.length == length && s.offset % PAGE as u64 == 0 && s.offset.checked_add(length).is_some_and(|end| end <= file_len)
        });
        let sane = header.stride as usize == super::codes::stride_of(header.dims as usize)
            && (1..=header.walked).contains(&header.entries)
            && (1..=header.nodes).contains(&header.walked)
            && header.width > 0;
        if fits && sane { Ok(header) } else { Err("the sections do not fit the file") }
    }
}

/// Writes a graph and makes it durable under its name. `sequences`: of each node. What is written is derived: a failure
/// leaves a file nothing names.
#[allow(clippy::too_many_arguments)] // what identifies the graph
pub(crate) fn write(
    vfs: &dyn Vfs,
    path: &Path,
    store_id: u128,
    model: u64,
    dims: usize,
    graph: &Frozen,
    sequences: &[u64],
    steps: &[Step],
    cancel: &CancelToken,
) -> Result<u64> {
    let nodes = graph.codes.scales.len();
    let mut by_sequence: Vec<(u64, u32)> = sequences.iter().copied().zip(0..).collect();
    by_sequence.sort_unstable();
    let mut ids = Vec::with_capacity(nodes * 12);
    by_sequence.iter().for_each(|(s, _)| ids.extend_from_slice(&s.to_le_bytes()));
    by_sequence.iter().for_each(|(_, n)| ids.extend_from_slice(&n.to_le_bytes()));
    let slots = table::fill(graph.view().codes);
    let mut header = Header {
        store_id,
        model,
        last_sequence: by_sequence.last().map_or(0, |(s, _)| *s),
        nodes: nodes as u32,
        walked: graph.walked() as u32,
        crowds: graph.crowds.len() as u32,
        dims: dims as u32,
        stride: graph.codes.stride as u32,
        width: graph.width as u32,
        entries: graph.entries as u32,
        steps: steps.to_vec(),
        ..Header::default()
    };
    let io = |action, e: &std::io::Error| Error::io(action, path, e);
    let file = vfs.open(path, OpenMode::Create).map_err(|e| io("cannot create", &e))?;
    let parts: [&[u8]; SECTIONS] = [
        &ids,
        bytemuck::cast_slice(&graph.codes.scales),
        bytemuck::cast_slice(&graph.links),
        bytemuck::cast_slice(&slots),
        bytemuck::cast_slice(&graph.crowds),
        bytemuck::cast_slice(&graph.codes.values),
    ];
    let mut at = PAGE as u64;
    for (section, bytes) in header.sections.iter_mut().zip(parts) {
        *section = Section { offset: at, length: bytes.len() as u64, crc: 0 };
        for part in bytes.chunks(WRITE) {
            cancel.check()?;
            file.write_at(part, at).map_err(|e| io("cannot write", &e))?;
            section.crc = crc32c::crc32c_append(section.crc, part);
            at += part.len() as u64;
        }
        at = at.next_multiple_of(PAGE as u64);
    }
    file.set_len(at).map_err(|e| io("cannot write", &e))?;
    file.write_at(&header.encode(), 0).map_err(|e| io("cannot write", &e))?;
    file.sync().map_err(|e| io("cannot sync", &e))?;
    Ok(at)
}
