//! The connections of this node.

use super::State;
use super::error::{Error, Failure};
use super::parameters::{Answered, Json, Parameters, Raw, limit, raw_id, raw_room, room};
use super::users::{Done, HowToClose};
use crate::control::Order;
use crate::lookup::{Seen, Wanted};
use crate::names::Uuid;
use crate::reply::Speech;
use crate::serve::Shared;
use crate::time::Time;
use axum::extract::Path;
use campanile_manager::{ConnectionKey, Page};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use utoipa::{IntoParams, ToSchema};

/// Which connections.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WhichConnections {
    /// Those of this user.
    #[param(example = "ada")]
    user: Option<String>,
    /// Those of clients at this address.
    #[param(example = "127.0.0.1", value_type = Option<String>)]
    address: Option<IpAddr>,
    /// Those that are subscribed to this room.
    #[param(example = r#"{"zoo":1,"animal":"penguin"}"#)]
    room: Option<String>,
    /// Those behind this one: the `next` of the page before.
    after: Option<String>,
    /// How many, 100 by default and 1000 at most.
    #[param(example = 10)]
    limit: Option<usize>,
}

/// Connections, in an order that stays as long as they do.
#[derive(Serialize, ToSchema)]
pub(super) struct ConnectionsPage {
    /// The connections.
    connections: Vec<ConnectionView>,
    /// The `after` of the next page; none: this is the last.
    next: Option<String>,
}

/// A connection.
#[derive(Serialize, ToSchema)]
pub(super) struct ConnectionView {
    /// Its name, which a client of `campanile.v1` is greeted with.
    #[schema(example = "6f8f57c2-3b5e-4f5b-9d1c-0f3f3a5f3c11")]
    connection: String,
    /// Whose it is, if the backend says.
    #[schema(example = "ada")]
    user: Option<String>,
    /// Where its client is.
    #[schema(example = "192.0.2.7")]
    address: Option<String>,
    /// When it was opened, to a tenth of a second.
    #[schema(example = "2026-11-21T08:38:20.100000Z")]
    since: Option<String>,
    /// What it speaks: `3`, `2.5` or `campanile.v1`.
    #[schema(example = "campanile.v1")]
    dialect: &'static str,
    /// How many subscriptions it has.
    subscriptions: usize,
    /// Bytes that its client has not read so far.
    bytes_waiting: usize,
}

/// A connection with what it hears.
#[derive(Serialize, ToSchema)]
pub(super) struct ConnectionDetails {
    /// The connection.
    about: ConnectionView,
    /// A page of its subscriptions.
    subscriptions: Vec<Subscription>,
}

/// A subscription of a connection.
#[derive(Serialize, ToSchema)]
pub(super) struct Subscription {
    /// To which room.
    #[schema(value_type = Object)]
    room: Raw,
    /// Its requestId.
    #[serde(rename = "requestId")]
    #[schema(value_type = serde_json::Value)]
    request_id: Raw,
}

/// Which of its subscriptions.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WhichSubscriptions {
    /// How many to pass over.
    #[param(example = 0)]
    offset: Option<usize>,
    /// How many, 100 by default and 1000 at most.
    #[param(example = 10)]
    limit: Option<usize>,
}

impl ConnectionView {
    pub(super) fn of(shared: &Shared, seen: &Seen) -> ConnectionView {
        ConnectionView {
            connection: shared.settings.names.name(seen.key).to_string(),
            user: seen.user.as_deref().map(str::to_owned),
            address: seen.address.map(|address| address.to_string()),
            since: seen.since.map(|since| format!("{}Z", Time(since))),
            dialect: match seen.speech {
                Speech::Dialect3 => "3",
                Speech::Dialect25 => "2.5",
                Speech::V1 => "campanile.v1",
            },
            subscriptions: seen.subscriptions,
            bytes_waiting: seen.bytes_waiting,
        }
    }
}

/// Lists the connections of this node.
#[utoipa::path(
    get, path = "/connections", tag = "connections", params(WhichConnections),
    responses(
        (status = 200, description = "A page of the connections.", body = ConnectionsPage),
        (status = 400, description = "A parameter means nothing.", body = Failure),
        (status = 503, description = "A loop is behind.", body = Failure),
    )
)]
pub(super) async fn list(
    axum::extract::State(shared): State,
    Parameters(which): Parameters<WhichConnections>,
) -> Answered<ConnectionsPage> {
    let limit = limit(which.limit)?;
    let after = which.after.as_deref().map(|name| key(&shared, name)).transpose()?;
    // One more tells whether there is a next page.
    let mut seen = match (&which.user, &which.room) {
        (None, None) => {
            let wanted = Wanted { address: which.address, after, limit: limit + 1 };
            shared.connections(&wanted).await?
        }
        (user, room_text) => {
            let mut keys = keys(&shared, user.as_deref(), room_text.as_deref()).await?;
            keys.retain(|key| after.is_none_or(|after| order(key) > order(&after)));
            let mut seen = shared.connections_of(&keys).await?;
            seen.retain(|seen| which.address.is_none_or(|address| seen.address == Some(address)));
            seen.truncate(limit + 1);
            seen
        }
    };
    let is_last = seen.len() <= limit;
    seen.truncate(limit);
    let connections: Vec<_> = seen.iter().map(|seen| ConnectionView::of(&shared, seen)).collect();
    let next = connections.last().filter(|_| !is_last).map(|last| last.connection.clone());
    Ok(Json(ConnectionsPage { connections, next }))
}

