//! A store's files, whatever is left of them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::report::SalvageReport;
use super::salt::store_id_of;
use crate::crypt::{Cipher, EncryptionKey, load_keys};
use crate::error::{Error, Result};
use crate::log::{Codec, Manifest, SEGMENT_HEADER, load_dictionary, segment_name};
use crate::report::Damage;
use crate::vfs::{OpenMode, Vfs};

/// Bytes read at once; after a failure, bytes that are given up.
const BLOCK: usize = 1 << 20;
const PAGE: usize = 4_096;

/// A segment file.
#[derive(Debug, Clone)]
pub struct Part {
    pub number: u32,
    pub path: PathBuf,
    /// Bytes of it that count, when the manifest says.
    pub length: Option<u64>,
}

/// The store that is read.
pub struct Source<'a> {
    pub vfs: &'a dyn Vfs,
    pub root: PathBuf,
    pub manifest: Option<Manifest>,
    pub store_id: Option<u128>,
    pub parts: Vec<Part>,
    pub codec: Codec,
}

/// A damaged place of the source.
pub fn damage(file: impl Into<String>, offset: u64, what: impl Into<String>, lost: impl Into<String>) -> Damage {
    let remedy = "restore the file from a copy if you have one, and salvage again".into();
    Damage { file: file.into(), offset, length: 0, what: what.into(), lost: lost.into(), remedy }
}

impl<'a> Source<'a> {
    /// Looks at what there is. A folder without a segment is no store.
    pub fn look(vfs: &'a dyn Vfs, root: &Path, report: &mut SalvageReport) -> Result<Self> {
        let log_dir = root.join("log");
        let none = || Error::NotFound { what: format!("a store in {root:?} (it has no segment files in log/)") };
        let names = vfs.list(&log_dir).map_err(|e| match e.kind() {
            std::io::ErrorKind::NotFound => none(),
            _ => Error::io("cannot list", &log_dir, &e),
        })?;
        let mut numbers: Vec<u32> = names.iter().filter_map(|n| number_of(n, ".seg")).collect();
        numbers.sort_unstable();
        let manifest = match Manifest::load(vfs, root) {
            Ok(Some(m)) if m.id().is_ok() => Some(m),
            Ok(None) if numbers.is_empty() => return Err(none()),
            other => {
                let what = match other {
                    Ok(None) => "the file is missing".to_owned(),
                    Ok(Some(_)) => "the store id is none".to_owned(),
                    Err(Error::Corrupt { what, .. }) => what,
                    Err(e) => e.to_string(),
                };
                report.damage(damage(
                    "MANIFEST",
                    0,
                    what,
                    "which files count, the model's name, and the key of the read counters",
                ));
                report.warn(
                    "without MANIFEST every segment file counts: had a compaction been interrupted, versions it had dropped may be back",
                );
                None
            }
        };
        let parts: Vec<Part> = match &manifest {
            Some(m) => {
                let sealed = m.sealed.iter().map(|s| (s.number, Some(s.length)));
                let all = sealed.chain([(m.live, None)]);
                all.map(|(number, length)| Part { number, path: log_dir.join(segment_name(number)), length }).collect()
            }
            None => numbers.iter().map(|n| Part { number: *n, path: log_dir.join(segment_name(*n)), length: None }).collect(),
        };
        let store_id = manifest.as_ref().and_then(|m| m.id().ok()).or_else(|| parts.iter().find_map(|p| header_id(vfs, &p.path)));
        let mut source = Self { vfs, root: root.into(), manifest, store_id, parts, codec: Codec::default() };
        source.load_dictionaries(report);
        Ok(source)
    }

    fn load_dictionaries(&mut self, report: &mut SalvageReport) {
        let dir = self.root.join("dict");
        let mut ids = match &self.manifest {
            Some(m) => m.dictionaries.clone(),
            None => self.vfs.list(&dir).unwrap_or_default().iter().filter_map(|n| number_of(n, "")).collect(),
        };
        if self.manifest.is_none() {
            ids.sort_unstable();
        }
        for id in ids {
            match load_dictionary(self.vfs, &dir, id) {
                Ok(bytes) => self.codec.add(id, bytes),
                Err(e) => {
                    report.dictionaries_missing.push(id);
                    let what = if let Error::Corrupt { what, .. } = e { what } else { e.to_string() };
                    report.damage(damage(format!("dict/{id:08}"), 0, what, "every version that was compressed with it"));
                }
            }
        }
    }

