//! Reading weights that may be run.

use std::fmt::Write as _;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::external_data;
use crate::{Error, Result};

/// Protocol buffers end at 2 GiB; so do ONNX models without external data.
const MAX_WEIGHTS: u64 = (1 << 31) - 1;
const MAX_TOKENIZER: u64 = 64 << 20;

/// The files that run without being named by the user: weights, and the tokenizer they were trained with (another
/// tokenizer gives plausible, wrong vectors).
const KNOWN: [(&str, &str); 1] = [(
    // all-MiniLM-L6-v2, int8 per channel
    "73d3f263ad500d13ca36b95da4e9757bedcfc4d08e179722dcf3937b25e8caee",
    "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
)];

/// Weights that passed the checks.
pub(crate) struct ModelFile {
    pub(crate) bytes: Vec<u8>,
    /// 64 lower-case hexadecimal digits.
    pub(crate) sha256: String,
}

/// Reads weights: a known file, or any file in a folder the user named, but never one that points at other files.
pub(crate) fn read(weights: &Path, tokenizer: &Path, explicit: bool) -> Result<ModelFile> {
    let bytes = bounded(weights, MAX_WEIGHTS)?;
    let sha256 = hex(&bytes);
    if !explicit {
        let Some((_, known_tokenizer)) = KNOWN.iter().find(|(known, _)| *known == sha256) else {
            return Err(Error::rejected(
                weights,
                format!(
                    "its SHA-256 {sha256} is not on the list of known models; name the folder explicitly to run it all the same"
                ),
            ));
        };
        let found = hex(&bounded(tokenizer, MAX_TOKENIZER)?);
        if found != *known_tokenizer {
            return Err(Error::rejected(
                tokenizer,
                format!("its SHA-256 {found} is not that of the model's tokenizer ({known_tokenizer}); reinstall the package"),
            ));
        }
    }
    external_data::refuse(&bytes).map_err(|reason| Error::rejected(weights, reason))?;
    Ok(ModelFile { bytes, sha256 })
}

/// Reads a regular file of at most `limit` bytes.
pub(crate) fn bounded(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let unreadable = |e: std::io::Error| Error::rejected(path, format!("cannot be read: {e}"));
    let found = std::fs::metadata(path).map_err(unreadable)?;
    if !found.is_file() || found.len() > limit {
        return Err(Error::rejected(path, format!("not a file of at most {limit} bytes")));
    }
    std::fs::read(path).map_err(unreadable)
}

/// Reads a tokenizer's file.
pub(crate) fn tokenizer(path: &Path) -> Result<Vec<u8>> {
    bounded(path, MAX_TOKENIZER)
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
