//! Listing in pages.

use super::shared::Shared;
use super::state::{Row, State};
use crate::DEFAULT_NAMESPACE;
use crate::cancel::CancelToken;
use crate::error::{Error, Result};
use crate::options::{ListOptions, ListOrder, OneOrMany, SearchFilter};
use crate::report::{Page, PageCursor};

/// Chunks per page, and their bytes.
const PAGE: usize = 128;
const PAGE_BYTES: usize = 1 << 20;

impl Shared {
    /// The next page. A chunk stored or deleted between pages may or may not appear; none appears twice unless it was
    /// stored again (order `stored` and `updated`).
    pub fn page(&self, options: &ListOptions, cursor: Option<PageCursor>, cancel: &CancelToken) -> Result<Page> {
        self.ensure_loaded()?;
        self.expire_due();
        let filter = options.filter.clone().unwrap_or_default();
        let order = options.order.unwrap_or_default();
        let state = self.state.read();
        let first = cursor.is_none();
        let cursor = match (cursor, &options.after) {
            (Some(c), _) => Some(c),
            (None, Some(after)) => Some(self.cursor_after(&state, &filter, after)?),
            (None, None) => None,
        };
        let delivered = cursor.as_ref().map_or(0, |c| c.delivered);
        let newest = || state.live.iter().filter_map(|row| state.row(row)).map(|r| r.sequence).max().unwrap_or(0);
        let upto = cursor.as_ref().map_or(0, |c| c.upto).max(if delivered == 0 { newest() } else { 0 });
        let left = options.limit.map_or(PAGE, |l| usize::try_from(l.saturating_sub(delivered)).unwrap_or(PAGE)).min(PAGE);
        let mut damaged = options.skip_damaged.then(Vec::new);
        let mut rows = self.ordered(&state, &filter, order, cursor.as_ref(), upto, &mut damaged)?;
        if !first {
            damaged.iter_mut().for_each(Vec::clear); // every page in order `id` meets them, the first told them
        }
        let more = rows.len() > left;
        rows.truncate(left);
        let mut page = Page::default();
        let mut bytes = 0;
        let mut cut = false;
        let mut last = None;
        for row in rows {
            cancel.check()?;
            let Some(r) = state.row(row) else { continue };
            let Some(chunk) = spared(self.load_aside(&state, r), &mut damaged)? else {
                // in the other order what cannot be read was left out before
                last = (order != ListOrder::Id).then(|| behind(r, String::new(), String::new())).or(last);
                continue;
            };
            last = Some(behind(r, chunk.namespace.clone(), chunk.id.clone()));
            bytes += chunk.content.len();
            page.records.push(self.record(r, chunk));
            if bytes > PAGE_BYTES {
                cut = true;
                break;
            }
        }
        let at_limit = options.limit.is_some_and(|l| delivered + page.records.len() as u64 >= l);
        if (more || cut)
            && !at_limit
            && let Some(last) = last
        {
            page.next = Some(PageCursor { upto, delivered: delivered + page.records.len() as u64, ..last });
        }
        page.damaged = damaged.unwrap_or_default();
        Ok(page)
    }

    /// Rows behind the cursor, in order. `Id` order reads ids from the log: its cost grows with the number of matches.
    fn ordered(
        &self,
        state: &State,
        filter: &SearchFilter,
        order: ListOrder,
        after: Option<&PageCursor>,
        upto: u64,
        damaged: &mut Option<Vec<Error>>,
    ) -> Result<Vec<u32>> {
        let selected = self.select(state, filter)?;
        let rows = selected.iter().filter_map(|row| Some((row, state.row(row)?)));
        Ok(match order {
            ListOrder::Stored => {
                let mut v: Vec<(u64, u32)> = rows
                    .map(|(i, r)| (r.sequence, i))
                    .filter(|(s, _)| *s <= upto && after.is_none_or(|c| *s > c.sequence))
                    .collect();
                smallest(&mut v);
                v.into_iter().map(|(_, i)| i).collect()
            }
            ListOrder::Updated => {
                let key = |r: &Row| (std::cmp::Reverse(r.updated_at), std::cmp::Reverse(r.sequence));
                let place = |c: &PageCursor| (std::cmp::Reverse(c.updated_at), std::cmp::Reverse(c.sequence));
                let mut v: Vec<_> = rows.map(|(i, r)| (key(r), i)).filter(|(k, _)| after.is_none_or(|c| *k > place(c))).collect();
                smallest(&mut v);
                v.into_iter().map(|(_, i)| i).collect()
            }
            ListOrder::Id => {
                let mut v = Vec::new();
                for (i, r) in rows {
                    let Some(c) = spared(self.load_aside(state, r), damaged)? else { continue };
                    let name = (c.namespace.clone(), c.id.clone());
                    if after.is_none_or(|a| (a.namespace.as_str(), a.id.as_str()) < (name.0.as_str(), name.1.as_str())) {
                        v.push((name, i));
                    }
                }
                smallest(&mut v);
                v.into_iter().map(|(_, i)| i).collect()
            }
        })
    }

    fn cursor_after(&self, state: &State, filter: &SearchFilter, id: &str) -> Result<PageCursor> {
        let namespace = match &filter.namespace {
            Some(OneOrMany::One(n)) => n.as_str(),
            Some(OneOrMany::Many(n)) if n.len() == 1 => n[0].as_str(),
            _ => DEFAULT_NAMESPACE,
        };
        let (_, r) = state
            .find(self.key(namespace, id))
            .ok_or_else(|| Error::NotFound { what: format!("the chunk {id:?} of `after` (namespace {namespace:?})") })?;
        Ok(behind(r, namespace.to_owned(), id.to_owned()))
    }
}

/// Where a listing goes on behind a row. Names count in order `id` alone.
fn behind(r: &Row, namespace: String, id: String) -> PageCursor {
    PageCursor { namespace, id, sequence: r.sequence, updated_at: r.updated_at, delivered: 0, upto: 0 }
}

/// What was read; `None` for what is damaged, which `damaged` takes where there is one.
fn spared<T>(read: Result<T>, damaged: &mut Option<Vec<Error>>) -> Result<Option<T>> {
    match (read, damaged) {
        (Err(e @ Error::Corrupt { .. }), Some(damaged)) => {
            damaged.push(e);
            Ok(None)
        }
        (read, _) => read.map(Some),
    }
}

/// Keeps the first PAGE + 1, sorted.
fn smallest<T: Ord>(v: &mut Vec<T>) {
    if v.len() > PAGE + 1 {
        v.select_nth_unstable(PAGE);
        v.truncate(PAGE + 1);
    }
    v.sort_unstable();
}
