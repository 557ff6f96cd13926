//! Triggers over HTTP.

use super::turned_away;
use crate::answer::{Answer, json, not_allowed, text, with};
use crate::explain::{Fate, Moment, Refusal};
use crate::publishing::{self, NotPublished, Published, memory, new_id, with_key};
use crate::serve::Shared;
use crate::spans::{Span, TRACEPARENT};
use crate::trigger::{self, BadTrigger, MADE_ID, Trigger, is_id};
use bytes::Bytes;
use campanile_broker::PublishError;
use campanile_hub::Room;
use http::header::{ACCEPT, CONTENT_LENGTH, RETRY_AFTER};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body, Incoming};
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::time::Duration;

/// How much of a body that is too long is read before that is answered.
const DISCARDED_BYTES_MAX: usize = 16 << 20;

/// Of a trigger that is refused, how many rooms are written down.
const ROOMS_NOTED_MAX: usize = 16;

/// How a trigger is to be answered, and known.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// With how many subscriptions it reached.
    pub counted: bool,
    /// With whom it would reach, and nobody is told.
    pub dry_run: bool,
    /// Its id, if its body has none.
    pub id: Option<Box<str>>,
}

/// What became of a trigger that was not refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is published, or was before.
    Published {
        /// How.
        published: Published,
        /// Its id, if it has one.
        id: Option<Box<str>>,
    },
    /// It would reach these rooms on this node, each with its subscriptions.
    DryRun(BTreeMap<Room, usize>),
}

/// Why a trigger was refused: nobody got it, unless it says otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It is none.
    Bad(BadTrigger),
    /// Its body has more than so many bytes.
    TooLong(usize),
    /// Its body broke off.
    Cut(String),
    /// Its body did not come in time.
    Late,
    /// The loops have ended.
    Stopping,
    /// The loops are behind, or the broker did not take it.
    NotPublished(NotPublished),
}

/// Answers a request to trigger.
pub async fn answer(shared: &Shared, request: Request<Incoming>) -> Answer {
    if request.method() != Method::POST {
        return not_allowed("POST");
    }
    let (head, body) = request.into_parts();
    if let Some(refused) = turned_away(shared, &head.headers) {
        shared.unauthorized(&head.headers);
        return refused;
    }
    let counted = wants_json(&head.headers);
    let query = head.uri.query().unwrap_or_default();
    shown(take(shared, &head.headers, query, body, counted).await, counted)
}

/// Takes a trigger, with what stands around its body.
pub async fn take<B>(
    shared: &Shared,
    headers: &HeaderMap,
    query: &str,
    body: B,
    counted: bool,
) -> Result<Outcome, Refused>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let Some(wish) = Wish::read(headers, query, counted) else {
        return Err(refuse(shared, Refused::Bad(BadTrigger::Id), Known::default()));
    };
    let span = Span::of_request("trigger", headers);
    let outcome = match read(shared, headers, body).await {
        Ok(body) => publish(shared, body, &wish, &span).await,
        Err(why) => Err(why),
    };
    let status = outcome.as_ref().map_or_else(Refused::status, |_| StatusCode::OK);
    span.note("http.response.status_code", status.as_u16().into());
    outcome
}

impl Shared {
    /// Counts a trigger that was turned away for want of the key.
    pub(crate) fn unauthorized(&self, headers: &HeaderMap) {
        self.triggers.unauthorized.add();
        let words = "it came without the [internal] key";
        note(self, "unauthorized", words, Known::by(headers));
    }
}

impl Wish {
    /// Reads what stands around the body; none if the Idempotency-Key is no id.
    fn read(headers: &HeaderMap, query: &str, counted: bool) -> Option<Wish> {
        let id = match headers.get("idempotency-key") {
            Some(value) => Some(value.to_str().ok().filter(|id| is_id(id))?.into()),
            None => None,
        };
        let dry_run = query.split('&').any(|pair| matches!(pair, "dry_run=1" | "dry_run=true"));
        Some(Wish { counted, dry_run, id })
    }
}

fn wants_json(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|part| {
        let kind = part.split(';').next().unwrap_or_default().trim();
        kind.eq_ignore_ascii_case("application/json")
    })
}

/// Reads the body of a trigger.
///
/// # Errors
///
/// If it is too long, too slow, or cut.
pub async fn read<B>(shared: &Shared, headers: &HeaderMap, mut body: B) -> Result<Bytes, Refused>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let config = shared.config();
    let (bytes_max, patience) = (config.trigger.bytes_max, config.limits.handshake_timeout);
    drop(config);
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if announced.is_some_and(|bytes: usize| bytes > bytes_max) {
        discard(body, patience).await;
        return Err(refuse(shared, Refused::TooLong(bytes_max), Known::by(headers)));
    }
    let refused =
        match tokio::time::timeout(patience, Limited::new(&mut body, bytes_max).collect()).await {
            Ok(Ok(body)) => return Ok(body.to_bytes()),
            Ok(Err(error)) if error.is::<LengthLimitError>() => {
                discard(body, patience).await;
                Refused::TooLong(bytes_max)
            }
            Ok(Err(error)) => Refused::Cut(error.to_string()),
            Err(_) => Refused::Late,
        };
    Err(refuse(shared, refused, Known::by(headers)))
}

