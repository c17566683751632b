//! One engine per store and process: bridges and worker threads that open the same folder share it; those that only read it
//! share another, which may be open beside the writing one.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use parking_lot::{Condvar, Mutex};

use super::EngineConfig;
use super::shared::Shared;
use crate::error::{Error, Result};

struct Entry {
    /// `None` while it is being opened or closed.
    shared: Option<Arc<Shared>>,
    openings: usize,
}

/// The folder, and whether it is only read.
type Key = (PathBuf, bool);

fn key(config: &EngineConfig) -> Key {
    (config.path.clone(), config.read_only)
}

#[derive(Default)]
struct Registry {
    stores: Mutex<HashMap<Key, Entry>>,
    changed: Condvar,
}

static REGISTRY: LazyLock<Registry> = LazyLock::new(Registry::default);

/// The path under which a store is known: absolute, links resolved as far as it exists.
pub fn canonical(path: &Path) -> Result<PathBuf> {
    let absolute = std::path::absolute(path).map_err(|e| Error::io("cannot resolve", path, &e))?;
    let mut missing = Vec::new();
    let mut known = absolute.as_path();
    loop {
        if let Ok(found) = known.canonicalize() {
            return Ok(missing.iter().rev().fold(found, |p, name| p.join(name)));
        }
        match (known.parent(), known.file_name()) {
            (Some(parent), Some(name)) => {
                missing.push(name.to_owned());
                known = parent;
            }
            _ => return Ok(absolute),
        }
    }
}

/// The engine of `config.path`: the one that is open, or what `open` makes.
pub fn join(config: &EngineConfig, open: impl FnOnce() -> Result<Arc<Shared>>) -> Result<Arc<Shared>> {
    let mut stores = REGISTRY.stores.lock();
    loop {
        match stores.get_mut(&key(config)) {
            Some(Entry { shared: Some(shared), openings }) => {
                if !shared.is_opened_by(config) {
                    return Err(Error::config(format!(
                        "{:?} is open in this process with other settings: use the same, or shut the other bridge down first",
                        config.path
                    )));
                }
                *openings += 1;
                return Ok(Arc::clone(shared));
            }
            Some(_) => REGISTRY.changed.wait(&mut stores),
            None => break,
        }
    }
    stores.insert(key(config), Entry { shared: None, openings: 1 });
    drop(stores);
    let opened = open();
    let mut stores = REGISTRY.stores.lock();
    match &opened {
        Ok(shared) => {
            stores.insert(key(config), Entry { shared: Some(Arc::clone(shared)), openings: 1 });
        }
        Err(_) => {
            stores.remove(&key(config));
        }
    }
    REGISTRY.changed.notify_all();
    opened
}

/// One opening ends. True for the last one: the caller closes the store, then calls `left`.
pub fn leave(config: &EngineConfig) -> bool {
    let mut stores = REGISTRY.stores.lock();
    let Some(entry) = stores.get_mut(&key(config)) else { return false };
    entry.openings -= 1;
    if entry.openings == 0 {
        entry.shared = None;
    }
    entry.openings == 0
}

/// The store is closed; the path may be opened again.
pub fn left(config: &EngineConfig) {
    REGISTRY.stores.lock().remove(&key(config));
    REGISTRY.changed.notify_all();
}
