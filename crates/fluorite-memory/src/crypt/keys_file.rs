//! `KEYS`: the wrapped data keys once more. MANIFEST is the truth; without a copy its loss would be that of every record.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Encryption;
use crate::error::{Error, Result};
use crate::vfs::{Vfs, read_checked, replace};

const MAGIC: &[u8; 8] = b"FLUOKEY1";
const VERSION: u32 = 1;
const NAME: &str = "KEYS";

#[derive(Serialize, Deserialize)]
struct Body {
    /// In hexadecimal: the keys are bound to it.
    store_id: String,
    encryption: Encryption,
}

/// The id of the store and its keys; `None` without such a file.
pub fn load_keys(vfs: &dyn Vfs, root: &Path) -> Result<Option<(u128, Encryption)>> {
    let Some(bytes) = read_checked(vfs, root, NAME, MAGIC, VERSION)? else { return Ok(None) };
    let corrupt = || Error::Corrupt { path: root.join(NAME), offset: 20, what: "the keys do not parse".into() };
    let body: Body = serde_json::from_slice(&bytes).map_err(|_| corrupt())?;
    let id = u128::from_str_radix(&body.store_id, 16).map_err(|_| corrupt())?;
    Ok(Some((id, body.encryption)))
}

/// Writes it, unless it says so already.
pub fn save_keys(vfs: &dyn Vfs, root: &Path, store_id: u128, encryption: &Encryption) -> Result<()> {
    if load_keys(vfs, root).is_ok_and(|found| found.is_some_and(|(id, keys)| id == store_id && keys == *encryption)) {
        return Ok(());
    }
    let body = Body { store_id: format!("{store_id:032x}"), encryption: encryption.clone() };
    let bytes = serde_json::to_vec(&body).map_err(|e| Error::internal(e.to_string()))?;
    replace(vfs, root, NAME, MAGIC, VERSION, &bytes)
}