/// Reads the rest of a body that is refused: a connection that is closed over unread bytes is
/// reset, and whoever still sends never reads why.
async fn discard<B>(body: B, patience: Duration)
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let mut body = Limited::new(body, DISCARDED_BYTES_MAX);
    let read_all = async { while let Some(Ok(_)) = body.frame().await {} };
    let _ = tokio::time::timeout(patience, read_all).await;
}

/// Publishes what a trigger says.
///
/// # Errors
///
/// If it is refused.
pub async fn publish(
    shared: &Shared,
    body: Bytes,
    wish: &Wish,
    span: &Span,
) -> Result<Outcome, Refused> {
    if shared.handle.has_ended() {
        return Err(refuse(shared, Refused::Stopping, Known::of(&body, wish)));
    }
    let config = shared.config();
    let (read, memory) = (Trigger::read(&body, &config.trigger), memory(&config.trigger));
    drop(config);
    let mut trigger = match read {
        Ok(trigger) => trigger,
        Err(why) => return Err(refuse(shared, Refused::Bad(why), Known::of(&body, wish))),
    };
    if wish.dry_run {
        let (rooms, matching) = (trigger.publication.rooms, trigger.publication.matching);
        return Ok(Outcome::DryRun(shared.audience(rooms, matching, &trigger.exclude).await));
    }
    span.note("campanile.rooms", trigger.publication.rooms.len());
    let body = with_id(body, &mut trigger, wish);
    let body = with_span(body, &mut trigger, span);
    match shared.publishing.publish(body, &trigger, wish.counted, memory).await {
        Ok(published) => {
            note_published(shared, published, &trigger);
            Ok(Outcome::Published { published, id: trigger.id })
        }
        Err(why) => {
            let known = Known { id: trigger.id, rooms: trigger.publication.rooms };
            Err(refuse(shared, Refused::NotPublished(why), known))
        }
    }
}

/// Gives a trigger the id that stood around its body, or one that is made.
fn with_id(body: Bytes, trigger: &mut Trigger, wish: &Wish) -> Bytes {
    let (key, id) = match &wish.id {
        Some(id) if trigger.lasting_id().is_none() => ("id", id.clone()),
        // What is counted has to be recognised when it comes back from the broker.
        None if trigger.id.is_none() && wish.counted => (MADE_ID, new_id()),
        _ => return body,
    };
    let body = with_key(&body, key, &id);
    (trigger.id, trigger.is_made) = (Some(id), key == MADE_ID);
    body
}

/// Puts the span into a trigger of which all that happens to it is a part, on whatever node.
fn with_span(body: Bytes, trigger: &mut Trigger, span: &Span) -> Bytes {
    let Some(traceparent) = span.traceparent() else { return body };
    let body = with_key(&body, TRACEPARENT, &traceparent);
    trigger.traceparent = Some(traceparent.into());
    body
}

/// Counts a trigger that is published, or was before, and writes down what no loop of this node will.
fn note_published(shared: &Shared, published: Published, trigger: &Trigger) {
    let (counts, publication) = (&shared.triggers, &trigger.publication);
    counts.rooms_skipped.add_many(trigger.skipped as u64);
    if published == Published::Duplicate {
        counts.duplicate.add();
        publishing::note(shared, Fate::Duplicate, trigger);
        return;
    }
    counts.accepted.add();
    if publication.rooms.is_empty() || !shared.publishing.comes_back(publication) {
        publishing::note(shared, Fate::NotForUs, trigger);
    }
}

/// What is known of a trigger that is refused.
#[derive(Default)]
struct Known {
    id: Option<Box<str>>,
    rooms: Vec<Room>,
}

impl Known {
    /// Knows what stands beside the body.
    fn by(headers: &HeaderMap) -> Known {
        let id = headers.get("idempotency-key").and_then(|value| value.to_str().ok());
        Known { id: id.filter(|id| is_id(id)).map(Into::into), rooms: Vec::new() }
    }

    /// Knows what can be read of a body that is no trigger.
    fn of(body: &[u8], wish: &Wish) -> Known {
        let (id, rooms) = trigger::read_some(body);
        Known { id: id.or_else(|| wish.id.clone()), rooms }
    }
}

/// Writes into the ledger that a trigger was refused.
fn note(shared: &Shared, code: &'static str, words: &str, known: Known) {
    let Known { id, mut rooms } = known;
    rooms.truncate(ROOMS_NOTED_MAX);
    let (at, rooms, words) = (Moment::now(), rooms.into(), words.into());
    shared.settings.ledger.refused(Refusal { at, id, rooms, code, words });
}

