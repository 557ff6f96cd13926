//! Why a client gets no WebSocket, and what it is told.

use crate::answer::{Answer, text, unavailable};
use crate::backend::Unforwardable;
use crate::metrics::{Count, Refusals};
use campanile_manager::PostError;
use campanile_wire::handshake::Refusal;
use http::{HeaderName, HeaderValue, StatusCode};
use std::fmt;

/// Why there is no WebSocket for a client.
#[derive(Debug)]
pub(super) enum NotOpened {
    /// It asked for none, or not in a way that is safe.
    Handshake(Refusal),
    /// The gateway is about to stop.
    Stopping,
    /// Its address has as many as it may.
    AddressFull,
    /// What the backend is to be shown cannot be forwarded.
    Unforwardable(Unforwardable),
    /// Its user has as many as it may.
    UserFull,
    /// Too many wait for the backend.
    Busy,
    /// No file is left to ask the backend by.
    NoDescriptor,
    /// Its connection was taken over already.
    TakenOver,
    /// The loops are too far behind, or have ended.
    NoLoop(PostError),
}

impl NotOpened {
    /// Returns where it is counted.
    pub(super) fn counter<'a>(&self, counts: &'a Refusals) -> &'a Count {
        match self {
            Self::Handshake(Refusal::Origin) => &counts.origin,
            Self::Handshake(_) | Self::Unforwardable(_) | Self::TakenOver => &counts.bad_request,
            Self::Stopping | Self::NoLoop(PostError::Ended) => &counts.stopping,
            Self::NoLoop(PostError::Full) => &counts.mailbox,
            Self::AddressFull => &counts.connections_per_address_max,
            Self::UserFull => &counts.connections_per_user_max,
            Self::Busy => &counts.busy,
            Self::NoDescriptor => &counts.descriptors,
        }
    }

    /// Returns what the client is told: to come again, where that may help.
    pub(super) fn answer(&self) -> Answer {
        let words = format!("{self}\n");
        match self {
            Self::Handshake(refusal) => refused(*refusal, words),
            Self::Unforwardable(_) | Self::TakenOver => text(StatusCode::BAD_REQUEST, words),
            Self::Stopping
            | Self::AddressFull
            | Self::UserFull
            | Self::Busy
            | Self::NoDescriptor
            | Self::NoLoop(_) => unavailable(words),
        }
    }
}

impl fmt::Display for NotOpened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Handshake(refusal) => refusal.fmt(f),
            Self::Stopping => f.write_str("the gateway is about to stop"),
            Self::AddressFull => f.write_str("too many connections of this address"),
            Self::Unforwardable(why) => why.fmt(f),
            Self::UserFull => f.write_str("this user has too many connections"),
            Self::Busy => f.write_str("too many connections wait for the backend"),
            Self::NoDescriptor => f.write_str("no file is left to ask the backend by"),
            Self::NoLoop(why) => why.fmt(f),
            Self::TakenOver => f.write_str("this connection was taken over already"),
        }
    }
}

fn refused(refusal: Refusal, words: String) -> Answer {
    let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::BAD_REQUEST);
    let mut answer = text(status, words);
    for (name, value) in refusal.headers() {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("these are names of headers");
        answer.headers_mut().append(name, HeaderValue::from_static(value));
    }
    answer
}
