//! Fernet tokens: AES-128-CBC and HMAC-SHA256, with the time in them.

use super::Undecodable;
use aes::Aes128;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockDecryptMut, BlockEncryptMut, KeyIvInit};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const VERSION: u8 = 0x80;
/// How far a token's clock may be ahead, in seconds.
const AHEAD_MAX_S: u64 = 60;

/// The keys: the first closes, any opens.
pub(super) struct Fernet {
    keys: Vec<Key>,
}

/// The two halves of a secret's hash.
struct Key {
    signing: [u8; 16],
    encryption: [u8; 16],
}

impl Fernet {
    /// Takes the secrets; none makes no Fernet.
    pub(super) fn new(secrets: &[String]) -> Option<Fernet> {
        let keys: Vec<Key> = secrets.iter().map(|secret| Key::of(secret)).collect();
        (!keys.is_empty()).then_some(Fernet { keys })
    }

    /// Closes a body.
    pub(super) fn close(&self, body: &[u8], now: SystemTime) -> String {
        let mut iv = [0; 16];
        getrandom::fill(&mut iv).expect("the system has random bytes");
        self.close_with(body, seconds(now), iv)
    }

    /// Closes it with an initialisation vector that must be used but once.
    pub(super) fn close_with(&self, body: &[u8], time: u64, iv: [u8; 16]) -> String {
        let key = &self.keys[0];
        let closer = cbc::Encryptor::<Aes128>::new(&key.encryption.into(), &iv.into());
        let mut token = vec![VERSION];
        token.extend_from_slice(&time.to_be_bytes());
        token.extend_from_slice(&iv);
        token.extend_from_slice(&closer.encrypt_padded_vec_mut::<Pkcs7>(body));
        let signature = key.sign(&token).finalize().into_bytes();
        token.extend_from_slice(&signature);
        URL_SAFE.encode(token)
    }

    /// Opens a token that is at most so old; of any age, if none.
    pub(super) fn open(
        &self,
        token: &[u8],
        age_max: Option<Duration>,
        now: SystemTime,
    ) -> Result<Vec<u8>, Undecodable> {
        const NO_TOKEN: Undecodable = Undecodable("it is not encrypted, as this layer has it");
        let token = URL_SAFE.decode(token).map_err(|_| NO_TOKEN)?;
        let (signed, signature) = token.split_last_chunk::<32>().ok_or(NO_TOKEN)?;
        let ([VERSION], rest) = signed.split_first_chunk().ok_or(NO_TOKEN)? else {
            return Err(NO_TOKEN);
        };
        let (time, rest) = rest.split_first_chunk().ok_or(NO_TOKEN)?;
        let (iv, closed) = rest.split_first_chunk::<16>().ok_or(NO_TOKEN)?;
        let (time, now) = (u64::from_be_bytes(*time), seconds(now));
        if let Some(age_max) = age_max {
            if time.saturating_add(age_max.as_secs()) < now {
                return Err(Undecodable("it was encrypted too long ago"));
            }
            if now.saturating_add(AHEAD_MAX_S) < time {
                return Err(Undecodable("it was encrypted in the future: the clocks differ"));
            }
        }
        let signer = |key: &&Key| key.sign(signed).verify_slice(signature).is_ok();
        let key = self.keys.iter().find(signer);
        let key = key.ok_or(Undecodable("no key of symmetric_encryption_keys opens it"))?;
        let opener = cbc::Decryptor::<Aes128>::new(&key.encryption.into(), iv.into());
        opener.decrypt_padded_vec_mut::<Pkcs7>(closed).map_err(|_| NO_TOKEN)
    }
}

impl Key {
    fn of(secret: &str) -> Key {
        let hash: [u8; 32] = Sha256::digest(secret.as_bytes()).into();
        let (signing, encryption) = hash.split_at(16);
        let half = |half: &[u8]| half.try_into().expect("half of 32 bytes are 16");
        Key { signing: half(signing), encryption: half(encryption) }
    }

    fn sign(&self, signed: &[u8]) -> Hmac<Sha256> {
        let mut signer =
            Hmac::<Sha256>::new_from_slice(&self.signing).expect("it takes any length");
        signer.update(signed);
        signer
    }
}

impl fmt::Debug for Fernet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fernet({} keys)", self.keys.len())
    }
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
