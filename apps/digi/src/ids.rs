//! The ids that browsers see: encrypted, the same for both sides, and one of a kind.
//!
//! An id is the base64 of a Fernet token, whose text is `c:17` for a conversation and `m:17` for a
//! message. Fernet would make another token each time; here the time is that of the row and the
//! initialisation vector is made of the text, so that the same thing has the same id in every frame,
//! page and answer until the key changes. Any Fernet library still reads it.

mod keys;
mod token;

#[cfg(test)]
mod tests;

pub use keys::{KEYS_MAX, KeysError, keygen};

use keys::Key;
use std::sync::Arc;
use token::{TEXT_BYTES_MAX, Token};

/// What an id may be of. One is never taken for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A conversation of two.
    Conversation,
    /// A message in one.
    ChatMessage,
}

/// The keys of ids: the first encrypts, and all decrypt. A clone is the same; `Debug` shows no key.
#[derive(Clone, Debug)]
pub struct Ids(Arc<[Key]>);

/// The number that no row has. What is no id of ours is looked up under it, so that it is not found
/// as, and only as fast as, what belongs to others.
pub const NOTHING: i64 = 0;

/// The largest number of a row that leaves the text of an id in one block.
pub const NUMBER_MAX: i64 = 9_999_999_999_999;

impl Ids {
    /// Reads keys as `CHAT_FERNET_KEYS` has them: 32 bytes in base64url each, with commas between.
    ///
    /// # Errors
    ///
    /// [`KeysError`] says what to do.
    pub fn of_keys(text: &str) -> Result<Ids, KeysError> {
        Ok(Ids(keys::read(text)?.into()))
    }

    /// Returns the id of a row that was made at this second since 1970.
    ///
    /// # Panics
    ///
    /// If the number is none of a row: not from 1 to [`NUMBER_MAX`].
    pub fn encrypt(&self, kind: Kind, number: i64, created_s: i64) -> String {
        assert!((1..=NUMBER_MAX).contains(&number), "rows are numbered from 1, and not so many");
        let text = format!("{}:{number}", kind.letter());
        let created_s = u64::try_from(created_s).unwrap_or_default();
        Token::encrypted(&self.0[0], text.as_bytes(), created_s).spelled()
    }

    /// Returns the number in an id; [`NOTHING`] if it is not one of this kind.
    ///
    /// Whatever is wrong with it, each key looks at it: also at what has not even the shape of a
    /// token. Only what one of them has signed is decrypted.
    pub fn decrypt(&self, kind: Kind, id: &str) -> i64 {
        let token = Token::read(id).unwrap_or_default();
        let mut number = NOTHING;
        for key in self.0.iter() {
            if let Some(text) = token.decrypted(key) {
                number = kind.number(&text).unwrap_or(NOTHING);
            }
        }
        number
    }
}

impl Kind {
    fn letter(self) -> char {
        match self {
            Kind::Conversation => 'c',
            Kind::ChatMessage => 'm',
        }
    }

    /// Reads what [`Ids::encrypt`] has written, and nothing that only means the same.
    fn number(self, text: &[u8]) -> Option<i64> {
        debug_assert!(text.len() <= TEXT_BYTES_MAX);
        let text = str::from_utf8(text).ok()?;
        let digits = text.strip_prefix(self.letter())?.strip_prefix(':')?;
        let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
        let number = digits.parse().ok().filter(|_| is_plain)?;
        (number <= NUMBER_MAX).then_some(number)
    }
}
