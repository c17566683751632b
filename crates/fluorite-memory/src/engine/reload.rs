//! A whole state of the files as they are now: for the open of a reader, and beside the old one when more has changed than the
//! end of the live segment.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use fluorite_ml::Embedder;

use super::graph_list::{self, GraphList};
use super::open::check_no_log;
use super::read::LogVectors;
use super::reader::Following;
use super::refresh::feedback_stamp;
use super::reload_events::differences;
use super::replay::Replay;
use super::shared::Shared;
use super::snapshot;
use super::state::{SegmentUse, State};
use super::text::text_parts;
use super::text_list::{self, TextList};
use crate::error::{Error, Result, SUPPLIED_MODEL};
use crate::index::{Digest, FilterIndex, Graph, LayeredIndex, RowSet, TextIndex, TextSegment};
use crate::log::varint::Reader as Bytes;
use crate::log::{Codec, Followed, Manifest, Segment, Tail, load_dictionary, scan_segment};
use crate::vfs::Vfs;

/// Files are read one after the other while the writer replaces them: as often, one of them may be gone, or newer than the one
/// that named it.
const TRIES: usize = 100;
/// Failures under the same manifest that are no coincidence any more.
const STEADY: usize = 3;

/// What a state is read with.
pub struct Files<'a> {
    pub vfs: &'a dyn Vfs,
    pub root: &'a Path,
    pub codec: &'a Codec,
    pub embedder: Option<&'a dyn Embedder>,
    pub wall: i64,
    pub monotonic: i64,
}

/// Files that are open already: they never change, and were compared with their checksums.
#[derive(Default)]
pub struct Known {
    /// With length and checksum.
    segments: HashMap<u32, (u64, u32, Segment)>,
    graphs: HashMap<u32, Arc<Graph>>,
    texts: HashMap<u32, Arc<TextSegment>>,
}

/// What was read.
pub struct Loaded {
    pub state: State,
    pub following: Following,
    /// The listed segments, with the rows of their documents.
    pub index: TextIndex,
    pub graph_list: GraphList,
    pub graph_trouble: Option<String>,
    pub text_list: TextList,
    pub text_trouble: Option<String>,
    /// Segments that were not open before, with their checksums.
    pub unchecked: Vec<(Segment, u32)>,
}

/// `NotFound` for a folder without a store; `Corrupt` when it lost its MANIFEST.
pub fn missing(vfs: &dyn Vfs, root: &Path) -> Error {
    if let Err(lost @ Error::Corrupt { .. }) = check_no_log(vfs, root, &root.join("log")) {
        return lost;
    }
    Error::NotFound { what: format!("a store in {root:?} (a read-only open creates none: open it for writing first)") }
}

/// `NotFound` for a folder that held the store when it was opened.
pub fn gone(root: &Path) -> Error {
    let remedy = "what was read before is still served; put the folder back and this one goes on, or shut it down and open the store where it is now";
    Error::NotFound { what: format!("the store that is open ({root:?} was removed, moved or emptied since: {remedy})") }
}

/// `NotFound` when the folder holds another store than the one that is open.
pub fn same_store(open: &Manifest, found: &Manifest, root: &Path) -> Result<()> {
    if open.store_id == found.store_id {
        return Ok(());
    }
    Err(Error::NotFound { what: format!("the store that is open ({root:?} holds another one now: open that)") })
}

/// Reads the files, again when they changed meanwhile.
pub fn load(files: &Files<'_>, known: &Known) -> Result<Loaded> {
    let mut steady = 0;
    for tries in 1.. {
        let before = Manifest::load(files.vfs, files.root)?;
        match load_once(files, known, tries > STEADY) {
            Err(e @ (Error::Corrupt { .. } | Error::Io { .. })) => {
                steady += usize::from(Manifest::load(files.vfs, files.root)? == before);
                if steady >= STEADY || tries >= TRIES {
                    return Err(e);
                }
            }
            other => return other,
        }
    }
    Err(Error::internal("a loop without end has ended"))
}

