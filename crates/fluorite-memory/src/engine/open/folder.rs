//! The folder of a store: made, locked, begun.

use std::path::Path;

use crate::crypt::{Encryption, EncryptionKey};
use crate::engine::strays::segment_number;
use crate::error::{Error, Result};
use crate::log::{LiveSegment, Manifest, SEGMENT_HEADER, segment_name};
use crate::vfs::{OpenMode, Vfs, VfsLock};

/// Creates the folders of a store and makes them durable.
pub(super) fn make_folders(vfs: &dyn Vfs, root: &Path) -> Result<()> {
    for dir in ["log", "dict", "index"].map(|d| root.join(d)) {
        vfs.create_dir_all(&dir).map_err(|e| Error::io("cannot create", &dir, &e))?;
    }
    vfs.sync_dir(root).map_err(|e| Error::io("cannot sync", root, &e))?;
    if vfs.open(&root.join("MANIFEST"), OpenMode::Read).is_err() {
        // every level that may be new; a parent that may not be opened existed before us
        for parent in root.ancestors().skip(1).filter(|p| !p.as_os_str().is_empty()) {
            match vfs.sync_dir(parent) {
                Err(e) if e.kind() == std::io::ErrorKind::PermissionDenied => break,
                other => other.map_err(|e| Error::io("cannot sync", parent, &e))?,
            }
        }
    }
    Ok(())
}

pub(super) fn take_lock(vfs: &dyn Vfs, root: &Path) -> Result<Box<dyn VfsLock>> {
    let path = root.join("LOCK");
    let owner = std::process::id().to_string();
    match vfs.lock(&path, &owner).map_err(|e| Error::io("cannot lock", &path, &e))? {
        Some(lock) => Ok(lock),
        None => {
            let mut text = [0; 32];
            let pid = vfs.open(&path, OpenMode::Read).ok().and_then(|f| {
                let n = f.len().ok()?.min(32) as usize;
                f.read_at(&mut text[..n], 0).ok()?;
                std::str::from_utf8(&text[..n]).ok()?.trim().parse().ok()
            });
            Err(Error::StoreLocked { path: root.to_owned(), pid: pid.unwrap_or(0) })
        }
    }
}

/// A new store: the first segment, then the manifest that names it.
pub(super) fn create(
    vfs: &dyn Vfs,
    root: &Path,
    log_dir: &Path,
    (store_id, seed): (u128, u64),
    key: Option<&EncryptionKey>,
) -> Result<Manifest> {
    check_no_log(vfs, root, log_dir)?;
    let mut manifest = Manifest::new(store_id, seed);
    manifest.encryption = key.map(|key| Encryption::create(key, store_id)).transpose()?;
    LiveSegment::create(vfs, log_dir, manifest.live, store_id)?;
    manifest.save(vfs, root)?;
    Ok(manifest)
}

/// A log without a manifest is a store that lost it: never start over on top of one.
pub fn check_no_log(vfs: &dyn Vfs, root: &Path, log_dir: &Path) -> Result<()> {
    let mut orphans = vfs.list(log_dir).map_err(|e| Error::io("cannot list", log_dir, &e))?;
    orphans.retain(|n| segment_number(n).is_some());
    if orphans.iter().any(|n| n != &segment_name(1)) || has_groups(vfs, log_dir, &orphans)? {
        return Err(Error::Corrupt { path: root.join("MANIFEST"), offset: 0, what: "there is a log, but no manifest".into() });
    }
    Ok(())
}

/// A first segment with anything behind its header is data; a bare header is a creation that was interrupted.
fn has_groups(vfs: &dyn Vfs, log_dir: &Path, names: &[String]) -> Result<bool> {
    for path in names.iter().map(|n| log_dir.join(n)) {
        let len = vfs.open(&path, OpenMode::Read).and_then(|f| f.len());
        if len.map_err(|e| Error::io("cannot read", &path, &e))? > SEGMENT_HEADER as u64 {
            return Ok(true);
        }
    }
    Ok(false)
}
