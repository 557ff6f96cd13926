//! The wishes over HTTP, on the internal listener: `POST /api/v1/revalidate` and
//! `POST /api/v1/disconnect`, with `?user=` or `?connection=`.

use crate::answer::{Answer, json, text, unavailable};
use crate::backend::parameter;
use crate::names::Uuid;
use crate::serve::Shared;
use campanile_manager::{ConnectionKey, PostError};
use campanile_wire::CloseCode;
use http::StatusCode;

/// Whom a wish is for.
enum Whom {
    User(String),
    Connection(ConnectionKey),
    Everybody,
}

/// Has the backend asked again for a user, a connection or everybody.
pub fn revalidate(shared: &Shared, query: &str) -> Answer {
    answer(match whom(shared, query) {
        Ok(Whom::User(user)) => shared.revalidate_user(&user),
        Ok(Whom::Connection(key)) => shared.revalidate_connection(key).map(usize::from),
        Ok(Whom::Everybody) => shared.revalidate_all(),
        Err((status, why)) => return text(status, why),
    })
}

/// Closes the connections of a user, or one connection: with `code`, 1000 if there is none, and
/// `reason`.
pub fn disconnect(shared: &Shared, query: &str) -> Answer {
    let code = match said(query, "code")
        .map(|code| code.parse().ok().and_then(CloseCode::from_wire))
    {
        None => CloseCode::NORMAL,
        Some(Some(code)) => code,
        Some(None) => return text(StatusCode::BAD_REQUEST, "this code cannot close a WebSocket\n"),
    };
    let reason = said(query, "reason").unwrap_or_default();
    answer(match whom(shared, query) {
        Ok(Whom::User(user)) => shared.disconnect_user(&user, code, &reason),
        Ok(Whom::Connection(key)) => {
            shared.disconnect_connection(key, code, &reason).map(usize::from)
        }
        Ok(Whom::Everybody) => {
            return text(StatusCode::BAD_REQUEST, "say whom: ?user=NAME or ?connection=UUID\n");
        }
        Err((status, why)) => return text(status, why),
    })
}

/// Reads whom a wish is for; or says by status and text what is wrong with that.
fn whom(shared: &Shared, query: &str) -> Result<Whom, (StatusCode, &'static str)> {
    match (said(query, "user"), said(query, "connection")) {
        (None, None) => Ok(Whom::Everybody),
        (Some(user), None) => Ok(Whom::User(user)),
        (None, Some(name)) => {
            let key = name.parse::<Uuid>().ok().and_then(|name| shared.settings.names.key(name));
            key.map(Whom::Connection)
                .ok_or((StatusCode::NOT_FOUND, "no connection has this name\n"))
        }
        (Some(_), Some(_)) => {
            Err((StatusCode::BAD_REQUEST, "name a user or a connection, not both\n"))
        }
    }
}

fn said(query: &str, name: &str) -> Option<String> {
    parameter(query, name).map(|value| String::from_utf8_lossy(&value).into_owned())
}

/// Says how many connections that concerns.
fn answer(concerned: Result<usize, PostError>) -> Answer {
    match concerned {
        Ok(connections) => json(StatusCode::OK, format!("{{\"connections\": {connections}}}")),
        Err(_) => unavailable("the loops are behind: not everybody was told, try again\n"),
    }
}