/// `hurried`: an index file that the writer has replaced meanwhile is done without; the next look sees the new list.
fn load_once(files: &Files<'_>, known: &Known, hurried: bool) -> Result<Loaded> {
    let Files { vfs, root, .. } = *files;
    let (log_dir, index_dir) = (root.join("log"), root.join("index"));
    // before the log: what they know is in it then
    let (graph_list, text_list) = (GraphList::load(vfs, &index_dir), TextList::load(vfs, &index_dir));
    let manifest = Manifest::load(vfs, root)?.ok_or_else(|| missing(vfs, root))?;
    for id in manifest.dictionaries.iter().filter(|id| !files.codec.has(**id)) {
        files.codec.add(*id, load_dictionary(vfs, &root.join("dict"), *id)?);
    }
    let store_id = manifest.id()?;
    let seed = manifest.key_seed;
    let model = manifest.model.as_ref().map_or(0, |m| xxhash_rust::xxh3::xxh3_64(m.id.as_bytes()));
    let (mut replay, coverage) = snapshot::load(vfs, &index_dir, &manifest).unwrap_or_else(|| (Replay::default(), Vec::new()));
    let covered = |number: u32| coverage.iter().find(|(n, _)| *n == number).map_or(0, |(_, upto)| *upto);
    let mut state = State::default();
    let mut unchecked = Vec::new();
    for s in &manifest.sealed {
        let segment = match known.segments.get(&s.number) {
            Some((length, crc, segment)) if (*length, *crc) == (s.length, s.crc) => segment.clone(),
            _ => {
                let segment = Segment::sealed(vfs, &log_dir, s.number, s.length, store_id)?;
                unchecked.push((segment.clone(), s.crc));
                segment
            }
        };
        if covered(s.number) < s.length {
            let bytes = segment.map().unwrap_or_default();
            let scan = scan_segment(&segment, bytes, covered(s.number), |r| replay.take(seed, model, &r))?;
            if scan.end != s.length {
                return Err(segment.corrupt(scan.end, "a group of a sealed segment does not match its checksum"));
            }
        }
        state.usage.insert(s.number, SegmentUse { total: s.length, ..SegmentUse::default() });
        state.segments.insert(s.number, segment);
    }
    let mut tail = Tail::open(vfs, &log_dir, manifest.live, store_id, covered(manifest.live))?;
    while matches!(tail.follow(|r| replay.take(seed, model, &r))?, Followed::Grown { .. }) {}
    tail.segment().check_end(tail.end(), manifest.least_live())?;
    state.usage.insert(manifest.live, SegmentUse { total: tail.end(), ..SegmentUse::default() });
    state.segments.insert(manifest.live, tail.segment().clone());
    let next_sequence = replay.next_sequence.max(manifest.next_sequence).max(1);
    replay.build(&mut state, files.wall, files.monotonic);
    state.find_doomed(files.wall); // what is purged is not read any more, though it may still be there
    check_model(&manifest, files.embedder, &state)?;
    let mut loaded = Loaded {
        following: Following {
            graphs: graph_list.graphs.clone(),
            texts: text_list.texts.clone(),
            feedback: (0, None),
            tail,
            next_sequence,
            incomplete: false,
            manifest,
        },
        state,
        index: TextIndex::new(),
        graph_list,
        graph_trouble: None,
        text_list,
        text_trouble: None,
        unchecked,
    };
    open_graphs(files, known, store_id, model, hurried, &mut loaded)?;
    open_texts(files, known, store_id, hurried, &mut loaded)?;
    Ok(loaded)
}

/// Vectors of queries must be those of the store's model.
fn check_model(manifest: &Manifest, embedder: Option<&dyn Embedder>, state: &State) -> Result<()> {
    let (Some(m), Some(e)) = (&manifest.model, embedder) else { return Ok(()) };
    let same = m.id == e.model_id() && m.dimensions == e.dimensions();
    if same || m.id == SUPPLIED_MODEL && state.embedded.is_empty() {
        return Ok(());
    }
    Err(Error::ModelChanged { stored: m.id.clone(), configured: e.model_id().to_owned() })
}

/// The error to look again for when a list has changed since; else what is wrong with the file, which is done without.
fn trouble_of(e: Error, changed: bool, hurried: bool) -> Result<Option<String>> {
    match (changed, hurried) {
        (true, false) => Err(e),
        (true, true) => Ok(None),
        (false, _) => Ok(Some(format!("{e}: its rows are searched without it"))),
    }
}

