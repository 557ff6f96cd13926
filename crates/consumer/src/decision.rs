//! How a consumer lets a client in, refuses it, and closes.

use axum::response::{IntoResponse, Response};
use campanile_layer::{LayerError, SendError};
use http::StatusCode;

use crate::{CloseCode, TooMuchWork, Unsent};

/// A client is let in, and this is its consumer.
#[derive(Debug)]
pub struct Accept<C> {
    pub(crate) consumer: C,
    pub(crate) subprotocol: Option<String>,
}

impl<C> Accept<C> {
    /// Lets a client in.
    pub fn new(consumer: C) -> Accept<C> {
        Accept { consumer, subprotocol: None }
    }

    /// Chooses one of the subprotocols that the client [offered](crate::Scope::subprotocols).
    #[must_use]
    pub fn subprotocol(self, subprotocol: impl Into<String>) -> Accept<C> {
        Accept { subprotocol: Some(subprotocol.into()), ..self }
    }
}

/// A client is not let in, and this is what it is answered instead: any HTTP response.
#[derive(Debug)]
pub struct Refusal(Box<Response>);

/// Why, for the log.
#[derive(Clone, Debug)]
struct Reason(String);

impl Refusal {
    /// Refuses with a response of any kind, such as a status or a status and a text.
    pub fn new(response: impl IntoResponse) -> Refusal {
        Refusal(Box::new(response.into_response()))
    }

    /// Refuses with 403: the client may not enter here. It is what Django Channels answers.
    pub fn forbidden() -> Refusal {
        Refusal::from(StatusCode::FORBIDDEN)
    }

    /// Refuses with 404: there is nothing here.
    pub fn not_found() -> Refusal {
        Refusal::from(StatusCode::NOT_FOUND)
    }

    /// Says why in the log, where the client may not be told.
    #[must_use]
    pub fn because(mut self, reason: impl Into<String>) -> Refusal {
        self.0.extensions_mut().insert(Reason(reason.into()));
        self
    }

    /// Returns what the log says of it: why, or the status of the response.
    pub(crate) fn reason(&self) -> String {
        let reason = self.0.extensions().get::<Reason>();
        reason.map_or_else(|| self.status().to_string(), |Reason(reason)| reason.clone())
    }

    /// Returns the status of the response.
    pub fn status(&self) -> StatusCode {
        self.0.status()
    }

    /// Returns the response.
    pub fn into_response(self) -> Response {
        *self.0
    }
}

impl From<StatusCode> for Refusal {
    fn from(status: StatusCode) -> Refusal {
        Refusal::new(status)
    }
}

/// Refuses with 503, and logs what failed; with 400 where the name of a group is none: the client chose
/// it, as part of a path perhaps.
impl From<LayerError> for Refusal {
    fn from(error: LayerError) -> Refusal {
        if let LayerError::BadName(error) = error {
            tracing::debug!(%error, "a client is not let in");
            return Refusal::from(StatusCode::BAD_REQUEST);
        }
        tracing::warn!(%error, "a client is not let in: the channel layer failed");
        Refusal::from(StatusCode::SERVICE_UNAVAILABLE)
    }
}

/// Refuses with 503, and logs what failed.
impl From<SendError> for Refusal {
    fn from(error: SendError) -> Refusal {
        tracing::warn!(%error, "a client is not let in: an event could not be sent");
        Refusal::from(StatusCode::SERVICE_UNAVAILABLE)
    }
}

/// Refuses with 500, and logs what failed: a consumer sends too much before its client is let in.
impl From<Unsent> for Refusal {
    fn from(error: Unsent) -> Refusal {
        tracing::warn!(%error, "a client is not let in: it could not be sent a message");
        Refusal::from(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

/// The connection is to be closed, with a code and a reason for the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Close {
    /// The code.
    pub code: CloseCode,
    /// The reason; of a longer one the first 123 bytes are sent.
    pub reason: String,
}

impl Close {
    /// Makes it of a code and a reason.
    pub fn new(code: CloseCode, reason: impl Into<String>) -> Close {
        Close { code, reason: reason.into() }
    }
}

impl From<CloseCode> for Close {
    fn from(code: CloseCode) -> Close {
        Close::new(code, "")
    }
}

/// Closes with 1011, and logs what failed.
impl From<LayerError> for Close {
    fn from(error: LayerError) -> Close {
        tracing::warn!(%error, "a connection is closed: the channel layer failed");
        Close::from(CloseCode::INTERNAL)
    }
}

/// Closes with 1011, and logs what failed.
impl From<SendError> for Close {
    fn from(error: SendError) -> Close {
        tracing::warn!(%error, "a connection is closed: an event could not be sent");
        Close::from(CloseCode::INTERNAL)
    }
}

/// Closes with 1011, and logs what could not be written. Of clients that are gone there is nothing to
/// close or to say.
impl From<Unsent> for Close {
    fn from(error: Unsent) -> Close {
        match error {
            Unsent::Gone => Close::from(CloseCode::NORMAL),
            Unsent::TooSlow => Close::from(CloseCode::TRY_AGAIN_LATER),
            Unsent::Unwritable(_) => {
                tracing::warn!(%error, "a connection is closed: a message could not be sent");
                Close::from(CloseCode::INTERNAL)
            }
        }
    }
}

/// Closes with 1011, and logs it.
impl From<TooMuchWork> for Close {
    fn from(error: TooMuchWork) -> Close {
        tracing::warn!(%error, "a connection is closed");
        Close::from(CloseCode::INTERNAL)
    }
}
