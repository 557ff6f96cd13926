//! One message of the server, read.

use super::route::{Defaults, Refusal, Route, read_network};
use crate::cidr::Network;
use serde_json::{Map, Value};

/// What a message of the server asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Frame {
    /// Announce this.
    Add(Route),
    /// Withdraw this.
    Remove(Network),
    /// Withdraw all that this translator announces.
    RemoveAll,
    /// Say whether this is announced.
    Check(Check),
    /// A replay begins: all that is wanted, one add each.
    SyncBegin(Value),
    /// The replay is over.
    SyncEnd {
        /// That of its beginning.
        epoch: Value,
        /// How many adds it had, if the server says so.
        count: Option<u64>,
    },
    /// Say what is announced: the sums of all, or the networks of a bucket.
    State {
        /// By which the answer is known.
        id: Value,
        /// Which bucket, if one is meant.
        bucket: Option<u8>,
    },
    /// Something that is none of this translator's business.
    Unknown(String),
}

/// A question of a browser, to be answered with all its keys.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// What is asked about.
    pub network: Network,
    frame: Map<String, Value>,
}

/// How much of a type that nobody knows goes to the log.
const TYPE_CHARS_MAX: usize = 60;

impl Frame {
    /// Reads a message.
    ///
    /// # Errors
    ///
    /// If a part of it is missing or cannot be meant.
    pub fn read(text: &str, defaults: &Defaults) -> Result<Frame, Refusal> {
        let Ok(Value::Object(frame)) = serde_json::from_str(text) else {
            return Err(Refusal::NotAnObject);
        };
        let kind = frame.get("type").and_then(Value::as_str).ok_or(Refusal::TypeMissing)?;
        let message =
            || frame.get("message").and_then(Value::as_object).ok_or(Refusal::MessageMissing);
        let epoch =
            |message: &Map<String, Value>| message.get("epoch").cloned().unwrap_or_default();
        Ok(match kind {
            "translator_add" => Frame::Add(Route::read(message()?, defaults)?),
            "translator_remove" => Frame::Remove(read_network(message()?)?),
            "translator_remove_all" => {
                message()?;
                Frame::RemoveAll
            }
            "translator_check" => {
                let network = read_network(message()?)?;
                Frame::Check(Check { network, frame })
            }
            "translator_sync_begin" => Frame::SyncBegin(epoch(message()?)),
            "translator_sync_end" => {
                let message = message()?;
                let count = message.get("count").and_then(Value::as_u64);
                Frame::SyncEnd { epoch: epoch(message), count }
            }
            "translator_state_request" => {
                let message = message()?;
                let id = message.get("id").cloned().unwrap_or_default();
                let bucket = message.get("bucket").and_then(Value::as_u64);
                Frame::State { id, bucket: bucket.and_then(|bucket| bucket.try_into().ok()) }
            }
            other => Frame::Unknown(other.chars().take(TYPE_CHARS_MAX).collect()),
        })
    }
}

impl Check {
    /// Returns the answer: the question, with `is_blocked` and the name of who answers. A question that
    /// could not be answered says so in `error`, and that nothing is known to be blocked.
    pub fn answer(mut self, name: &str, is_blocked: Result<bool, String>) -> String {
        self.frame.insert("type".to_owned(), "translator_check_resp".into());
        if let Some(Value::Object(message)) = self.frame.get_mut("message") {
            message.insert("translator_name".to_owned(), name.into());
            let (is_blocked, error) = match is_blocked {
                Ok(is_blocked) => (is_blocked, None),
                Err(error) => (false, Some(error)),
            };
            message.insert("is_blocked".to_owned(), is_blocked.into());
            message.extend(error.map(|error| ("error".to_owned(), error.into())));
        }
        Value::Object(self.frame).to_string()
    }
}
