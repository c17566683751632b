//! The spike files of a folder.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use fluorite_memory::{CancelToken, Error, Result};

use super::report::InvalidFile;
use crate::spike::MAX_SPIKE_BYTES;

/// Deepest folder below the root.
const MAX_DEPTH: usize = 32;

/// What a folder holds.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    /// Relative paths with `/`, sorted.
    pub(crate) files: Vec<String>,
    /// `.json` entries that are no regular files, and folders that could not be read.
    pub(crate) skipped: Vec<InvalidFile>,
    /// Prefixes of paths of which nothing is known.
    pub(crate) unseen: Vec<String>,
}

/// The folder's canonical path, or what to do when there is none.
pub(crate) fn root(path: Option<&Path>) -> Result<PathBuf> {
    let Some(path) = path else {
        return Err(Error::argument("no folder of spike templates: set spike_templates_path, or give path to this call"));
    };
    let remedy = "create it, or set spike_templates_path (or path of this call) to the folder of your spike templates";
    match path.canonicalize() {
        Ok(p) if p.is_dir() => Ok(p),
        Ok(_) => Err(Error::argument(format!("{path:?} is a file: name the folder it lies in"))),
        Err(e) => Err(Error::argument(format!("{path:?} cannot be read ({e}): {remedy}"))),
    }
}

/// All `*.json` files below `root`. Symbolic links are never followed, hidden entries are left out.
pub(crate) fn list(root: &Path, cancel: &CancelToken) -> Result<Listing> {
    let mut out = Listing::default();
    let mut waiting = vec![(root.to_path_buf(), String::new(), 0)];
    while let Some((folder, prefix, depth)) = waiting.pop() {
        cancel.check()?;
        let entries = match std::fs::read_dir(&folder).and_then(Iterator::collect::<std::io::Result<Vec<_>>>) {
            Ok(entries) => entries,
            Err(e) if prefix.is_empty() => return Err(Error::io("reading folder", folder, &e)),
            Err(e) => {
                out.skipped.push(InvalidFile::new(&prefix, format!("the folder cannot be read: {e}")));
                out.unseen.push(prefix);
                continue;
            }
        };
        for entry in entries {
            let name = entry.file_name();
            let shown = name.to_string_lossy();
            if shown.starts_with('.') {
                continue;
            }
            let path = format!("{prefix}{shown}");
            let is_json = shown.to_ascii_lowercase().ends_with(".json");
            match entry.path().symlink_metadata() {
                Ok(m) if m.is_dir() && depth >= MAX_DEPTH => {
                    out.skipped.push(InvalidFile::new(&path, format!("folders deeper than {MAX_DEPTH} levels are left out")));
                    out.unseen.push(format!("{path}/"));
                }
                Ok(m) if m.is_dir() => waiting.push((entry.path(), format!("{path}/"), depth + 1)),
                _ if !is_json => {}
                _ if name.to_str().is_none() => {
                    out.skipped.push(InvalidFile::new(path, "the file name is not UTF-8 text: rename it"));
                }
                Ok(m) if m.is_file() => out.files.push(path),
                Ok(m) if m.is_symlink() => {
                    out.skipped.push(InvalidFile::new(path, "symbolic links are not followed: put the file itself here"));
                }
                Ok(_) => out.skipped.push(InvalidFile::new(path, "it is no regular file")),
                Err(e) => {
                    out.skipped.push(InvalidFile::new(&path, format!("it cannot be read: {e}")));
                    out.unseen.push(path);
                }
            }
        }
    }
    out.files.sort_unstable();
    Ok(out)
}

/// The spike files of a folder alone.
pub(crate) fn spike_files_of(root: &Path, cancel: &CancelToken) -> Result<Vec<String>> {
    Ok(list(root, cancel)?.files)
}

