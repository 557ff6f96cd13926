//! JSON in the very bytes that Python's `json.dumps` makes of it, which is what django-binder sends.
//!
//! `, ` and `: ` between things, everything but printable ASCII escaped, and floats as `repr` has
//! them.

#[cfg(test)]
mod tests;

use serde::Serialize;
use serde_json::ser::{CharEscape, Formatter, Serializer};
use std::io::{self, Write};

/// Writes a value as Python does.
pub(crate) fn to_string(value: &impl Serialize) -> serde_json::Result<String> {
    let mut json = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut json, Python))?;
    Ok(String::from_utf8(json).expect("only ASCII is written"))
}

struct Python;

impl Formatter for Python {
    fn begin_array_value<W: Write + ?Sized>(&mut self, to: &mut W, first: bool) -> io::Result<()> {
        to.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_key<W: Write + ?Sized>(&mut self, to: &mut W, first: bool) -> io::Result<()> {
        to.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_value<W: Write + ?Sized>(&mut self, to: &mut W) -> io::Result<()> {
        to.write_all(b": ")
    }

    fn write_string_fragment<W: Write + ?Sized>(
        &mut self,
        to: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let is_plain = |character: char| matches!(character, ' '..='~');
        for piece in fragment.split_inclusive(|character| !is_plain(character)) {
            let plain = piece.trim_end_matches(|character| !is_plain(character));
            to.write_all(plain.as_bytes())?;
            for unit in piece[plain.len()..].encode_utf16() {
                write!(to, "\\u{unit:04x}")?;
            }
        }
        Ok(())
    }

    fn write_char_escape<W: Write + ?Sized>(
        &mut self,
        to: &mut W,
        escape: CharEscape,
    ) -> io::Result<()> {
        match escape {
            CharEscape::Quote => to.write_all(b"\\\""),
            CharEscape::ReverseSolidus => to.write_all(b"\\\\"),
            CharEscape::Solidus => to.write_all(b"/"),
            CharEscape::Backspace => to.write_all(b"\\b"),
            CharEscape::FormFeed => to.write_all(b"\\f"),
            CharEscape::LineFeed => to.write_all(b"\\n"),
            CharEscape::CarriageReturn => to.write_all(b"\\r"),
            CharEscape::Tab => to.write_all(b"\\t"),
            CharEscape::AsciiControl(byte) => write!(to, "\\u{byte:04x}"),
        }
    }

    fn write_f32<W: Write + ?Sized>(&mut self, to: &mut W, value: f32) -> io::Result<()> {
        self.write_f64(to, f64::from(value))
    }

    /// Python writes an exponent from 1e16 on and below 1e-4, with a sign and two digits at least.
    fn write_f64<W: Write + ?Sized>(&mut self, to: &mut W, value: f64) -> io::Result<()> {
        let shortest = format!("{value:e}");
        let (digits, exponent) = shortest.split_once('e').expect("it was asked for");
        let exponent: i32 = exponent.parse().expect("it is a number");
        if (-4..16).contains(&exponent) {
            return write!(to, "{value:?}");
        }
        let sign = if exponent < 0 { '-' } else { '+' };
        write!(to, "{digits}e{sign}{:02}", exponent.abs())
    }
}
