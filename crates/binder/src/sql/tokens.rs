//! SQL in words, names and marks; without texts and comments, whose words mean nothing.

use std::borrow::Cow;

/// A piece of SQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A keyword, a name or a number.
    Word(&'a str),
    /// A name in quotes, without them.
    Quoted(Cow<'a, str>),
    /// A text, whatever it says.
    Text,
    /// Any other character.
    Mark(char),
}

impl Token<'_> {
    /// Says whether it is this keyword.
    pub(super) fn is(&self, keyword: &str) -> bool {
        matches!(self, Token::Word(word) if word.eq_ignore_ascii_case(keyword))
    }
}

pub(super) struct Tokens<'a>(&'a str);

impl<'a> Tokens<'a> {
    pub(super) fn new(sql: &'a str) -> Tokens<'a> {
        Tokens(sql)
    }

    /// Takes so many bytes, all of them if there are not so many.
    fn take(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.0.split_at(bytes.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// Takes what is in quotes, the opening one included, in which a doubled closing one is one.
    fn quoted(&mut self, close: char) -> Cow<'a, str> {
        let inside = &self.0[1..];
        let mut has_doubled = false;
        let mut end = inside.len();
        let mut characters = inside.char_indices().peekable();
        while let Some((at, character)) = characters.next() {
            if character != close {
                continue;
            }
            if characters.next_if(|(_, next)| *next == close).is_none() {
                end = at;
                break;
            }
            has_doubled = true;
        }
        self.take(1 + end + 1);
        let inside = &inside[..end];
        if has_doubled {
            Cow::Owned(inside.replace(&format!("{close}{close}"), &close.to_string()))
        } else {
            Cow::Borrowed(inside)
        }
    }

    /// Takes a name in brackets, as SQLite has it; none: they are those of a list of PostgreSQL's, in
    /// which texts and other lists may be.
    fn in_brackets(&mut self) -> Option<&'a str> {
        let (name, _) = self.0[1..].split_once(']')?;
        if name.contains(['[', '\'', '"']) {
            return None;
        }
        self.take(1 + name.len() + 1);
        Some(name)
    }

    /// Takes a text of PostgreSQL's with escapes, `E'…'`, from its quote on.
    fn escaped(&mut self) {
        let mut characters = self.0.char_indices().skip(1).peekable();
        while let Some((at, character)) = characters.next() {
            match character {
                '\\' => _ = characters.next(),
                '\'' if characters.next_if(|(_, next)| *next == '\'').is_none() => {
                    self.take(at + 1);
                    return;
                }
                _ => {}
            }
        }
        self.0 = "";
    }

    /// Takes a text of PostgreSQL's between dollars, `$tag$…$tag$`; returns whether there is one.
    fn dollars(&mut self) -> bool {
        let Some(tag) = self.0[1..].find('$').map(|end| &self.0[..end + 2]) else { return false };
        let is_name = |character: char| character.is_alphanumeric() || character == '_';
        let name = &tag[1..tag.len() - 1];
        // `$1` is a parameter.
        if !name.chars().all(is_name) || name.starts_with(|first: char| first.is_ascii_digit()) {
            return false;
        }
        self.take(tag.len());
        let end = self.0.find(tag).map_or(self.0.len(), |at| at + tag.len());
        self.take(end);
        true
    }

    /// Takes a comment that may have others in it.
    fn comment(&mut self) {
        let mut depth = 0;
        loop {
            if self.0.starts_with("/*") {
                depth += 1;
                self.take(2);
            } else if self.0.starts_with("*/") {
                depth -= 1;
                self.take(2);
                if depth == 0 {
                    return;
                }
            } else {
                let Some(character) = self.0.chars().next() else { return };
                self.take(character.len_utf8());
            }
        }
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            self.0 = self.0.trim_start();
            if self.0.starts_with("--") {
                self.take(self.0.find('\n').unwrap_or(self.0.len()));
            } else if self.0.starts_with("/*") {
                self.comment();
            } else {
                break;
            }
        }
        let first = self.0.chars().next()?;
        Some(match first {
            '\'' => {
                self.quoted('\'');
                Token::Text
            }
            'e' | 'E' if self.0[1..].starts_with('\'') => {
                self.take(1);
                self.escaped();
                Token::Text
            }
            '"' | '`' => Token::Quoted(self.quoted(first)),
            '[' => match self.in_brackets() {
                Some(name) => Token::Quoted(Cow::Borrowed(name)),
                None => {
                    self.take(1);
                    Token::Mark('[')
                }
            },
            '$' if self.dollars() => Token::Text,
            _ if is_in_word(first) => {
                let end = self.0.find(|character| !is_in_word(character)).unwrap_or(self.0.len());
                Token::Word(self.take(end))
            }
            _ => {
                self.take(first.len_utf8());
                Token::Mark(first)
            }
        })
    }
}

fn is_in_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_' || character == '$'
}
