//! Random texts that open something, of which the tables keep only the hash.

use std::fmt;
use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// A random text of hexadecimal digits. It is never in a log: `Debug` does not show it.
#[derive(Clone)]
pub(crate) struct Secret(String);

impl Secret {
    /// Makes one of so many random bytes.
    pub(crate) fn random<const BYTES: usize>() -> Secret {
        let mut bytes = [0; BYTES];
        getrandom::fill(&mut bytes).expect("the system has random numbers");
        Secret(hex(&bytes))
    }

    /// Takes what somebody sent for one; none if it cannot be.
    pub(crate) fn read<const BYTES: usize>(text: &str) -> Option<Secret> {
        let is_hex = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        (text.len() == 2 * BYTES && is_hex).then(|| Secret(text.to_owned()))
    }

    /// Derives another one, from which this cannot be found again.
    pub(crate) fn derive(&self, purpose: &str) -> Secret {
        Secret(digest(&format!("{purpose}:{}", self.0)))
    }

    /// Returns what a table keeps in its place.
    pub(crate) fn hash(&self) -> String {
        digest(&self.0)
    }

    /// Returns the text, to be sent to whom it belongs.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    /// Compares it in a time that says nothing about it.
    pub(crate) fn is(&self, text: &str) -> bool {
        self.0.as_bytes().ct_eq(text.as_bytes()).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// Returns the SHA-256 of a text.
pub(crate) fn digest(text: &str) -> String {
    hex(&Sha256::digest(text))
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        write!(text, "{byte:02x}").expect("a string takes everything");
    }
    text
}
