//! Encryption at rest.
//!
//! Owns: the user's key (`key`), the store's data keys and what seals with them (`cipher`), how they are kept in the manifest
//! (`slots`) and beside it (`keys_file`), and the files that are sealed whole (`vault`). Must not know: what the bytes mean. In: bytes and what they
//! belong to. Out: sealed bytes, or nothing when a bit of them, or their place, is not what it was.
//!
//! XChaCha20-Poly1305 with random 192-bit nonces: no counter has to survive a crash, a restored copy or a second process, and
//! it takes the same time on machines without AES instructions.

mod cipher;
mod key;
mod keys_file;
mod slots;
mod vault;

pub use cipher::{Cipher, OVERHEAD};
pub use key::EncryptionKey;
pub use keys_file::{load_keys, save_keys};
pub use slots::{Encryption, KeySlot};
pub use vault::{Files, Vault};
