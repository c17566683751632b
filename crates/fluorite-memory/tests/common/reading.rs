//! Reading beside a writer: what tests of readers share.

use fluorite_memory::{ChunkInput, Engine, Query, SearchOptions};

use super::chunk;
use super::history::{Contents, contents};
use super::vectors::{bare, own_contents_find, tagged, vector_of};

/// Size of a segment of the log, in bytes: small, so that there are many.
pub const SEGMENT: u64 = 3_000;
pub const START: i64 = 1_700_000_000_000;
/// Vectors that become a graph, chunks whose text is sealed.
pub const ROWS: usize = 5;

pub fn input(id: &str, content: &str) -> ChunkInput {
    ChunkInput { embedding: Some(vector_of(content)), tags: Some(vec![id.into()]), ..chunk(id, content) }
}

pub fn refresh(reader: &Engine) -> bool {
    reader.refresh().wait().unwrap()
}

/// Everything a reader answers, compared with what is in the store: listing, ids, counts, vectors, words, filters.
pub fn answers(reader: &Engine) -> Result<Contents, String> {
    let found = contents(reader)?;
    own_contents_find(reader, found.iter())?;
    for (id, content) in &found {
        let ask = |query, filter| {
            let options = SearchOptions { filter, mode: None, limit: Some(1_000), ..bare() };
            let hits = reader.search(query, options).wait().map_err(|e| format!("search: {e}"))?;
            Ok::<_, String>(hits.into_iter().map(|h| h.id).collect::<Vec<_>>())
        };
        let by_words = ask(Query::Text(content.clone()), None)?;
        if !by_words.contains(id) || by_words.iter().any(|id| !found.contains_key(id)) {
            return Err(format!("the words of {id} find {by_words:?}"));
        }
        let by_tag = ask(Query::Vector(vector_of(content)), Some(tagged(id)))?;
        if by_tag != [id.as_str()] {
            return Err(format!("the tag of {id} finds {by_tag:?}"));
        }
    }
    Ok(found)
}