/// Returns the connections of a user, those in a room, or those that are both; in their order.
async fn keys(
    shared: &Shared,
    user: Option<&str>,
    room_text: Option<&str>,
) -> Result<Vec<ConnectionKey>, Error> {
    let of_user = user.map(|user| shared.settings.users.keys_of(user));
    let mut keys = match room_text {
        None => of_user.unwrap_or_default(),
        Some(text) => {
            let page = Page { offset: 0, limit: usize::MAX };
            let (found, _) = shared.subscribers(&room("room", text)?, page).await?;
            let is_meant =
                |key: &ConnectionKey| of_user.as_ref().is_none_or(|of_user| of_user.contains(key));
            found.into_iter().map(|(key, _)| key).filter(is_meant).collect()
        }
    };
    keys.sort_unstable_by_key(order);
    keys.dedup();
    Ok(keys)
}

fn order(key: &ConnectionKey) -> (u16, u32) {
    (key.loop_index, key.slot)
}

/// Returns which connection has a name, if any has.
fn key(shared: &Shared, name: &str) -> Result<ConnectionKey, Error> {
    let key = name.parse::<Uuid>().ok().and_then(|uuid| shared.settings.names.key(uuid));
    key.ok_or_else(|| not_here(name))
}

fn not_here(name: &str) -> Error {
    Error::not_found(format!("there is no connection {name} on this node; perhaps on another"))
}

/// Shows a connection of this node, with its subscriptions.
#[utoipa::path(
    get, path = "/connections/{connection}", tag = "connections",
    params(
        ("connection" = String, Path, description = "Its name.", example = "6f8f57c2-3b5e-4f5b-9d1c-0f3f3a5f3c11"),
        WhichSubscriptions,
    ),
    responses(
        (status = 200, description = "The connection.", body = ConnectionDetails),
        (status = 400, description = "A parameter means nothing.", body = Failure),
        (status = 404, description = "It is not open on this node.", body = Failure),
        (status = 503, description = "Its loop is behind.", body = Failure),
    )
)]
pub(super) async fn show(
    axum::extract::State(shared): State,
    Path(name): Path<String>,
    Parameters(which): Parameters<WhichSubscriptions>,
) -> Answered<ConnectionDetails> {
    let page = Page { offset: which.offset.unwrap_or(0), limit: limit(which.limit)? };
    let found = shared.subscriptions(key(&shared, &name)?, page).await?;
    let (seen, rooms) = found.ok_or_else(|| not_here(&name))?;
    let view = |(room, id)| Subscription { room: raw_room(&room), request_id: raw_id(&id) };
    let about = ConnectionView::of(&shared, &seen);
    Ok(Json(ConnectionDetails { about, subscriptions: rooms.into_iter().map(view).collect() }))
}

/// Closes a connection, on whichever node it is.
#[utoipa::path(
    delete, path = "/connections/{connection}", tag = "connections",
    params(
        ("connection" = String, Path, description = "Its name.", example = "6f8f57c2-3b5e-4f5b-9d1c-0f3f3a5f3c11"),
        HowToClose,
    ),
    responses(
        (status = 200, description = "It is closed, or the other nodes were told.", body = Done),
        (status = 400, description = "A parameter means nothing.", body = Failure),
        (status = 404, description = "It is not open on this node, and there is no other.", body = Failure),
        (status = 503, description = "Its loop is behind.", body = Failure),
    )
)]
pub(super) async fn disconnect(
    axum::extract::State(shared): State,
    Path(name): Path<String>,
    Parameters(how): Parameters<HowToClose>,
) -> Answered<Done> {
    let (code, reason) = how.read()?;
    let order = |connection| Order::DisconnectConnection { connection, code, reason };
    for_one(&shared, &name, order).await
}

/// Has the backend asked again what a connection may hear, on whichever node it is.
#[utoipa::path(
    post, path = "/connections/{connection}/revalidate", tag = "connections",
    params(("connection" = String, Path, description = "Its name.", example = "6f8f57c2-3b5e-4f5b-9d1c-0f3f3a5f3c11")),
    responses(
        (status = 200, description = "It will be asked, or the other nodes were told.", body = Done),
        (status = 400, description = "A parameter means nothing.", body = Failure),
        (status = 404, description = "It is not open on this node, and there is no other.", body = Failure),
        (status = 503, description = "Its loop is behind.", body = Failure),
    )
)]
pub(super) async fn revalidate(
    axum::extract::State(shared): State,
    Path(name): Path<String>,
) -> Answered<Done> {
    for_one(&shared, &name, |connection| Order::RevalidateConnection { connection }).await
}

/// Does something with a connection: here if it is here, and else on the node where it is.
pub(super) async fn for_one(
    shared: &Shared,
    name: &str,
    order: impl FnOnce(Box<str>) -> Order,
) -> Answered<Done> {
    let found = match key(shared, name) {
        Ok(key) => shared.connections_of(&[key]).await?,
        Err(error) if error.is_not_found() => Vec::new(),
        Err(error) => return Err(error),
    };
    if found.is_empty() && !shared.control.has_others() {
        return Err(not_here(name));
    }
    let order = order(name.into());
    if found.is_empty() {
        return Ok(Json(Done { connections: 0, others: shared.tell_others(&order).await }));
    }
    let connections = shared.obey(&order)?;
    Ok(Json(Done { connections, others: crate::control::Others::NotNeeded }))
}