fn open_graphs(files: &Files<'_>, known: &Known, store_id: u128, model: u64, hurried: bool, loaded: &mut Loaded) -> Result<()> {
    let dir = files.root.join("index");
    let dims = loaded.following.manifest.model.as_ref().map(|m| m.dimensions);
    for number in std::mem::take(&mut loaded.graph_list.graphs) {
        let opened = match known.graphs.get(&number) {
            Some(graph) => Ok(Arc::clone(graph)),
            None => Graph::open(files.vfs, &dir, number, store_id, model).map(Arc::new),
        };
        let changed = || GraphList::load(files.vfs, &dir).graphs != loaded.following.graphs;
        match opened {
            Ok(graph) if dims.is_some_and(|dims| dims != graph.dims()) => {}
            Ok(graph) if graph.last_sequence() < loaded.following.next_sequence => {
                let rows = graph_list::rows_of(&graph, &loaded.state);
                loaded.state.dimensions = graph.dims();
                loaded.state.vectors.get_or_insert_with(|| LayeredIndex::new(graph.dims())).install(graph, rows);
                loaded.graph_list.graphs.push(number);
            }
            Ok(_) => loaded.graph_trouble = Some("a graph knows chunks the log has lost: it is left out".to_owned()),
            Err(e) => loaded.graph_trouble = trouble_of(e, changed(), hurried)?.or(loaded.graph_trouble.take()),
        }
    }
    Ok(())
}

fn open_texts(files: &Files<'_>, known: &Known, store_id: u128, hurried: bool, loaded: &mut Loaded) -> Result<()> {
    let dir = files.root.join("index");
    for number in std::mem::take(&mut loaded.text_list.texts) {
        let opened = match known.texts.get(&number) {
            Some(segment) => Ok(Some(Arc::clone(segment))),
            None => TextSegment::open(files.vfs, &dir, number, store_id).map(|s| s.map(Arc::new)),
        };
        let changed = || TextList::load(files.vfs, &dir).texts != loaded.following.texts;
        match opened {
            Ok(Some(segment)) if segment.last_sequence() < loaded.following.next_sequence => {
                let rows = text_list::rows_of(&segment, &loaded.state);
                loaded.index.install(Some((segment, rows)), &[], &[]);
                loaded.text_list.texts.push(number);
            }
            Ok(Some(_)) => loaded.text_trouble = Some("a text segment knows chunks the log has lost: it is left out".to_owned()),
            Ok(None) => {} // of another tokenizer
            Err(e) => loaded.text_trouble = trouble_of(e, changed(), hurried)?.or(loaded.text_trouble.take()),
        }
    }
    Ok(())
}

/// Builds a whole state beside the one that serves, and puts it in its place. After an error nothing has changed.
pub fn reload(shared: &Arc<Shared>, following: &mut Following) -> Result<()> {
    shared.ensure_loaded()?; // its filter entries are carried over
    let files = Files {
        vfs: &*shared.vfs,
        root: &shared.config.path,
        codec: &shared.codec,
        embedder: shared.embedder.as_deref(),
        wall: shared.clock.wall_ms(),
        monotonic: shared.clock.monotonic_ms(),
    };
    let mut loaded = load(&files, &known(shared, following))?;
    same_store(&following.manifest, &loaded.following.manifest, &shared.config.path)?;
    // then sequence numbers of what was cut off may have been given to other chunks
    let rewritten = !matches!(following.tail.follow(|_| Ok(())), Ok(Followed::Same | Followed::Grown { .. }));
    let doubtful = rewritten.then(|| following.tail.segment().number());
    carry_filters(&shared.state.read(), &mut loaded.state, doubtful);
    let damage = complete(shared, &mut loaded);
    let told = differences(shared, following.next_sequence, &loaded.state);
    let unchecked = std::mem::take(&mut loaded.unchecked);
    let old = swap(shared, &mut loaded, rewritten, damage);
    loaded.following.feedback = feedback_stamp(shared);
    *following = loaded.following;
    drop(old); // what a store holds in memory: freed without a lock
    shared.events.publish(told);
    shared.recheck(unchecked);
    shared.schedule_background();
    Ok(())
}

fn known(shared: &Shared, following: &Following) -> Known {
    let state = shared.state.read();
    let segments = following.manifest.sealed.iter();
    let segments = segments.filter_map(|s| Some((s.number, (s.length, s.crc, state.segments.get(&s.number)?.clone()))));
    let segments = segments.filter(|(_, (.., segment))| segment.map().is_some()).collect();
    let graphs = state.vectors.iter().flat_map(|v| v.graphs()).map(|info| (info.graph.number(), info.graph)).collect();
    let texts = shared.text.index.read().segments().map(|info| (info.segment.number(), info.segment)).collect();
    Known { segments, graphs, texts }
}

