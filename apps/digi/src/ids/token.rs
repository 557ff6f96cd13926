//! A Fernet token of one block, and its one spelling as an id.

use super::keys::Key;
use aes::Aes128;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockDecryptMut, BlockEncryptMut, KeyIvInit};
use hmac::Mac;

const VERSION: u8 = 0x80;
const BLOCK_BYTES: usize = 16;
const SIGNATURE_BYTES: usize = 32;
/// Where the initialisation vector begins: after the version and the time.
const VECTOR: usize = 1 + 8;
const BLOCK: usize = VECTOR + 16;
const SIGNATURE: usize = BLOCK + BLOCK_BYTES;
const TOKEN_BYTES: usize = SIGNATURE + SIGNATURE_BYTES;
/// Of base64 in base64, each with its padding.
const ID_BYTES: usize = base64_bytes(base64_bytes(TOKEN_BYTES));

/// What one block holds beside a byte of padding.
pub(super) const TEXT_BYTES_MAX: usize = BLOCK_BYTES - 1;

/// A token. The default is one that nobody has signed.
pub(super) struct Token([u8; TOKEN_BYTES]);

impl Token {
    /// Encrypts a text of at most [`TEXT_BYTES_MAX`] bytes: the same text and time to the same token.
    pub(super) fn encrypted(key: &Key, text: &[u8], time: u64) -> Token {
        let vector = key.vector(text);
        let mut block = [0; BLOCK_BYTES];
        block[..text.len()].copy_from_slice(text);
        cbc::Encryptor::<Aes128>::new(&key.encryption.into(), &vector.into())
            .encrypt_padded_mut::<Pkcs7>(&mut block, text.len())
            .expect("a text of an id and its padding fill one block");
        let mut token = [0; TOKEN_BYTES];
        token[0] = VERSION;
        token[1..VECTOR].copy_from_slice(&time.to_be_bytes());
        token[VECTOR..BLOCK].copy_from_slice(&vector);
        token[BLOCK..SIGNATURE].copy_from_slice(&block);
        let signature = key.sign(&token[..SIGNATURE]).finalize().into_bytes();
        token[SIGNATURE..].copy_from_slice(&signature);
        Token(token)
    }

    /// Decrypts it if this key has signed it. The comparison takes the same time for each signature.
    pub(super) fn decrypted(&self, key: &Key) -> Option<Vec<u8>> {
        let (signed, signature) = self.0.split_at(SIGNATURE);
        let is_signed = key.sign(signed).verify_slice(signature).is_ok();
        if !is_signed || signed[0] != VERSION {
            return None;
        }
        let vector: [u8; 16] = signed[VECTOR..BLOCK].try_into().expect("a vector has 16 bytes");
        cbc::Decryptor::<Aes128>::new(&key.encryption.into(), &vector.into())
            .decrypt_padded_vec_mut::<Pkcs7>(&signed[BLOCK..])
            .ok()
    }

    /// Reads an id: none if it is not spelled as [`spelled`](Self::spelled) spells it.
    pub(super) fn read(id: &str) -> Option<Token> {
        // Others are not decoded, however long.
        if id.len() != ID_BYTES {
            return None;
        }
        let token = URL_SAFE.decode(STANDARD.decode(id).ok()?).ok()?;
        let token = Token(token.try_into().ok()?);
        (token.spelled() == id).then_some(token)
    }

    /// Returns the id: the standard base64 of the token's text, which is base64url.
    pub(super) fn spelled(&self) -> String {
        STANDARD.encode(URL_SAFE.encode(self.0))
    }
}

impl Default for Token {
    fn default() -> Token {
        Token([0; TOKEN_BYTES])
    }
}

const fn base64_bytes(bytes: usize) -> usize {
    bytes.div_ceil(3) * 4
}