/// The folders whose files are listed, the root first.
pub(crate) fn spike_folders_of(root: &Path) -> Vec<PathBuf> {
    let mut walk = ignore::WalkBuilder::new(root);
    walk.standard_filters(false).hidden(true).follow_links(false).max_depth(Some(MAX_DEPTH));
    let folder = |e: &ignore::DirEntry| e.file_type().is_some_and(|t| t.is_dir());
    walk.build().filter_map(std::result::Result::ok).filter(folder).map(ignore::DirEntry::into_path).collect()
}

/// The bytes of a listed file, at most `MAX_SPIKE_BYTES`.
pub(crate) fn read(root: &Path, file: &str) -> std::result::Result<Vec<u8>, InvalidFile> {
    let path = root.join(file);
    let failed = |e: std::io::Error| InvalidFile::new(file, format!("it cannot be read: {e}"));
    let size = path.symlink_metadata().map_err(failed)?;
    if !size.is_file() {
        return Err(InvalidFile::new(file, "it is no regular file"));
    }
    if size.len() > MAX_SPIKE_BYTES {
        return Err(too_large(file, size.len()));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(size.len()).unwrap_or(0));
    File::open(&path).and_then(|f| f.take(MAX_SPIKE_BYTES + 1).read_to_end(&mut bytes)).map_err(failed)?;
    if bytes.len() as u64 > MAX_SPIKE_BYTES { Err(too_large(file, bytes.len() as u64)) } else { Ok(bytes) }
}

fn too_large(file: &str, bytes: u64) -> InvalidFile {
    InvalidFile::new(file, format!("it has {bytes} bytes, the limit is {MAX_SPIKE_BYTES}: it is left out"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // tests
mod tests {
    use super::*;

    #[test]
    fn a_missing_folder_names_the_remedy() {
        for path in [None, Some(Path::new("/no/such/folder"))] {
            let e = root(path).unwrap_err();
            assert_eq!(e.code(), "INVALID_ARGUMENT");
            assert!(e.to_string().contains("spike_templates_path"), "{e}");
        }
    }

    #[test]
    fn only_regular_files_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let at = |p: &str| dir.path().join(p);
        std::fs::create_dir_all(at("sub/deep")).unwrap();
        std::fs::create_dir(at("folder.json")).unwrap();
        for f in ["b.json", "a.JSON", "sub/c.json", "folder.json/d.json", "notes.txt", ".hidden.json"] {
            std::fs::write(at(f), "{}").unwrap();
        }
        let big = File::create(at("big.json")).unwrap();
        big.set_len(MAX_SPIKE_BYTES + 1).unwrap();
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(dir.path(), at("sub/loop")).unwrap();
            std::os::unix::fs::symlink(dir.path(), at("sub/loop.json")).unwrap();
            std::os::unix::fs::symlink("/dev/zero", at("zero.json")).unwrap();
            assert!(std::process::Command::new("mkfifo").arg(at("pipe.json")).status().unwrap().success());
        }
        let l = list(&dir.path().canonicalize().unwrap(), &CancelToken::default()).unwrap();
        assert_eq!(l.files, ["a.JSON", "b.json", "big.json", "folder.json/d.json", "sub/c.json"]);
        let mut skipped: Vec<&str> = l.skipped.iter().map(|s| s.file.as_str()).collect();
        skipped.sort_unstable();
        #[cfg(unix)]
        assert_eq!(skipped, ["pipe.json", "sub/loop.json", "zero.json"]);
        assert_eq!(read(dir.path(), "b.json").unwrap(), b"{}");
        assert!(read(dir.path(), "big.json").unwrap_err().reason.contains("the limit is 4194304"));
        #[cfg(unix)]
        assert!(read(dir.path(), "pipe.json").is_err());
    }

    #[test]
    fn a_cancelled_listing_stops() {
        let cancel = CancelToken::default();
        cancel.cancel();
        assert_eq!(list(Path::new("."), &cancel).unwrap_err().code(), "ABORTED");
    }
}
