//! The oracle of a store that may stop at any moment: operations in order, each all or none.

use std::collections::BTreeMap;

use fluorite_memory::{Engine, ListOptions, ListOrder};

/// Content by id.
pub type Contents = BTreeMap<String, String>;

/// What one operation changes: new content, or `None` for a deletion.
pub type Changes = Vec<(String, Option<String>)>;

/// A known state and what was asked for since.
#[derive(Debug, Default, Clone)]
pub struct History {
    base: Contents,
    ops: Vec<Changes>,
    /// Operations that must survive power loss.
    durable: usize,
}

impl History {
    /// Notes an operation before it is called.
    pub fn begin(&mut self, changes: Changes) {
        self.ops.push(changes);
    }

    /// The last operation, and so everything before it, is durable.
    pub fn durable(&mut self) {
        self.durable = self.ops.len();
    }

    /// The first `n` operations since the known state are durable.
    pub fn durable_upto(&mut self, n: usize) {
        self.durable = self.durable.max(n);
    }

    /// Operations since the known state.
    pub fn len(&self) -> usize {
        self.ops.len()
    }

    /// The last operation had no effect.
    pub fn forget_last(&mut self) {
        self.ops.pop();
        self.durable = self.durable.min(self.ops.len());
    }

    /// The state after the first `n` operations.
    pub fn after(&self, n: usize) -> Contents {
        let mut state = self.base.clone();
        for (id, to) in self.ops.iter().take(n).flatten() {
            match to {
                Some(content) => state.insert(id.clone(), content.clone()),
                None => state.remove(id),
            };
        }
        state
    }

    /// The state after all operations.
    pub fn now(&self) -> Contents {
        self.after(self.ops.len())
    }

    /// Is `found` the state after a prefix that holds everything durable? Then it is the new known state.
    pub fn settle(&mut self, found: Contents) -> Result<(), String> {
        for n in (self.durable..=self.ops.len()).rev() {
            if self.after(n) == found {
                *self = Self { base: found, ..Self::default() };
                return Ok(());
            }
        }
        let durable = self.after(self.durable);
        let lost: Vec<_> = durable.iter().filter(|(id, c)| found.get(*id) != Some(c)).collect();
        let back: Vec<_> = found.iter().filter(|(id, c)| durable.get(*id) != Some(c)).collect();
        let (begun, kept) = (self.ops.len(), self.durable);
        Err(format!(
            "no prefix fits: {kept} of {begun} operations durable; durable but not found {lost:?}; found but not durable {back:?}"
        ))
    }
}

/// Everything that can be found, by listing, compared with reading each id.
pub fn contents(engine: &Engine) -> Result<Contents, String> {
    let mut found = Contents::new();
    let mut cursor = None;
    loop {
        let options = ListOptions { order: Some(ListOrder::Id), ..ListOptions::default() };
        let page = engine.list(options, cursor).wait().map_err(|e| format!("list: {e}"))?;
        for r in &page.records {
            let old = found.insert(r.chunk.id.clone(), r.chunk.text().into_owned());
            if old.is_some() {
                return Err(format!("{:?} is listed twice", r.chunk.id));
            }
        }
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    let ids: Vec<String> = found.keys().cloned().collect();
    let read = engine.get_many("default", ids).wait().map_err(|e| format!("get: {e}"))?;
    for (r, (id, content)) in read.iter().zip(&found) {
        if r.as_ref().map(|r| r.chunk.text().into_owned()).as_ref() != Some(content) {
            return Err(format!("{id:?} reads differently from its listing"));
        }
    }
    let counted = engine.stats().wait().map_err(|e| format!("stats: {e}"))?.chunks;
    if counted != found.len() as u64 {
        return Err(format!("{counted} chunks counted, {} listed", found.len()));
    }
    Ok(found)
}
