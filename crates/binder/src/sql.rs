//! Which tables a statement writes, read off its text.
//!
//! All writes of an ORM come by here in the end, raw ones included. Read are `INSERT INTO t`,
//! `REPLACE INTO t`, `UPDATE t`, `DELETE FROM t`, `MERGE INTO t` and `TRUNCATE t`, also inside of
//! `WITH`, and of several statements in one text; what a function or a trigger in the database writes
//! does not show.

mod tokens;

#[cfg(test)]
mod tests;

use tokens::{Token, Tokens};

/// A table that is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    /// Its name without the schema, in lower case.
    pub(crate) table: String,
    /// Whether the statement's rows are not those written here: it is emptied, which counts none, or
    /// written within another statement, which counts its own.
    pub(crate) is_uncounted: bool,
}

/// Returns the tables that a text of SQL writes, each once.
pub(crate) fn written(sql: &str) -> Vec<Written> {
    let mut reader =
        Reader { tokens: Tokens::new(sql), ahead: None, depth: 0, written: Vec::new() };
    reader.read();
    reader.written
}

struct Reader<'a> {
    tokens: Tokens<'a>,
    ahead: Option<Token<'a>>,
    /// In so many parentheses.
    depth: usize,
    written: Vec<Written>,
}

impl<'a> Reader<'a> {
    fn read(&mut self) {
        let mut before = None;
        let mut is_first = true;
        while let Some(token) = self.next() {
            if is_first && ["CREATE", "ALTER", "DROP"].iter().any(|word| token.is(word)) {
                self.skip_definition();
                continue;
            }
            is_first = token == Token::Mark(';');
            match token {
                Token::Mark('(') => self.depth += 1,
                Token::Mark(')') => self.depth = self.depth.saturating_sub(1),
                Token::Mark(';') => self.depth = 0,
                _ => self.word(&token, before.as_ref()),
            }
            before = Some(token);
        }
    }

    /// Up to its end; to that of all if it is of statements, which have ends of their own: what they do
    /// later, when they are fired or called, is not done now.
    fn skip_definition(&mut self) {
        let mut is_of_statements = false;
        while let Some(token) = self.next() {
            let of = ["TRIGGER", "FUNCTION", "PROCEDURE", "RULE", "EVENT"];
            is_of_statements |= of.iter().any(|word| token.is(word));
            if token == Token::Mark(';') && !is_of_statements {
                return;
            }
        }
    }

    fn word(&mut self, token: &Token<'a>, before: Option<&Token<'a>>) {
        let is_after = |words: &[&str]| before.is_some_and(|b| words.iter().any(|word| b.is(word)));
        if ["INSERT", "REPLACE", "MERGE"].iter().any(|word| token.is(word)) {
            self.skip_how();
            if self.takes("INTO") {
                self.table(false);
            }
        } else if token.is("DELETE") {
            self.skip_how();
            if self.takes("FROM") {
                self.takes("ONLY");
                self.table(false);
            }
        } else if token.is("UPDATE") && !is_after(&["FOR", "KEY", "ON", "DO", "THEN", "AFTER"]) {
            self.skip_how();
            self.takes("ONLY");
            self.table(false);
        } else if token.is("TRUNCATE") {
            self.takes("TABLE");
            self.tables_emptied();
        }
    }

    /// `INSERT OR REPLACE INTO t`, as SQLite has it, and `INSERT IGNORE INTO t`, as MySQL has.
    fn skip_how(&mut self) {
        if self.takes("OR") {
            self.next();
        }
        let how = ["LOW_PRIORITY", "HIGH_PRIORITY", "DELAYED", "QUICK", "IGNORE"];
        while how.iter().any(|word| self.takes(word)) {}
    }

    fn tables_emptied(&mut self) {
        loop {
            self.takes("ONLY");
            self.table(true);
            if self.peek() == Some(&Token::Mark('*')) {
                self.next();
            }
            if self.peek() != Some(&Token::Mark(',')) {
                return;
            }
            self.next();
        }
    }

    /// A name, perhaps with those of a database and a schema before it.
    fn table(&mut self, is_emptied: bool) {
        let mut name = None;
        loop {
            match self.peek() {
                Some(Token::Word(word)) => name = Some(word.to_lowercase()),
                Some(Token::Quoted(quoted)) => name = Some(quoted.to_lowercase()),
                _ => break,
            }
            self.next();
            if self.peek() != Some(&Token::Mark('.')) {
                break;
            }
            self.next();
        }
        let Some(table) = name else { return };
        let is_uncounted = is_emptied || self.depth > 0;
        let written = Written { table, is_uncounted };
        if !self.written.contains(&written) {
            self.written.push(written);
        }
    }

    /// Takes the next token if it is this word.
    fn takes(&mut self, word: &str) -> bool {
        let is_word = self.peek().is_some_and(|token| token.is(word));
        if is_word {
            self.next();
        }
        is_word
    }

    fn peek(&mut self) -> Option<&Token<'a>> {
        if self.ahead.is_none() {
            self.ahead = self.tokens.next();
        }
        self.ahead.as_ref()
    }

    fn next(&mut self) -> Option<Token<'a>> {
        self.ahead.take().or_else(|| self.tokens.next())
    }
}
