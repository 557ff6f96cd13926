//! The value of `Sec-WebSocket-Extensions`: a list of names with parameters (RFC 6455 §9.1).

use std::borrow::Cow;

/// One extension of the list.
pub(super) struct Extension<'a> {
    pub(super) name: &'a str,
    pub(super) parameters: Vec<(&'a str, Option<Cow<'a, str>>)>,
}

/// The value was not such a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// Reads a list, extension by extension, up to its end or the first thing that is wrong.
pub(super) struct Extensions<'a> {
    rest: &'a str,
}

impl<'a> Extensions<'a> {
    pub(super) const fn new(value: &'a str) -> Self {
        Self { rest: value }
    }

    fn extension(&mut self) -> Result<Extension<'a>, Malformed> {
        let name = self.token()?;
        let mut parameters = Vec::new();
        while self.take(';') {
            let parameter = self.token()?;
            let value = if self.take('=') { Some(self.value()?) } else { None };
            parameters.push((parameter, value));
        }
        if self.rest.is_empty() || self.take(',') {
            Ok(Extension { name, parameters })
        } else {
            Err(Malformed)
        }
    }

    fn value(&mut self) -> Result<Cow<'a, str>, Malformed> {
        if self.take('"') { self.quoted() } else { self.token().map(Cow::Borrowed) }
    }

    /// Reads on from after an opening quote. What was quoted must be a token as well.
    fn quoted(&mut self) -> Result<Cow<'a, str>, Malformed> {
        let end = closing_quote(self.rest).ok_or(Malformed)?;
        let quoted = &self.rest[..end];
        self.rest = self.rest[end + 1..].trim_start_matches(SPACE);
        let value: Cow<'a, str> =
            if quoted.contains('\\') { unescaped(quoted).into() } else { quoted.into() };
        if !value.is_empty() && value.bytes().all(is_token_byte) {
            Ok(value)
        } else {
            Err(Malformed)
        }
    }

    fn token(&mut self) -> Result<&'a str, Malformed> {
        let end =
            self.rest.bytes().position(|byte| !is_token_byte(byte)).unwrap_or(self.rest.len());
        let (token, rest) = self.rest.split_at(end);
        self.rest = rest.trim_start_matches(SPACE);
        if token.is_empty() { Err(Malformed) } else { Ok(token) }
    }

    fn take(&mut self, separator: char) -> bool {
        let rest = self.rest.strip_prefix(separator);
        // Inside quotes a space counts, so only the other separators swallow what follows them.
        let skip: &[char] = if separator == '"' { &[] } else { SPACE };
        self.rest = rest.map_or(self.rest, |rest| rest.trim_start_matches(skip));
        rest.is_some()
    }
}

impl<'a> Iterator for Extensions<'a> {
    type Item = Result<Extension<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        // Empty elements are allowed in lists (RFC 9110 §5.6.1).
        self.rest = self.rest.trim_start_matches([' ', '\t', ',']);
        if self.rest.is_empty() {
            return None;
        }
        let extension = self.extension();
        if extension.is_err() {
            self.rest = "";
        }
        Some(extension)
    }
}

const SPACE: &[char] = &[' ', '\t'];

/// Returns whether `byte` may stand in a token (RFC 9110 §5.6.2).
pub(crate) const fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        )
}

fn closing_quote(quoted: &str) -> Option<usize> {
    let mut escaped = false;
    quoted.bytes().position(|byte| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    })
}

fn unescaped(quoted: &str) -> String {
    let mut characters = quoted.chars();
    let mut value = String::with_capacity(quoted.len());
    while let Some(character) = characters.next() {
        value.extend(if character == '\\' { characters.next() } else { Some(character) });
    }
    value
}