    /// The bytes of a segment file; what cannot be read of it is zeros, and reported. `None` when there is nothing to read.
    pub fn read(&self, part: &Part, report: Option<&mut SalvageReport>) -> Result<Option<Vec<u8>>> {
        let name = format!("log/{}", segment_name(part.number));
        let mut sink = SalvageReport::default();
        let report = report.unwrap_or(&mut sink);
        let lost = "the records in it";
        let file = match self.vfs.open(&part.path, OpenMode::Read) {
            Ok(file) => file,
            Err(e) => {
                report.damage(damage(name, 0, format!("the file cannot be opened: {e}"), lost));
                return Ok(None);
            }
        };
        let on_disk = file.len().map_err(|e| Error::io("cannot read", &part.path, &e))?;
        if let Some(wanted) = part.length.filter(|wanted| *wanted > on_disk) {
            let mut cut = damage(&name, on_disk, format!("{} bytes are cut off its end", wanted - on_disk), lost);
            cut.length = wanted - on_disk;
            report.damage(cut);
        }
        // offsets are u32: what lies behind them was not written by a store
        let length = part.length.map_or(on_disk, |l| l.min(on_disk)).min(u64::from(u32::MAX)) as usize;
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(length).map_err(|_| Error::internal(format!("no memory for {length} bytes of {name}")))?;
        bytes.resize(length, 0);
        for (i, block) in bytes.chunks_mut(BLOCK).enumerate() {
            let at = i * BLOCK;
            if file.read_at(block, at as u64).is_ok() {
                continue;
            }
            for (j, page) in block.chunks_mut(PAGE).enumerate() {
                let at = (at + j * PAGE) as u64;
                if let Err(e) = file.read_at(page, at) {
                    page.fill(0);
                    let mut bad = damage(&name, at, format!("the disk cannot read this: {e}"), lost);
                    bad.length = page.len() as u64;
                    report.damage(bad);
                }
            }
        }
        report.bytes += length as u64;
        Ok(Some(bytes))
    }
}

/// What opens the store: by MANIFEST, or by `KEYS` where that is damaged. `None`: it is plain, or nothing says that it is not.
pub fn cipher_of(vfs: &dyn Vfs, root: &Path, key: Option<&EncryptionKey>) -> Result<Option<Arc<Cipher>>> {
    let manifest = Manifest::load(vfs, root).ok().flatten().and_then(|m| Some((m.id().ok()?, m.encryption)));
    let path = root.to_owned();
    let found = match manifest {
        Some((_, None)) if key.is_some() => return Err(Error::NotEncrypted { path }),
        Some((id, encryption)) => encryption.map(|e| (id, e)),
        None => load_keys(vfs, root).ok().flatten(),
    };
    match (found, key) {
        (None, None) => Ok(None),
        (None, Some(_)) => {
            let what = "MANIFEST and KEYS had the wrapped keys, and neither can be read: without them nothing of an encrypted store can be opened (salvage a plain one without a key)";
            Err(Error::Corrupt { path: root.join("KEYS"), offset: 0, what: what.into() })
        }
        (Some(_), None) => Err(Error::KeyRequired { path }),
        (Some((id, encryption)), Some(key)) => match encryption.open(key, id)? {
            Some(cipher) => Ok(Some(cipher)),
            None => match load_keys(vfs, root) {
                Ok(Some((kept, keys))) if kept == id && keys.open(key, id)?.is_some() => {
                    let what = "its wrapped keys do not open with this key, those of KEYS do: it was changed, or is an older copy. Take it away and salvage again";
                    Err(Error::Corrupt { path: root.join("MANIFEST"), offset: 0, what: what.into() })
                }
                _ => Err(Error::KeyWrong { path }),
            },
        },
    }
}

fn number_of(name: &str, ending: &str) -> Option<u32> {
    name.strip_suffix(ending).filter(|n| n.len() == 8)?.parse().ok()
}

fn header_id(vfs: &dyn Vfs, path: &Path) -> Option<u128> {
    let mut header = [0; SEGMENT_HEADER];
    vfs.open(path, OpenMode::Read).ok()?.read_at(&mut header, 0).ok()?;
    store_id_of(&header)
}
