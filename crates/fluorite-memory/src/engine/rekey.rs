//! Another key for an encrypted store.
//!
//! First the manifest: a new data key, and it and the older ones wrapped by the new key. From that moment the new key opens the
//! store and the old one does not, whatever happens. Then compaction writes every segment anew, and the files that are sealed
//! whole and the feedback follow. Last the older data keys leave the manifest, once nothing needs them. A kill in between leaves
//! a store with several data keys: the next open, `optimize` or rotation goes on.

use std::collections::HashMap;
use std::sync::Arc;

use super::commit::Writer;
use super::queue::{Op, Settle};
use super::shared::Shared;
use crate::cancel::CancelToken;
use crate::crypt::{EncryptionKey, save_keys};
use crate::error::{Error, Result};
use crate::log::Segment;
use crate::mutants::mutant;
use crate::options::ProgressFn;
use crate::report::OptimizeReport;

/// Of an encrypted store that is open.
#[derive(Debug, Default)]
pub struct Rekeying {
    /// Something may be sealed with an older data key.
    pub pending: bool,
    /// The background has gone on with it once.
    pub resumed: bool,
    /// Copies of the store being made: each holds the manifest it began with.
    pub copies: usize,
}

/// Held while a copy of the store is made: its keys stay those it began with.
pub struct Copying(Arc<Shared>);

impl Drop for Copying {
    fn drop(&mut self) {
        self.0.rekeying.lock().copies -= 1;
    }
}

impl Shared {
    /// Changes the key, and writes everything anew.
    pub fn rotate_key(
        self: &Arc<Self>,
        key: EncryptionKey,
        cancel: CancelToken,
        progress: Option<ProgressFn>,
        settle: Settle<OptimizeReport>,
    ) {
        let shared = Arc::clone(self);
        let change = move |_: &Shared, w: &mut Writer| match cancel.check().and_then(|()| shared.change_key(w, key)) {
            Err(e) => settle(Err(e)),
            Ok(()) => shared.compact(true, cancel, progress, settle),
        };
        self.submit(self.queue.place(), Op::Exclusive(Box::new(change)));
    }

    fn change_key(&self, w: &mut Writer, key: EncryptionKey) -> Result<()> {
        self.check_poison()?;
        let plain = || Error::NotEncrypted { path: self.config.path.clone() };
        let (cipher, encryption) = self.vfs.cipher().zip(w.manifest.encryption.as_ref()).ok_or_else(plain)?;
        let mut rekeying = self.rekeying.lock();
        if rekeying.copies > 0 {
            return Err(Error::CopyUnderWay);
        }
        let (encryption, opened) = encryption.rotated(&cipher, &key, self.store_id)?;
        let mut next = w.manifest.clone();
        next.encryption = Some(encryption.clone());
        if mutant!("new_key_used_before_it_is_kept") {
            cipher.adopt(&opened);
        }
        next.save(&*self.vfs, &self.config.path)?;
        w.manifest = next;
        cipher.adopt(&opened);
        *self.key.write() = Some(key);
        rekeying.pending = true;
        drop(rekeying);
        save_keys(&*self.vfs, &self.config.path, self.store_id, &encryption)
    }

    /// Whether records of a segment are sealed with an older key.
    pub fn is_sealed_before(&self, segment: &Segment) -> bool {
        let current = self.vfs.cipher().map(|c| c.generation());
        segment.oldest_generation().is_some_and(|g| Some(g) != current)
    }

    /// No segment with an older key is left, but for these: the other files follow, then the older keys go. Writes wait.
    pub fn finish_rekey(&self, w: &mut Writer, damaged: &HashMap<u32, Error>) -> Result<()> {
        let (Some(cipher), Some(encryption)) = (self.vfs.cipher(), w.manifest.encryption.as_ref()) else { return Ok(()) };
        if !encryption.is_rotating() {
            self.rekeying.lock().pending = false;
            return Ok(());
        }
        let segments: Vec<Segment> = self.state.read().segments.values().cloned().collect();
        if let Some(old) = segments.iter().find(|s| self.is_sealed_before(s)) {
            let other = || Error::internal(format!("{:?} still has records of an older key", old.path()));
            return Err(damaged.get(&old.number()).cloned().unwrap_or_else(other));
        }
        {
            let mut events = self.feedback.events.lock();
            if let Some(file) = self.open_events(&mut events)? {
                file.reseal(&*self.vfs, &self.feedback_dir())?;
            }
        }
        let _alone = cipher.alone();
        if !mutant!("derived_files_keep_the_old_key") {
            for dir in [self.dict_dir(), self.index_dir(), self.feedback_dir()] {
                match self.vfs.reseal(&dir) {
                    Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(Error::io("cannot seal anew", &dir, &e)),
                    _ => {}
                }
            }
        }
        let mut next = w.manifest.clone();
        let newest = encryption.newest();
        next.encryption = Some(newest.clone());
        next.save(&*self.vfs, &self.config.path)?;
        w.manifest = next;
        self.rekeying.lock().pending = false;
        save_keys(&*self.vfs, &self.config.path, self.store_id, &newest)
    }

    /// Whether the background is to go on with what was interrupted: once, then `optimize` does.
    pub fn take_rekeying(&self, asked: bool) -> bool {
        let mut rekeying = self.rekeying.lock();
        let go = rekeying.pending && (asked || !rekeying.resumed);
        rekeying.resumed |= go;
        go
    }

    /// Whether there is something for [`take_rekeying`](Self::take_rekeying).
    pub fn is_rekeying_due(&self) -> bool {
        let rekeying = self.rekeying.lock();
        rekeying.pending && !rekeying.resumed
    }

    /// A copy begins.
    pub fn begin_copy(self: &Arc<Self>) -> Copying {
        self.rekeying.lock().copies += 1;
        Copying(Arc::clone(self))
    }

    /// Of a reading one: the keys of the manifest, should the writer have changed them.
    pub fn follow_keys(&self, manifest: &crate::log::Manifest) -> Result<()> {
        let (Some(cipher), Some(encryption)) = (self.vfs.cipher(), manifest.encryption.as_ref()) else { return Ok(()) };
        let key = self.key.read().clone().ok_or_else(|| Error::KeyRequired { path: self.config.path.clone() })?;
        let opened = encryption.open(&key, self.store_id)?.ok_or_else(|| Error::KeyWrong { path: self.config.path.clone() })?;
        cipher.adopt(&opened);
        Ok(())
    }

    /// Whether a bridge with this configuration may share this engine: the key is compared with the one the store has now.
    pub fn is_opened_by(&self, config: &super::EngineConfig) -> bool {
        let asked = super::EngineConfig { encryption_key: self.config.encryption_key.clone(), ..config.clone() };
        self.config == asked && *self.key.read() == config.encryption_key
    }

    /// Whether a rotation has not come to its end.
    pub fn is_rekeying(&self) -> bool {
        self.rekeying.lock().pending
    }
}

impl Rekeying {
    /// As a manifest says.
    pub fn of(encryption: Option<&crate::crypt::Encryption>) -> Self {
        Self { pending: encryption.is_some_and(crate::crypt::Encryption::is_rotating), ..Self::default() }
    }
}
