//! Finding the ONNX Runtime library, and judging a file before the loader sees it.

use std::ffi::OsString;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use crate::{Error, Result};

const NAMES: [&str; 4] = ["libonnxruntime.so.1", "libonnxruntime.so", "libonnxruntime.dylib", "onnxruntime.dll"];

pub(crate) const REMEDY: &str = "reinstall the package with its optional dependencies (in a checkout: `npm run setup`), or set ORT_DYLIB_PATH to an ONNX Runtime 1.24 library file";

/// The library's file: `named` (the value of ORT_DYLIB_PATH) alone if set, otherwise the first in `folders`.
pub(crate) fn find(named: Option<OsString>, folders: &[PathBuf]) -> Result<PathBuf> {
    let candidates: Vec<PathBuf> = match named.filter(|name| !name.is_empty()) {
        Some(name) => vec![PathBuf::from(name)],
        None => folders.iter().flat_map(|folder| NAMES.iter().map(|name| folder.join(name))).collect(),
    };
    match candidates.iter().find(|path| path.exists()) {
        // Absolute: a bare name would send the system's loader searching elsewhere.
        Some(path) => std::fs::canonicalize(path).map_err(|e| unusable(path, &e.to_string())),
        None => {
            let looked = if candidates.len() == 1 { candidates } else { folders.to_vec() };
            Err(Error::ModelNotFound { what: "the ONNX Runtime library".to_owned(), looked, remedy: REMEDY })
        }
    }
}

/// The error of a library that is there and cannot be used.
pub(crate) fn unusable(path: &Path, why: &str) -> Error {
    Error::failed(format!("{} cannot be used as the ONNX Runtime library: {why}; {REMEDY}", path.display()))
}

/// Refuses what the system's loader would hang or crash on: pipes and devices, files of another kind, and ELF files cut
/// short (mapping those ends the process with SIGBUS).
pub(crate) fn check(path: &Path) -> Result<()> {
    let fail = |why: &str| Err(unusable(path, why));
    // Before opening: opening a pipe waits for a writer.
    let length = match std::fs::metadata(path) {
        Ok(found) if found.is_file() => found.len(),
        Ok(_) => return fail("not a regular file"),
        Err(e) => return fail(&e.to_string()),
    };
    let mut header = [0; 64];
    let Ok(mut file) = File::open(path) else { return fail("it cannot be read") };
    if file.read_exact(&mut header).is_err() {
        return fail("the file is cut short");
    }
    match header {
        // ELF, 64-bit, little-endian: every loadable segment must lie in the file.
        [0x7f, b'E', b'L', b'F', 2, 1, ..] => match elf_end(&mut file, &header) {
            Some(end) if end <= length => Ok(()),
            _ => fail("the file is cut short"),
        },
        // Mach-O (thin and universal) and PE: their loaders check for themselves.
        [0xcf, 0xfa, 0xed, 0xfe, ..] | [0xca, 0xfe, 0xba, 0xbe, ..] | [b'M', b'Z', ..] => Ok(()),
        _ => fail("not a shared library"),
    }
}

/// Where the last segment of an ELF file ends.
fn elf_end(file: &mut File, header: &[u8; 64]) -> Option<u64> {
    const ENTRY: usize = 56;
    if half(header, 54)? != ENTRY as u16 {
        return None;
    }
    let mut table = vec![0; usize::from(half(header, 56)?) * ENTRY];
    file.seek(SeekFrom::Start(word(header, 32)?)).ok()?;
    file.read_exact(&mut table).ok()?;
    table.chunks_exact(ENTRY).try_fold(0, |end, entry| Some(end.max(word(entry, 8)?.checked_add(word(entry, 32)?)?)))
}

fn word(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_comes_first_then_folders_in_order() {
        let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let folders = [a.path().to_path_buf(), b.path().to_path_buf()];
        let error = find(None, &folders).unwrap_err();
        assert_eq!(error.code(), "MODEL_NOT_FOUND");
        assert!(error.to_string().contains("npm run setup"), "{error}");

        let second = b.path().canonicalize().unwrap().join("libonnxruntime.so.1");
        std::fs::write(&second, "").unwrap();
        assert_eq!(find(None, &folders).unwrap(), second);
        assert_eq!(find(Some("".into()), &folders).unwrap(), second);
        let first = a.path().canonicalize().unwrap().join("onnxruntime.dll");
        std::fs::write(&first, "").unwrap();
        assert_eq!(find(None, &folders).unwrap(), first);
        assert_eq!(find(Some(second.clone().into()), &folders).unwrap(), second);
        assert!(find(Some(b.path().join("absent").into()), &folders).is_err(), "a wrong ORT_DYLIB_PATH is not ignored");
    }

    #[test]
    fn refuses_folders_garbage_and_libraries_cut_short() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("lib.so");
        let mut elf = vec![0; 200];
        elf[..6].copy_from_slice(b"\x7fELF\x02\x01");
        elf[32] = 64; // the table of segments follows the header
        elf[54] = 56;
        elf[56] = 1;
        elf[64 + 32] = 200; // one segment of 200 bytes at 0
        std::fs::write(&file, &elf).unwrap();
        check(&file).unwrap();

        assert_eq!(check(folder.path()).unwrap_err().code(), "EMBEDDING_FAILED");
        for bad in [&elf[..199], &elf[..100], &elf[..10], b"", &[b'x'; 4096]] {
            std::fs::write(&file, bad).unwrap();
            assert_eq!(check(&file).unwrap_err().code(), "EMBEDDING_FAILED", "{} bytes", bad.len());
        }
    }
}
