//! A frozen graph, mapped.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use fluorite_ml::vector::dot_i8;

use super::calibrate::{compared_at, width_for};
use super::codes::{Code, CodesRef};
use super::file::{CODES, Header, IDS, LINKS, PAGE, SCALES, TABLE, TWINS};
use super::table;
use super::twins::{Crowd, fit, twins_of, walked_for};
use super::walk::{GraphRef, Walked};
use crate::cancel::CancelToken;
use crate::error::{Error, Result};
use crate::vfs::{Mapped, OpenMode, Vfs};

/// Bytes verified between two looks at the cancel flag.
const CHECKED: usize = 4 << 20;

/// A graph file that is open.
#[derive(Debug)]
pub struct Graph {
    number: u32,
    path: PathBuf,
    bytes: Mapped,
    header: Header,
    /// Every section has been read and compared with its checksum: it is whole, and in memory.
    verified: AtomicBool,
}

impl Graph {
    /// The name of a graph file.
    #[must_use]
    pub fn file_name(number: u32) -> String {
        format!("{number:06}.graph")
    }

    /// Maps a graph of this store and model. Cost: the header, the ids (12 bytes a node) and the twins are read.
    ///
    /// # Errors
    /// `Corrupt` when it is damaged, or another store's or model's; `Io`.
    pub fn open(vfs: &dyn Vfs, dir: &Path, number: u32, store_id: u128, model: u64) -> Result<Self> {
        let path = dir.join(Self::file_name(number));
        let io = |e: &std::io::Error| Error::io("cannot open", &path, e);
        let corrupt = |what: &str| Error::Corrupt { path: path.clone(), offset: 0, what: what.into() };
        let len = vfs.open(&path, OpenMode::Read).and_then(|f| f.len()).map_err(|e| io(&e))?;
        if len < PAGE as u64 {
            return Err(corrupt("the file is cut off"));
        }
        let bytes = vfs.map(&path, len).map_err(|e| io(&e))?;
        let header = Header::decode(&bytes[..PAGE], len).map_err(corrupt)?;
        if header.store_id != store_id || header.model != model {
            return Err(corrupt("the graph belongs to another store or model"));
        }
        let graph = Self { number, path: path.clone(), bytes, header, verified: AtomicBool::new(false) };
        graph.check(IDS, &CancelToken::default())?;
        graph.check(TWINS, &CancelToken::default())?;
        // sections begin at page ends, so one stands for all
        let aligned = bytemuck::try_cast_slice::<u8, u64>(graph.section(TABLE)).is_ok();
        if !aligned {
            return Err(corrupt("the file is not mapped at a multiple of 8"));
        }
        let whole = fit(graph.crowds(), graph.header.nodes, graph.header.walked);
        if whole { Ok(graph) } else { Err(corrupt("the twins are not in order")) }
    }

    /// Compares every section with its checksum; this also brings the file into memory.
    ///
    /// # Errors
    /// `Corrupt`; `Aborted`.
    pub fn verify(&self, cancel: &CancelToken) -> Result<()> {
        for section in 0..self.header.sections.len() {
            self.check(section, cancel)?;
        }
        self.verified.store(true, Ordering::Release);
        Ok(())
    }

    /// Whether [`verify`](Self::verify) has succeeded.
    #[must_use]
    pub fn is_verified(&self) -> bool {
        self.verified.load(Ordering::Acquire)
    }

    fn check(&self, section: usize, cancel: &CancelToken) -> Result<()> {
        let mut crc = 0;
        for part in self.section(section).chunks(CHECKED) {
            cancel.check()?;
            crc = crc32c::crc32c_append(crc, part);
        }
        let found = &self.header.sections[section];
        if crc == found.crc {
            return Ok(());
        }
        Err(Error::Corrupt {
            path: self.path.clone(),
            offset: found.offset,
            what: "a section of the graph does not match its checksum".into(),
        })
    }

    fn section(&self, at: usize) -> &[u8] {
        let s = &self.header.sections[at];
        &self.bytes[s.offset as usize..(s.offset + s.length) as usize]
    }

