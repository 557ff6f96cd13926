//! MessagePack, as Python's msgpack reads it.

use super::{Address, Fields, Undecodable};
use crate::{Map, Message, Value};
use rmp::{Marker, encode};

const TAKES_ALL: &str = "a vector takes everything";

/// Writes the fields of a map, without what says how many they are.
pub(super) fn write_fields(map: &Map) -> Vec<u8> {
    let mut to = Vec::new();
    for (key, value) in map {
        write_text(&mut to, key);
        write_value(&mut to, value);
    }
    to
}

/// Writes the map that these fields make together with the address.
pub(super) fn write(to: &mut Vec<u8>, fields: &Fields, address: Address<'_>) {
    let addressed = !matches!(address, Address::None);
    encode::write_map_len(to, length(fields.count + usize::from(addressed))).expect(TAKES_ALL);
    to.extend_from_slice(&fields.bytes);
    if addressed {
        write_text(to, Message::ADDRESS_KEY);
    }
    match address {
        Address::None => {}
        Address::Channel(name) => write_text(to, name),
        Address::Members(names) => {
            encode::write_array_len(to, length(names.len())).expect(TAKES_ALL);
            names.iter().for_each(|name| write_text(to, name));
        }
    }
}

fn write_value(to: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => encode::write_nil(to).expect(TAKES_ALL),
        Value::Bool(value) => encode::write_bool(to, *value).expect(TAKES_ALL),
        Value::Integer(value) => drop(encode::write_sint(to, *value).expect(TAKES_ALL)),
        Value::Unsigned(value) => drop(encode::write_uint(to, *value).expect(TAKES_ALL)),
        Value::Float(value) => encode::write_f64(to, *value).expect(TAKES_ALL),
        Value::Text(text) => write_text(to, text),
        Value::Bytes(bytes) => encode::write_bin(to, bytes).expect(TAKES_ALL),
        Value::List(list) => {
            encode::write_array_len(to, length(list.len())).expect(TAKES_ALL);
            list.iter().for_each(|value| write_value(to, value));
        }
        Value::Map(map) => {
            encode::write_map_len(to, length(map.len())).expect(TAKES_ALL);
            to.extend_from_slice(&write_fields(map));
        }
        // Refused before; whoever reads this sees what is not there.
        Value::Extension(..) => encode::write_nil(to).expect(TAKES_ALL),
    }
}

fn write_text(to: &mut Vec<u8>, text: &str) {
    encode::write_str(to, text).expect(TAKES_ALL);
}

fn length(items: usize) -> u32 {
    u32::try_from(items).expect("message_bytes_max items are fewer than four billion")
}

