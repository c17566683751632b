//! `index/graphs`: which graph files count. Derived like them: without it the graphs are built again.

use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::state::{NONE, State};
use crate::error::{Error, Result};
use crate::index::{Graph, LayeredIndex};
use crate::vfs::{OpenMode, Vfs, read_checked, replace};

const MAGIC: &[u8; 8] = b"FLUOGLS1";
const VERSION: u32 = 1;
const NAME: &str = "graphs";
/// From this number on a file was not made here; the next number would soon be one too large.
const NOT_OURS: u32 = 1 << 31;

/// The list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GraphList {
    /// Number of the next file.
    pub next: u32,
    /// Numbers of those that count.
    pub graphs: Vec<u32>,
    /// Those of them that hold something of purged chunks: to be made anew.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub purge: Vec<u32>,
}

impl GraphList {
    /// Reads it. Missing or damaged: an empty one, numbered behind every file there is.
    pub fn load(vfs: &dyn Vfs, dir: &Path) -> Self {
        let list: Option<Self> =
            read_checked(vfs, dir, NAME, MAGIC, VERSION).ok().flatten().and_then(|body| serde_json::from_slice(&body).ok());
        let mut list = list.unwrap_or_default();
        // a number is never used twice: a file that could not be removed must not be taken for a new one
        let numbers = vfs.list(dir).unwrap_or_default();
        let highest = numbers.iter().filter_map(|n| number_of(n)).filter(|n| *n < NOT_OURS).max().unwrap_or(0);
        list.next = list.next.max(highest + 1);
        list
    }

    /// The number of a new file. Never that of one that is there: creating it would cut off what is mapped.
    pub fn take_number(&mut self, vfs: &dyn Vfs, dir: &Path) -> u32 {
        while vfs.open(&dir.join(Graph::file_name(self.next)), OpenMode::Read).is_ok() {
            self.next += 1;
        }
        self.next += 1;
        self.next - 1
    }

    /// Replaces it atomically.
    pub fn save(&self, vfs: &dyn Vfs, dir: &Path) -> Result<()> {
        let body = serde_json::to_vec(self).map_err(|e| Error::internal(e.to_string()))?;
        replace(vfs, dir, NAME, MAGIC, VERSION, &body)
    }

    /// Removes graph files that do not count. Failing to is no error: they are never read.
    pub fn remove_strays(&self, vfs: &dyn Vfs, dir: &Path) {
        for name in vfs.list(dir).unwrap_or_default() {
            if number_of(&name).is_some_and(|n| !self.graphs.contains(&n)) {
                let _ = vfs.remove(&dir.join(name));
            }
        }
    }
}

/// Whether the list is there and can be read.
pub fn check_graph_list(vfs: &dyn Vfs, dir: &Path) -> Result<bool> {
    let Some(body) = read_checked(vfs, dir, NAME, MAGIC, VERSION)? else { return Ok(false) };
    let what =
        |e: serde_json::Error| Error::Corrupt { path: dir.join(NAME), offset: 20, what: format!("the list does not parse: {e}") };
    serde_json::from_slice::<GraphList>(&body).map(|_| true).map_err(what)
}

fn number_of(name: &str) -> Option<u32> {
    name.strip_suffix(".graph")?.parse().ok()
}

/// Opens the listed graphs and gives their nodes rows. What cannot be used leaves the list, so that it never comes back
/// when its sequence numbers have been given to other chunks. The second value says what was wrong. `model`: the hash of its
/// id, and its dimensions: graphs of others are of supplied vectors that are all gone.
pub fn open_graphs(
    vfs: &dyn Vfs,
    dir: &Path,
    store_id: u128,
    model: (u64, Option<usize>),
    next_sequence: u64,
    state: &mut State,
) -> Result<(GraphList, Option<String>)> {
    let mut list = GraphList::load(vfs, dir);
    let listed = list.graphs.clone();
    let mut trouble = None;
    let mut opened = Vec::new();
    for &number in &listed {
        match Graph::open(vfs, dir, number, store_id, model.0) {
            Ok(graph) if model.1.is_some_and(|dims| dims != graph.dims()) => {}
            Ok(graph) if graph.last_sequence() < next_sequence => opened.push(Arc::new(graph)),
            Ok(_) => trouble = Some("a graph knows chunks the log has lost: it is built again".to_owned()),
            Err(e) => trouble = Some(format!("{e}: it is built again")),
        }
    }
    list.graphs = opened.iter().map(|g| g.number()).collect();
    list.purge.retain(|n| list.graphs.contains(n));
    if list.graphs != listed
        && let Err(e) = list.save(vfs, dir)
    {
        // a full disk: without its file a graph cannot come back either
        for number in listed.iter().filter(|n| !list.graphs.contains(n)) {
            let path = dir.join(Graph::file_name(*number));
            if vfs.remove(&path).is_err() && vfs.open(&path, OpenMode::Read).is_ok() {
                return Err(e);
            }
        }
    }
    for graph in opened {
        let rows = rows_of(&graph, state);
        state.dimensions = graph.dims();
        state.vectors.get_or_insert_with(|| LayeredIndex::new(graph.dims())).install(graph, rows);
    }
    list.remove_strays(vfs, dir);
    Ok((list, trouble))
}

/// The row of each node. Rows of a store just opened are in the order of their sequence numbers, as a graph's ids are.
pub fn rows_of(graph: &Graph, state: &State) -> Vec<u32> {
    let mut rows = vec![NONE; graph.nodes()];
    let mut row = 0;
    for (sequence, node) in graph.ids() {
        while state.rows.get(row).is_some_and(|r| r.sequence < sequence) {
            row += 1;
        }
        let found = state.rows.get(row).is_some_and(|r| r.sequence == sequence) && state.embedded.contains(row as u32);
        if let Some(slot) = rows.get_mut(node as usize).filter(|_| found) {
            *slot = row as u32;
        }
    }
    rows
}
