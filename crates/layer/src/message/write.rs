//! A serializer of serde's that makes values.

use super::{Map, MessageError, Value};
use serde::ser::{
    Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

/// Makes a value of anything that serde can write.
pub(super) struct ToValue;

/// A list in the making; within a map, if it is a variant's.
pub(super) struct ToList {
    variant: Option<&'static str>,
    list: Vec<Value>,
}

/// A map in the making; within another, if it is a variant's.
pub(super) struct ToMap {
    variant: Option<&'static str>,
    map: Map,
    /// Whose value comes next.
    key: Option<String>,
}

type Made = Result<Value, MessageError>;

impl Serializer for ToValue {
    type Ok = Value;
    type Error = MessageError;
    type SerializeSeq = ToList;
    type SerializeTuple = ToList;
    type SerializeTupleStruct = ToList;
    type SerializeTupleVariant = ToList;
    type SerializeMap = ToMap;
    type SerializeStruct = ToMap;
    type SerializeStructVariant = ToMap;

    fn serialize_bool(self, value: bool) -> Made {
        Ok(Value::Bool(value))
    }

    fn serialize_i8(self, value: i8) -> Made {
        self.serialize_i64(value.into())
    }

    fn serialize_i16(self, value: i16) -> Made {
        self.serialize_i64(value.into())
    }

    fn serialize_i32(self, value: i32) -> Made {
        self.serialize_i64(value.into())
    }

    fn serialize_i64(self, value: i64) -> Made {
        Ok(Value::Integer(value))
    }

    fn serialize_u8(self, value: u8) -> Made {
        self.serialize_u64(value.into())
    }

    fn serialize_u16(self, value: u16) -> Made {
        self.serialize_u64(value.into())
    }

    fn serialize_u32(self, value: u32) -> Made {
        self.serialize_u64(value.into())
    }

    fn serialize_u64(self, value: u64) -> Made {
        Ok(Value::from(value))
    }

    fn serialize_f32(self, value: f32) -> Made {
        self.serialize_f64(value.into())
    }

    fn serialize_f64(self, value: f64) -> Made {
        Ok(Value::Float(value))
    }

    fn serialize_char(self, value: char) -> Made {
        Ok(Value::Text(value.to_string()))
    }

    fn serialize_str(self, value: &str) -> Made {
        Ok(Value::from(value))
    }

    fn serialize_bytes(self, value: &[u8]) -> Made {
        Ok(Value::Bytes(value.to_vec()))
    }

    fn serialize_none(self) -> Made {
        Ok(Value::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Made {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Made {
        Ok(Value::Null)
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Made {
        Ok(Value::Null)
    }

    fn serialize_unit_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Made {
        Ok(Value::from(variant))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        value: &T,
    ) -> Made {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Made {
        value.serialize(self).map(|value| within(Some(variant), value))
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<ToList, MessageError> {
        // What a type says of its own length is only a hint.
        let list = Vec::with_capacity(length.unwrap_or_default().min(1024));
        Ok(ToList { variant: None, list })
    }

    fn serialize_tuple(self, length: usize) -> Result<ToList, MessageError> {
        self.serialize_seq(Some(length))
    }

    fn serialize_tuple_struct(
        self,
        _name: &'static str,
        length: usize,
    ) -> Result<ToList, MessageError> {
        self.serialize_seq(Some(length))
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _length: usize,
    ) -> Result<ToList, MessageError> {
        Ok(ToList { variant: Some(variant), list: Vec::new() })
    }

    fn serialize_map(self, _length: Option<usize>) -> Result<ToMap, MessageError> {
        Ok(ToMap { variant: None, map: Map::new(), key: None })
    }

    fn serialize_struct(self, _name: &'static str, _length: usize) -> Result<ToMap, MessageError> {
        self.serialize_map(None)
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _length: usize,
    ) -> Result<ToMap, MessageError> {
        Ok(ToMap { variant: Some(variant), map: Map::new(), key: None })
    }
}

impl ToList {
    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), MessageError> {
        self.list.push(value.serialize(ToValue)?);
        Ok(())
    }

    fn made(self) -> Made {
        Ok(within(self.variant, Value::List(self.list)))
    }
}

impl ToMap {
    fn insert<T: Serialize + ?Sized>(
        &mut self,
        key: String,
        value: &T,
    ) -> Result<(), MessageError> {
        self.map.insert(key, value.serialize(ToValue)?);
        Ok(())
    }

    fn made(self) -> Made {
        Ok(within(self.variant, Value::Map(self.map)))
    }
}

fn within(variant: Option<&'static str>, value: Value) -> Value {
    match variant {
        Some(variant) => Value::Map(Map::from_iter([(variant.to_owned(), value)])),
        None => value,
    }
}

/// Returns the text that a key becomes: a text, or, as JSON has it, that of an integer.
fn key_text(key: Value) -> Result<String, MessageError> {
    match key {
        Value::Text(text) => Ok(text),
        Value::Integer(number) => Ok(number.to_string()),
        Value::Unsigned(number) => Ok(number.to_string()),
        _ => Err(MessageError(String::from("the keys of a message must be text"))),
    }
}

impl SerializeMap for ToMap {
    type Ok = Value;
    type Error = MessageError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), MessageError> {
        self.key = Some(key_text(key.serialize(ToValue)?)?);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), MessageError> {
        let key = self.key.take();
        let key = key.ok_or_else(|| MessageError(String::from("a value came without its key")))?;
        self.insert(key, value)
    }

    fn end(self) -> Made {
        self.made()
    }
}

/// The traits of serde that only differ in their names.
macro_rules! makes {
    ($kind:ident by $from:ident: $call:ident($($key:ident)?)) => {
        impl $from for $kind {
            type Ok = Value;
            type Error = MessageError;

            fn $call<T: Serialize + ?Sized>(
                &mut self,
                $($key: &'static str,)?
                value: &T,
            ) -> Result<(), MessageError> {
                makes!(@ self value $($key)?)
            }

            fn end(self) -> Made {
                self.made()
            }
        }
    };
    (@ $made:ident $value:ident) => { $made.push($value) };
    (@ $made:ident $value:ident $key:ident) => { $made.insert($key.to_owned(), $value) };
}

makes!(ToList by SerializeSeq: serialize_element());
makes!(ToList by SerializeTuple: serialize_element());
makes!(ToList by SerializeTupleStruct: serialize_field());
makes!(ToList by SerializeTupleVariant: serialize_field());
makes!(ToMap by SerializeStruct: serialize_field(key));
makes!(ToMap by SerializeStructVariant: serialize_field(key));
