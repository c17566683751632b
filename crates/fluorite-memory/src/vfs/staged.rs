//! Folders that appear complete or not at all.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use super::Vfs;
use crate::error::{Error, Result};

/// Makes folder `to`, which must not exist or be empty: `work` fills a folder beside it (and makes what it writes durable), which
/// then gets the name. After a failure nothing is left of it; after a crash a hidden folder `.NAME.PID-N.part` may be.
pub fn staged<T>(vfs: &dyn Vfs, to: &Path, work: impl FnOnce(&Path) -> Result<T>) -> Result<T> {
    static STAGES: AtomicU32 = AtomicU32::new(0);
    let io = |action, path: &Path, e: &std::io::Error| Error::io(action, path, e);
    let occupied = || Error::argument(format!("{to:?} is not empty: name a folder that does not exist, or an empty one"));
    let name = to.file_name().ok_or_else(|| Error::argument(format!("{to:?} names no folder to make")))?;
    let parent: PathBuf = match to.parent() {
        Some(p) if !p.as_os_str().is_empty() => p.into(),
        _ => ".".into(),
    };
    if !vfs.is_vacant(to).map_err(|e| io("cannot look into", to, &e))? {
        return Err(occupied());
    }
    let number = STAGES.fetch_add(1, Ordering::Relaxed);
    let room = parent.join(format!(".{}.{}-{number}.part", name.to_string_lossy(), std::process::id()));
    vfs.create_dir_all(&room).map_err(|e| io("cannot create", &room, &e))?;
    let made = work(&room).and_then(|made| {
        vfs.sync_dir(&room).map_err(|e| io("cannot sync", &room, &e))?;
        if !vfs.is_vacant(to).map_err(|e| io("cannot look into", to, &e))? {
            return Err(occupied());
        }
        vfs.rename_dir(&room, to).map_err(|e| io("cannot rename to", to, &e))?;
        Ok(made)
    });
    match made {
        Ok(made) => vfs.sync_dir(&parent).map_err(|e| io("cannot sync", &parent, &e)).map(|()| made),
        Err(e) => {
            let _ = vfs.remove_dir_all(&room);
            Err(e)
        }
    }
}

/// Refuses a target that lies in the folder it is made from, or is it.
pub fn check_apart(from: &Path, to: &Path) -> Result<()> {
    let whole = |p: &Path| std::fs::canonicalize(p).or_else(|_| std::path::absolute(p)).unwrap_or_else(|_| p.into());
    // the target need not exist: its nearest ancestor that does says where it will be
    let near = to.ancestors().find_map(|a| Some(std::fs::canonicalize(a).ok()?.join(to.strip_prefix(a).ok()?)));
    let target = near.unwrap_or_else(|| whole(to));
    if target.starts_with(whole(from)) {
        return Err(Error::argument(format!(
            "{to:?} lies in {from:?}, the store it would be made from: name a folder beside it"
        )));
    }
    Ok(())
}
