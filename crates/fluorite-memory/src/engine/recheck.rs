//! Behind an open: graphs, text segments and sealed segments of the log are compared with their checksums, once.
//!
//! Until then every exact value is checked as it is read, and searches run on the pool, because the graph may not be in
//! memory. Segments are read through a buffer, not through their maps: the check leaves no page of theirs resident.

use std::sync::Arc;

use super::shared::Shared;
use super::text::TextItem;
use crate::error::{Error, Result};
use crate::executor::lower_priority;
use crate::index::{Graph, TextSegment};
use crate::log::Segment;
use crate::vfs::OpenMode;

const NICE: i32 = 15;
const BUFFER: usize = 1 << 20;

impl Shared {
    /// Starts the check. `segments`: the sealed ones, with the checksums the manifest gives.
    pub fn recheck(self: &Arc<Self>, segments: Vec<(Segment, u32)>) {
        let shared = Arc::clone(self);
        self.executor.spawn_long("check", move || {
            if !shared.executor.is_inline() {
                lower_priority(NICE);
            }
            let graphs: Vec<Arc<Graph>> = match &shared.state.read().vectors {
                Some(v) => v.graphs().map(|info| info.graph).collect(),
                None => Vec::new(),
            };
            for graph in graphs.into_iter().filter(|g| !g.is_verified()) {
                if let Err(e @ Error::Corrupt { .. }) = graph.verify(&shared.stop) {
                    shared.give_up_graph(graph.number(), &e);
                }
            }
            let unprepared = shared.text.index.read().unprepared();
            for segment in unprepared {
                if let Err(e @ Error::Corrupt { .. }) = segment.prepare(&shared.stop) {
                    let _catching = shared.text.catching.lock();
                    shared.give_up_text(segment.number(), &e);
                    shared.schedule_background();
                }
            }
            for (segment, crc) in segments {
                match shared.checksum(&segment) {
                    Ok(found) if found == crc => segment.set_verified(),
                    Ok(_) => shared.note_damage(&segment.corrupt(0, "the segment does not match the manifest's checksum")),
                    Err(_) => {} // closing, or a disk that will say so again when the record is read
                }
            }
        });
    }

    fn checksum(&self, segment: &Segment) -> Result<u32> {
        let io = |e: &std::io::Error| Error::io("cannot read", segment.path(), e);
        let file = self.vfs.open(segment.path(), OpenMode::Read).map_err(|e| io(&e))?;
        let length = segment.map().map_or(0, <[u8]>::len);
        let mut buffer = vec![0; BUFFER.min(length)];
        let (mut crc, mut at) = (0, 0);
        while at < length {
            self.stop.check()?;
            let part = BUFFER.min(length - at);
            file.read_at(&mut buffer[..part], at as u64).map_err(|e| io(&e))?;
            crc = crc32c::crc32c_append(crc, &buffer[..part]);
            at += part;
        }
        Ok(crc)
    }

    /// Takes a damaged text segment out; its rows are queued to be read from the log, and sealed again. `catching` is held, so
    /// that no search runs between the two.
    pub fn give_up_text(&self, number: u32, e: &Error) {
        let lost = self.text.index.write().remove(number);
        {
            // under the lock: should a row die, that is queued behind
            let state = self.state.read();
            let rows = lost.both(&state.live);
            self.text.push(rows.filter_map(|row| Some(TextItem::Add(row, state.row(row)?.sequence))).collect());
        }
        let _listing = self.text.listing.lock();
        let list = {
            let mut sealing = self.text.sealing.lock();
            sealing.list.texts.retain(|n| *n != number);
            sealing.list.purge.retain(|n| *n != number);
            sealing.damage.get_or_insert_with(|| format!("{e}: it is built again"));
            sealing.list.clone()
        };
        if self.reader.is_none() {
            let _ = list.save(&*self.vfs, &self.index_dir()); // else the next open finds the damage again
            self.remove_for_good(self.index_dir().join(TextSegment::file_name(number)));
        }
    }

    /// Takes a damaged graph out; its vectors are read from the log again, and built into another.
    pub fn give_up_graph(self: &Arc<Self>, number: u32, e: &Error) {
        let listing = self.listing.lock();
        let list = {
            let mut graphing = self.graphing.lock();
            if !graphing.list.graphs.contains(&number) {
                return; // another has, or it has been joined
            }
            graphing.list.graphs.retain(|n| *n != number);
            graphing.list.purge.retain(|n| *n != number);
            graphing.damage.get_or_insert_with(|| format!("{e}: it is built again"));
            graphing.list.clone()
        };
        if self.reader.is_none() {
            let _ = list.save(&*self.vfs, &self.index_dir()); // else the next open finds the damage again
        }
        drop(listing);
        {
            // taken before `state`, as loading does: no search sees these rows neither in a graph nor waiting to be loaded
            let mut unloaded = self.unloaded.vectors.lock();
            match &mut self.state.write().vectors {
                Some(vectors) => unloaded.extend(vectors.remove(number).iter()),
                None => return,
            }
        }
        if self.reader.is_none() {
            self.remove_for_good(self.index_dir().join(Graph::file_name(number)));
        }
        self.schedule_background();
    }
}
