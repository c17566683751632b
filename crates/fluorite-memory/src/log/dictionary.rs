//! zstd dictionaries.

use std::path::Path;

use super::segment::FORMAT_VERSION;
use crate::error::{Error, Result};
use crate::vfs::{Vfs, read_checked, replace};

const MAGIC: &[u8; 8] = b"FLUODIC1";

/// File name of a dictionary.
#[must_use]
pub fn dictionary_name(id: u32) -> String {
    format!("{id:08}")
}

/// Trains a dictionary of at most this size; `None` when the samples do not carry one (too few, too alike to gain).
#[must_use]
pub fn train_dictionary(samples: &[Vec<u8>], most_bytes: usize) -> Option<Vec<u8>> {
    zstd::dict::from_samples(samples, most_bytes).ok().filter(|d| !d.is_empty())
}

/// Writes dictionary `id`.
pub fn save_dictionary(vfs: &dyn Vfs, dir: &Path, id: u32, bytes: &[u8]) -> Result<()> {
    replace(vfs, dir, &dictionary_name(id), MAGIC, FORMAT_VERSION, bytes)
}

/// Reads dictionary `id`.
pub fn load_dictionary(vfs: &dyn Vfs, dir: &Path, id: u32) -> Result<Vec<u8>> {
    read_checked(vfs, dir, &dictionary_name(id), MAGIC, FORMAT_VERSION)?.ok_or_else(|| Error::Corrupt {
        path: dir.join(dictionary_name(id)),
        offset: 0,
        what: "the manifest names this dictionary, but there is no such file".into(),
    })
}
