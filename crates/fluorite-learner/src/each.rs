//! Reading all chunks of a kind.

use fluorite_memory::{CancelToken, Chunk, Engine, ListOptions, Result, SearchFilter};

/// Gives every chunk that passes the filter to `take`, page by page; stops with the first error.
pub(crate) fn each_chunk(
    engine: &Engine,
    filter: SearchFilter,
    cancel: &CancelToken,
    take: &mut dyn FnMut(&Chunk) -> Result<()>,
) -> Result<()> {
    let options = ListOptions { filter: Some(filter), ..ListOptions::default() };
    let mut cursor = None;
    loop {
        cancel.check()?;
        let page = engine.list(options.clone(), cursor).wait()?;
        page.records.iter().try_for_each(|r| take(&r.chunk))?;
        cursor = page.next;
        if cursor.is_none() {
            return Ok(());
        }
    }
}
