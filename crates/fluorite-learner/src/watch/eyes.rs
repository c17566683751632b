//! Being told of changes by the system.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};

use fluorite_memory::{Error, Result};
use notify::{Config, ErrorKind, RecommendedWatcher, RecursiveMode, Watcher};

use super::WatchOptions;
use super::target::Target;

/// Where one watch is one folder: every folder that counts gets its own, and `node_modules` none.
const BY_FOLDER: bool = cfg!(any(target_os = "linux", target_os = "android"));

pub(super) struct Eyes {
    /// `None`: changes are looked for.
    watcher: Option<RecommendedWatcher>,
    pub(super) followed: BTreeSet<PathBuf>,
}

impl Eyes {
    pub(super) fn open(options: &WatchOptions) -> Result<(Self, Receiver<notify::Result<notify::Event>>)> {
        let (tell, told): (Sender<notify::Result<notify::Event>>, _) = channel();
        let watcher = match options.poll_interval_ms {
            Some(_) => None,
            None => {
                let config = Config::default().with_follow_symlinks(false);
                Some(RecommendedWatcher::new(tell, config).map_err(|e| failure(&e, Path::new("")))?)
            }
        };
        Ok((Self { watcher, followed: BTreeSet::new() }, told))
    }

    /// Watches what of a target is not watched yet. A folder that has gone meanwhile is none to watch.
    pub(super) fn follow(&mut self, target: &Target, options: &WatchOptions) -> Result<()> {
        let Some(watcher) = &mut self.watcher else { return Ok(()) };
        let by_folder = BY_FOLDER || target.root.file.is_some();
        let folders = if by_folder { target.folders(options) } else { vec![target.root.folder.clone()] };
        let mode = if by_folder { RecursiveMode::NonRecursive } else { RecursiveMode::Recursive };
        for folder in folders {
            if self.followed.contains(&folder) {
                continue;
            }
            match watcher.watch(&folder, mode) {
                Ok(()) => drop(self.followed.insert(folder)),
                Err(_) if !folder.is_dir() => {}
                Err(e) => return Err(failure(&e, &folder)),
            }
        }
        Ok(())
    }

    /// Forgets folders at and below a path: what comes back under the name is another folder.
    pub(super) fn forget(&mut self, path: &Path) {
        let gone: Vec<PathBuf> = self.followed.range(path.to_path_buf()..).take_while(|p| p.starts_with(path)).cloned().collect();
        for folder in gone {
            if let Some(watcher) = &mut self.watcher {
                let _ = watcher.unwatch(&folder); // the system may have ended it already
            }
            self.followed.remove(&folder);
        }
    }
}

/// What to do about a watch that cannot be had.
fn failure(e: &notify::Error, path: &Path) -> Error {
    let path = e.paths.first().map_or(path, PathBuf::as_path);
    let raise = |limit: &str| {
        format!(
            "the limit {limit} is reached: raise it (sysctl {limit}=524288), watch fewer folders, or set poll_interval_ms, which needs no watches"
        )
    };
    let message = match &e.kind {
        ErrorKind::MaxFilesWatch => raise("fs.inotify.max_user_watches"),
        ErrorKind::Io(e) if e.raw_os_error() == Some(24) => raise("fs.inotify.max_user_instances"),
        ErrorKind::Io(e) if e.raw_os_error() == Some(28) => raise("fs.inotify.max_user_watches"),
        _ => format!("{e}; set poll_interval_ms to look every so often instead"),
    };
    Error::Io { action: "cannot watch", path: path.to_path_buf(), message }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exhausted_limit_names_itself_and_the_way_out() {
        let by_code = |code| notify::Error::new(ErrorKind::Io(std::io::Error::from_raw_os_error(code)));
        for (e, limit) in [
            (notify::Error::new(ErrorKind::MaxFilesWatch), "max_user_watches"),
            (by_code(28), "max_user_watches"),
            (by_code(24), "max_user_instances"),
            (notify::Error::generic("odd"), "odd"),
        ] {
            let told = failure(&e, Path::new("/some/folder"));
            assert_eq!(told.code(), "IO");
            let text = told.to_string();
            assert!(text.contains(limit) && text.contains("poll_interval_ms") && text.contains("/some/folder"), "{text}");
        }
    }
}
