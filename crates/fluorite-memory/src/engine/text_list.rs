//! `index/texts`: which text segments count. Derived like them: without it the text is read from the log again.

use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::state::{NONE, State};
use crate::error::{Error, Result};
use crate::index::{TextIndex, TextSegment};
use crate::vfs::{OpenMode, Vfs, read_checked, replace};

const MAGIC: &[u8; 8] = b"FLUOTLS1";
const VERSION: u32 = 1;
const NAME: &str = "texts";

/// The list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextList {
    /// Number of the next file.
    pub next: u32,
    /// Numbers of those that count.
    pub texts: Vec<u32>,
    /// Those of them that hold something of purged chunks: to be made anew.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub purge: Vec<u32>,
}

impl TextList {
    /// Reads it. Missing or damaged: an empty one, numbered behind every file there is.
    pub fn load(vfs: &dyn Vfs, dir: &Path) -> Self {
        let list: Option<Self> =
            read_checked(vfs, dir, NAME, MAGIC, VERSION).ok().flatten().and_then(|body| serde_json::from_slice(&body).ok());
        let mut list = list.unwrap_or_default();
        // a number is never used twice: a file that could not be removed must not be taken for a new one
        let highest = vfs.list(dir).unwrap_or_default().iter().filter_map(|n| number_of(n)).max().unwrap_or(0);
        list.next = list.next.max(highest.saturating_add(1));
        list
    }

    /// The number of a new file. Never that of one that is there: creating it would cut off what is mapped.
    pub fn take_number(&mut self, vfs: &dyn Vfs, dir: &Path) -> u32 {
        while vfs.open(&dir.join(TextSegment::file_name(self.next)), OpenMode::Read).is_ok() {
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

    /// Removes files that do not count. Failing to is no error: they are never read.
    fn remove_strays(&self, vfs: &dyn Vfs, dir: &Path) {
        for name in vfs.list(dir).unwrap_or_default() {
            if number_of(&name).is_some_and(|n| !self.texts.contains(&n)) {
                let _ = vfs.remove(&dir.join(name));
            }
        }
    }
}

/// Whether the list is there and can be read.
pub fn check_text_list(vfs: &dyn Vfs, dir: &Path) -> Result<bool> {
    let Some(body) = read_checked(vfs, dir, NAME, MAGIC, VERSION)? else { return Ok(false) };
    let what =
        |e: serde_json::Error| Error::Corrupt { path: dir.join(NAME), offset: 20, what: format!("the list does not parse: {e}") };
    serde_json::from_slice::<TextList>(&body).map(|_| true).map_err(what)
}

fn number_of(name: &str) -> Option<u32> {
    name.strip_suffix(".text")?.parse().ok()
}

/// Opens the listed segments and gives their documents rows. What cannot be used leaves the list, so that it never comes back
/// when its sequence numbers have been given to other chunks. The last value says what was wrong.
pub fn open_texts(
    vfs: &dyn Vfs,
    dir: &Path,
    store_id: u128,
    next_sequence: u64,
    state: &State,
) -> Result<(TextList, TextIndex, Option<String>)> {
    let mut list = TextList::load(vfs, dir);
    let listed = list.texts.clone();
    let mut trouble = None;
    let mut index = TextIndex::new();
    list.texts.clear();
    for &number in &listed {
        match TextSegment::open(vfs, dir, number, store_id) {
            Ok(Some(segment)) if segment.last_sequence() < next_sequence => {
                let rows = rows_of(&segment, state);
                index.install(Some((Arc::new(segment), rows)), &[], &[]);
                list.texts.push(number);
            }
            Ok(Some(_)) => trouble = Some("a text segment knows chunks the log has lost: it is built again".to_owned()),
            Ok(None) => {} // of another tokenizer
            Err(e) => trouble = Some(format!("{e}: it is built again")),
        }
    }
    list.purge.retain(|n| list.texts.contains(n));
    if list.texts != listed
        && let Err(e) = list.save(vfs, dir)
    {
        // a full disk: without its file a segment cannot come back either
        for number in listed.iter().filter(|n| !list.texts.contains(n)) {
            let path = dir.join(TextSegment::file_name(*number));
            if vfs.remove(&path).is_err() && vfs.open(&path, OpenMode::Read).is_ok() {
                return Err(e);
            }
        }
    }
    list.remove_strays(vfs, dir);
    Ok((list, index, trouble))
}

/// The row of each document. Rows of a store just opened are in the order of their sequence numbers, and so are most documents.
pub fn rows_of(segment: &TextSegment, state: &State) -> Vec<u32> {
    let (mut row, mut last) = (0, 0);
    let find = |sequence: u64| {
        if sequence < last {
            row = state.rows.partition_point(|r| r.sequence < sequence);
        }
        last = sequence;
        while state.rows.get(row).is_some_and(|r| r.sequence < sequence) {
            row += 1;
        }
        let found = state.rows.get(row).is_some_and(|r| r.sequence == sequence) && state.live.contains(row as u32);
        if found { row as u32 } else { NONE }
    };
    segment.sequences().map(find).collect()
}
