//! The listener for the backend and for operators: triggers, metrics, readiness.

use crate::accept::Asked;
use crate::answer::{Answer, json, not_allowed, of_type, text, unavailable, with};
use crate::metrics::{self, TriggerCounts};
use crate::serve::Shared;
use crate::trigger::Trigger;
use bytes::Bytes;
use campanile_manager::{PostError, Receipt};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, ORIGIN, WWW_AUTHENTICATE};
use http::{HeaderMap, Method, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

/// How long the answer to a trigger waits for the loops to have counted.
const COUNTED_WITHIN: Duration = Duration::from_secs(5);

/// How much of a body that is too long is read before that is answered.
const DISCARDED_BYTES_MAX: usize = 16 << 20;

/// What the server remembers about triggers.
#[derive(Debug, Default)]
pub struct Triggers {
    /// What became of them.
    pub counts: TriggerCounts,
    /// Whether somebody was told that a literal `*` reached nobody, or that is being found out.
    star_is_settled: AtomicBool,
}

/// Answers a request of the internal listener.
pub async fn answer(shared: Arc<Shared>, asked: Asked) -> Answer {
    let request = asked.request;
    let is_reading = matches!(*request.method(), Method::GET | Method::HEAD);
    match request.uri().path() {
        // Old backends put the path behind a URL that ends in a slash.
        "/trigger/" | "/trigger" | "//trigger/" | "//trigger" => {
            if request.method() != Method::POST {
                return not_allowed("POST");
            }
            let (head, body) = request.into_parts();
            trigger(&shared, &head.headers, body).await
        }
        "/metrics" | "/readyz" | "/livez" if !is_reading => not_allowed("GET, HEAD"),
        "/metrics" if !is_permitted(&shared, request.headers()) => unauthorized(),
        "/metrics" => of_type(
            StatusCode::OK,
            "text/plain; version=0.0.4; charset=utf-8",
            metrics::page(&shared),
        ),
        "/readyz" if shared.is_leaving() => unavailable("stopping\n"),
        "/readyz" => text(StatusCode::OK, "ready\n"),
        "/livez" => text(StatusCode::OK, "alive\n"),
        _ => text(
            StatusCode::NOT_FOUND,
            "Nothing is here. Post triggers to /trigger/; there are also /metrics, /readyz and \
             /livez.\n",
        ),
    }
}

fn unauthorized() -> Answer {
    let body = "this needs the [internal] key, as `Authorization: Bearer KEY`\n";
    with(text(StatusCode::UNAUTHORIZED, body), WWW_AUTHENTICATE, "Bearer")
}

/// Returns whether a request has the key, where there is one.
fn is_permitted(shared: &Shared, headers: &HeaderMap) -> bool {
    let config = shared.config();
    let Some(key) = &config.internal.key else { return true };
    let bearer = headers.get(AUTHORIZATION).and_then(|value| {
        let (scheme, token) = value.as_bytes().split_at_checked(7)?;
        scheme.eq_ignore_ascii_case(b"Bearer ").then(|| token.trim_ascii())
    });
    let plain = headers.get("x-api-key").map(|value| value.as_bytes());
    bearer.or(plain).is_some_and(|offered| key.is(offered))
}

/// Answers a trigger. Where no key is asked for, one that a browser sends for a page is refused: any
/// page that somebody on this machine opens could post to loopback.
async fn trigger(shared: &Arc<Shared>, headers: &HeaderMap, body: Incoming) -> Answer {
    if !is_permitted(shared, headers) {
        shared.triggers.counts.unauthorized.add();
        return unauthorized();
    }
    if shared.config().internal.key.is_none() && headers.contains_key(ORIGIN) {
        shared.triggers.counts.unauthorized.add();
        let why = "a web page may not trigger: set the [internal] key and send it along\n";
        return text(StatusCode::FORBIDDEN, why);
    }
    match read(shared, headers, body).await {
        Ok(body) => publish(shared, &body, wants_json(headers)).await,
        Err(answer) => answer,
    }
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
    let bytes_max = shared.config().trigger.bytes_max;
    let refuse = |status, why: String| {
        shared.triggers.counts.bad.add();
        text(status, why)
    };
    let too_long =
        || refuse(StatusCode::PAYLOAD_TOO_LARGE, format!("more than {bytes_max} bytes\n"));
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    let patience = shared.config().limits.handshake_timeout;
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

fn wants_json(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|part| {
        let kind = part.split(';').next().unwrap_or_default().trim();
        kind.eq_ignore_ascii_case("application/json")
    })
}

/// Publishes what a trigger says, and answers it: by how many it reached if `counted`.
pub async fn publish(shared: &Arc<Shared>, body: &[u8], counted: bool) -> Answer {
    let Triggers { counts, star_is_settled } = &shared.triggers;
    let trigger = match Trigger::read(body, &shared.config().trigger) {
        Ok(trigger) => trigger,
        Err(bad) => {
            counts.bad.add();
            tracing::debug!(%bad, "a trigger was refused");
            return text(StatusCode::BAD_REQUEST, bad.to_string());
        }
    };
    counts.rooms_skipped.add_many(trigger.skipped as u64);
    let asks_star = trigger.has_literal_star && !star_is_settled.swap(true, Relaxed);
    if !counted && !asks_star {
        return match shared.handle.publish(trigger.publication) {
            Ok(()) => {
                counts.accepted.add();
                text(StatusCode::OK, "publish success")
            }
            Err(error) => not_taken(counts, error),
        };
    }
    let receipt = match shared.handle.publish_counted(trigger.publication) {
        Ok(receipt) => receipt,
        Err(error) => {
            star_is_settled.fetch_and(!asks_star, Relaxed);
            return not_taken(counts, error);
        }
    };
    counts.accepted.add();
    if !counted {
        tokio::spawn(watch_star(Arc::clone(shared), receipt));
        return text(StatusCode::OK, "publish success");
    }
    let reached = tokio::time::timeout(COUNTED_WITHIN, receipt).await.ok();
    if asks_star {
        settle_star(shared, reached);
    }
    // None: the loops are behind, and it is on its way.
    let number = reached.map_or("null".to_owned(), |reached| reached.to_string());
    json(StatusCode::OK, format!("{{\"subscriptions\": {number}}}"))
}

fn not_taken(counts: &TriggerCounts, error: PostError) -> Answer {
    tracing::debug!("a trigger was refused: {error}");
    match error {
        PostError::Full => {
            counts.mailbox_full.add();
            unavailable("the loops are behind: nobody was told, try again\n")
        }
        PostError::Ended => {
            counts.stopping.add();
            unavailable("the gateway has stopped: nobody was told\n")
        }
    }
}

async fn watch_star(shared: Arc<Shared>, receipt: Receipt) {
    settle_star(&shared, tokio::time::timeout(COUNTED_WITHIN, receipt).await.ok());
}

/// Warns, once, that a literal `*` reached nobody: that is where somebody expected a pattern.
fn settle_star(shared: &Shared, reached: Option<u64>) {
    if reached == Some(0) {
        tracing::warn!(
            "a trigger named a room with \"*\" and reached nobody: there it is a text like any \
             other. If every value was meant, say \"match\": \"pattern\" in the trigger."
        );
    } else {
        shared.triggers.star_is_settled.store(false, Relaxed);
    }
}
