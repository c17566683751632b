//! What may enter the log, and as what.

use super::Writer;
use crate::engine::prepare::PreparedChunk;
use crate::engine::shared::Shared;
use crate::error::{Error, Result, SUPPLIED_MODEL};
use crate::log::ModelId;

impl Writer {
    /// Chunks that were compressed while a dictionary was taken out of the store are compressed again.
    pub(super) fn without_gone_dictionaries(&self, shared: &Shared, chunks: &mut [PreparedChunk]) -> Result<()> {
        let gone = |c: &&mut PreparedChunk| c.dictionary != 0 && !self.manifest.dictionaries.contains(&c.dictionary);
        for c in chunks.iter_mut().filter(gone) {
            if c.compressed {
                let raw = shared.codec.decompress(&c.payload, c.dictionary, c.raw_len as usize).map_err(Error::internal)?;
                let how = shared.compression();
                let smaller = how.level.map_or(Ok(None), |level| shared.codec.compress(&raw, how.dictionary, level))?;
                c.compressed = smaller.is_some();
                (c.dictionary, c.payload) = smaller.map_or((0, raw), |frame| (how.dictionary, frame));
            } else {
                c.dictionary = 0;
            }
        }
        Ok(())
    }

    /// Vectors of these dimensions may enter; the first ever names the store's model in the manifest: that of `model`, or supplied.
    pub(super) fn admit_vectors<'a>(
        &mut self,
        shared: &Shared,
        vectors: impl Iterator<Item = (usize, Option<&'a str>)>,
    ) -> Result<()> {
        for (found, model) in vectors {
            match &self.manifest.model {
                Some(m) if m.dimensions == found => continue,
                // the last vectors it held are gone: their dimensions bind nobody
                Some(m) if m.id == SUPPLIED_MODEL && shared.state.read().embedded.is_empty() => {}
                Some(m) => return Err(Error::DimensionMismatch { expected: m.dimensions, found }),
                None => {}
            }
            let mut next = self.manifest.clone();
            next.model = Some(ModelId { id: model.unwrap_or(SUPPLIED_MODEL).into(), dimensions: found });
            next.save(&*shared.vfs, &shared.config.path)?;
            self.manifest = next;
            shared.set_model(self.manifest.model.clone());
        }
        Ok(())
    }

    /// Vectors that were brought along and are of another model than the store has come to have since they were looked at.
    pub(super) fn drop_foreign(&self, chunks: &mut [PreparedChunk]) {
        let Some(known) = &self.manifest.model else { return };
        for c in chunks {
            if c.past.as_ref().and_then(|p| p.model.as_ref()).is_some_and(|m| *m != known.id) {
                c.vector = None;
            }
        }
    }
}
