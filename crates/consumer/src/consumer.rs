//! What an application writes.

use campanile_layer::Missed;
use serde::de::DeserializeOwned;

use crate::{Accept, Close, CloseCode, Context, FromMessage, Invalid, Message, Refusal, Scope};

/// One client's other end: a value for each, which lives as long as the connection.
///
/// Its functions are called one after the other, never two at once; while one waits, messages and
/// events wait too, in bounded queues. Each runs in the consumer's own task: a panic closes this
/// connection (1011) and no other. Returning a [`Close`] closes the connection; `?` turns what fails
/// on the channel layer into one.
///
/// ```
/// use campanile_consumer::{Accept, Close, Consumer, Context, Json, Refusal, Scope};
/// use serde::{Deserialize, Serialize};
///
/// /// Tells a client how often it has said a word.
/// struct Counter(u64);
///
/// #[derive(Deserialize)]
/// struct Said { word: String }
///
/// #[derive(Serialize)]
/// struct Heard<'a> { word: &'a str, times: u64 }
///
/// impl Consumer for Counter {
///     type User = ();
///     type Request = Json<Said>;
///     type Event = ();
///
///     async fn connect(_: Scope<()>, _: &mut Context<Self>) -> Result<Accept<Self>, Refusal> {
///         Ok(Accept::new(Counter(0)))
///     }
///
///     async fn receive(
///         &mut self,
///         Json(said): Json<Said>,
///         context: &mut Context<Self>,
///     ) -> Result<(), Close> {
///         self.0 += 1;
///         context.send(Json(Heard { word: &said.word, times: self.0 })).await?;
///         Ok(())
///     }
/// }
///
/// let router: axum::Router =
///     axum::Router::new().route("/ws/count/", campanile_consumer::consumer::<Counter>());
/// ```
pub trait Consumer: Sized + Send + 'static {
    /// Who the client is: any extractor of axum, such as a session's user, or a tuple of several;
    /// `()` for nobody in particular. Where it rejects the request, the client is not let in.
    type User: Send + 'static;

    /// What clients send: [`Json`](crate::Json) of some type, `String`, `Bytes`, [`Message`] for all of
    /// them, `()` for none.
    type Request: FromMessage + Send;

    /// What groups and other consumers send: often an enum with `#[serde(tag = "type")]`. An event that
    /// it cannot be made from is logged and counted, no more. `()` takes none.
    type Event: DeserializeOwned + Send;

    /// Lets a client in, or not. The WebSocket is opened after it: so a refusal is an HTTP response.
    ///
    /// Groups may be joined and messages sent here already; they leave behind the handshake. It is not
    /// cancelled when the client goes away meanwhile: if it lets in, [`disconnect`](Self::disconnect)
    /// follows.
    fn connect(
        scope: Scope<Self::User>,
        context: &mut Context<Self>,
    ) -> impl Future<Output = Result<Accept<Self>, Refusal>> + Send;

    /// Begins, once the WebSocket is open and before anything else: what it sends may be as long as it
    /// likes and waits for the client, while messages and events wait in their queues.
    ///
    /// A consumer that tells what was missed joins its group in [`connect`](Self::connect) and asks its
    /// database here: what is new meanwhile comes as an event afterwards.
    fn opened(
        &mut self,
        _context: &mut Context<Self>,
    ) -> impl Future<Output = Result<(), Close>> + Send {
        async { Ok(()) }
    }

    /// Answers a message of the client.
    fn receive(
        &mut self,
        _request: Self::Request,
        _context: &mut Context<Self>,
    ) -> impl Future<Output = Result<(), Close>> + Send {
        async { Ok(()) }
    }

    /// Hears an event of a group, or one that was sent to this consumer's channel.
    fn event(
        &mut self,
        _event: Self::Event,
        _context: &mut Context<Self>,
    ) -> impl Future<Output = Result<(), Close>> + Send {
        async { Ok(()) }
    }

    /// Hears that events are or may be missing here: the channel was full, or the layer was lost for a
    /// time. A consumer whose client must not miss any asks the database again.
    fn missed(
        &mut self,
        _missed: Missed,
        _context: &mut Context<Self>,
    ) -> impl Future<Output = Result<(), Close>> + Send {
        async { Ok(()) }
    }

    /// Decides what becomes of a message that is no [`Request`](Self::Request). If this is not written,
    /// it closes the connection: 1003 for bytes in the place of text, 1007 for what cannot be read.
    fn invalid(
        &mut self,
        invalid: Invalid,
        _context: &mut Context<Self>,
    ) -> impl Future<Output = Result<(), Close>> + Send {
        async move { Err(Close::new(invalid.close_code(), invalid.to_string())) }
    }

    /// Takes leave: once for each consumer that was let in, however that ended, panics and resets
    /// included. Nothing that is sent here reaches the client.
    ///
    /// The code is that of whoever began, [`NO_STATUS`](CloseCode::NO_STATUS) if it gave none and
    /// [`ABNORMAL`](CloseCode::ABNORMAL) if nobody said close.
    fn disconnect(
        self,
        _code: CloseCode,
        _context: &mut Context<Self>,
    ) -> impl Future<Output = ()> + Send {
        async {}
    }
}

/// A consumer of which some groups' events go straight to the clients.
///
/// Where a group is joined by [`Context::group_add_fast`], an event is made a message once for all
/// consumers of this process, and no consumer is woken for it: its
/// [`event`](Consumer::event) is not called.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say what its clients are sent by the fast lane",
    note = "implement `FastLane` for it, or join the group by `group_add`"
)]
pub trait FastLane: Consumer {
    /// Makes an event what clients are sent; none: nothing is.
    fn render(event: Self::Event) -> Option<Message>;
}
