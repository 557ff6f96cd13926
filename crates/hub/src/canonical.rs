//! JSON in its one spelling.
//!
//! Two rooms are the same when their canonical texts are: keys sorted at all levels, no spaces,
//! each character escaped only where it must be. A general parser would not do: here integers stay
//! exact at any length, of equal keys the last counts, and a lone surrogate (`"\ud800"`, which
//! Python lets pass) is kept. The text is written while it is read; there is no tree in between.

mod scalars;

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
        self.items(b'{', b'}', |reader| reader.member(depth_max))?;
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
        self.items(b'[', b']', |reader| reader.value(depth_max))?;
        self.canonical.push(']');
        Ok(())
    }

    /// Reads items with commas between them, from `open` to `close`; writes all but the last.
    fn items(
        &mut self,
        open: u8,
        close: u8,
        mut item: impl FnMut(&mut Self) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.require(open)?;
        self.canonical.push(open.into());
        let mut last = self.accept(close);
        while !last {
            item(self)?;
            last = self.accept(close);
            if !last {
                self.require(b',')?;
                self.canonical.push(',');
            }
        }
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
