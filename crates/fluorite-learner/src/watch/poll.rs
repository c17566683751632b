//! Looking for changes where nobody tells of them.

use std::time::UNIX_EPOCH;

use fluorite_memory::CancelToken;
use xxhash_rust::xxh3::Xxh3;

use super::WatchOptions;
use super::target::Target;

/// A hash of names, sizes and times of the files that would be learned: another one means that something has changed.
pub(super) fn fingerprint(target: &Target, options: &WatchOptions, cancel: &CancelToken) -> u64 {
    let mut hash = Xxh3::new();
    for file in target.files(options, cancel) {
        hash.update(file.as_bytes());
        let Ok(about) = target.root.folder.join(&file).symlink_metadata() else { continue };
        let changed = about.modified().ok().and_then(|t| t.duration_since(UNIX_EPOCH).ok()).map_or(0, |d| d.as_nanos());
        hash.update(&about.len().to_le_bytes());
        hash.update(&changed.to_le_bytes());
    }
    hash.digest()
}