/// Counts a trigger that is refused, and writes it down.
fn refuse(shared: &Shared, why: Refused, known: Known) -> Refused {
    note(shared, why.code(), &why.to_string(), known);
    let counts = &shared.triggers;
    let counter = match &why {
        Refused::Stopping => &counts.stopping,
        Refused::NotPublished(NotPublished::Behind) => &counts.behind,
        Refused::NotPublished(NotPublished::Broker(PublishError::Unavailable(_))) => {
            &counts.unavailable
        }
        Refused::NotPublished(NotPublished::Broker(PublishError::Unconfirmed(_))) => {
            &counts.unconfirmed
        }
        _ => &counts.bad,
    };
    counter.add();
    tracing::debug!(%why, "a trigger was refused");
    why
}

/// Answers a trigger: in words, or if `counted` in numbers.
pub fn shown(outcome: Result<Outcome, Refused>, counted: bool) -> Answer {
    match outcome {
        Ok(Outcome::Published { published, .. }) => accepted(published, counted),
        Ok(Outcome::DryRun(audience)) => dry_run(&audience),
        Err(why) => {
            let line = if matches!(why, Refused::Bad(_)) { "" } else { "\n" };
            let answer = text(why.status(), format!("{why}{line}"));
            match why.retry_after() {
                Some(seconds) => with(answer, RETRY_AFTER, seconds),
                None => answer,
            }
        }
    }
}

fn accepted(published: Published, counted: bool) -> Answer {
    match published {
        _ if !counted => text(StatusCode::OK, "publish success"),
        Published::Duplicate => json(StatusCode::OK, r#"{"subscriptions": 0, "duplicate": true}"#),
        // None: the loops are behind, and it is on its way.
        Published::Accepted | Published::Counted(None) => {
            json(StatusCode::OK, r#"{"subscriptions": null}"#)
        }
        Published::Counted(Some(reached)) => {
            json(StatusCode::OK, format!("{{\"subscriptions\": {reached}}}"))
        }
    }
}

/// Tells whom a trigger would reach on this node.
fn dry_run(audience: &BTreeMap<Room, usize>) -> Answer {
    let subscriptions: usize = audience.values().sum();
    let rooms = audience.iter().map(|(room, subscriptions)| {
        format!("{{\"room\": {room}, \"subscriptions\": {subscriptions}}}")
    });
    let rooms = rooms.collect::<Vec<_>>().join(", ");
    json(
        StatusCode::OK,
        format!("{{\"dry_run\": true, \"subscriptions\": {subscriptions}, \"rooms\": [{rooms}]}}"),
    )
}

impl Refused {
    /// Returns the status to answer with.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Bad(_) | Self::Cut(_) => StatusCode::BAD_REQUEST,
            Self::TooLong(_)
            | Self::NotPublished(NotPublished::Broker(PublishError::Refused(_))) => {
                StatusCode::PAYLOAD_TOO_LARGE
            }
            Self::Late => StatusCode::REQUEST_TIMEOUT,
            Self::NotPublished(NotPublished::Behind) => StatusCode::TOO_MANY_REQUESTS,
            Self::Stopping | Self::NotPublished(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Returns a word for it that stays the same.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Bad(_) => "trigger_bad",
            Self::TooLong(_)
            | Self::NotPublished(NotPublished::Broker(PublishError::Refused(_))) => {
                "trigger_too_long"
            }
            Self::Cut(_) => "trigger_cut",
            Self::Late => "trigger_late",
            Self::Stopping => "stopping",
            Self::NotPublished(NotPublished::Behind) => "behind",
            Self::NotPublished(NotPublished::Broker(PublishError::Unavailable(_))) => {
                "broker_unavailable"
            }
            Self::NotPublished(NotPublished::Broker(PublishError::Unconfirmed(_))) => {
                "broker_unconfirmed"
            }
        }
    }

    /// Returns after how many seconds to try again, where that may help.
    pub fn retry_after(&self) -> Option<&'static str> {
        match self.status() {
            StatusCode::TOO_MANY_REQUESTS => Some("1"),
            StatusCode::SERVICE_UNAVAILABLE => Some("2"),
            _ => None,
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bad(why) => why.fmt(f),
            Self::TooLong(most) => write!(f, "more than {most} bytes"),
            Self::Cut(why) => f.write_str(why),
            Self::Late => f.write_str("the body did not come"),
            Self::Stopping => f.write_str("the gateway has stopped: nobody was told"),
            Self::NotPublished(why @ NotPublished::Behind) => write!(f, "{why}, try again later"),
            Self::NotPublished(why @ NotPublished::Broker(PublishError::Unconfirmed(_))) => {
                write!(f, "{why}. With an id it can be tried again: it comes once")
            }
            Self::NotPublished(why) => why.fmt(f),
        }
    }
}

impl Error for Refused {}
