//! Strings, numbers and words in their one spelling.

use std::fmt::Write as _;

use super::{Fault, Reader};

impl Reader<'_> {
    pub(super) fn string(&mut self) -> Result<(), Fault> {
        self.require(b'"')?;
        self.canonical.push('"');
        loop {
            let rest = &self.json[self.at..];
            let plain = rest
                .bytes()
                .position(|byte| matches!(byte, b'"' | b'\\' | 0..b' '))
                .ok_or(Fault::NotJson)?;
            self.canonical.push_str(&rest[..plain]);
            self.at += plain + 1;
            match rest.as_bytes()[plain] {
                b'"' => break,
                b'\\' => self.escape()?,
                _ => return Err(Fault::NotJson),
            }
        }
        self.canonical.push('"');
        Ok(())
    }

    /// Reads what follows a backslash.
    fn escape(&mut self) -> Result<(), Fault> {
        let byte = *self.json.as_bytes().get(self.at).ok_or(Fault::NotJson)?;
        self.at += 1;
        let character = match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode_escape(),
            _ => return Err(Fault::NotJson),
        };
        self.push_character(character);
        Ok(())
    }

    /// Reads what follows `\u`: four digits, and a second such escape where both make a pair.
    fn unicode_escape(&mut self) -> Result<(), Fault> {
        let unit = self.utf16_unit(self.at).ok_or(Fault::NotJson)?;
        self.at += 4;
        let pair_with = if self.json[self.at..].starts_with("\\u") {
            self.utf16_unit(self.at + 2).filter(|low| (0xdc00..0xe000).contains(low))
        } else {
            None
        };
        match (char::from_u32(unit.into()), pair_with) {
            (Some(character), _) => self.push_character(character),
            (None, Some(low)) if unit < 0xdc00 => {
                self.at += "\\uffff".len();
                let code =
                    0x1_0000 + ((u32::from(unit) - 0xd800) << 10) + (u32::from(low) - 0xdc00);
                self.push_character(char::from_u32(code).expect("two surrogates are a character"));
            }
            (None, _) => write!(self.canonical, "\\u{unit:04x}").expect("a String takes all"),
        }
        Ok(())
    }

    fn utf16_unit(&self, at: usize) -> Option<u16> {
        let digits = self.json.get(at..at + 4)?;
        // `from_str_radix` would let a sign pass.
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        u16::from_str_radix(digits, 16).ok()
    }

    fn push_character(&mut self, character: char) {
        match character {
            '"' => self.canonical.push_str("\\\""),
            '\\' => self.canonical.push_str("\\\\"),
            '\u{8}' => self.canonical.push_str("\\b"),
            '\u{c}' => self.canonical.push_str("\\f"),
            '\n' => self.canonical.push_str("\\n"),
            '\r' => self.canonical.push_str("\\r"),
            '\t' => self.canonical.push_str("\\t"),
            '\0'..' ' => write!(self.canonical, "\\u{:04x}", u32::from(character))
                .expect("a String takes all"),
            _ => self.canonical.push(character),
        }
    }

    /// An integer keeps its text; a float is written as the shortest text of its value, which
    /// always has a point or an exponent, so that `1` and `1.0` stay apart.
    pub(super) fn number(&mut self) -> Result<(), Fault> {
        let text = number_text(&self.json[self.at..]).ok_or(Fault::NotJson)?;
        self.at += text.len();
        if text == "-0" {
            self.canonical.push('0');
        } else if !text.contains(['.', 'e', 'E']) {
            self.canonical.push_str(text);
        } else {
            let value: f64 = text.parse().map_err(|_| Fault::NotJson)?;
            if value.is_infinite() {
                return Err(Fault::NotJson);
            }
            write!(self.canonical, "{value:?}").expect("a String takes all");
        }
        Ok(())
    }

    pub(super) fn word(&mut self) -> Result<(), Fault> {
        let rest = &self.json[self.at..];
        let word = ["true", "false", "null"].into_iter().find(|word| rest.starts_with(word));
        let word = word.ok_or(Fault::NotJson)?;
        self.at += word.len();
        self.canonical.push_str(word);
        Ok(())
    }
}

/// Returns the number that `text` begins with (RFC 8259, section 6).
fn number_text(text: &str) -> Option<&str> {
    let digits = |from: usize| text[from..].bytes().take_while(u8::is_ascii_digit).count();
    let next_is = |at: usize, choice: &[u8]| {
        text[at..].bytes().next().is_some_and(|byte| choice.contains(&byte))
    };

    let mut end = usize::from(next_is(0, b"-"));
    end += match digits(end) {
        0 => return None,
        _ if next_is(end, b"0") => 1,
        integer => integer,
    };
    if next_is(end, b".") {
        end += 1 + Some(digits(end + 1)).filter(|&fraction| fraction > 0)?;
    }
    if next_is(end, b"eE") {
        end += 1;
        end += usize::from(next_is(end, b"+-"));
        end += Some(digits(end)).filter(|&exponent| exponent > 0)?;
    }
    Some(&text[..end])
}
