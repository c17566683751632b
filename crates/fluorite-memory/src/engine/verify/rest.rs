//! The small files: feedback, learned weights, the lists of graphs and text segments.

use super::{Check, REBUILD};
use crate::engine::graph_list::check_graph_list;
use crate::engine::text_list::check_text_list;
use crate::error::Result;
use crate::feedback::{EventFile, Ranker, load_runs};

const GONE: &str = "restore the file from a copy; the store works without these events";
const RELEARN: &str = "remove the file, and call trainIncremental(): the weights are learned again from the events";

impl Check<'_> {
    pub(super) fn rest(&mut self) -> Result<()> {
        let shared = self.shared;
        let (vfs, index, feedback) = (&*shared.vfs, shared.index_dir(), shared.feedback_dir());
        for found in [check_graph_list(vfs, &index), check_text_list(vfs, &index)] {
            match found {
                Ok(there) => self.report.files += u64::from(there),
                Err(e) => self.note(e, "nothing: what it lists is built again at the next open", REBUILD)?,
            }
        }
        {
            // nobody appends meanwhile
            let _events = shared.feedback.events.lock();
            match EventFile::open_read(vfs, &feedback, Some(shared.store_id)) {
                Ok(None) => {}
                Ok(Some(file)) => {
                    self.report.files += 1;
                    for at in file.damaged {
                        self.note(
                            self.corrupt("feedback/events", at, "an event does not match its checksum"),
                            "feedback events",
                            GONE,
                        )?;
                    }
                }
                Err(e) => self.note(e, "the feedback events", GONE)?,
            }
        }
        match Ranker::load(vfs, &feedback) {
            Ok(_) => self.report.files += 1,
            Err(e) => self.note(e, "the learned ranking", RELEARN)?,
        }
        match load_runs(vfs, &feedback) {
            Ok(runs) => self.report.files += u64::from(!runs.is_empty()),
            Err(e) => self.note(e, "the list of the last runs of learning", "nothing: the next run begins the list anew")?,
        }
        Ok(())
    }
}