    /// The file's number.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Nodes, the dead ones and the twins too.
    #[must_use]
    pub fn nodes(&self) -> usize {
        self.header.nodes as usize
    }

    /// Values per vector.
    #[must_use]
    pub fn dims(&self) -> usize {
        self.header.dims as usize
    }

    /// Nodes that walks set out from.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.header.entries as usize
    }

    /// Bytes of the file.
    #[must_use]
    pub fn file_bytes(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// The highest sequence number of a node.
    #[must_use]
    pub fn last_sequence(&self) -> u64 {
        self.header.last_sequence
    }

    /// Sequence number and node, ascending by sequence number.
    pub fn ids(&self) -> impl Iterator<Item = (u64, u32)> + '_ {
        let (sequences, nodes) = self.section(IDS).split_at(self.nodes() * 8);
        let sequences = sequences.as_chunks::<8>().0.iter().map(|b| u64::from_le_bytes(*b));
        sequences.zip(nodes.as_chunks::<4>().0.iter().map(|b| u32::from_le_bytes(*b)))
    }

    /// The codes of all nodes.
    pub(crate) fn codes(&self) -> CodesRef<'_> {
        let scales = bytemuck::cast_slice(self.section(SCALES));
        CodesRef { stride: self.header.stride as usize, values: bytemuck::cast_slice(self.section(CODES)), scales }
    }

    fn crowds(&self) -> &[Crowd] {
        bytemuck::cast_slice(self.section(TWINS))
    }

    /// The nodes whose code is that of a walked one. Cost: a look at some 20 numbers where there are many.
    pub(crate) fn twins(&self, node: u32) -> Range<u32> {
        twins_of(self.crowds(), self.header.nodes, node)
    }

    /// The node that is walked for this one.
    pub(crate) fn walked_for(&self, node: u32) -> u32 {
        walked_for(self.crowds(), node)
    }

    /// What is walked: one node of each code.
    pub(crate) fn view(&self) -> GraphRef<'_> {
        GraphRef {
            codes: self.codes().first(self.header.walked as usize),
            width: self.header.width as usize,
            links: bytemuck::cast_slice(self.section(LINKS)),
            entries: self.header.entries as usize,
        }
    }

    /// The walked node with exactly this code.
    pub(crate) fn node_of(&self, code: &Code) -> Option<u32> {
        table::find(bytemuck::cast_slice(self.section(TABLE)), self.view().codes, code)
    }

    /// The width of a walk for `k` hits at this recall.
    pub(crate) fn width_for(&self, k: usize, recall: f32) -> usize {
        width_for(&self.header.steps, k, recall)
    }

    /// Vectors a walk of this width compares, about.
    pub(crate) fn compared_at(&self, ef: usize) -> usize {
        compared_at(&self.header.steps, ef)
    }

    /// Whether a node's integers are those of this vector.
    pub(crate) fn holds(&self, node: u32, unit: &[f32]) -> bool {
        let (expected, codes) = (Code::of(unit), self.codes());
        // as the head scales its rows: to length 1 as integers
        let scale = (dot_i8(&expected.values, &expected.values) as f32).sqrt().recip();
        node < self.header.nodes
            && unit.len() == self.header.dims as usize
            && codes.row(node) == expected.values
            && codes.scales.get(node as usize).is_some_and(|s| s.to_bits() == scale.to_bits())
    }

    /// The first link that names no node, or entry or table slot that is none: the place of the walked node it is of.
    pub(crate) fn bad_link(&self) -> Option<u32> {
        let links: &[u32] = bytemuck::cast_slice(self.section(LINKS));
        let bad = links.iter().position(|n| *n != u32::MAX && *n >= self.header.walked)?;
        Some((bad / self.header.width.max(1) as usize) as u32)
    }

    /// The nodes nearest to a query.
    pub(crate) fn walk(&self, query: &Code, ef: usize) -> Walked {
        self.view().walk(query, ef, self.node_of(query))
    }
}
