//! A file of zeros that is given up when the disk is full, so that deletes and compaction can go on.

use std::path::Path;

use crate::vfs::{OpenMode, Vfs};

/// Name of the file.
pub const NAME: &str = "RESERVE";
const BYTES: usize = 1 << 20;

/// Makes the reserve when it is missing and there is room. False when the disk is too full for it.
pub fn ensure(vfs: &dyn Vfs, dir: &Path) -> bool {
    let path = dir.join(NAME);
    if let Ok(file) = vfs.open(&path, OpenMode::Read)
        && file.len().is_ok_and(|n| n == BYTES as u64)
    {
        return true;
    }
    let made = vfs.open(&path, OpenMode::Create).and_then(|f| f.write_at(&vec![0; BYTES], 0).and_then(|()| f.sync()));
    if made.is_err() {
        let _ = vfs.remove(&path); // half a reserve only takes room
    }
    !made.is_err_and(|e| matches!(crate::Error::io("", &path, &e), crate::Error::NoSpace { .. }))
}
