//! Cookies: reading one of a request, and keeping those that the backend set.

use std::borrow::Cow;
use std::fmt;

/// Returns the value of the first cookie called `name` in a Cookie header, unquoted; empty if it is.
pub(super) fn cookie<'a>(header: &'a [u8], name: &str) -> Option<Cow<'a, [u8]>> {
    pairs(header).find(|(found, _)| *found == name.as_bytes()).map(|(_, value)| unquoted(value))
}

fn pairs(header: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    header.split(|&byte| byte == b';').filter_map(|pair| {
        let at = pair.iter().position(|&byte| byte == b'=')?;
        Some((pair[..at].trim_ascii(), pair[at + 1..].trim_ascii()))
    })
}

/// Undoes the quoting of servers that put a cookie between quotes, with `\"`, `\\` and `\012`.
fn unquoted(value: &[u8]) -> Cow<'_, [u8]> {
    let [b'"', inner @ .., b'"'] = value else { return Cow::Borrowed(value) };
    if !inner.contains(&b'\\') {
        return Cow::Borrowed(inner);
    }
    let mut plain = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while let [first, after @ ..] = rest {
        let (byte, left) = match (first, after) {
            (b'\\', [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', left @ ..]) => {
                ((a - b'0') * 64 + (b - b'0') * 8 + (c - b'0'), left)
            }
            (b'\\', [escaped, left @ ..]) => (*escaped, left),
            _ => (*first, after),
        };
        plain.push(byte);
        rest = left;
    }
    Cow::Owned(plain)
}

/// The cookies that a backend's answer set, for later requests of the same connection.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Cookies(Vec<NameAndValue>);

type NameAndValue = (Box<[u8]>, Box<[u8]>);

/// Counts the cookies; what they say is secret.
impl fmt::Debug for Cookies {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Cookies({} of them)", self.0.len())
    }
}

/// Cookies kept of one answer.
const COOKIES_MAX: usize = 32;

impl Cookies {
    /// Reads the `Set-Cookie` headers of an answer to a request for `path` at `host`.
    ///
    /// Left out are cookies of other hosts and paths, those that are to be forgotten, and those for
    /// TLS only where there is none.
    pub(super) fn read<'a>(
        headers: impl Iterator<Item = &'a [u8]>,
        host: &str,
        path: &str,
        is_https: bool,
    ) -> Cookies {
        let mut cookies = Cookies::default();
        for header in headers {
            let mut parts = header.splitn(2, |&byte| byte == b';');
            let pair = parts.next().unwrap_or_default();
            let attributes = parts.next().unwrap_or_default();
            if applies(attributes, host, path, is_https)
                && let Some((name, value)) = pairs(pair).next()
                && !name.is_empty()
            {
                cookies.0.retain(|(kept, _)| **kept != *name);
                cookies.0.push((name.into(), value.into()));
            }
            if cookies.0.len() == COOKIES_MAX {
                break;
            }
        }
        cookies
    }

    /// Returns whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns a Cookie header with these over those of `header`.
    pub(super) fn over(&self, header: &[u8]) -> Vec<u8> {
        let mut joined = Vec::with_capacity(header.len() + 64);
        let set = |name: &[u8]| self.0.iter().any(|(set, _)| **set == *name);
        let kept = pairs(header).filter(|(name, _)| !set(name));
        for (name, value) in kept.chain(self.0.iter().map(|(name, value)| (&**name, &**value))) {
            if !joined.is_empty() {
                joined.extend_from_slice(b"; ");
            }
            joined.extend_from_slice(name);
            joined.push(b'=');
            joined.extend_from_slice(value);
        }
        joined
    }
}

/// Returns whether a cookie with these attributes goes with later requests to the same backend.
fn applies(attributes: &[u8], host: &str, path: &str, is_https: bool) -> bool {
    for attribute in attributes.split(|&byte| byte == b';') {
        let (name, value) = match attribute.iter().position(|&byte| byte == b'=') {
            Some(at) => (attribute[..at].trim_ascii(), attribute[at + 1..].trim_ascii()),
            None => (attribute.trim_ascii(), &b""[..]),
        };
        let value = std::str::from_utf8(value).unwrap_or_default();
        let fits = if name.eq_ignore_ascii_case(b"secure") {
            is_https
        } else if name.eq_ignore_ascii_case(b"max-age") {
            value.parse::<i64>().map_or(true, |seconds| seconds > 0)
        } else if name.eq_ignore_ascii_case(b"path") {
            !value.starts_with('/') || is_within(path, value)
        } else if name.eq_ignore_ascii_case(b"domain") {
            is_of_domain(host, value.trim_start_matches('.'))
        } else {
            true
        };
        if !fits {
            return false;
        }
    }
    true
}

/// RFC 6265, section 5.1.4.
fn is_within(path: &str, cookie_path: &str) -> bool {
    path.strip_prefix(cookie_path)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || cookie_path.ends_with('/'))
}

/// RFC 6265, section 5.1.3.
fn is_of_domain(host: &str, domain: &str) -> bool {
    let (host, domain) = (host.to_ascii_lowercase(), domain.to_ascii_lowercase());
    domain.is_empty()
        || host.strip_suffix(&domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}
