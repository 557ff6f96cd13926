//! The listener that browsers reach: the WebSocket, the client, and a sign of life.

use crate::accept::Asked;
use crate::answer::{Answer, not_allowed, of_type, text, with};
use crate::opening;
use crate::serve::Shared;
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, ETAG, IF_NONE_MATCH};
use http::{HeaderName, HeaderValue, Method, Request, StatusCode};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, LazyLock};

const CLIENT: &str = include_str!("../../../clients/js/campanile.js");

/// Changes with the client, and only with it.
static CLIENT_TAG: LazyLock<HeaderValue> = LazyLock::new(|| {
    let mut hasher = DefaultHasher::new();
    CLIENT.hash(&mut hasher);
    HeaderValue::from_str(&format!("\"{:016x}\"", hasher.finish())).expect("digits are fine")
});

/// Answers a request of the public listener.
pub async fn answer(shared: Arc<Shared>, asked: Asked) -> Answer {
    let path = asked.request.uri().path();
    if shared.config().public.path.is(path) {
        return opening::open(&shared, asked).await;
    }
    if let Some(demo) = &shared.demo
        && demo.has(path)
    {
        return demo.answer(&shared, asked).await;
    }
    let is_reading = matches!(*asked.request.method(), Method::GET | Method::HEAD);
    match path {
        "/livez" | "/client.js" if !is_reading => not_allowed("GET, HEAD"),
        "/livez" => text(StatusCode::OK, "alive\n"),
        "/client.js" => client(&asked.request),
        _ => {
            shared.refusals.not_found.add();
            let body = format!(
                "Nothing is here. The WebSocket is at {}, and its client for browsers at \
                 /client.js.\n",
                shared.config().public.path.as_str()
            );
            text(StatusCode::NOT_FOUND, body)
        }
    }
}

/// Returns the client, or that it is the one which the browser has.
fn client<B>(request: &Request<B>) -> Answer {
    let known = request.headers().get(IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
    let tag = CLIENT_TAG.to_str().unwrap_or_default();
    let is_known = known.is_some_and(|tags| {
        tags.split(',').any(|known| known.trim().trim_start_matches("W/") == tag)
    });
    let mut answer = if is_known {
        of_type(StatusCode::NOT_MODIFIED, "text/javascript; charset=utf-8", "")
    } else {
        of_type(StatusCode::OK, "text/javascript; charset=utf-8", CLIENT)
    };
    answer.headers_mut().insert(ETAG, CLIENT_TAG.clone());
    let answer = with(answer, CACHE_CONTROL, "no-cache");
    // Modules are loaded under the rules of CORS, and the page may come from elsewhere.
    let answer = with(answer, ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    with(answer, HeaderName::from_static("cross-origin-resource-policy"), "cross-origin")
}
