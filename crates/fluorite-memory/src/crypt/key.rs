//! The key a user gives.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use serde::Deserialize;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::error::{Error, Result};

/// 32 secret bytes. Never printed, wiped when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct EncryptionKey([u8; 32]);

impl EncryptionKey {
    /// These bytes; `INVALID_CONFIG` unless there are 32.
    pub fn new(bytes: &[u8]) -> Result<Self> {
        let key = bytes.try_into().map_err(|_| refused(&format!("it has {} bytes", bytes.len())))?;
        Ok(Self(key))
    }

    /// 64 hexadecimal digits, or base64 (either alphabet, padding optional) of 32 bytes.
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        let mut bytes = match hex(text) {
            Some(bytes) => bytes,
            None => {
                let engines = [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD];
                let decoded = engines.iter().find_map(|e| e.decode(text).ok());
                decoded.ok_or_else(|| refused("it is neither hexadecimal nor base64"))?
            }
        };
        let key = Self::new(&bytes);
        bytes.zeroize();
        key
    }

    /// The key in `FLUORITE_ENCRYPTION_KEY`, if there is one. `env` looks a variable up. An empty one is a secret that did not
    /// arrive: a store made without it would be plain.
    pub fn from_environment(env: &dyn Fn(&str) -> Option<String>) -> Result<Option<Self>> {
        let Some(text) = env("FLUORITE_ENCRYPTION_KEY").map(Zeroizing::new) else { return Ok(None) };
        if text.trim().is_empty() {
            return Err(Error::config(
                "FLUORITE_ENCRYPTION_KEY is set and empty: set it to the key, or unset it for a plain store",
            ));
        }
        Self::parse(&text).map(Some)
    }

    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Without the value: errors are logged.
fn refused(what: &str) -> Error {
    Error::config(format!(
        "an encryption key is 32 random bytes, given as a Uint8Array, 64 hexadecimal digits or base64 (openssl rand -hex 32): {what}"
    ))
}

fn hex(text: &str) -> Option<Vec<u8>> {
    if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    (0..64).step_by(2).map(|i| u8::from_str_radix(text.get(i..i + 2)?, 16).ok()).collect()
}

impl PartialEq for EncryptionKey {
    /// Takes the same time wherever they differ.
    fn eq(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
    }
}

impl std::fmt::Debug for EncryptionKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EncryptionKey(secret)")
    }
}

impl<'de> Deserialize<'de> for EncryptionKey {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> std::result::Result<Self, D::Error> {
        struct Form;
        impl serde::de::Visitor<'_> for Form {
            type Value = EncryptionKey;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("32 bytes as a Uint8Array, hexadecimal or base64")
            }
            fn visit_str<E: serde::de::Error>(self, v: &str) -> std::result::Result<EncryptionKey, E> {
                EncryptionKey::parse(v).map_err(E::custom)
            }
            fn visit_bytes<E: serde::de::Error>(self, v: &[u8]) -> std::result::Result<EncryptionKey, E> {
                EncryptionKey::new(v).map_err(E::custom)
            }
        }
        d.deserialize_any(Form)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_of_a_key_are_one_and_none_is_printed() {
        let bytes: Vec<u8> = (0..32).map(|i| i * 7 + 3).collect();
        let key = EncryptionKey::new(&bytes).unwrap();
        let hex: String = bytes.iter().map(|b| format!("{b:02X}")).collect();
        for text in [hex.clone(), STANDARD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes), format!(" {hex}\n")] {
            assert_eq!(EncryptionKey::parse(&text).unwrap(), key);
        }
        assert_ne!(EncryptionKey::new(&[0; 32]).unwrap(), key);
        assert!(!format!("{key:?}").contains('3'));
        for bad in ["", "secret-secret", &hex[1..], &STANDARD.encode(&bytes[1..])] {
            let e = EncryptionKey::parse(bad).unwrap_err();
            assert_eq!(e.code(), "INVALID_CONFIG");
            assert!(bad.is_empty() || !e.to_string().contains(bad));
        }
        assert_eq!(EncryptionKey::from_environment(&|_| None).unwrap(), None);
        assert_eq!(EncryptionKey::from_environment(&|_| Some(hex.clone())).unwrap(), Some(key));
        assert_eq!(EncryptionKey::from_environment(&|_| Some(" ".into())).unwrap_err().code(), "INVALID_CONFIG");
    }
}
