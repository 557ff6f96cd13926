//! Messages as bytes, as channels_redis writes and reads them.
//!
//! An entry is a random prefix and a body; the body is MessagePack or JSON, or a Fernet token of
//! that. For whom it is stands in the message, under [`Message::ADDRESS_KEY`].

mod fernet;
mod json;
mod msgpack;
mod prefix;
#[cfg(test)]
mod tests;

use crate::redis::{Format, RedisSettings};
use crate::{Map, Message, SendError, Value};
use fernet::Fernet;
use prefix::RandomPrefix;
use std::time::{Duration, SystemTime};

/// How much older than its expiry a token may be, so that clocks may differ a little.
const LATENESS: Duration = Duration::from_secs(10);

/// Writes and reads entries.
#[derive(Debug)]
pub(crate) struct Codec {
    format: Format,
    prefix: RandomPrefix,
    fernet: Option<Fernet>,
    token_age_max: Option<Duration>,
    message_bytes_max: usize,
    depth_max: usize,
}

/// For whom an entry is, as its message says it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Address<'a> {
    /// Whoever reads it.
    None,
    /// One channel, to which it was sent.
    Channel(&'a str),
    /// Members of a group.
    Members(&'a [&'a str]),
}

/// The fields of a message, written once for all to whom it goes.
#[derive(Debug)]
pub(crate) struct Fields {
    bytes: Vec<u8>,
    count: usize,
}

/// Why an entry cannot be read. It says nothing of what is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Undecodable(pub(crate) &'static str);

impl Codec {
    /// Makes the one of the core layer.
    pub(crate) fn core(settings: &RedisSettings) -> Codec {
        let token_age_max = Some(settings.common.expiry + LATENESS);
        Codec::new(settings, settings.random_prefix_length, token_age_max)
    }

    /// Makes the one of the pub/sub layer, which has no prefix, and opens tokens of any age.
    pub(crate) fn pub_sub(settings: &RedisSettings) -> Codec {
        Codec::new(settings, 0, None)
    }

    fn new(settings: &RedisSettings, prefix: usize, token_age_max: Option<Duration>) -> Codec {
        Codec {
            format: settings.serializer_format,
            prefix: RandomPrefix::new(prefix),
            fernet: Fernet::new(settings.symmetric_encryption_keys.secrets()),
            token_age_max,
            message_bytes_max: settings.common.message_bytes_max,
            depth_max: settings.common.message_depth_max,
        }
    }

    /// Writes the fields of a message.
    ///
    /// # Errors
    ///
    /// If it is too long, or has what cannot be written.
    pub(crate) fn write(&self, message: &Message) -> Result<Fields, SendError> {
        let bytes = message.bytes();
        if bytes > self.message_bytes_max {
            return Err(SendError::TooBig { bytes });
        }
        let map = message.fields();
        if map.contains_key(Message::ADDRESS_KEY) {
            let why = format!("its key {} is the layer's own", Message::ADDRESS_KEY);
            return Err(SendError::Unencodable(why));
        }
        self.check(map).map_err(|why| SendError::Unencodable(why.to_owned()))?;
        let bytes = match self.format {
            Format::MessagePack => msgpack::write_fields(map),
            Format::Json => json::write_fields(map),
        };
        Ok(Fields { bytes, count: map.len() })
    }

    /// Makes an entry of them for somebody.
    pub(crate) fn entry(&self, fields: &Fields, address: Address<'_>, now: SystemTime) -> Vec<u8> {
        let mut entry = self.prefix.next();
        match (&self.fernet, self.format) {
            (None, Format::MessagePack) => msgpack::write(&mut entry, fields, address),
            (None, Format::Json) => json::write(&mut entry, fields, address),
            (Some(fernet), format) => {
                let mut body = Vec::new();
                match format {
                    Format::MessagePack => msgpack::write(&mut body, fields, address),
                    Format::Json => json::write(&mut body, fields, address),
                }
                entry.extend_from_slice(fernet.close(&body, now).as_bytes());
            }
        }
        entry
    }

    /// Reads an entry.
    ///
    /// # Errors
    ///
    /// If it is no message, or one that is nested too deep, or cannot be opened.
    pub(crate) fn read(&self, entry: &[u8], now: SystemTime) -> Result<Map, Undecodable> {
        let body = entry.get(self.prefix.length()..);
        let body = body.ok_or(Undecodable("it is shorter than its random prefix"))?;
        let opened;
        let body = match &self.fernet {
            None => body,
            Some(fernet) => {
                opened = fernet.open(body, self.token_age_max, now)?;
                &opened
            }
        };
        match self.format {
            Format::MessagePack => msgpack::read(body, self.depth_max),
            Format::Json => json::read(body, self.depth_max),
        }
    }

    /// Refuses what the format has no form for, and what receivers would refuse.
    fn check(&self, map: &Map) -> Result<(), &'static str> {
        map.values().try_for_each(|value| self.check_value(value, self.depth_max))
    }

    fn check_value(&self, value: &Value, depth_left: usize) -> Result<(), &'static str> {
        let deeper = || depth_left.checked_sub(1).ok_or("it is nested too deep");
        match value {
            Value::Extension(..) => Err("extensions of MessagePack are not sent"),
            Value::Bytes(_) if self.format == Format::Json => Err("JSON has no bytes"),
            Value::Float(number) if self.format == Format::Json && !number.is_finite() => {
                Err("JSON has only finite numbers")
            }
            Value::List(list) => {
                let deeper = deeper()?;
                list.iter().try_for_each(|value| self.check_value(value, deeper))
            }
            Value::Map(map) => {
                let deeper = deeper()?;
                map.values().try_for_each(|value| self.check_value(value, deeper))
            }
            _ => Ok(()),
        }
    }
}
