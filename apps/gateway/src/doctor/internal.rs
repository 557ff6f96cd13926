//! The internal listener: readiness, the metrics, a trigger, and the road from it to a subscriber.

use super::line::{Heard, random};
use super::plan::Internal;
use super::report::Report;
use super::talk::{ANSWER_WITHIN, Conversation, ask};
use crate::backend::{Answer, Client, Outgoing};
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use serde_json::{Value, json};
use std::io::Write;
use std::time::{Duration, Instant};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const ANSWER_BYTES_MAX: usize = 4 << 20;

/// Above this a bootstrap makes clients wait that come back all at once.
const BOOTSTRAP_S_MAX: f64 = 0.5;

/// Tests the listener; with a conversation also that a trigger reaches a subscriber.
pub(super) async fn examine(
    internal: &Internal,
    conversation: Option<&mut Conversation>,
    report: &mut Report<impl Write>,
) {
    let asker = Asker {
        internal,
        client: Client::new(None, CONNECT_TIMEOUT, ANSWER_WITHIN, ANSWER_BYTES_MAX),
    };
    if !readiness(&asker, report).await {
        return;
    }
    metrics(&asker, report).await;
    if !trigger(&asker, report).await {
        return;
    }
    if let Some(conversation) = conversation {
        road(&asker, conversation, report).await;
    }
}

/// Asks the internal listener.
struct Asker<'a> {
    internal: &'a Internal,
    client: Client,
}

impl Asker<'_> {
    async fn ask(&self, method: Method, path: &str, body: Bytes) -> Result<Answer, String> {
        let uri = format!("{}{path}", self.internal.url).parse();
        let uri = uri.map_err(|error| format!("{path}: {error}"))?;
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(key) = &self.internal.key {
            let key = HeaderValue::from_str(&format!("Bearer {key}"));
            let mut key = key.map_err(|_| "the key cannot stand in a header")?;
            key.set_sensitive(true);
            headers.insert(AUTHORIZATION, key);
        }
        let outgoing = Outgoing { method, uri, headers, body };
        // The client is made for backends, and its errors speak of them.
        let answer = self.client.send(outgoing).await;
        answer.map_err(|error| error.to_string().replace("the backend", "the internal listener"))
    }
}

/// Returns whether somebody answers.
async fn readiness(asker: &Asker<'_>, report: &mut Report<impl Write>) -> bool {
    match asker.ask(Method::GET, "/readyz", Bytes::new()).await {
        Ok(answer) if answer.status == StatusCode::OK => {
            report.ok("ready", "/readyz says so");
            true
        }
        Ok(answer) => {
            let said = String::from_utf8_lossy(&answer.body);
            let advice = "it is stopping, or has lost its broker: see its log";
            report.fail("ready", format!("{}: {}", answer.status, said.trim()), advice);
            true
        }
        Err(error) => {
            let advice = "is this its [internal] listen? by default only its own machine may ask";
            report.fail("ready", error, advice);
            false
        }
    }
}

async fn metrics(asker: &Asker<'_>, report: &mut Report<impl Write>) {
    let page = match asker.ask(Method::GET, "/metrics", Bytes::new()).await {
        Ok(answer) if answer.status == StatusCode::OK => {
            String::from_utf8_lossy(&answer.body).into_owned()
        }
        Ok(answer) => return report.fail("metrics", status(&answer), advice(&answer)),
        Err(error) => return report.fail("metrics", error, "see its log"),
    };
    version(&page, report);
    let (asked, seconds) = (
        sample(&page, "campanile_bootstrap_duration_seconds_count"),
        sample(&page, "campanile_bootstrap_duration_seconds_sum"),
    );
    let (Some(asked), Some(seconds)) = (asked.filter(|asked| *asked > 0.0), seconds) else {
        return report.ok("backend", "it has not been asked yet");
    };
    let failed: f64 = ["unreachable", "timed_out", "unreadable", "too_long"]
        .iter()
        .filter_map(|outcome| {
            sample(&page, &format!("campanile_bootstraps_total{{outcome=\"{outcome}\"}}"))
        })
        .sum();
    let mean = seconds / asked;
    let what = format!("{asked:.0} bootstraps, {:.0} ms each on average", mean * 1_000.0);
    if failed > 0.0 {
        let advice = "the log of campanile says why: unreachable, too slow, or not readable";
        report.warn("backend", format!("{what}; {failed:.0} without a usable answer"), advice);
    } else if mean > BOOTSTRAP_S_MAX {
        let advice = "after a restart every client asks at once: make bootstrap/ cheaper, or see \
                      that [backend] bootstraps_max suits it";
        report.warn("backend", what, advice);
    } else {
        report.ok("backend", what);
    }
}

