//! What is done with all that others wrote: it may be too long, or unreadable.

use crate::codec::Undecodable;
use crate::statistics::Counting;
use crate::{Map, Message, Settings};

/// Why a message is not read that somebody with another limit sent.
pub(super) const TOO_LONG: Undecodable = Undecodable("it is longer than message_bytes_max");

/// Makes a message of its fields, if that is not too long.
pub(super) fn bounded(fields: Map, settings: &Settings) -> Result<Message, Undecodable> {
    let message = Message::from(fields);
    if message.bytes() > settings.message_bytes_max {
        return Err(TOO_LONG);
    }
    Ok(message)
}

/// Counts what cannot be read, and says so now and then.
pub(super) fn undecodable(counting: &Counting, Undecodable(why): Undecodable) {
    counting.undecodable.add(1);
    let count = counting.undecodable.get();
    if count.is_power_of_two() {
        tracing::warn!(
            count,
            why,
            "messages on the channel layer cannot be read; are prefix, serializer_format and \
             symmetric_encryption_keys the same everywhere?"
        );
    }
}
