//! Why somebody got a trigger or not, and what was triggered lately.

mod everywhere;

use super::State;
use super::error::{Error, Failure};
use super::parameters::{Answered, Json, Parameters, Raw, limit, raw_id, raw_room, room};
use crate::explain::{Cause, Explanation, Fate, Moment, Question, Trigger, Which, Whom};
use crate::names::Uuid;
use crate::serve::Shared;
use crate::time;
use crate::trigger::Exclude;
use campanile_hub::{Match, Room};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;
use utoipa::{IntoParams, ToSchema};

/// Who, and what.
#[derive(Clone, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// A user,
    #[param(example = "ada")]
    user: Option<String>,
    /// or a connection, by its name.
    connection: Option<String>,
    /// A trigger, by its id,
    #[param(example = "order-7")]
    id: Option<String>,
    /// or by one of its rooms,
    room: Option<String>,
    /// and when it was, to about a minute; the last one if that is not said.
    at: Option<String>,
}

/// Why.
#[derive(Serialize, Deserialize, ToSchema)]
pub(super) struct Explained {
    /// The cause: a word that stays the same.
    #[schema(example = "near_miss_type")]
    cause: Cow<'static, str>,
    /// What that means in general.
    meaning: Cow<'static, str>,
    /// What it was here, for a person.
    words: String,
    /// The connection that it is about.
    connection: Option<String>,
    /// The requestId under which it was, or would have been, delivered.
    #[serde(rename = "requestId")]
    #[schema(value_type = Option<serde_json::Value>)]
    request_id: Option<Raw>,
    /// The room that is nearest to the one in question: one that was subscribed, allowed or triggered.
    #[schema(value_type = Option<Object>)]
    nearest: Option<Raw>,
    /// The trigger that it is about.
    trigger: Option<TriggerView>,
    /// Whether that user or connection is, or was, on this node, as far as it is known.
    is_there: bool,
    /// The node that answers: of several, the one that knows most.
    node: Box<str>,
    /// What the other nodes say.
    #[serde(default)]
    others: Vec<Other>,
    /// The other nodes that did not answer in time.
    #[serde(default)]
    silent: Vec<Box<str>>,
}

/// What another node says.
#[derive(Serialize, Deserialize, ToSchema)]
pub(super) struct Other {
    /// Which.
    node: Box<str>,
    /// The cause there.
    cause: String,
    /// The same for a person.
    words: String,
}

/// A trigger, without its data.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub(super) struct TriggerView {
    /// When it came to this node's loops.
    at: String,
    /// Its id.
    id: Option<Box<str>>,
    /// Its rooms; of very many only the first.
    #[schema(value_type = Vec<Object>)]
    rooms: Vec<Raw>,
    /// How many rooms are left out here.
    rooms_left_out: usize,
    /// `pattern` where a `*` in them stands for every value; otherwise `literal`.
    r#match: Cow<'static, str>,
    /// `published`; `duplicate`, it came before by its id; or `not_for_this_node`, where nobody was in
    /// its rooms.
    outcome: Cow<'static, str>,
}

/// From where on.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct FromWhere {
    /// The `next` of the answer before; without it, the last few.
    after: Option<u64>,
    /// How many, 100 by default and 1000 at most.
    #[param(example = 10)]
    limit: Option<usize>,
}

/// Triggers, the oldest first.
#[derive(Serialize, ToSchema)]
pub(super) struct Tail {
    /// The triggers.
    triggers: Vec<TriggerView>,
    /// The `after` to go on with.
    next: u64,
}

/// Says why somebody did, or did not, get a trigger, on whichever node they were.
#[utoipa::path(
    get, path = "/explain", tag = "triggers", params(Asked),
    responses(
        (status = 200, description = "One cause.", body = Explained),
        (status = 400, description = "The question means nothing.", body = Failure),
        (status = 409, description = "Nothing is written down: [explain] entries is 0.", body = Failure),
        (status = 503, description = "A loop is behind.", body = Failure),
    )
)]
pub(super) async fn explain(
    axum::extract::State(shared): State,
    Parameters(asked): Parameters<Asked>,
) -> Answered<Explained> {
    everywhere::everywhere(&shared, asked).await.map(Json)
}

/// Answers another node's question; none: it means nothing here.
pub async fn answer_node(shared: &Shared, question: &RawValue) -> Option<Box<RawValue>> {
    everywhere::answer(shared, question).await
}

/// Says what this node knows; `trigger` is what another knows of it.
async fn here(
    shared: &Shared,
    asked: &Asked,
    trigger: Option<&TriggerView>,
) -> Result<Explained, Error> {
    is_written(shared)?;
    let known = trigger.and_then(TriggerView::known);
    let question = Question { whom: whom(shared, asked)?, which: which(asked)?, known };
    let explanation = shared.explain(&question).await?;
    Ok(Explained::of(shared, &explanation))
}

