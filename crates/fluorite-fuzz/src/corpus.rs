//! `corpus/<target>/*`: small inputs to begin with, and those that once failed.

use std::path::{Path, PathBuf};

/// The folder of a target.
#[must_use]
pub fn folder(target: &str) -> PathBuf {
    // where cargo runs us, not where it built us: a build folder may serve several checkouts
    let root = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&root).join("corpus").join(target)
}

/// Name and bytes of every input, by name.
///
/// # Errors
/// A folder or file that cannot be read.
pub fn load(target: &str) -> std::io::Result<Vec<(String, Vec<u8>)>> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder(target))? {
        let entry = entry?;
        all.push((entry.file_name().to_string_lossy().into_owned(), std::fs::read(entry.path())?));
    }
    all.sort();
    Ok(all)
}
