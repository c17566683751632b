//! The data keys as the manifest keeps them: each wrapped by the user's key.

use std::sync::Arc;

use chacha20poly1305::aead::AeadInPlace;
use chacha20poly1305::{KeyInit, Tag, XChaCha20Poly1305, XNonce};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::cipher::random;
use super::{Cipher, EncryptionKey};
use crate::error::{Error, Result};

const ALGORITHM: &str = "xchacha20-poly1305";
const NONCE: usize = 24;
const TAG: usize = 16;

/// A wrapped data key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeySlot {
    /// Its number: 1 for the first.
    pub generation: u32,
    /// Nonce, wrapped key and tag, in hexadecimal.
    pub wrapped: String,
}

/// How a store is encrypted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Encryption {
    /// `xchacha20-poly1305`.
    pub algorithm: String,
    /// The data keys; the last one seals.
    pub keys: Vec<KeySlot>,
}

fn place(store_id: u128, generation: u32) -> Vec<u8> {
    let mut out = b"fluorite data key".to_vec();
    out.extend_from_slice(&store_id.to_le_bytes());
    out.extend_from_slice(&generation.to_le_bytes());
    out
}

fn wrap(key: &EncryptionKey, store_id: u128, generation: u32, data: &[u8; 32]) -> Result<String> {
    let nonce: [u8; NONCE] = random()?;
    let mut body = Zeroizing::new(*data);
    let cipher = XChaCha20Poly1305::new(key.bytes().into());
    let tag = cipher
        .encrypt_in_place_detached(XNonce::from_slice(&nonce), &place(store_id, generation), &mut *body)
        .map_err(|_| Error::internal("a data key cannot be wrapped"))?;
    Ok(nonce.iter().chain(body.iter()).chain(tag.iter()).map(|b| format!("{b:02x}")).collect())
}

/// `None`: the key is another one, or the slot is not what it was. Which of the two, nobody can tell.
fn unwrap(key: &EncryptionKey, store_id: u128, slot: &KeySlot) -> Option<Zeroizing<[u8; 32]>> {
    let digits = slot.wrapped.as_bytes();
    let bytes: Option<Vec<u8>> = digits
        .chunks(2)
        .map(|pair| std::str::from_utf8(pair).ok().filter(|p| p.len() == 2).and_then(|p| u8::from_str_radix(p, 16).ok()))
        .collect();
    let bytes = bytes?;
    let (nonce, rest) = bytes.split_first_chunk::<NONCE>()?;
    let (body, tag) = rest.split_last_chunk::<TAG>()?;
    let mut data = Zeroizing::new(<[u8; 32]>::try_from(body).ok()?);
    let cipher = XChaCha20Poly1305::new(key.bytes().into());
    let place = place(store_id, slot.generation);
    cipher.decrypt_in_place_detached(XNonce::from_slice(nonce), &place, &mut *data, Tag::from_slice(tag)).ok()?;
    Some(data)
}

impl Encryption {
    /// Of a new store: a random data key.
    pub fn create(key: &EncryptionKey, store_id: u128) -> Result<Self> {
        let data = Zeroizing::new(random::<32>()?);
        let slot = KeySlot { generation: 1, wrapped: wrap(key, store_id, 1, &data)? };
        Ok(Self { algorithm: ALGORITHM.into(), keys: vec![slot] })
    }

    /// The same data keys and a new one, which is to seal, all wrapped by another key; and their cipher. The new data key must
    /// be durable before anything is sealed with it.
    pub fn rotated(&self, cipher: &Cipher, key: &EncryptionKey, store_id: u128) -> Result<(Self, Arc<Cipher>)> {
        let mut secrets = cipher.secrets();
        let newest = self.keys.iter().map(|slot| slot.generation).max().unwrap_or(0);
        let generation = newest.checked_add(1).ok_or_else(|| Error::internal("too many data keys"))?;
        secrets.retain(|(generation, _)| self.keys.iter().any(|slot| slot.generation == *generation)); // without those given up
        secrets.push((generation, Zeroizing::new(random::<32>()?)));
        let wrapped = |(generation, data): &(u32, Zeroizing<[u8; 32]>)| {
            Ok(KeySlot { generation: *generation, wrapped: wrap(key, store_id, *generation, data)? })
        };
        let keys = secrets.iter().map(wrapped).collect::<Result<_>>()?;
        let next = Self { algorithm: self.algorithm.clone(), keys };
        let opened = next.open(key, store_id)?.ok_or_else(|| Error::internal("a wrapped key does not open"))?;
        Ok((next, opened))
    }

    /// Whether something may still be sealed with an older key.
    #[must_use]
    pub fn is_rotating(&self) -> bool {
        self.keys.len() > 1
    }

    /// With the data key alone that seals.
    #[must_use]
    pub fn newest(&self) -> Self {
        Self { algorithm: self.algorithm.clone(), keys: self.keys.last().cloned().into_iter().collect() }
    }

    /// The cipher of a store; `None` when the key is not the one it was wrapped with.
    pub fn open(&self, key: &EncryptionKey, store_id: u128) -> Result<Option<Arc<Cipher>>> {
        if self.algorithm != ALGORITHM {
            // either has the keys: which was read, the caller knows
            return Err(Error::Corrupt {
                path: "MANIFEST or KEYS".into(),
                offset: 20,
                what: format!("the store is encrypted with {:?}, which this build does not know", self.algorithm),
            });
        }
        let cipher = Cipher::new(store_id)?;
        for slot in &self.keys {
            let Some(data) = unwrap(key, store_id, slot) else { return Ok(None) };
            cipher.add(slot.generation, &data);
        }
        Ok((!self.keys.is_empty()).then(|| Arc::new(cipher)))
    }
}