/// Lists what was triggered lately, without its data.
#[utoipa::path(
    get, path = "/tail", tag = "triggers", params(FromWhere),
    responses(
        (status = 200, description = "Triggers that came to this node's loops.", body = Tail),
        (status = 400, description = "A parameter means nothing.", body = Failure),
        (status = 409, description = "Nothing is written down: [explain] entries is 0.", body = Failure),
    )
)]
pub(super) async fn tail(
    axum::extract::State(shared): State,
    Parameters(from): Parameters<FromWhere>,
) -> Answered<Tail> {
    is_written(&shared)?;
    let (triggers, next) = shared.settings.ledger.tail(from.after, limit(from.limit)?);
    Ok(Json(Tail { triggers: triggers.iter().map(TriggerView::of).collect(), next }))
}

fn is_written(shared: &Shared) -> Result<(), Error> {
    if shared.settings.ledger.is_on() {
        return Ok(());
    }
    let message = "nothing is written down on this node: [explain] entries is 0";
    Err(Error::new(StatusCode::CONFLICT, "explain_off", message))
}

fn whom(shared: &Shared, asked: &Asked) -> Result<Whom, Error> {
    match (&asked.user, &asked.connection) {
        (Some(user), None) => Ok(Whom::User(user.as_str().into())),
        (None, Some(name)) => {
            let bad = || Error::bad(format!("connection: {name:.100?} is not a connection's name"));
            let name = name.parse::<Uuid>().map_err(|_| bad())?;
            match shared.settings.names.key(name) {
                Some(key) => Ok(Whom::Connection(key)),
                None if shared.control.has_others() => Ok(Whom::Elsewhere),
                None => Err(bad()),
            }
        }
        _ => Err(Error::bad("say who: user=NAME or connection=UUID")),
    }
}

fn which(asked: &Asked) -> Result<Which, Error> {
    match (&asked.id, &asked.room) {
        (Some(id), None) => Ok(Which::Id(id.as_str().into())),
        (None, Some(text)) => {
            let bad = |text: &String| {
                Error::bad(format!("at: {text:.100?} is no time; write 2026-11-21T09:30:00Z"))
            };
            let at = asked.at.as_ref().map(|text| time::parse(text).ok_or_else(|| bad(text)));
            Ok(Which::Room(room("room", text)?, at.transpose()?.map(Moment::of)))
        }
        _ => Err(Error::bad("say what: id=ID or room=ROOM")),
    }
}

impl Explained {
    fn of(shared: &Shared, explanation: &Explanation) -> Explained {
        let nearest = explanation.nearest.as_deref();
        Explained {
            cause: explanation.cause.code().into(),
            meaning: explanation.cause.meaning().into(),
            words: explanation.words.clone(),
            connection: explanation
                .connection
                .map(|key| shared.settings.names.name(key).to_string()),
            request_id: explanation.request_id.as_ref().map(raw_id),
            nearest: nearest.and_then(|room| serde_json::from_str(room).ok()),
            trigger: explanation.trigger.as_ref().map(TriggerView::of),
            is_there: explanation.is_there,
            node: shared.control.node.clone(),
            others: Vec::new(),
            silent: Vec::new(),
        }
    }

    fn set_cause(&mut self, cause: Cause) {
        (self.cause, self.meaning) = (cause.code().into(), cause.meaning().into());
    }
}

impl TriggerView {
    fn of(trigger: &Trigger) -> TriggerView {
        TriggerView {
            at: trigger.at.to_string(),
            id: trigger.id.clone(),
            rooms: trigger.rooms.iter().map(raw_room).collect(),
            rooms_left_out: trigger.rooms_left_out,
            r#match: match trigger.matching {
                Match::Literal => "literal".into(),
                Match::Pattern => "pattern".into(),
            },
            outcome: match trigger.fate {
                Fate::Delivered => "published".into(),
                Fate::Duplicate => "duplicate".into(),
                Fate::NotForUs => "not_for_this_node".into(),
            },
        }
    }

    /// Returns the trigger, as far as another node can know it; none if it is none.
    fn known(&self) -> Option<Trigger> {
        let rooms = self.rooms.iter().map(|room| Room::parse(room.get()).ok());
        Some(Trigger {
            at: Moment::of(time::parse(&self.at)?),
            sequence: 0,
            id: self.id.clone(),
            rooms: rooms.collect::<Option<_>>()?,
            rooms_left_out: self.rooms_left_out,
            matching: if self.r#match == "pattern" { Match::Pattern } else { Match::Literal },
            exclude: Exclude::default(),
            excluded: None,
            may_give_way: false,
            fate: Fate::NotForUs,
        })
    }
}
