//! Why something was not done.

use crate::names::NameError;
use std::fmt;

/// Why a message was not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendError {
    /// The channel holds as many messages as it may; nobody gets this one.
    Full,
    /// No channel or group may have that name; nobody gets it.
    BadName(NameError),
    /// It is longer than `message_bytes_max`; nobody gets it.
    TooBig {
        /// How long it is, about, in bytes.
        bytes: usize,
    },
    /// The layer's format cannot carry it, for this reason; nobody gets it.
    Unencodable(String),
    /// The layer cannot be reached, for this reason; nobody gets it.
    Unavailable(String),
    /// It was sent but not confirmed, for this reason; some or all may get it, or nobody.
    Unconfirmed(String),
    /// The layer is closed; nobody gets it.
    Closed,
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => f.write_str("the channel is full"),
            Self::BadName(error) => error.fmt(f),
            Self::TooBig { bytes } => {
                write!(f, "the message has {bytes} bytes, which is over message_bytes_max")
            }
            Self::Unencodable(why) => write!(f, "the message cannot be sent by this layer: {why}"),
            Self::Unavailable(why) => write!(f, "not sent, the channel layer is lost: {why}"),
            Self::Unconfirmed(why) => {
                write!(f, "the channel layer did not confirm it, perhaps it was sent: {why}")
            }
            Self::Closed => f.write_str("not sent, the channel layer is closed"),
        }
    }
}

impl std::error::Error for SendError {}

impl From<NameError> for SendError {
    fn from(error: NameError) -> SendError {
        SendError::BadName(error)
    }
}

/// Why a channel was not made, or a group not changed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LayerError {
    /// No channel or group may have that name.
    BadName(NameError),
    /// The channel is not one of this process, and this layer knows of no others.
    NotHere,
    /// There are as many as there may be: the limit's name.
    Limit(&'static str),
    /// The layer cannot be reached, for this reason. It has no effect.
    Unavailable(String),
    /// The layer is closed.
    Closed,
}

impl fmt::Display for LayerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadName(error) => error.fmt(f),
            Self::NotHere => f.write_str("the channel is not one of this process"),
            Self::Limit(name) => write!(f, "there are as many as there may be ({name})"),
            Self::Unavailable(why) => write!(f, "the channel layer is lost: {why}"),
            Self::Closed => f.write_str("the channel layer is closed"),
        }
    }
}

impl std::error::Error for LayerError {}

impl From<NameError> for LayerError {
    fn from(error: NameError) -> LayerError {
        LayerError::BadName(error)
    }
}
