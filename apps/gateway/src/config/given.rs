//! What was typed, before it has a meaning: a value of TOML, with the line it stands in.

use toml::de::{DeTable, DeValue};

/// A typed value. From the environment or a flag it has no line, which is line 0.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Given {
    /// The line of the file, from 1; 0 when it did not come from a file.
    pub line: usize,
    /// The value itself.
    pub kind: Kind,
}

/// The kinds of values that TOML knows and a setting may have.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// A string.
    Text(String),
    /// A whole number.
    Whole(i64),
    /// A number with a decimal point.
    Number(f64),
    /// `true` or `false`.
    Truth(bool),
    /// An array.
    List(Vec<Given>),
    /// A table, in the order of the file: the line of each key, the key, its value.
    Table(Vec<(usize, String, Given)>),
}

/// A complaint about a typed value, and its line if it came from a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// The line of the file, from 1; 0 when it did not come from a file.
    pub line: usize,
    /// What is wrong, as the end of a sentence.
    pub message: String,
}

/// Reads a whole TOML document into a table.
///
/// # Errors
///
/// When `text` is no TOML: the first complaint of the parser, with its line.
pub(super) fn document(text: &str) -> Result<Given, Fault> {
    let lines = Lines(text);
    match DeTable::parse(text) {
        Ok(table) => Ok(Given { line: 1, kind: lines.table(table.get_ref())? }),
        Err(error) => {
            let line = error.span().map_or(0, |span| lines.at(span.start));
            Err(Fault { line, message: format!("this is not TOML: {}", error.message()) })
        }
    }
}

impl Given {
    /// Takes in what a variable or a flag says: TOML where it is a value of TOML, else plain text.
    pub(super) fn from_plain(text: &str) -> Given {
        let value =
            DeValue::parse(text).ok().and_then(|value| Lines(text).kind(value.get_ref()).ok());
        let mut given =
            Given { line: 0, kind: value.unwrap_or_else(|| Kind::Text(text.to_owned())) };
        given.forget_lines();
        given
    }

    /// Returns `text` as a value without a line.
    pub(super) fn text(text: impl Into<String>) -> Given {
        Given { line: 0, kind: Kind::Text(text.into()) }
    }

    /// Returns a complaint about this value: `not` says what it is not, as in "a whole number".
    pub(super) fn is_not(&self, not: &str) -> Fault {
        self.fault(format!("{self} is not {not}"))
    }

    /// Returns a complaint about this value.
    pub(super) fn fault(&self, message: impl Into<String>) -> Fault {
        Fault { line: self.line, message: message.into() }
    }

    fn forget_lines(&mut self) {
        self.line = 0;
        match &mut self.kind {
            Kind::List(list) => list.iter_mut().for_each(Given::forget_lines),
            Kind::Table(table) => {
                for (line, _, value) in table {
                    *line = 0;
                    value.forget_lines();
                }
            }
            _ => {}
        }
    }
}

impl std::fmt::Display for Given {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.kind {
            Kind::Text(text) => write!(formatter, "{text:?}"),
            Kind::Whole(number) => write!(formatter, "{number}"),
            Kind::Number(number) => write!(formatter, "{number}"),
            Kind::Truth(truth) => write!(formatter, "{truth}"),
            Kind::List(_) => formatter.write_str("a list"),
            Kind::Table(_) => formatter.write_str("a table"),
        }
    }
}

/// Turns the parser's spans into line numbers of this text.
struct Lines<'a>(&'a str);

impl Lines<'_> {
    fn at(&self, byte: usize) -> usize {
        let before = &self.0.as_bytes()[..byte.min(self.0.len())];
        1 + before.iter().filter(|&&byte| byte == b'\n').count()
    }

    fn table(&self, table: &DeTable<'_>) -> Result<Kind, Fault> {
        let mut entries = Vec::with_capacity(table.len());
        for (key, value) in table {
            let line = self.at(key.span().start);
            let kind = self.kind(value.get_ref()).map_err(|message| Fault { line, message })?;
            let at = self.at(value.span().start);
            entries.push((line, key.get_ref().to_string(), Given { line: at, kind }));
        }
        entries.sort_by_key(|&(line, ..)| line);
        Ok(Kind::Table(entries))
    }

    fn kind(&self, value: &DeValue<'_>) -> Result<Kind, String> {
        Ok(match value {
            DeValue::String(text) => Kind::Text(text.to_string()),
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .map(Kind::Whole)
                .map_err(|_| format!("{number} is too large a number"))?,
            DeValue::Float(number) => number
                .as_str()
                .parse()
                .map(Kind::Number)
                .map_err(|_| format!("{} is not a number", number.as_str()))?,
            DeValue::Boolean(truth) => Kind::Truth(*truth),
            DeValue::Datetime(time) => return Err(format!("no setting is a date: {time}")),
            DeValue::Array(array) => {
                let mut list = Vec::with_capacity(array.len());
                for value in array.iter() {
                    let kind = self.kind(value.get_ref())?;
                    list.push(Given { line: self.at(value.span().start), kind });
                }
                Kind::List(list)
            }
            DeValue::Table(table) => self.table(table).map_err(|fault| fault.message)?,
        })
    }
}
