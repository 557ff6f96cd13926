//! URLs that may hold a password.

use std::fmt;
use url::Url;

/// A URL as it was written, which is shown without its password.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretUrl(String);

const HIDDEN: &str = "(hidden)";

impl SecretUrl {
    /// Takes any text; whether it is a URL is seen by whoever opens it.
    pub fn new(text: impl Into<String>) -> SecretUrl {
        SecretUrl(text.into())
    }

    /// Returns it with its password, for whoever opens it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// The URL without its password; another text as it is.
impl fmt::Display for SecretUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = &self.0;
        if !text.contains("://") {
            return formatter.write_str(text);
        }
        match Url::parse(text) {
            // One that can be given in the query, too.
            Ok(url) if url.query().is_some_and(|query| query.contains("password")) => {
                formatter.write_str(HIDDEN)
            }
            Ok(mut url) if url.password().is_some() => match url.set_password(Some("hidden")) {
                Ok(()) => url.fmt(formatter),
                Err(()) => formatter.write_str(HIDDEN),
            },
            Ok(_) => formatter.write_str(text),
            Err(_) => formatter.write_str(HIDDEN),
        }
    }
}

impl fmt::Debug for SecretUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?}", self.to_string())
    }
}
