//! One login on its way: begun in a browser, and ended in the same one.
//!
//! The browser keeps a secret in a cookie that no script reads. State, nonce and the verifier of PKCE are
//! derived from it, so nothing is stored here, and any process can end what another one has begun. Of
//! those the provider and the URLs see state, nonce and the hash of the verifier, from which the secret
//! cannot be found.

use std::time::Duration;

use http::HeaderMap;
use openidconnect::{Nonce, PkceCodeVerifier};

use crate::cookies::{ATTEMPT, cookie};
use crate::secret::Secret;
use crate::{Settings, local_path};

/// One login on its way.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    secret: Secret,
    next: String,
}

/// What a response does about the cookie, written by `surface`.
#[derive(Clone, Debug)]
pub(crate) enum AttemptChange {
    Begun(Attempt),
    Ended,
}

/// So long somebody may take at the provider.
pub(crate) const ATTEMPT_FOR: Duration = Duration::from_mins(10);

/// A longer path is forgotten: a cookie must fit into a header.
const NEXT_BYTES_MAX: usize = 1_000;

impl Attempt {
    pub(crate) fn new(next: &str) -> Attempt {
        let next = local_path(next).filter(|next| next.len() <= NEXT_BYTES_MAX).unwrap_or("/");
        Attempt { secret: Secret::random::<32>(), next: next.to_owned() }
    }

    /// Returns the one that a browser has begun.
    pub(crate) fn of(settings: &Settings, headers: &HeaderMap) -> Option<Attempt> {
        let (secret, next) = cookie(settings, headers, ATTEMPT)?.split_once('.')?;
        let next = percent_encoding::percent_decode_str(next).decode_utf8().ok()?;
        Some(Attempt {
            secret: Secret::read::<32>(secret)?,
            next: local_path(&next).unwrap_or("/").to_owned(),
        })
    }

    /// Returns what the cookie holds.
    pub(crate) fn write(&self) -> String {
        let next = percent_encoding::percent_encode(
            self.next.as_bytes(),
            percent_encoding::NON_ALPHANUMERIC,
        );
        format!("{}.{next}", self.secret.reveal())
    }

    /// Returns where to go afterwards, a local path.
    pub(crate) fn next(&self) -> &str {
        &self.next
    }

    /// Returns that by which the way back is known as this attempt's.
    pub(crate) fn state(&self) -> Secret {
        self.secret.derive("state")
    }

    /// Returns what the provider writes into the claims, so that they are this attempt's.
    pub(super) fn nonce(&self) -> Nonce {
        Nonce::new(self.secret.derive("nonce").reveal().to_owned())
    }

    /// Returns what the provider is shown together with the code: who sees the code alone cannot use it.
    pub(super) fn verifier(&self) -> PkceCodeVerifier {
        PkceCodeVerifier::new(self.secret.derive("verifier").reveal().to_owned())
    }
}
