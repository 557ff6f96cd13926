//! A key as serde's deserializer: a text, which may spell a number where the type wants one.

use super::MessageError;
use serde::de::{Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

/// Reads a key.
#[derive(Clone, Copy)]
pub(super) struct KeyReader<'a>(pub(super) &'a str);

/// Reads the number that a text spells; if it spells none, the text, which the type refuses.
macro_rules! numbers {
    ($($call:ident: $visit:ident,)*) => {
        $(fn $call<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, MessageError> {
            match self.0.parse() {
                Ok(number) => visitor.$visit(number),
                Err(_) => visitor.visit_borrowed_str(self.0),
            }
        })*
    };
}

impl<'de> Deserializer<'de> for KeyReader<'de> {
    type Error = MessageError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, MessageError> {
        visitor.visit_borrowed_str(self.0)
    }

    numbers! {
        deserialize_i8: visit_i8,
        deserialize_i16: visit_i16,
        deserialize_i32: visit_i32,
        deserialize_i64: visit_i64,
        deserialize_u8: visit_u8,
        deserialize_u16: visit_u16,
        deserialize_u32: visit_u32,
        deserialize_u64: visit_u64,
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
        visitor.visit_enum(self.0.into_deserializer())
    }

    forward_to_deserialize_any! {
        bool i128 u128 f32 f64 char str string bytes byte_buf option unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, MessageError> for KeyReader<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}
