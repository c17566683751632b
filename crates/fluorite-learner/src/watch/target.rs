//! A folder that is watched, or a file of it.

use std::path::{Path, PathBuf};

use fluorite_memory::{CancelToken, Result};
use notify::EventKind;
use notify::event::{AccessKind, AccessMode, ModifyKind};

use super::WatchOptions;
use crate::files::{Root, files_of, folders_of, is_learned, root};
use crate::learn::{root as spike_root, spike_files_of, spike_folders_of};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Spikes,
    Files,
}

pub(super) struct Target {
    pub(super) kind: Kind,
    /// As the caller named it.
    pub(super) path: PathBuf,
    pub(super) root: Root,
}

impl Target {
    pub(super) fn all(options: &WatchOptions) -> Result<Vec<Self>> {
        let spikes = options.spikes.iter().map(|p| {
            let root = Root { folder: spike_root(Some(p))?, file: None, name: None };
            Ok(Self { kind: Kind::Spikes, path: p.clone(), root })
        });
        let files = options.paths.iter().map(|p| Ok(Self { kind: Kind::Files, path: p.clone(), root: root(p)? }));
        spikes.chain(files).collect()
    }

    /// Folders whose entries matter, itself first.
    pub(super) fn folders(&self, options: &WatchOptions) -> Vec<PathBuf> {
        match (self.kind, &self.root.file) {
            (_, Some(_)) => vec![self.root.folder.clone()],
            (Kind::Spikes, None) => spike_folders_of(&self.root.folder),
            (Kind::Files, None) => folders_of(&self.root, &options.file_options),
        }
    }

    /// Files that would be learned, as far as they can be seen.
    pub(super) fn files(&self, options: &WatchOptions, cancel: &CancelToken) -> Vec<String> {
        let found = match self.kind {
            Kind::Spikes => spike_files_of(&self.root.folder, cancel),
            Kind::Files => files_of(&self.root, &options.file_options, cancel),
        };
        found.unwrap_or_default()
    }

    /// May what happened to this path change what there is to learn? `folder`: whether it was a folder that is watched.
    pub(super) fn concerns(&self, path: &Path, folder: bool) -> bool {
        let Ok(inner) = path.strip_prefix(&self.root.folder) else { return self.root.folder.starts_with(path) };
        let names: Vec<&str> = inner.iter().filter_map(|n| n.to_str()).collect();
        let Some((name, above)) = names.split_last() else { return true };
        if let Some(file) = &self.root.file {
            return above.is_empty() && name == file;
        }
        let left_out = |n: &&str| n.starts_with('.') || self.kind == Kind::Files && *n == "node_modules";
        if above.iter().any(left_out) {
            return false;
        }
        match self.kind {
            Kind::Files if matches!(*name, ".gitignore" | ".ignore") => true,
            _ if left_out(name) => false,
            Kind::Files => folder || is_learned(name) || path.is_dir(),
            Kind::Spikes => folder || name.to_ascii_lowercase().ends_with(".json") || path.is_dir(),
        }
    }
}

/// Events that change nothing: learning itself opens and reads files.
pub(super) fn is_idle(kind: EventKind) -> bool {
    matches!(kind, EventKind::Access(a) if a != AccessKind::Close(AccessMode::Write))
}

/// Has the path possibly gone from where it was?
pub(super) fn is_gone(kind: EventKind) -> bool {
    matches!(kind, EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_)))
}
