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
/// It is kept as long as the connection, to ask again and for the hooks, so it is small: one
/// allocation that clones share, with the name and the value of each header, each behind its length.
/// It keeps nothing of the buffer that the client's request was read into.
#[derive(Clone)]
pub struct Forwarded(Arc<[u8]>);

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
        for rule in self.0.iter() {
            let Some(value) = rule.source.value(headers, query) else { continue };
            let fits = HeaderValue::from_bytes(&value).is_ok();
            if !fits
                || !push_line(&mut lines, rule.name.as_str(), &[rule.prefix.as_bytes(), &value])
            {
                return Err(Unforwardable(rule.name.clone()));
            }
        }
        Ok(Forwarded::of(&lines))
    }
}

/// Writes one header; not if it is too long to be one.
fn push_line(lines: &mut Vec<u8>, name: &str, value: &[&[u8]]) -> bool {
    let value_bytes = value.iter().map(|part| part.len()).sum::<usize>();
    let (Ok(name_bytes), Ok(value_bytes)) = (u16::try_from(name.len()), u16::try_from(value_bytes))
    else {
        return false;
    };
    lines.extend_from_slice(&name_bytes.to_le_bytes());
    lines.extend_from_slice(&value_bytes.to_le_bytes());
    lines.extend_from_slice(name.as_bytes());
    value.iter().for_each(|part| lines.extend_from_slice(part));
    true
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
        for (name, value) in self.lines() {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("these are names of headers");
            let value = HeaderValue::from_bytes(value).expect("`pick` lets in only header values");
            headers.insert(name, value);
        }
        headers
    }

    /// Puts the cookies that the backend set over those of the client.
    pub fn with_cookies(self, cookies: &Cookies) -> Forwarded {
        if cookies.is_empty() {
            return self;
        }
        let cookie_header = self.lines().find(|(name, _)| *name == COOKIE.as_str());
        let joined = cookies.over(cookie_header.map_or(b"", |(_, value)| value));
        let mut lines = Vec::with_capacity(self.0.len() + joined.len());
        let fits = HeaderValue::from_bytes(&joined).is_ok();
        if !fits || !push_line(&mut lines, COOKIE.as_str(), &[&joined]) {
            return self;
        }
        for (name, value) in self.lines().filter(|(name, _)| *name != COOKIE.as_str()) {
            push_line(&mut lines, name, &[value]);
        }
        Forwarded::of(&lines)
    }

    fn of(lines: &[u8]) -> Forwarded {
        // All that hold nothing share one allocation.
        Forwarded(if lines.is_empty() { Arc::default() } else { lines.into() })
    }

    fn lines(&self) -> Lines<'_> {
        Lines(&self.0)
    }
}

/// Names the headers but not what they say: there are cookies and tokens among them.
impl fmt::Debug for Forwarded {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.lines().map(|(name, _)| name)).finish()
    }
}

/// Reads what [`push_line`] wrote.
struct Lines<'a>(&'a [u8]);

impl<'a> Iterator for Lines<'a> {
    type Item = (&'a str, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (&[a, b, c, d], rest) = self.0.split_first_chunk()?;
        let (name, rest) = rest.split_at(usize::from(u16::from_le_bytes([a, b])));
        let (value, rest) = rest.split_at(usize::from(u16::from_le_bytes([c, d])));
        self.0 = rest;
        Some((std::str::from_utf8(name).expect("names of headers are ASCII"), value))
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
