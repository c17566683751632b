//! The files below a path.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use fluorite_chunking::by_path;
use fluorite_memory::{CancelToken, Error, Result};
use ignore::WalkBuilder;

use super::options::FileOptions;
use crate::learn::InvalidFile;
use crate::mark::without_mark;
use crate::shown::shown;

/// Deepest folder below the root.
const MAX_DEPTH: usize = 64;
/// A longer line was not written by a person.
const LONGEST_LINE: usize = 64 << 10;

/// A path to learn from.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Root {
    /// Canonical folder.
    pub(crate) folder: PathBuf,
    /// The one file of it that is meant, if it is one.
    pub(crate) file: Option<String>,
    /// What it is called in place of its path.
    pub(crate) name: Option<String>,
}

/// What lies below a root.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// Relative paths with `/`, sorted.
    pub(super) files: Vec<String>,
    pub(super) skipped: Vec<InvalidFile>,
    /// Prefixes of paths of which nothing is known.
    pub(super) unseen: Vec<String>,
    /// Files of other kinds.
    pub(super) other: u64,
}

/// The root a path names.
pub(crate) fn root(path: &Path) -> Result<Root> {
    let unreadable = |e: std::io::Error| {
        Error::argument(format!("{:?} cannot be read ({e}): name a file or folder that exists", shown(&path.to_string_lossy())))
    };
    let whole = path.canonicalize().map_err(unreadable)?;
    if whole.is_dir() {
        return Ok(Root { folder: whole, file: None, name: None });
    }
    match (whole.parent(), whole.file_name().and_then(|n| n.to_str())) {
        (Some(folder), Some(name)) => Ok(Root { folder: folder.to_path_buf(), file: Some(name.to_owned()), name: None }),
        _ => Err(Error::argument(format!("{path:?} has no name that is UTF-8 text: rename it"))),
    }
}

/// All files of a kind that is learned. Symbolic links are never followed; hidden entries and `node_modules` are left out.
pub(super) fn list(root: &Root, options: &FileOptions, cancel: &CancelToken) -> Result<Listing> {
    let mut out = Listing::default();
    if let Some(file) = &root.file {
        out.files.push(file.clone());
        return Ok(out);
    }
    for entry in walker(root, options).build() {
        cancel.check()?;
        let entry = match entry {
            Ok(entry) => entry,
            Err(e) => {
                let path = path_of(&e).and_then(|p| relative(&root.folder, p)).unwrap_or_default();
                if path.is_empty() && out.files.is_empty() {
                    return Err(Error::argument(format!("{:?} cannot be read: {e}", root.folder)));
                }
                out.skipped.push(InvalidFile::new(&path, format!("it cannot be read: {e}")));
                out.unseen.push(format!("{path}/"));
                continue;
            }
        };
        if entry.depth() == 0 {
            continue;
        }
        let Some(path) = relative(&root.folder, entry.path()) else {
            out.skipped.push(InvalidFile::new(entry.path().to_string_lossy(), "the name is not UTF-8 text: rename it"));
            continue;
        };
        let learned = is_learned(&path);
        match entry.file_type() {
            Some(t) if t.is_dir() && entry.depth() == MAX_DEPTH => {
                out.unseen.push(format!("{path}/"));
                out.skipped.push(InvalidFile::new(path, format!("folders deeper than {MAX_DEPTH} levels are left out")));
            }
            Some(t) if t.is_dir() => {}
            Some(t) if t.is_file() && learned => out.files.push(path),
            Some(t) if t.is_file() => out.other += 1,
            Some(t) if t.is_symlink() => {
                out.skipped.push(InvalidFile::new(path, "symbolic links are not followed: name what it points to"));
            }
            _ => out.skipped.push(InvalidFile::new(path, "it is no regular file")),
        }
    }
    out.files.sort_unstable();
    Ok(out)
}

fn walker(root: &Root, options: &FileOptions) -> WalkBuilder {
    let git = options.gitignore != Some(false);
    let mut walk = WalkBuilder::new(&root.folder);
    walk.hidden(true).follow_links(false).max_depth(Some(MAX_DEPTH)).require_git(false);
    walk.git_ignore(git).ignore(git).git_global(false).git_exclude(git).parents(git && root.name.is_none());
    walk.filter_entry(|e| e.file_name() != "node_modules");
    walk
}

/// The files of a root alone.
pub(crate) fn files_of(root: &Root, options: &FileOptions, cancel: &CancelToken) -> Result<Vec<String>> {
    Ok(list(root, options, cancel)?.files)
}

/// The folders whose files are listed, the root first.
pub(crate) fn folders_of(root: &Root, options: &FileOptions) -> Vec<PathBuf> {
    let folder = |e: &ignore::DirEntry| e.file_type().is_some_and(|t| t.is_dir());
    walker(root, options).build().filter_map(std::result::Result::ok).filter(folder).map(ignore::DirEntry::into_path).collect()
}

fn path_of(e: &ignore::Error) -> Option<&Path> {
    match e {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => path_of(err),
        ignore::Error::Loop { child, .. } => Some(child),
        _ => None,
    }
}

fn relative(root: &Path, path: &Path) -> Option<String> {
    let parts: Option<Vec<&str>> = path.strip_prefix(root).ok()?.iter().map(|p| p.to_str()).collect();
    Some(parts?.join("/"))
}

/// Code, markup and configuration by extension, and plain text.
pub(crate) fn is_learned(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    by_path(path).is_some() || [".txt", ".rst", ".adoc"].iter().any(|e| lower.ends_with(e))
}

/// The text of a listed file, or why it is left out.
pub(super) fn read(root: &Path, file: &str, most: u64) -> std::result::Result<String, InvalidFile> {
    let path = root.join(file);
    let failed = |e: std::io::Error| InvalidFile::new(file, format!("it cannot be read: {e}"));
    let about = path.symlink_metadata().map_err(failed)?;
    if !about.is_file() {
        return Err(InvalidFile::new(file, "it is no regular file"));
    }
    let too_large =
        |n: u64| InvalidFile::new(file, format!("it has {n} bytes, the limit is {most}: it is left out (max_file_bytes)"));
    if about.len() > most {
        return Err(too_large(about.len()));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(about.len()).unwrap_or(0));
    File::open(&path).and_then(|f| f.take(most + 1).read_to_end(&mut bytes)).map_err(failed)?;
    if bytes.len() as u64 > most {
        return Err(too_large(bytes.len() as u64));
    }
    if bytes.contains(&0) {
        return Err(InvalidFile::new(file, "it is no text"));
    }
    if bytes.split(|b| *b == b'\n').any(|l| l.len() > LONGEST_LINE) {
        return Err(InvalidFile::new(file, format!("it has a line of more than {LONGEST_LINE} bytes: nobody wrote it by hand")));
    }
    let text = String::from_utf8(bytes).map_err(|e| InvalidFile {
        file: file.to_owned(),
        offset: Some(e.utf8_error().valid_up_to() as u64),
        reason: "it is not UTF-8 text".into(),
    })?;
    let bare = without_mark(&text);
    Ok(if bare.len() == text.len() { text } else { bare.to_owned() })
}