fn version(page: &str, report: &mut Report<impl Write>) {
    let own = env!("CARGO_PKG_VERSION");
    let line = page.lines().find_map(|line| line.strip_prefix("campanile_build_info{"));
    let version = line.and_then(|line| line.split("version=\"").nth(1)?.split('"').next());
    match version {
        Some(version) if version == own => report.ok("version", format!("campanile {version}")),
        Some(version) => {
            let what = format!("campanile {version}, while this is {own}");
            report.warn("version", what, "use the doctor of the same version");
        }
        None => report.warn("version", "/metrics does not say", "is that a campanile?"),
    }
}

/// Returns the value of one line of a metrics page.
pub(super) fn sample(page: &str, name: &str) -> Option<f64> {
    let line = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line?.trim().parse().ok()
}

/// Triggers a room that nobody has. Returns whether that was accepted.
async fn trigger(asker: &Asker<'_>, report: &mut Report<impl Write>) -> bool {
    let room = json!({"campanile-doctor": name()});
    let body = json!({"rooms": [room], "data": null}).to_string();
    let began = Instant::now();
    match asker.ask(Method::POST, "/trigger/", body.into()).await {
        Ok(answer) if answer.status == StatusCode::OK => {
            let ms = began.elapsed().as_secs_f64() * 1_000.0;
            report.ok("trigger", format!("a trigger that nobody hears is accepted in {ms:.1} ms"));
            true
        }
        Ok(answer) => {
            report.fail("trigger", status(&answer), advice(&answer));
            false
        }
        Err(error) => {
            report.fail("trigger", error, "see its log");
            false
        }
    }
}

fn status(answer: &Answer) -> String {
    let said = String::from_utf8_lossy(&answer.body);
    format!("{}: {}", answer.status, said.lines().next().unwrap_or_default())
}

fn advice(answer: &Answer) -> &'static str {
    match answer.status.as_u16() {
        401 => "--key-file names a file with the [internal] key",
        404 => "is that the internal listener, and not the public one?",
        503 => "the loops are behind, or the broker is away: see its log",
        _ => "see its log",
    }
}

/// Subscribes to a room that only this doctor has, triggers it and waits for the delivery. That needs
/// an allowed room with a star; without one there is nothing to test.
async fn road(asker: &Asker<'_>, conversation: &mut Conversation, report: &mut Report<impl Write>) {
    let Some(room) = own_room(&conversation.allowed_rooms) else { return };
    let subscribe = json!({"type": "subscribe", "room": room, "requestId": "campanile-doctor"});
    let is_success = |text: &str| text.contains("\"success\"");
    if let Err(heard) = ask(&mut conversation.line, &subscribe.to_string(), is_success).await {
        let what = format!("a subscribe was not answered: {}", heard.describe());
        return report.fail("road", what, "see its log");
    }
    let body = json!({"rooms": [room], "data": "campanile-doctor"}).to_string();
    let began = Instant::now();
    if let Err(error) = asker.ask(Method::POST, "/trigger/", body.into()).await {
        return report.fail("road", error, "see its log");
    }
    loop {
        match conversation.line.hear(ANSWER_WITHIN).await {
            Heard::Text(text) if text.contains("\"publish\"") => break,
            Heard::Text(_) => {}
            heard => {
                let advice = "what is triggered there does not reach those who connect here: is \
                              it the same campanile, or one with the same broker?";
                return report.fail("road", heard.describe(), advice);
            }
        }
    }
    let ms = began.elapsed().as_secs_f64() * 1_000.0;
    report.ok("road", format!("a trigger reaches a subscriber in {ms:.1} ms"));
}

/// Returns a room that nobody else has and this visitor may hear: an allowed one with its stars
/// replaced.
pub(super) fn own_room(allowed_rooms: &[Value]) -> Option<Value> {
    let is_star = |value: &Value| value == "*";
    let open = allowed_rooms.iter().filter_map(Value::as_object);
    let mut room = open.into_iter().find(|room| room.values().any(is_star))?.clone();
    for value in room.values_mut().filter(|value| is_star(value)) {
        *value = Value::from(name());
    }
    Some(Value::Object(room))
}

/// Returns a name that nobody else has.
fn name() -> String {
    let number = random::<8>().map_or(0, u64::from_ne_bytes);
    format!("campanile-doctor-{number:016x}")
}
