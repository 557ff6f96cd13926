//! JSON, as Python's json writes it.

use super::{Address, Fields, Undecodable};
use crate::{Map, Message, Value};
use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;
use std::io::{self, Write};

const WRITABLE: &str = "what JSON has no form for was refused before";

/// Writes the fields of a map, without the braces.
pub(super) fn write_fields(map: &Map) -> Vec<u8> {
    let mut written = to_json(map);
    written.pop();
    written.remove(0);
    written
}

/// Writes the map that these fields make together with the address.
pub(super) fn write(to: &mut Vec<u8>, fields: &Fields, address: Address<'_>) {
    to.push(b'{');
    to.extend_from_slice(&fields.bytes);
    let names = match address {
        Address::None => None,
        Address::Channel(name) => Some(to_json(name)),
        Address::Members(names) => Some(to_json(names)),
    };
    if let Some(names) = names {
        if fields.count > 0 {
            to.extend_from_slice(b", ");
        }
        to.extend_from_slice(&to_json(Message::ADDRESS_KEY));
        to.extend_from_slice(b": ");
        to.extend_from_slice(&names);
    }
    to.push(b'}');
}

fn to_json(value: &(impl Serialize + ?Sized)) -> Vec<u8> {
    let mut written = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut written, LikePython)).expect(WRITABLE);
    written
}

/// Reads a map and nothing behind it.
pub(super) fn read(bytes: &[u8], depth_max: usize) -> Result<Map, Undecodable> {
    // The parser has a limit of its own to the depth.
    let value = serde_json::from_slice(bytes).map_err(|_| Undecodable("it is no JSON"))?;
    match value {
        // The outermost map is not counted.
        map @ Value::Map(_) if is_deeper(&map, depth_max + 1) => {
            Err(Undecodable("it is nested too deep"))
        }
        Value::Map(map) => Ok(map),
        _ => Err(Undecodable("it is no map")),
    }
}

fn is_deeper(value: &Value, depth: usize) -> bool {
    let Some(within) = depth.checked_sub(1) else {
        return matches!(value, Value::List(_) | Value::Map(_));
    };
    match value {
        Value::List(list) => list.iter().any(|value| is_deeper(value, within)),
        Value::Map(map) => map.values().any(|value| is_deeper(value, within)),
        _ => false,
    }
}

/// With a space after commas and colons, and nothing but ASCII.
struct LikePython;

impl Formatter for LikePython {
    fn begin_array_value<W: ?Sized + Write>(&mut self, to: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { to.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, to: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { to.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, to: &mut W) -> io::Result<()> {
        to.write_all(b": ")
    }

    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        to: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        for part in fragment.split_inclusive(|character: char| !character.is_ascii()) {
            let ascii_end = part.find(|character: char| !character.is_ascii());
            let (ascii, other) = part.split_at(ascii_end.unwrap_or(part.len()));
            to.write_all(ascii.as_bytes())?;
            for unit in other.encode_utf16() {
                write!(to, "\\u{unit:04x}")?;
            }
        }
        Ok(())
    }
}
