//! What of a client's request the backend gets to see: the headers of the protocol, and those of
//! `[backend.headers]`.

use super::client::OWN_USER_AGENT;
use super::cookies::{Cookies, cookie};
use crate::config::{Dialect, HeaderSource, HeaderSources, Source};
use http::header::{ACCEPT, AUTHORIZATION, COOKIE, HOST, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue};
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// The rules by which headers are passed on.
#[derive(Clone, Debug)]
pub struct Forwarding(Arc<[HeaderSource]>);

/// The headers that one client's requests to the backend carry.
///
/// It is kept as long as the connection when there are hooks, so it is small: one allocation that
/// holds, for each header, the number of its rule, its length and its bytes. It keeps nothing of the
/// buffer that the client's request was read into.
#[derive(Clone)]
pub struct Forwarded {
    rules: Forwarding,
    lines: Box<[u8]>,
}

/// A part of the client's request cannot stand in the header that it is for, such as a token with a
/// line break. The request is to be refused: without the header it would mean something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unforwardable(pub HeaderName);

impl fmt::Display for Unforwardable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "what the client sent for {} cannot stand in a header", self.0)
    }
}

impl std::error::Error for Unforwardable {}

impl Forwarding {
    /// Makes the rules: those of the protocol, unless `configured` has the same header, and these.
    pub fn new(configured: &HeaderSources, dialect: Dialect) -> Forwarding {
        let x_real_ip = HeaderName::from_static("x-real-ip");
        let x_csrf_token = HeaderName::from_static("x-csrftoken");
        let header = |name: &HeaderName| (name.clone(), Source::Header(name.clone()), "");
        let mut rules = vec![header(&COOKIE), header(&USER_AGENT)];
        match dialect {
            Dialect::Three => rules.push(header(&x_real_ip)),
            Dialect::TwoAndAHalf => rules.push(header(&HOST)),
        }
        rules.push((x_csrf_token, Source::Cookie("csrftoken".to_owned()), ""));
        rules.push((AUTHORIZATION, Source::Param("token".to_owned()), "Token "));
        let rules = rules
            .into_iter()
            .map(|(name, source, prefix)| HeaderSource { name, source, prefix: prefix.to_owned() })
            .filter(|rule| configured.iter().all(|configured| configured.name != rule.name))
            .chain(configured.iter().cloned())
            .collect();
        Forwarding(rules)
    }

    /// Picks out of a client's request what the backend gets.
    ///
    /// # Errors
    ///
    /// When the client sent something that must not get into a header.
    pub fn pick(&self, headers: &HeaderMap, query: &str) -> Result<Forwarded, Unforwardable> {
        let mut lines = Vec::with_capacity(256);
        for (index, rule) in self.0.iter().enumerate() {
            let Some(value) = rule.source.value(headers, query) else { continue };
            let fits = HeaderValue::from_bytes(&value).is_ok();
            let length = u16::try_from(rule.prefix.len() + value.len());
            let (Ok(index), Ok(length), true) = (u16::try_from(index), length, fits) else {
                return Err(Unforwardable(rule.name.clone()));
            };
            lines.extend_from_slice(&index.to_le_bytes());
            lines.extend_from_slice(&length.to_le_bytes());
            lines.extend_from_slice(rule.prefix.as_bytes());
            lines.extend_from_slice(&value);
        }
        Ok(Forwarded { rules: self.clone(), lines: lines.into() })
    }
}

impl Source {
    fn value<'a>(&'a self, headers: &'a HeaderMap, query: &'a str) -> Option<Cow<'a, [u8]>> {
        let header = |name: &HeaderName| headers.get(name).map(HeaderValue::as_bytes);
        match self {
            Source::Header(name) => {
                header(name).filter(|value| !value.is_empty()).map(Cow::Borrowed)
            }
            Source::Param(name) => parameter(query, name).filter(|value| !value.is_empty()),
            Source::Cookie(name) => cookie(header(&COOKIE)?, name),
            Source::Fixed(text) => Some(Cow::Borrowed(text.as_bytes())),
        }
    }
}

