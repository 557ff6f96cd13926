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
    /// Whether that empties it, which counts no rows.
    pub(crate) is_emptied: bool,
}

/// Returns the tables that a text of SQL writes, each once.
pub(crate) fn written(sql: &str) -> Vec<Written> {
    let mut reader = Reader { tokens: Tokens::new(sql), ahead: None, written: Vec::new() };
    reader.read();
    reader.written
}

struct Reader<'a> {
    tokens: Tokens<'a>,
    ahead: Option<Token<'a>>,
    written: Vec<Written>,
}

impl<'a> Reader<'a> {
    fn read(&mut self) {
        let mut before = None;
        let mut is_first = true;
        while let Some(token) = self.next() {
            // What it does later, when it is fired or called, is not done now.
            if is_first && ["CREATE", "ALTER", "DROP"].iter().any(|word| token.is(word)) {
                return;
            }
            is_first = token == Token::Mark(';');
            self.word(&token, before.as_ref());
            before = Some(token);
        }
    }

    fn word(&mut self, token: &Token<'a>, before: Option<&Token<'a>>) {
        let is_after = |words: &[&str]| before.is_some_and(|b| words.iter().any(|word| b.is(word)));
        if ["INSERT", "REPLACE", "MERGE"].iter().any(|word| token.is(word)) {
            self.skip_or();
            if self.takes("INTO") {
                self.table(false);
            }
        } else if token.is("DELETE") && self.takes("FROM") {
            self.takes("ONLY");
            self.table(false);
        } else if token.is("UPDATE") && !is_after(&["FOR", "KEY", "ON", "DO", "THEN", "AFTER"]) {
            self.skip_or();
            self.takes("ONLY");
            self.table(false);
        } else if token.is("TRUNCATE") {
            self.takes("TABLE");
            self.tables_emptied();
        }
    }

    /// `INSERT OR REPLACE INTO t`, as SQLite has it.
    fn skip_or(&mut self) {
        if self.takes("OR") {
            self.next();
        }
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
        let written = Written { table, is_emptied };
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
