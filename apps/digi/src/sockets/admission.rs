//! Who is let in, and until when.

use axum::extract::State;
use campanile_accounts::{Credential, LoggedIn, Problem};
use campanile_consumer::{CloseCode, Consumer, Context, Refusal, Scope};
use http::StatusCode;
use http::header::ORIGIN;

use crate::app::App;
use crate::frames::Refused;
use crate::presence::Seat;
use crate::sockets::request::Request;
use std::sync::Arc;

/// Who asks to be let in.
pub(super) type Asking = (State<App>, LoggedIn);

/// The code by which a browser learns that it is to log in again.
const SESSION_ENDED: u16 = 4401;

/// Lets nobody in whose cookie comes without a word of which page sends it: only browsers have
/// cookies, and these always say so. Which pages may is for the server of the sockets.
pub(super) fn check_origin(scope: &Scope<Asking>) -> Result<(), Refusal> {
    let (_, logged_in) = &scope.user;
    match logged_in.credential {
        Credential::Session(_) if !scope.headers().contains_key(ORIGIN) => {
            let why = "A browser's WebSocket comes with an Origin.".to_owned();
            Err(Refusal::new(Problem::Forbidden(why)))
        }
        _ => Ok(()),
    }
}

/// Takes a place for a socket.
pub(super) fn seat(app: &App, logged_in: &LoggedIn, room: Option<i64>) -> Result<Seat, Refusal> {
    let seat = app.presence.seat(logged_in.user.id, room);
    seat.map_err(|too_many| {
        app.counters.sockets_refused.one_more();
        Refusal::new(Problem::Other(StatusCode::TOO_MANY_REQUESTS, too_many.to_string()))
    })
}

/// Closes the connection when that ends by which its user is known.
pub(super) fn close_when_ended<C: Consumer>(
    app: &App,
    logged_in: &LoggedIn,
    context: &mut Context<C>,
) -> Result<(), Refusal> {
    let (ended, client) = (logged_in.ended.clone(), context.client());
    let counters = Arc::clone(&app.counters);
    let closing = async move {
        ended.wait().await;
        counters.closed_session_ended.one_more();
        client.close(CloseCode::of_application(SESSION_ENDED), "log in again");
    };
    context.spawn(closing).map_err(|_| Refusal::new(Problem::Busy))
}

/// Reads a frame of a socket that takes nothing but pings.
pub(super) fn only_pings(app: &App, user: i64, text: &str) -> Result<(), Refused> {
    if let Err(wait) = app.frames_pace.once_more(user) {
        app.counters.rate_limited.one_more();
        return Err(Refused::too_much(wait));
    }
    let read = Request::read(text).and_then(|request| match request {
        Request::Ping => Ok(()),
        _ => Err(Refused::invalid("A list takes nothing but pings.")),
    });
    read.inspect_err(|_| app.counters.invalid.one_more())
}