impl Forwarded {
    /// Returns the headers of a request, with what every request has.
    pub(super) fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::with_capacity(8);
        headers.insert(USER_AGENT, OWN_USER_AGENT);
        headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        for (name, value) in self.iter() {
            let value = HeaderValue::from_bytes(value).expect("`pick` lets in only header values");
            headers.insert(name.clone(), value);
        }
        headers
    }

    /// Puts the cookies that the backend set over those of the client.
    pub(super) fn with_cookies(self, cookies: &Cookies) -> Forwarded {
        if cookies.is_empty() {
            return self;
        }
        let cookie_header = self.iter().find(|(name, _)| **name == COOKIE);
        let joined = cookies.over(cookie_header.map_or(b"", |(_, value)| value));
        let Some(rule) = self.rules.0.iter().position(|rule| rule.name == COOKIE) else {
            return self;
        };
        let (Ok(index), Ok(length)) = (u16::try_from(rule), u16::try_from(joined.len())) else {
            return self;
        };
        if HeaderValue::from_bytes(&joined).is_err() {
            return self;
        }
        let mut lines = Vec::with_capacity(self.lines.len() + joined.len());
        lines.extend_from_slice(&index.to_le_bytes());
        lines.extend_from_slice(&length.to_le_bytes());
        lines.extend_from_slice(&joined);
        for (index, value) in Lines(&self.lines).filter(|&(index, _)| index != rule) {
            lines.extend_from_slice(&u16::try_from(index).unwrap_or(u16::MAX).to_le_bytes());
            lines.extend_from_slice(&u16::try_from(value.len()).unwrap_or(u16::MAX).to_le_bytes());
            lines.extend_from_slice(value);
        }
        Forwarded { rules: self.rules, lines: lines.into() }
    }

    fn iter(&self) -> impl Iterator<Item = (&HeaderName, &[u8])> {
        Lines(&self.lines).map(|(index, value)| (&self.rules.0[index].name, value))
    }
}

/// Names the headers but not what they say: there are cookies and tokens among them.
impl fmt::Debug for Forwarded {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.iter().map(|(name, _)| name.as_str())).finish()
    }
}

/// Reads what `pick` wrote: the index of the rule, and the value.
struct Lines<'a>(&'a [u8]);

impl<'a> Iterator for Lines<'a> {
    type Item = (usize, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (&[a, b, c, d], rest) = self.0.split_first_chunk()?;
        let length = usize::from(u16::from_le_bytes([c, d]));
        let (value, rest) = rest.split_at(length);
        self.0 = rest;
        Some((usize::from(u16::from_le_bytes([a, b])), value))
    }
}

/// Returns the first value of `name` in a query, decoded: `+` and `%20` are spaces, what is no UTF-8
/// becomes U+FFFD.
fn parameter<'a>(query: &'a str, name: &str) -> Option<Cow<'a, [u8]>> {
    query.split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(key).as_ref() == name.as_bytes()).then(|| decoded(value))
    })
}

fn decoded(text: &str) -> Cow<'_, [u8]> {
    if !text.bytes().any(|byte| byte == b'%' || byte == b'+') {
        return Cow::Borrowed(text.as_bytes());
    }
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let (byte, left) = match (first, after) {
            (b'%', [high, low, left @ ..])
                if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                (digit(*high) * 16 + digit(*low), left)
            }
            (b'+', _) => (b' ', after),
            _ => (*first, after),
        };
        plain.push(byte);
        rest = left;
    }
    match String::from_utf8(plain) {
        Ok(text) => Cow::Owned(text.into_bytes()),
        Err(error) => {
            Cow::Owned(String::from_utf8_lossy(error.as_bytes()).into_owned().into_bytes())
        }
    }
}

/// Returns the value of a hexadecimal digit.
const fn digit(letter: u8) -> u8 {
    match letter {
        b'0'..=b'9' => letter - b'0',
        _ => (letter | 0x20) - b'a' + 10,
    }
}
