//! The rooms of this node, and who is in them.

use super::State;
use super::connections::ConnectionView;
use super::error::Failure;
use super::parameters::{Answered, Json, PAGE_MAX, Parameters, Raw, limit, raw_id, raw_room, room};
use campanile_manager::Page;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use utoipa::{IntoParams, ToSchema};

/// Which rooms.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WhichRooms {
    /// Those behind this room: the `next` of the page before.
    #[param(example = r#"{"animal":"gnu","zoo":1}"#)]
    after: Option<String>,
    /// How many, 100 by default and 1000 at most.
    #[param(example = 10)]
    limit: Option<usize>,
    /// Those with all of these keys and values; `*` is any value.
    #[param(example = r#"{"zoo":1}"#)]
    having: Option<String>,
}

/// Rooms, in their order.
#[derive(Serialize, ToSchema)]
pub(super) struct Rooms {
    /// The rooms.
    rooms: Vec<RoomView>,
    /// The `after` of the next page; none: this is the last.
    next: Option<String>,
}

/// A room.
#[derive(Serialize, ToSchema)]
pub(super) struct RoomView {
    /// The room.
    #[schema(value_type = Object)]
    room: Raw,
    /// How many subscriptions it has on this node.
    subscriptions: usize,
}

/// Which room.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WhichRoom {
    /// The room.
    #[param(example = r#"{"zoo":1,"animal":"penguin"}"#)]
    room: String,
    /// How many subscriptions to pass over.
    #[param(example = 0)]
    offset: Option<usize>,
    /// How many, 100 by default and 1000 at most.
    #[param(example = 10)]
    limit: Option<usize>,
}

/// The subscriptions of a room.
#[derive(Serialize, ToSchema)]
pub(super) struct Subscribers {
    /// How many there are in all.
    subscriptions: usize,
    /// Those on this page.
    subscribers: Vec<Subscriber>,
}

/// A subscription of a room.
#[derive(Serialize, ToSchema)]
pub(super) struct Subscriber {
    /// Its requestId.
    #[serde(rename = "requestId")]
    #[schema(value_type = serde_json::Value)]
    request_id: Raw,
    /// Its connection.
    connection: ConnectionView,
}

/// Lists the rooms of this node.
#[utoipa::path(
    get, path = "/rooms", tag = "rooms", params(WhichRooms),
    responses(
        (status = 200, description = "A page of the rooms.", body = Rooms),
        (status = 400, description = "A parameter means nothing.", body = Failure),
        (status = 503, description = "A loop is behind.", body = Failure),
    )
)]
pub(super) async fn list(
    axum::extract::State(shared): State,
    Parameters(which): Parameters<WhichRooms>,
) -> Answered<Rooms> {
    let limit = limit(which.limit)?;
    let read = |name, text: Option<String>| text.map(|text| room(name, &text)).transpose();
    let (after, having) = (read("after", which.after)?, read("having", which.having)?);
    // One more tells whether there is a next page.
    let mut rooms = shared.rooms(after, having, limit + 1).await?;
    let is_last = rooms.len() <= limit;
    if !is_last {
        rooms.pop_last();
    }
    let next = rooms.last_key_value().filter(|_| !is_last).map(|(room, _)| room.to_string());
    let view = |(room, &subscriptions)| RoomView { room: raw_room(room), subscriptions };
    Ok(Json(Rooms { rooms: rooms.iter().map(view).collect(), next }))
}

/// Lists the subscriptions of a room of this node.
#[utoipa::path(
    get, path = "/rooms/connections", tag = "rooms", params(WhichRoom),
    responses(
        (status = 200, description = "A page of its subscriptions; none if nobody is in it.", body = Subscribers),
        (status = 400, description = "A parameter means nothing.", body = Failure),
        (status = 503, description = "A loop is behind.", body = Failure),
    )
)]
pub(super) async fn connections(
    axum::extract::State(shared): State,
    Parameters(which): Parameters<WhichRoom>,
) -> Answered<Subscribers> {
    let room = room("room", &which.room)?;
    let page = Page { offset: which.offset.unwrap_or(0), limit: limit(which.limit)? };
    debug_assert!(page.limit <= PAGE_MAX);
    let (found, subscriptions) = shared.subscribers(&room, page).await?;
    let keys: Vec<_> = found.iter().map(|(key, _)| *key).collect();
    let seen = shared.connections_of(&keys).await?;
    let by_key: HashMap<_, _> = seen.iter().map(|seen| (seen.key, seen)).collect();
    let subscribers = found.iter().filter_map(|(key, id)| {
        // One that has closed meanwhile is in the room no longer.
        let connection = ConnectionView::of(&shared, by_key.get(key)?);
        Some(Subscriber { request_id: raw_id(id), connection })
    });
    Ok(Json(Subscribers { subscriptions, subscribers: subscribers.collect() }))
}
