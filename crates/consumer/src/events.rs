//! What groups and other consumers send, read for a consumer.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use campanile_layer as layer;
use serde::Serialize;

use crate::Consumer;
use crate::server::Inner;

/// Types of events of which a person was told that some consumer does not know them.
#[derive(Default)]
pub(crate) struct Strangers(Mutex<HashSet<String>>);

/// So many are remembered; those beyond are logged at DEBUG only.
const STRANGERS_MAX: usize = 100;

/// Reads an event. One that the consumer does not know is logged and counted.
///
/// As in Django Channels an event has a `type`, and none that begins with `_` is for a consumer.
pub(crate) fn read<C: Consumer>(server: &Inner, event: &layer::Message) -> Option<C::Event> {
    let why = match event.kind() {
        None => "it has no `type`",
        Some(kind) if kind.starts_with('_') => "its `type` begins with `_`",
        Some(_) => match event.read::<C::Event>() {
            Ok(event) => return Some(event),
            Err(error) => {
                // It may quote what the event says.
                tracing::trace!("an event cannot be read: {error}");
                "it is none of the consumer's"
            }
        },
    };
    server.counters.events_unknown.one_more();
    let (consumer, kind) = (std::any::type_name::<C>(), event.kind().unwrap_or_default());
    if server.strangers.is_new(format!("{consumer} {kind}")) {
        tracing::warn!(consumer, kind, "an event is passed over, as others of its type: {why}");
    } else {
        tracing::debug!(consumer, kind, "an event is passed over: {why}");
    }
    None
}

/// Makes an event what the layer carries.
pub(crate) fn written(
    event: &(impl Serialize + ?Sized),
) -> Result<layer::Message, layer::SendError> {
    let message = layer::Message::new(event);
    message.map_err(|error| layer::SendError::Unencodable(error.to_string()))
}

impl Strangers {
    fn is_new(&self, stranger: String) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.len() < STRANGERS_MAX && known.insert(stranger)
    }
}
