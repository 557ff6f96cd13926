//! JSON in its one spelling.
//!
//! Two rooms are the same when their canonical texts are: keys sorted at all levels, no spaces,
//! each character escaped only where it must be. A general parser would not do: here integers stay
//! exact at any length, of equal keys the last counts, and a lone surrogate (`"\ud800"`, which
//! Python lets pass) is kept. The text is written while it is read; there is no tree in between.

use std::fmt::Write as _;
use std::ops::Range;

/// Why a text has no canonical spelling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is not JSON, or has a number that JSON cannot hold (`NaN`, `1e400`).
    NotJson,
    /// Its lists and objects stand too deep in each other.
    TooDeep,
}

/// Returns the canonical spelling of one JSON value with at most `depth_max` lists and objects
/// around any part of it.
pub(crate) fn canonical(json: &str, depth_max: usize) -> Result<String, Fault> {
    let mut reader = Reader::new(json);
    reader.value(depth_max)?;
    reader.end()?;
    Ok(reader.canonical)
}

/// Reads JSON, and writes the canonical spelling of what it read.
pub(crate) struct Reader<'a> {
    json: &'a str,
    at: usize,
    /// The canonical spelling of all values read so far.
    pub(crate) canonical: String,
    /// Of all objects that are not finished yet, the innermost last.
    members: Vec<Member>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(json: &'a str) -> Self {
        Self { json, at: 0, canonical: String::with_capacity(json.len()), members: Vec::new() }
    }

    /// Returns how many bytes of JSON have been read.
    pub(crate) fn bytes_read(&self) -> usize {
        self.at
    }

    /// Reads one value, in which objects and lists stand at most `depth_max` deep.
    ///
    /// The recursion goes no deeper than that.
    pub(crate) fn value(&mut self, depth_max: usize) -> Result<(), Fault> {
        match self.peek() {
            Some(b'{') => self.object(depth_max.checked_sub(1).ok_or(Fault::TooDeep)?),
            Some(b'[') => self.list(depth_max.checked_sub(1).ok_or(Fault::TooDeep)?),
            Some(b'"') => self.string(),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => self.word(),
        }
    }

    /// Reads to the end, where nothing but space may be left.
    pub(crate) fn end(&mut self) -> Result<(), Fault> {
        if self.peek().is_none() { Ok(()) } else { Err(Fault::NotJson) }
    }

    /// Reads `byte` if it comes next, and says so.
    pub(crate) fn accept(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    pub(crate) fn require(&mut self, byte: u8) -> Result<(), Fault> {
        if self.accept(byte) { Ok(()) } else { Err(Fault::NotJson) }
    }

    /// Skips space; returns the byte that comes next.
    pub(crate) fn peek(&mut self) -> Option<u8> {
        let rest = &self.json.as_bytes()[self.at..];
        let space = rest.iter().take_while(|byte| b" \t\n\r".contains(byte)).count();
        self.at += space;
        rest.get(space).copied()
    }

    fn object(&mut self, depth_max: usize) -> Result<(), Fault> {
        let (start, members_before) = (self.canonical.len(), self.members.len());
        self.require(b'{')?;
        self.canonical.push('{');
        let mut last = self.accept(b'}');
        while !last {
            self.member(depth_max)?;
            last = self.accept(b'}');
            if !last {
                self.require(b',')?;
                self.canonical.push(',');
            }
        }
        sort_members(&mut self.canonical, start + 1, &mut self.members[members_before..]);
        self.members.truncate(members_before);
        self.canonical.push('}');
        Ok(())
    }

    fn member(&mut self, depth_max: usize) -> Result<(), Fault> {
        let start = self.canonical.len();
        self.string()?;
        let key_end = self.canonical.len();
        self.require(b':')?;
        self.canonical.push(':');
        self.value(depth_max)?;
        self.members.push(Member { start, key_end, end: self.canonical.len() });
        Ok(())
    }

    fn list(&mut self, depth_max: usize) -> Result<(), Fault> {
        self.require(b'[')?;
        self.canonical.push('[');
        let mut last = self.accept(b']');
        while !last {
            self.value(depth_max)?;
            last = self.accept(b']');
            if !last {
                self.require(b',')?;
                self.canonical.push(',');
            }
        }
        self.canonical.push(']');
        Ok(())
    }

    fn string(&mut self) -> Result<(), Fault> {
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
    fn number(&mut self) -> Result<(), Fault> {
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

    fn word(&mut self) -> Result<(), Fault> {
        let rest = &self.json[self.at..];
        let word = ["true", "false", "null"].into_iter().find(|word| rest.starts_with(word));
        let word = word.ok_or(Fault::NotJson)?;
        self.at += word.len();
        self.canonical.push_str(word);
        Ok(())
    }
}

/// Where in the canonical text a member of an object stands: `"key":value`.
struct Member {
    start: usize,
    key_end: usize,
    end: usize,
}

impl Member {
    /// The key without its quotes.
    fn key(&self) -> Range<usize> {
        self.start + 1..self.key_end - 1
    }
}

/// Puts `members`, which are all of `canonical` from `start`, into the order of their keys, and
/// drops all but the last of each key.
fn sort_members(canonical: &mut String, start: usize, members: &mut [Member]) {
    let key = |member: &Member| &canonical[member.key()];
    if members.is_sorted_by(|one, next| key(one) < key(next)) {
        return;
    }
    // A stable sort: of equal keys the one given last stays last.
    members.sort_by(|one, other| key(one).cmp(key(other)));
    let mut sorted = String::with_capacity(canonical.len() - start);
    for (index, member) in members.iter().enumerate() {
        if members.get(index + 1).is_some_and(|next| key(next) == key(member)) {
            continue;
        }
        if !sorted.is_empty() {
            sorted.push(',');
        }
        sorted.push_str(&canonical[member.start..member.end]);
    }
    canonical.truncate(start);
    canonical.push_str(&sorted);
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