/// Reads a map and nothing behind it.
pub(super) fn read(bytes: &[u8], depth_max: usize) -> Result<Map, Undecodable> {
    let mut reader = Reader { rest: bytes };
    // The outermost map is not counted.
    let value = reader.value(depth_max + 1)?;
    match value {
        Value::Map(map) if reader.rest.is_empty() => Ok(map),
        Value::Map(_) => Err(Undecodable("something stands behind its end")),
        _ => Err(Undecodable("it is no map")),
    }
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn value(&mut self, depth_left: usize) -> Result<Value, Undecodable> {
        let [marker] = self.array()?;
        let value = match Marker::from_u8(marker) {
            Marker::Null => Value::Null,
            Marker::True => Value::Bool(true),
            Marker::False => Value::Bool(false),
            Marker::FixPos(value) => Value::from(u64::from(value)),
            Marker::U8 => Value::from(u64::from(u8::from_be_bytes(self.array()?))),
            Marker::U16 => Value::from(u64::from(u16::from_be_bytes(self.array()?))),
            Marker::U32 => Value::from(u64::from(u32::from_be_bytes(self.array()?))),
            Marker::U64 => Value::from(u64::from_be_bytes(self.array()?)),
            Marker::FixNeg(value) => Value::from(i64::from(value)),
            Marker::I8 => Value::from(i64::from(i8::from_be_bytes(self.array()?))),
            Marker::I16 => Value::from(i64::from(i16::from_be_bytes(self.array()?))),
            Marker::I32 => Value::from(i64::from(i32::from_be_bytes(self.array()?))),
            Marker::I64 => Value::from(i64::from_be_bytes(self.array()?)),
            Marker::F32 => Value::Float(f64::from(f32::from_be_bytes(self.array()?))),
            Marker::F64 => Value::Float(f64::from_be_bytes(self.array()?)),
            marker => return self.longer(marker, depth_left),
        };
        Ok(value)
    }

    /// Reads what has a length.
    fn longer(&mut self, marker: Marker, depth_left: usize) -> Result<Value, Undecodable> {
        match marker {
            Marker::FixStr(length) => self.text(usize::from(length)),
            Marker::Str8 => self.length::<1>().and_then(|length| self.text(length)),
            Marker::Str16 => self.length::<2>().and_then(|length| self.text(length)),
            Marker::Str32 => self.length::<4>().and_then(|length| self.text(length)),
            Marker::Bin8 => self.length::<1>().and_then(|length| self.bytes(length)),
            Marker::Bin16 => self.length::<2>().and_then(|length| self.bytes(length)),
            Marker::Bin32 => self.length::<4>().and_then(|length| self.bytes(length)),
            Marker::FixArray(length) => self.list(usize::from(length), depth_left),
            Marker::Array16 => self.length::<2>().and_then(|length| self.list(length, depth_left)),
            Marker::Array32 => self.length::<4>().and_then(|length| self.list(length, depth_left)),
            Marker::FixMap(length) => self.map(usize::from(length), depth_left),
            Marker::Map16 => self.length::<2>().and_then(|length| self.map(length, depth_left)),
            Marker::Map32 => self.length::<4>().and_then(|length| self.map(length, depth_left)),
            Marker::FixExt1 => self.extension(1),
            Marker::FixExt2 => self.extension(2),
            Marker::FixExt4 => self.extension(4),
            Marker::FixExt8 => self.extension(8),
            Marker::FixExt16 => self.extension(16),
            Marker::Ext8 => self.length::<1>().and_then(|length| self.extension(length)),
            Marker::Ext16 => self.length::<2>().and_then(|length| self.extension(length)),
            Marker::Ext32 => self.length::<4>().and_then(|length| self.extension(length)),
            _ => Err(Undecodable("it has a byte that MessagePack does not use")),
        }
    }

    fn list(&mut self, length: usize, depth_left: usize) -> Result<Value, Undecodable> {
        let depth_left = self.deeper(length, depth_left)?;
        // What stands there may be a lie.
        let mut list = Vec::with_capacity(length.min(64));
        for _ in 0..length {
            list.push(self.value(depth_left)?);
        }
        Ok(Value::List(list))
    }

    fn map(&mut self, length: usize, depth_left: usize) -> Result<Value, Undecodable> {
        let depth_left = self.deeper(length, depth_left)?;
        let mut map = Map::with_capacity(length.min(64));
        for _ in 0..length {
            let key = match self.value(0)? {
                Value::Text(key) => key,
                // Python takes them and keeps them bytes; here they are the text that they spell.
                Value::Bytes(key) => {
                    String::from_utf8(key).map_err(|_| Undecodable("a key is not UTF-8"))?
                }
                _ => return Err(Undecodable("a key is no text")),
            };
            let value = self.value(depth_left)?;
            map.insert(key, value);
        }
        Ok(Value::Map(map))
    }

    /// Goes into a list or map of so many items.
    fn deeper(&self, items: usize, depth_left: usize) -> Result<usize, Undecodable> {
        if items > self.rest.len() {
            return Err(Undecodable("it ends too early"));
        }
        depth_left.checked_sub(1).ok_or(Undecodable("it is nested too deep"))
    }

    fn text(&mut self, length: usize) -> Result<Value, Undecodable> {
        let text = std::str::from_utf8(self.take(length)?);
        text.map(Value::from).map_err(|_| Undecodable("a text is not UTF-8"))
    }

    fn bytes(&mut self, length: usize) -> Result<Value, Undecodable> {
        self.take(length).map(|bytes| Value::Bytes(bytes.to_vec()))
    }

    fn extension(&mut self, length: usize) -> Result<Value, Undecodable> {
        let kind = i8::from_be_bytes(self.array()?);
        self.take(length).map(|bytes| Value::Extension(kind, bytes.to_vec()))
    }

    fn length<const BYTES: usize>(&mut self) -> Result<usize, Undecodable> {
        let bytes: [u8; BYTES] = self.array()?;
        Ok(bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)))
    }

    fn array<const BYTES: usize>(&mut self) -> Result<[u8; BYTES], Undecodable> {
        let (bytes, rest) =
            self.rest.split_first_chunk().ok_or(Undecodable("it ends too early"))?;
        self.rest = rest;
        Ok(*bytes)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Undecodable> {
        let parts = self.rest.split_at_checked(length);
        let (bytes, rest) = parts.ok_or(Undecodable("it ends too early"))?;
        self.rest = rest;
        Ok(bytes)
    }
}