/// Filter entries by sequence numbers, from one state to the other: a version's attributes never change. Not of rows in segment
/// `doubtful`.
fn carry_filters(old: &State, new: &mut State, doubtful: Option<u32>) {
    let sure = |row: &u32| old.filter.knows(*row) && old.row(*row).is_some_and(|r| Some(r.at.segment) != doubtful);
    let rows: Vec<u32> = old.live.iter().filter(sure).collect(); // in the order of their sequence numbers, as all rows of a reader
    let mut body = Vec::new();
    old.filter.save(&rows, &mut body);
    let place = |row: &u32| {
        let sequence = old.row(*row)?.sequence;
        let at = new.rows.binary_search_by_key(&sequence, |r| r.sequence).ok()?;
        let at = u32::try_from(at).ok().filter(|at| new.live.contains(*at))?;
        Some((at, new.row(at)?.created_at))
    };
    let places: Vec<Option<(u32, i64)>> = rows.iter().map(place).collect();
    if let Some(filter) = FilterIndex::load(&mut Bytes(&body), &places) {
        new.filter = filter;
    }
}

/// Filter entries of the rows that are new, vectors that are in no graph, text that is in no segment. What is damaged is left
/// out; the first damage is returned.
fn complete(shared: &Shared, loaded: &mut Loaded) -> Option<String> {
    let state = &mut loaded.state;
    let mut damage = None;
    let known: RowSet = state.live.iter().filter(|row| state.filter.knows(*row)).collect();
    let rows: Vec<u32> = state.live.iter().collect();
    for row in rows {
        let (unfiltered, unsealed) = (!known.contains(row), !loaded.index.has(row));
        if unfiltered || unsealed {
            match state.row(row).map(|r| shared.load_cold(state, r)) {
                Some(Ok(chunk)) => {
                    if unsealed {
                        loaded.index.insert(row, &Digest::of(&text_parts(&chunk, &chunk.text())));
                    }
                    if unfiltered {
                        state.filter.insert(row, &chunk.namespace, &chunk.attributes, chunk.created_at);
                    }
                }
                Some(Err(e)) => _ = damage.get_or_insert_with(|| e.to_string()),
                None => {}
            }
        }
        if !state.embedded.contains(row) || state.vectors.as_ref().is_some_and(|v| v.has(row)) {
            continue;
        }
        let mut values = Vec::new();
        match LogVectors(state).read(row, &mut values) {
            Ok(true) => {
                state.index_vector(row, &values);
                let mapped = state.row(row).and_then(|r| state.segments.get(&r.vector.segment)?.map()).is_some();
                if !mapped {
                    state.fresh.insert(row, values.into());
                }
            }
            Ok(false) => {}
            Err(e) => _ = damage.get_or_insert_with(|| e.to_string()),
        }
    }
    damage
}

/// The new one in the old one's place: no call sees a part of each. Returns the old one.
fn swap(shared: &Shared, loaded: &mut Loaded, rewritten: bool, damage: Option<String>) -> (State, TextIndex) {
    // in the order in which these locks are always taken; nothing is on its way from a row into an index while they are held
    let _catching = shared.text.catching.lock();
    let mut filters = shared.unloaded.filters.lock();
    let mut vectors = shared.unloaded.vectors.lock();
    let mut state = shared.state.write();
    let mut index = shared.text.index.write();
    shared.text.clear();
    filters.clear();
    vectors.clear();
    shared.unloaded.saved_filters.store(false, Ordering::Release);
    if rewritten {
        shared.cache.clear();
    }
    let old_state = std::mem::replace(&mut *state, std::mem::take(&mut loaded.state));
    let old_index = std::mem::replace(&mut *index, std::mem::take(&mut loaded.index));
    let manifest = &loaded.following.manifest;
    shared.set_model(manifest.model.clone());
    shared.dictionary.store(manifest.dictionary(), Ordering::Release);
    shared.next_deadline.store(state.next_deadline(), Ordering::Release);
    *shared.index_damage.lock() = damage;
    {
        let mut graphing = shared.graphing.lock();
        graphing.list = std::mem::take(&mut loaded.graph_list);
        graphing.damage = loaded.graph_trouble.take();
    }
    let mut sealing = shared.text.sealing.lock();
    sealing.list = std::mem::take(&mut loaded.text_list);
    sealing.damage = loaded.text_trouble.take();
    (old_state, old_index)
}
