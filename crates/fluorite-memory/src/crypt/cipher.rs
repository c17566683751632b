//! Sealing with the store's data keys.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use chacha20poly1305::aead::AeadInPlace;
use chacha20poly1305::{KeyInit, Tag, XChaCha20Poly1305, XNonce};
use parking_lot::{RwLock, RwLockReadGuard, RwLockWriteGuard};
use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::mutants::mutant;

const GENERATION: usize = 4;
const NONCE: usize = 24;
const TAG: usize = 16;
/// Bytes that sealing adds.
pub const OVERHEAD: usize = GENERATION + NONCE + TAG;

struct DataKey {
    generation: u32,
    /// To wrap it anew.
    secret: Zeroizing<[u8; 32]>,
    cipher: XChaCha20Poly1305,
}

/// The data keys of an open store, by generation. Shared by all threads.
pub struct Cipher {
    store_id: u128,
    keys: RwLock<Vec<DataKey>>,
    current: AtomicU32,
    /// Held by those who seal and write a file, and alone by who looks which files an older key has sealed.
    writing: RwLock<()>,
    /// Random, and counted up: nonces for the day the system has no random bytes.
    spare: [u8; 16],
    used: AtomicU64,
}

impl std::fmt::Debug for Cipher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cipher(secret)")
    }
}

/// Random bytes of the operating system.
pub(super) fn random<const N: usize>() -> Result<[u8; N]> {
    let mut out = [0; N];
    getrandom::fill(&mut out).map_err(|e| Error::internal(format!("the system has no random bytes: {e}")))?;
    Ok(out)
}

impl Cipher {
    /// No key yet.
    pub(super) fn new(store_id: u128) -> Result<Self> {
        let (keys, used, writing) = Default::default();
        Ok(Self { store_id, keys, current: AtomicU32::new(0), writing, spare: random()?, used })
    }

    fn nonce(&self) -> [u8; NONCE] {
        if mutant!("nonce_reused") {
            return [7; NONCE];
        }
        random().unwrap_or_else(|_| {
            let mut nonce = [0; NONCE];
            nonce[..16].copy_from_slice(&self.spare);
            nonce[16..].copy_from_slice(&self.used.fetch_add(1, Ordering::Relaxed).to_le_bytes());
            nonce
        })
    }

    /// Makes a data key known and seals with it from now on.
    pub(super) fn add(&self, generation: u32, key: &[u8; 32]) {
        let data = DataKey { generation, secret: Zeroizing::new(*key), cipher: XChaCha20Poly1305::new(key.into()) };
        self.keys.write().push(data);
        self.current.store(generation, Ordering::Release);
    }

    /// Takes over the keys it lacks, and seals with the newest of them.
    pub fn adopt(&self, other: &Self) {
        for (generation, key) in other.secrets() {
            if self.keys.read().iter().all(|k| k.generation != generation) {
                self.add(generation, &key);
            }
        }
    }

    /// Every data key.
    pub(super) fn secrets(&self) -> Vec<(u32, Zeroizing<[u8; 32]>)> {
        self.keys.read().iter().map(|k| (k.generation, k.secret.clone())).collect()
    }

    /// The key that seals.
    pub fn generation(&self) -> u32 {
        self.current.load(Ordering::Acquire)
    }

    /// The key that sealed these bytes, as they say.
    pub fn generation_of(sealed: &[u8]) -> Option<u32> {
        sealed.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
    }

