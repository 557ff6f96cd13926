//! Publishing.

use super::State;
use super::error::{Error, Failure};
use super::parameters::{Answered, Json, Parameters, Raw, raw_room};
use crate::internal::trigger::{self, Outcome, Refused};
use crate::publishing::Published;
use axum::body::Body;
use axum::extract::Request;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// How to publish.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct HowToPublish {
    /// Tell whom it would reach, and publish nothing.
    #[serde(default)]
    #[param(example = true)]
    dry_run: Option<String>,
}

/// A trigger, as it is posted to `/trigger/` too.
#[derive(ToSchema)]
#[schema(example = json!({
    "rooms": [{"zoo": 1, "animal": "penguin"}],
    "data": {"fed": true},
    "exclude": {"user": "ada"}
}))]
#[expect(dead_code, reason = "it is read by the one function that reads triggers")]
pub(super) struct Trigger {
    /// The rooms.
    rooms: Vec<serde_json::Map<String, serde_json::Value>>,
    /// What their subscribers get, any JSON.
    data: serde_json::Value,
    /// What a `*` in a room is: `literal` (that text) or `pattern` (every value).
    #[schema(example = "literal")]
    r#match: Option<String>,
    /// By which it is known when it comes again.
    id: Option<String>,
    /// Who does not get it: `{"connection": uuid}` or `{"user": name}`.
    exclude: Option<serde_json::Value>,
}

/// What became of it.
#[derive(Serialize, ToSchema)]
pub(super) struct Publication {
    /// Its id; one that had none was given this one. None for a dry run.
    id: Option<Box<str>>,
    /// How many subscriptions of this node it reached, or would reach; none: not known in time.
    subscriptions: Option<u64>,
    /// It came before, by its id, and was not published again.
    duplicate: bool,
    /// Nobody was told.
    dry_run: bool,
    /// Of a dry run: the rooms of this node that it would reach.
    #[serde(skip_serializing_if = "Option::is_none")]
    rooms: Option<Vec<RoomReached>>,
}

/// A room that a dry run would reach.
#[derive(Serialize, ToSchema)]
pub(super) struct RoomReached {
    /// The room.
    #[schema(value_type = Object)]
    room: Raw,
    /// How many of its subscriptions.
    subscriptions: usize,
}

/// Publishes to all nodes.
#[utoipa::path(
    post, path = "/publish", tag = "triggers",
    params(
        HowToPublish,
        ("Idempotency-Key" = Option<String>, Header, description = "Its id, if the body has none."),
    ),
    request_body = Trigger,
    responses(
        (status = 200, description = "Published, or published before.", body = Publication),
        (status = 400, description = "It is no trigger; nobody gets it.", body = Failure),
        (status = 413, description = "It is too long; nobody gets it.", body = Failure),
        (status = 429, description = "The loops are behind; nobody gets it.", body = Failure),
        (status = 503, description = "The broker is lost, or did not confirm it.", body = Failure),
    )
)]
pub(super) async fn publish(
    axum::extract::State(shared): State,
    Parameters(how): Parameters<HowToPublish>,
    request: Request<Body>,
) -> Answered<Publication> {
    let (head, body) = request.into_parts();
    let dry_run = match how.dry_run.as_deref() {
        Some("1" | "true") => "dry_run=1",
        None | Some("0" | "false") => "",
        Some(_) => return Err(Error::bad("dry_run is neither true nor false")),
    };
    let taken = trigger::take(&shared, &head.headers, dry_run, body, true).await;
    taken.map(|outcome| Json(Publication::of(outcome))).map_err(Error::from)
}

impl Publication {
    fn of(outcome: Outcome) -> Publication {
        match outcome {
            Outcome::DryRun(audience) => Publication {
                id: None,
                subscriptions: Some(audience.values().sum::<usize>() as u64),
                duplicate: false,
                dry_run: true,
                rooms: Some(
                    audience
                        .iter()
                        .map(|(room, &subscriptions)| RoomReached {
                            room: raw_room(room),
                            subscriptions,
                        })
                        .collect(),
                ),
            },
            Outcome::Published { published, id } => {
                let duplicate = published == Published::Duplicate;
                let subscriptions = match published {
                    Published::Counted(reached) => reached,
                    Published::Duplicate => Some(0),
                    Published::Accepted => None,
                };
                Publication { id, subscriptions, duplicate, dry_run: false, rooms: None }
            }
        }
    }
}

impl From<Refused> for Error {
    fn from(why: Refused) -> Error {
        Error::new(why.status(), why.code(), why.to_string()).retry_after(why.retry_after())
    }
}
