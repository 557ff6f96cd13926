//! The cookies: of the session, of the anti-forgery token, of messages for the next page, and of a login
//! on its way.

use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue};

use crate::oidc::{ATTEMPT_FOR, AttemptChange};
use crate::secret::Secret;
use crate::{Client, Settings};

pub(crate) const SESSION: &str = "sessionid";
pub(crate) const CSRF: &str = "csrftoken";
pub(crate) const MESSAGES: &str = "messages";
pub(crate) const ATTEMPT: &str = "oidclogin";

/// What a response does about the session, written by `surface` into its cookies.
#[derive(Clone, Debug)]
pub(crate) enum SessionChange {
    Begun(Secret),
    Ended,
}

/// Returns the session that a request comes with, if what it has for it can be one.
pub(crate) fn session_cookie(settings: &Settings, headers: &HeaderMap) -> Option<Secret> {
    Secret::read::<32>(cookie(settings, headers, SESSION)?)
}

/// Returns what a cookie holds.
pub(crate) fn cookie<'a>(
    settings: &Settings,
    headers: &'a HeaderMap,
    name: &str,
) -> Option<&'a str> {
    let lines = headers.get_all(COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    let mut pairs =
        lines.flat_map(|line| line.split(';')).filter_map(|it| it.trim().split_once('='));
    let of_name = |known: &str| known.strip_prefix(&*settings.cookie_prefix) == Some(name);
    pairs.find(|(known, _)| of_name(known)).map(|(_, value)| value)
}

/// Writes cookies into a response.
pub(crate) struct Cookies<'a> {
    settings: &'a Settings,
    is_tls: bool,
}

impl<'a> Cookies<'a> {
    pub(crate) fn new(settings: &'a Settings, client: &Client) -> Cookies<'a> {
        Cookies { settings, is_tls: client.is_tls }
    }

    /// Writes the session's, which no script can read.
    pub(crate) fn session(&self, headers: &mut HeaderMap, change: &SessionChange) {
        match change {
            SessionChange::Begun(key) => {
                let age = self.settings.session_age_max.as_secs();
                self.write(headers, SESSION, key.reveal(), age, "; HttpOnly");
            }
            SessionChange::Ended => self.write(headers, SESSION, "", 0, "; HttpOnly"),
        }
    }

    /// Writes that of the anti-forgery token, which scripts of the pages may read.
    pub(crate) fn csrf(&self, headers: &mut HeaderMap, token: &Secret) {
        let age = self.settings.session_age_max.as_secs();
        self.write(headers, CSRF, token.reveal(), age, "");
    }

    /// Writes that of the messages for the next page; without any, takes it back.
    pub(crate) fn messages(&self, headers: &mut HeaderMap, messages: &str) {
        let age = if messages.is_empty() { 0 } else { 60 };
        self.write(headers, MESSAGES, messages, age, "; HttpOnly");
    }

    /// Writes that of a login on its way to the provider; once it has ended, takes it back.
    pub(crate) fn attempt(&self, headers: &mut HeaderMap, change: &AttemptChange) {
        match change {
            AttemptChange::Begun(attempt) => {
                let age = ATTEMPT_FOR.as_secs();
                self.write(headers, ATTEMPT, &attempt.write(), age, "; HttpOnly");
            }
            AttemptChange::Ended => self.write(headers, ATTEMPT, "", 0, "; HttpOnly"),
        }
    }

    fn write(&self, headers: &mut HeaderMap, name: &str, value: &str, age: u64, more: &str) {
        let secure = if self.is_tls { "; Secure" } else { "" };
        let prefix = &self.settings.cookie_prefix;
        let text =
            format!("{prefix}{name}={value}; Path=/; Max-Age={age}; SameSite=Lax{more}{secure}");
        match HeaderValue::from_str(&text) {
            Ok(line) => drop(headers.append(SET_COOKIE, line)),
            Err(_) => tracing::error!(name, "cookie_prefix has characters that no cookie has"),
        }
    }
}
