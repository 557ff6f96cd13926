//! A value as serde's deserializer.

use super::key::KeyReader;
use super::{Map, MessageError, Value};
use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, IntoDeserializer, Unexpected, VariantAccess,
    Visitor,
};
use serde::forward_to_deserialize_any;

/// Reads a value.
#[derive(Clone, Copy)]
pub(super) struct ValueReader<'a>(&'a Value);

/// Reads a map.
#[derive(Clone, Copy)]
pub(super) struct MapReader<'a>(pub(super) &'a Map);

impl<'de> Deserializer<'de> for ValueReader<'de> {
    type Error = MessageError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, MessageError> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Integer(value) => visitor.visit_i64(*value),
            Value::Unsigned(value) => visitor.visit_u64(*value),
            Value::Float(value) => visitor.visit_f64(*value),
            Value::Text(text) => visitor.visit_borrowed_str(text),
            Value::Bytes(bytes) => visitor.visit_borrowed_bytes(bytes),
            Value::List(list) => {
                let mut items = SeqDeserializer::new(list.iter().map(ValueReader));
                let read = visitor.visit_seq(&mut items)?;
                items.end().map(|()| read)
            }
            Value::Map(map) => MapReader(map).deserialize_any(visitor),
            Value::Extension(kind, bytes) => {
                let parts = [Value::from(i64::from(*kind)), Value::Bytes(bytes.clone())];
                let parts: Vec<_> = parts.into_iter().map(Owned).collect();
                visitor.visit_seq(SeqDeserializer::new(parts.into_iter()))
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, MessageError> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, MessageError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, MessageError> {
        match self.0 {
            Value::Text(variant) => visitor.visit_enum(variant.as_str().into_deserializer()),
            Value::Map(map) => MapReader(map).deserialize_enum(name, variants, visitor),
            other => {
                let unexpected = Unexpected::Other(kind_of(other));
                Err(MessageError::invalid_type(unexpected, &"an enum's variant"))
            }
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

impl<'de> Deserializer<'de> for MapReader<'de> {
    type Error = MessageError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, MessageError> {
        let entries = self.0.iter().map(|(key, value)| (KeyReader(key), ValueReader(value)));
        let mut entries = MapDeserializer::new(entries);
        let read = visitor.visit_map(&mut entries)?;
        entries.end().map(|()| read)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, MessageError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, MessageError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, MessageError> {
        let mut entries = self.0.iter();
        match (entries.next(), entries.next()) {
            (Some((name, content)), None) => visitor.visit_enum(Variant { name, content }),
            _ => Err(MessageError(String::from("expected a map with a variant's name alone"))),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, MessageError> for ValueReader<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// A value that belongs to nobody else; it is a number or bytes.
struct Owned(Value);

impl<'de> IntoDeserializer<'de, MessageError> for Owned {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Owned {
    type Error = MessageError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, MessageError> {
        match self.0 {
            Value::Integer(value) => visitor.visit_i64(value),
            Value::Bytes(bytes) => visitor.visit_byte_buf(bytes),
            other => Err(MessageError(format!("{} is no part of an extension", kind_of(&other)))),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// A variant of an enum that has content.
struct Variant<'a> {
    name: &'a str,
    content: &'a Value,
}

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = MessageError;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Self), MessageError> {
        Ok((seed.deserialize(self.name.into_deserializer())?, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'de> {
    type Error = MessageError;

    fn unit_variant(self) -> Result<(), MessageError> {
        match self.content {
            Value::Null => Ok(()),
            other => {
                Err(MessageError(format!("the variant has no content, but {}", kind_of(other))))
            }
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> Result<T::Value, MessageError> {
        seed.deserialize(ValueReader(self.content))
    }

    fn tuple_variant<V: Visitor<'de>>(
        self,
        _fields: usize,
        visitor: V,
    ) -> Result<V::Value, MessageError> {
        ValueReader(self.content).deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, MessageError> {
        ValueReader(self.content).deserialize_any(visitor)
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a boolean",
        Value::Integer(_) | Value::Unsigned(_) => "an integer",
        Value::Float(_) => "a float",
        Value::Text(_) => "a text",
        Value::Bytes(_) => "bytes",
        Value::List(_) => "a list",
        Value::Map(_) => "a map",
        Value::Extension(..) => "an extension",
    }
}
