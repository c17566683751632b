//! Graph files against the vectors of the log.

use super::{Check, REBUILD};
use crate::engine::read::LogVectors;
use crate::engine::state::NONE;
use crate::error::{Error, Result};
use crate::index::Graph;

/// Nodes compared under one read lock.
const BATCH: usize = 256;

impl Check<'_> {
    /// Every graph that counts: its checksums, its links, and the integers of each live node.
    pub(super) fn graphs(&mut self) -> Result<()> {
        let shared = self.shared;
        let numbers = shared.graphing.lock().list.graphs.clone();
        let total = numbers.len() as u64;
        for (i, number) in numbers.into_iter().enumerate() {
            match self.graph(number) {
                Ok(()) => {}
                // joined with others, or given up, meanwhile
                Err(_) if !shared.graphing.lock().list.graphs.contains(&number) => {}
                Err(e @ Error::Corrupt { .. }) => self.note(e, "nothing; until then searches may find less", REBUILD)?,
                Err(e) => return Err(e),
            }
            self.tell("graphs", i as u64 + 1, total);
        }
        Ok(())
    }

    fn graph(&mut self, number: u32) -> Result<()> {
        let shared = self.shared;
        let graph = Graph::open(&*shared.vfs, &shared.index_dir(), number, shared.store_id, shared.model_hash())?;
        self.report.files += 1;
        graph.verify(self.cancel)?;
        let corrupt = |what: &str| self.corrupt(format!("index/{}", Graph::file_name(number)), 0, what);
        if let Some(node) = graph.bad_link() {
            return Err(corrupt(&format!("the node {node} has a link to a node that is not there")));
        }
        let rows = {
            let state = shared.state.read();
            state.vectors.as_ref().and_then(|v| v.rows_of(number)).map(<[u32]>::to_vec).unwrap_or_default()
        };
        let ids: Vec<(u64, u32)> = graph.ids().collect();
        let (mut compared, mut wrong) = (0, 0u64);
        for batch in ids.chunks(BATCH) {
            self.cancel.check()?;
            let state = shared.state.read();
            for (sequence, node) in batch {
                let row = rows.get(*node as usize).copied().filter(|row| *row != NONE && state.embedded.contains(*row));
                let Some(row) = row.filter(|row| state.row(*row).is_some_and(|r| r.sequence == *sequence)) else { continue };
                let mut values = Vec::new();
                // a vector that cannot be read is damage of the log, which has its own place in the report
                if matches!(LogVectors(&state).read(row, &mut values), Ok(true)) {
                    compared += 1;
                    wrong += u64::from(!graph.holds(*node, &values));
                }
            }
        }
        let found = (wrong > 0).then(|| corrupt(&format!("{wrong} nodes are not those of their vectors")));
        self.report.vectors += compared;
        found.map_or(Ok(()), Err)
    }
}
