//! RabbitMQ's refusals, with what to do.

use crate::{Settings, tls};
use lapin::ErrorKind;

/// Says what happened and what to do.
pub(super) fn explain(error: &lapin::Error, settings: &Settings) -> String {
    let ErrorKind::ProtocolError(refusal) = error.kind() else {
        return tls::explain(&error.to_string());
    };
    let (exchange, said) = (&settings.exchange, refusal.get_message());
    match refusal.get_id() {
        403 => format!(
            "RabbitMQ refuses this user (403): check user, password and permissions of the \
             [broker] url; the user must be allowed to configure, write and read \
             {exchange} and hightemplar_.* (RabbitMQ says: {said})"
        ),
        406 => format!(
            "the exchange {exchange} exists already, declared otherwise (406): it has to be \
             direct, not durable, not auto-delete and not internal; delete it, or set another \
             [broker] exchange here and in the backend (RabbitMQ says: {said})"
        ),
        530 => format!(
            "RabbitMQ does not let this user into the virtual host (530): check the path of the \
             [broker] url (RabbitMQ says: {said})"
        ),
        code => format!("RabbitMQ refused: {code} {said}"),
    }
}
