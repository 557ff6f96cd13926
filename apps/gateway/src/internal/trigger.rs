//! Triggers over HTTP.

use super::turned_away;
use crate::answer::{Answer, json, not_allowed, text, unavailable, with};
use crate::publishing::{NotPublished, Published, memory, with_key};
use crate::serve::Shared;
use crate::spans::{Span, TRACEPARENT};
use crate::trigger::{BadTrigger, Trigger, is_id};
use bytes::Bytes;
use campanile_broker::PublishError;
use http::header::{ACCEPT, CONTENT_LENGTH, RETRY_AFTER};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use std::time::Duration;

/// How much of a body that is too long is read before that is answered.
const DISCARDED_BYTES_MAX: usize = 16 << 20;

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

/// Answers a request to trigger.
pub async fn answer(shared: &Shared, request: Request<Incoming>) -> Answer {
    if request.method() != Method::POST {
        return not_allowed("POST");
    }
    let (head, body) = request.into_parts();
    if let Some(refused) = turned_away(shared, &head.headers) {
        shared.triggers.unauthorized.add();
        return refused;
    }
    let Some(wish) = Wish::read(&head.headers, head.uri.query().unwrap_or_default()) else {
        return bad(shared, &BadTrigger::Id);
    };
    let span = Span::of_request("trigger", &head.headers);
    let answer = match read(shared, &head.headers, body).await {
        Ok(body) => publish(shared, body, &wish, &span).await,
        Err(answer) => answer,
    };
    span.note("http.response.status_code", answer.status().as_u16().into());
    answer
}

impl Wish {
    /// Reads what stands around the body; none if the Idempotency-Key is no id.
    fn read(headers: &HeaderMap, query: &str) -> Option<Wish> {
        let id = match headers.get("idempotency-key") {
            Some(value) => Some(value.to_str().ok().filter(|id| is_id(id))?.into()),
            None => None,
        };
        let dry_run = query.split('&').any(|pair| matches!(pair, "dry_run=1" | "dry_run=true"));
        Some(Wish { counted: wants_json(headers), dry_run, id })
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
/// The answer to one that is too long, too slow, or cut.
pub async fn read(
    shared: &Shared,
    headers: &HeaderMap,
    mut body: Incoming,
) -> Result<Bytes, Answer> {
    let config = shared.config();
    let (bytes_max, patience) = (config.trigger.bytes_max, config.limits.handshake_timeout);
    drop(config);
    let refuse = |status, why: String| {
        shared.triggers.bad.add();
        text(status, why)
    };
    let too_long =
        || refuse(StatusCode::PAYLOAD_TOO_LARGE, format!("more than {bytes_max} bytes\n"));
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if announced.is_some_and(|bytes: usize| bytes > bytes_max) {
        discard(body, patience).await;
        return Err(too_long());
    }
    match tokio::time::timeout(patience, Limited::new(&mut body, bytes_max).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            discard(body, patience).await;
            Err(too_long())
        }
        Ok(Err(error)) => Err(refuse(StatusCode::BAD_REQUEST, format!("{error}\n"))),
        Err(_) => Err(refuse(StatusCode::REQUEST_TIMEOUT, "the body did not come\n".to_owned())),
    }
}

/// Reads the rest of a body that is refused: a connection that is closed over unread bytes is
/// reset, and whoever still sends never reads why.
async fn discard(body: Incoming, patience: Duration) {
    let mut body = Limited::new(body, DISCARDED_BYTES_MAX);
    let read_all = async { while let Some(Ok(_)) = body.frame().await {} };
    let _ = tokio::time::timeout(patience, read_all).await;
}

/// Publishes what a trigger says, and answers it.
pub async fn publish(shared: &Shared, mut body: Bytes, wish: &Wish, span: &Span) -> Answer {
    if shared.handle.has_ended() {
        shared.triggers.stopping.add();
        return unavailable("the gateway has stopped: nobody was told\n");
    }
    let config = shared.config();
    let mut trigger = match Trigger::read(&body, &config.trigger) {
        Ok(trigger) => trigger,
        Err(why) => return bad(shared, &why),
    };
    let memory = memory(&config.trigger);
    drop(config);
    if wish.dry_run {
        return dry_run(shared, trigger).await;
    }
    if let (None, Some(id)) = (&trigger.id, &wish.id) {
        body = with_key(&body, "id", id);
        trigger.id = Some(id.clone());
    }
    span.note("campanile.rooms", trigger.publication.rooms.len());
    if let Some(traceparent) = span.traceparent() {
        body = with_key(&body, TRACEPARENT, &traceparent);
        trigger.traceparent = Some(traceparent.into());
    }
    let skipped = trigger.skipped as u64;
    match shared.publishing.publish(body, &trigger, wish.counted, memory).await {
        Ok(published) => {
            shared.triggers.rooms_skipped.add_many(skipped);
            accepted(shared, published, wish.counted)
        }
        Err(why) => refused(shared, &why),
    }
}

fn bad(shared: &Shared, why: &BadTrigger) -> Answer {
    shared.triggers.bad.add();
    tracing::debug!(%why, "a trigger was refused");
    text(StatusCode::BAD_REQUEST, why.to_string())
}

fn accepted(shared: &Shared, published: Published, counted: bool) -> Answer {
    let counter = match published {
        Published::Duplicate => &shared.triggers.duplicate,
        Published::Accepted | Published::Counted(_) => &shared.triggers.accepted,
    };
    counter.add();
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

fn refused(shared: &Shared, why: &NotPublished) -> Answer {
    tracing::debug!("a trigger was refused: {why}");
    let counts = &shared.triggers;
    match why {
        NotPublished::Behind => {
            counts.behind.add();
            let answer = text(StatusCode::TOO_MANY_REQUESTS, format!("{why}, try again later\n"));
            with(answer, RETRY_AFTER, "1")
        }
        NotPublished::Broker(PublishError::Refused(_)) => {
            counts.bad.add();
            text(StatusCode::PAYLOAD_TOO_LARGE, format!("{why}\n"))
        }
        NotPublished::Broker(PublishError::Unavailable(_)) => {
            counts.unavailable.add();
            unavailable(format!("{why}\n"))
        }
        NotPublished::Broker(PublishError::Unconfirmed(_)) => {
            counts.unconfirmed.add();
            unavailable(format!("{why}. With an id it can be tried again: it comes once\n"))
        }
    }
}

/// Tells whom a trigger would reach on this node.
async fn dry_run(shared: &Shared, trigger: Trigger) -> Answer {
    let (rooms, matching) = (trigger.publication.rooms, trigger.publication.matching);
    let audience = shared.audience(rooms, matching, &trigger.exclude).await;
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