    /// While a file is sealed and written.
    pub(super) fn writing(&self) -> RwLockReadGuard<'_, ()> {
        self.writing.read()
    }

    /// No file is sealed meanwhile.
    pub fn alone(&self) -> RwLockWriteGuard<'_, ()> {
        self.writing.write()
    }

    /// What sealed bytes belong to.
    fn place(&self, place: &[&[u8]]) -> Vec<u8> {
        let mut out = self.store_id.to_le_bytes().to_vec();
        for part in place.iter().filter(|_| !mutant!("place_not_sealed")) {
            out.extend_from_slice(&(part.len() as u32).to_le_bytes()); // so that parts cannot be shifted into each other
            out.extend_from_slice(part);
        }
        out
    }

    /// Seals what lies in `out` from `from` on, in place: generation, nonce, ciphertext, tag. `place`: what it belongs to.
    pub fn seal(&self, place: &[&[u8]], out: &mut Vec<u8>, from: usize) {
        let nonce = self.nonce();
        let length = out.len() - from;
        let body = from + GENERATION + NONCE;
        out.resize(out.len() + OVERHEAD, 0);
        out.copy_within(from..from + length, body);
        let keys = self.keys.read();
        let current = self.current.load(Ordering::Acquire);
        let key = keys.iter().find(|k| k.generation == current).map(|k| &k.cipher);
        out[from..from + GENERATION].copy_from_slice(&current.to_le_bytes());
        out[from + GENERATION..body].copy_from_slice(&nonce);
        let place = self.place(place);
        let sealed =
            key.and_then(|k| k.encrypt_in_place_detached(XNonce::from_slice(&nonce), &place, &mut out[body..body + length]).ok());
        match sealed {
            Some(tag) => out[body + length..].copy_from_slice(&tag),
            None => {
                // more than 256 GiB, or no key: neither comes about, and nothing readable stays if it does
                debug_assert!(false, "sealing failed");
                out[from..].fill(0);
            }
        }
    }

    /// Opens sealed bytes into `out`, which is emptied first. False: they, or their place, are not what was sealed.
    #[must_use]
    pub fn open(&self, place: &[&[u8]], sealed: &[u8], out: &mut Vec<u8>) -> bool {
        out.clear();
        let opened = (|| {
            let (generation, rest) = sealed.split_first_chunk::<GENERATION>()?;
            let (nonce, rest) = rest.split_first_chunk::<NONCE>()?;
            let (body, tag) = rest.split_last_chunk::<TAG>()?;
            let generation = u32::from_le_bytes(*generation);
            let keys = self.keys.read();
            let key = &keys.iter().find(|k| k.generation == generation)?.cipher;
            out.extend_from_slice(body);
            let place = self.place(place);
            key.decrypt_in_place_detached(XNonce::from_slice(nonce), &place, out, Tag::from_slice(tag)).ok()
        })();
        if opened.is_none() {
            out.clear();
        }
        opened.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_bytes_in_the_same_place_open() {
        let cipher = Cipher::new(7).unwrap();
        cipher.add(1, &[9; 32]);
        let mut out = b"head".to_vec();
        out.extend_from_slice(b"the text");
        cipher.seal(&[b"a", b"bc"], &mut out, 4);
        assert_eq!((&out[..4], out.len()), (&b"head"[..], 4 + 8 + OVERHEAD));
        assert!(!out.windows(4).any(|w| w == b"text"));
        let mut text = Vec::new();
        assert!(cipher.open(&[b"a", b"bc"], &out[4..], &mut text));
        assert_eq!(text, b"the text");
        assert!(!cipher.open(&[b"ab", b"c"], &out[4..], &mut text) && text.is_empty());
        for bit in 0..(out.len() - 4) * 8 {
            let mut bad = out[4..].to_vec();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(!cipher.open(&[b"a", b"bc"], &bad, &mut text), "bit {bit}");
        }
        for cut in 0..out.len() - 4 {
            assert!(!cipher.open(&[b"a", b"bc"], &out[4..4 + cut], &mut text));
        }
        let other = Cipher::new(8).unwrap();
        other.add(1, &[9; 32]);
        assert!(!other.open(&[b"a", b"bc"], &out[4..], &mut text), "of another store");
        cipher.add(2, &[8; 32]);
        assert!(cipher.open(&[b"a", b"bc"], &out[4..], &mut text), "the older key still opens");
    }
}
