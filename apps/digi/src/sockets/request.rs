//! What browsers send, read.

use crate::frames::Refused;
use serde_json::{Map, Value};

/// What a browser wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Request {
    /// To say something.
    Add { message: String, client_id: Option<String> },
    /// To give a message another text.
    Edit { message_id: String, message: String },
    /// To delete a message.
    Delete { message_id: String },
    /// To tell that its user writes, or has stopped.
    Typing { typing: bool },
    /// To tell up to where its user has read.
    Read { message_id: String },
    /// To know whether somebody is here.
    Ping,
}

/// What is repeated of a browser's words in an answer is not longer.
const REPEATED_BYTES_MAX: usize = 256;

impl Request {
    /// Reads a frame.
    ///
    /// # Errors
    ///
    /// What to answer, if it is none.
    pub(super) fn read(text: &str) -> Result<Request, Refused> {
        let Ok(value) = serde_json::from_str(text) else {
            return Err(Refused::invalid("It is no JSON."));
        };
        let Value::Object(mut sent) = value else {
            return Err(Refused::invalid("A frame is a JSON object."));
        };
        let (client_id, message_id) = (repeated(&sent, "client_id"), repeated(&sent, "message_id"));
        read(&mut sent).map_err(|why| Refused { client_id, message_id, ..Refused::invalid(why) })
    }

    /// Returns what the answer to it is known by.
    pub(super) fn names(&self) -> Refused {
        let (mut client_id, mut message_id) = (None, None);
        match self {
            Request::Add { client_id: id, .. } => client_id = id.as_deref().and_then(short),
            Request::Edit { message_id: id, .. }
            | Request::Delete { message_id: id }
            | Request::Read { message_id: id } => message_id = short(id),
            Request::Typing { .. } | Request::Ping => {}
        }
        Refused { client_id, message_id, ..Refused::default() }
    }
}

fn read(sent: &mut Map<String, Value>) -> Result<Request, &'static str> {
    let kind = text(sent, "type", "A frame has a type.")?;
    let message_id = |sent: &mut _| text(sent, "message_id", "It needs a message_id, a text.");
    let message = |sent: &mut _| text(sent, "message", "It needs a message, a text.");
    match kind.as_str() {
        "add" => {
            let message = message(sent)?;
            let client_id = match sent.remove("client_id") {
                None | Some(Value::Null) => None,
                Some(Value::String(id)) => Some(id),
                Some(_) => return Err("A client_id is a text."),
            };
            Ok(Request::Add { message, client_id })
        }
        "edit" => Ok(Request::Edit { message_id: message_id(sent)?, message: message(sent)? }),
        "delete" => Ok(Request::Delete { message_id: message_id(sent)? }),
        "typing" => match sent.get("typing") {
            Some(Value::Bool(typing)) => Ok(Request::Typing { typing: *typing }),
            _ => Err("It needs typing, true or false."),
        },
        "read" => Ok(Request::Read { message_id: message_id(sent)? }),
        "ping" => Ok(Request::Ping),
        _ => Err("There is no such type."),
    }
}

fn text(
    sent: &mut Map<String, Value>,
    key: &str,
    otherwise: &'static str,
) -> Result<String, &'static str> {
    match sent.remove(key) {
        Some(Value::String(text)) => Ok(text),
        _ => Err(otherwise),
    }
}

fn repeated(sent: &Map<String, Value>, key: &str) -> Option<String> {
    sent.get(key).and_then(Value::as_str).and_then(short)
}

fn short(text: &str) -> Option<String> {
    (text.len() <= REPEATED_BYTES_MAX).then(|| text.to_owned())
}
