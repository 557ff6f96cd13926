//! The keys of ids, and how they are written.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::fmt;

/// How many keys there may be: each looks at each id.
pub const KEYS_MAX: usize = 16;

/// One key, in its parts.
pub(super) struct Key {
    pub(super) encryption: [u8; 16],
    signer: Hmac<Sha256>,
    /// Makes the initialisation vectors, and nothing else.
    of_vectors: Hmac<Sha256>,
}

/// Why keys cannot be used. It never holds what was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeysError {
    /// There is none.
    Missing,
    /// The key at this place, from 1, is not 32 bytes in base64url.
    Malformed(usize),
    /// There are more than [`KEYS_MAX`].
    TooMany,
}

/// Makes a new key, as Fernet libraries do.
pub fn keygen() -> String {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).expect("the system has random bytes");
    URL_SAFE.encode(bytes)
}

pub(super) fn read(text: &str) -> Result<Vec<Key>, KeysError> {
    if text.trim().is_empty() {
        return Err(KeysError::Missing);
    }
    let keys = text.split(',').zip(1..).map(|(key, place)| {
        let bytes = URL_SAFE.decode(key.trim()).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.map(Key::of).ok_or(KeysError::Malformed(place))
    });
    let keys = keys.collect::<Result<Vec<Key>, KeysError>>()?;
    if keys.len() <= KEYS_MAX { Ok(keys) } else { Err(KeysError::TooMany) }
}

impl Key {
    fn of(bytes: [u8; 32]) -> Key {
        let (signing, encryption) = bytes.split_first_chunk::<16>().expect("32 bytes are over 16");
        let of_vectors = hmac(&bytes).chain_update("digi: initialisation vectors");
        Key {
            encryption: encryption.try_into().expect("half of 32 bytes are 16"),
            signer: hmac(signing),
            of_vectors: hmac(&of_vectors.finalize().into_bytes()),
        }
    }

    /// Begins a signature of these bytes.
    pub(super) fn sign(&self, signed: &[u8]) -> Hmac<Sha256> {
        self.signer.clone().chain_update(signed)
    }

    /// Returns the initialisation vector of a text: always the same.
    pub(super) fn vector(&self, text: &[u8]) -> [u8; 16] {
        let made = self.of_vectors.clone().chain_update(text).finalize().into_bytes();
        *made.first_chunk().expect("32 bytes are over 16")
    }
}

fn hmac(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("it takes any length")
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Key")
    }
}

impl fmt::Display for KeysError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeysError::Missing => formatter.write_str(
                "There is no key for ids. `digi keygen` makes one; keep it, since links end with it.",
            ),
            KeysError::Malformed(place) => write!(
                formatter,
                "Key {place} is not 32 bytes in base64url. `digi keygen` makes one that is."
            ),
            KeysError::TooMany => {
                write!(formatter, "There are over {KEYS_MAX} keys. Leave out the oldest.")
            }
        }
    }
}

impl std::error::Error for KeysError {}
