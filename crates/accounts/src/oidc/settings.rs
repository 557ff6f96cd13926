//! Which provider, and what its word means here.

use std::fmt;
use std::time::Duration;

use http::Uri;

use super::ProviderGroups;

/// A provider of OpenID Connect, by which people log in instead of by passwords.
#[derive(Clone)]
pub struct OidcSettings {
    /// The provider, as it calls itself: `https://login.example/realms/site`.
    pub issuer: String,
    /// By what name the provider knows this application.
    pub client_id: String,
    /// What proves that to the provider; none for a client that has no secret. `Debug` does not show
    /// it.
    pub client_secret: Option<String>,
    /// Where browsers find this application: `https://scram.example`. The provider leads them back to
    /// `/oidc/callback/` below it.
    pub public_url: String,
    /// What is asked for besides `openid`: `profile` and `email`.
    pub scopes: Vec<String>,
    /// Which claim is the name of a user.
    pub username: UsernameClaim,
    /// What the provider's groups mean here.
    pub groups: ProviderGroups,
    /// How long the provider may take for each answer: 10 s.
    pub answer_within: Duration,
    /// The longest answer of the provider in bytes: 256 KiB.
    pub answer_bytes_max: usize,
    /// The most logins for which the provider is asked at once; more are answered 503: 16.
    pub logins_at_once_max: usize,
    /// How long what the provider says about itself is believed, with its keys: an hour.
    pub keys_for: Duration,
    /// How soon after that it is asked again because of a key that is not known, or because it failed:
    /// 10 s.
    pub keys_again_after: Duration,
}

/// Which claim is the name of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UsernameClaim {
    /// The name that somebody has at the provider.
    PreferredUsername,
    /// The address, if the provider says that it has verified it.
    Email,
}

impl OidcSettings {
    /// Returns the defaults for a client without a secret, in which the provider's groups mean nothing.
    pub fn new(issuer: &str, client_id: &str, public_url: &str) -> OidcSettings {
        OidcSettings {
            issuer: issuer.to_owned(),
            client_id: client_id.to_owned(),
            client_secret: None,
            public_url: public_url.to_owned(),
            scopes: vec!["profile".to_owned(), "email".to_owned()],
            username: UsernameClaim::PreferredUsername,
            groups: ProviderGroups::default(),
            answer_within: Duration::from_secs(10),
            answer_bytes_max: 256 << 10,
            logins_at_once_max: 16,
            keys_for: Duration::from_hours(1),
            keys_again_after: Duration::from_secs(10),
        }
    }

    pub(super) fn callback_url(&self) -> String {
        format!("{}/oidc/callback/", self.public_url.trim_end_matches('/'))
    }
}

impl fmt::Debug for OidcSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let OidcSettings { issuer, client_id, public_url, .. } = self;
        f.debug_struct("OidcSettings")
            .field("issuer", issuer)
            .field("client_id", client_id)
            .field("public_url", public_url)
            .finish_non_exhaustive()
    }
}

/// Returns whether nobody on the way can read or change what is sent to a URL: it is `https`, or leads
/// to this machine.
///
/// ```
/// use campanile_accounts::is_protected_url;
///
/// assert!(is_protected_url("https://login.example/realms/site"));
/// assert!(is_protected_url("http://127.0.0.1:8080"));
/// assert!(!is_protected_url("http://login.example"));
/// ```
pub fn is_protected_url(url: &str) -> bool {
    let Ok(uri) = url.parse::<Uri>() else { return false };
    match uri.scheme_str() {
        Some("https") => uri.host().is_some_and(|host| !host.is_empty()),
        Some("http") => matches!(uri.host(), Some("127.0.0.1" | "[::1]" | "localhost")),
        _ => false,
    }
}
