//! What is said over an open connection: the greeting, a ping, a large message.

use super::line::{Heard, Line};
use super::report::Report;
use campanile_wire::Closed;
use serde_json::Value;
use std::io::Write;
use std::time::{Duration, Instant};

/// How long any answer may take.
pub(super) const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// Pings of which the median is taken.
const PINGS: usize = 7;

/// Above this a round trip is worth a word.
const ROUND_TRIP_MAX: Duration = Duration::from_millis(500);

/// Longer than what the buffers of proxies hold, and than a frame's short lengths say.
const LARGE_BYTES: usize = 256 << 10;

/// A connection that was let in.
pub(super) struct Conversation {
    pub(super) line: Line,
    /// The rooms it may hear, as they were said.
    pub(super) allowed_rooms: Vec<Value>,
}

/// Tests what can be said; returns the connection if it was let in and is still there.
pub(super) async fn examine(
    mut line: Line,
    report: &mut Report<impl Write>,
) -> Option<Conversation> {
    let allowed_rooms = greeting(&mut line, report).await?;
    if !ping(&mut line, report).await || !large(&mut line, report).await {
        return None;
    }
    Some(Conversation { line, allowed_rooms })
}

/// Reads the greeting; returns the allowed rooms if this visitor was let in.
async fn greeting(line: &mut Line, report: &mut Report<impl Write>) -> Option<Vec<Value>> {
    let text = match line.hear(ANSWER_WITHIN).await {
        Heard::Text(text) => text,
        heard => {
            let advice = "the handshake passes and messages do not: something on the way holds \
                          them back (response buffering?) or cuts the line";
            report.fail("greeting", format!("it did not come: {}", heard.describe()), advice);
            return None;
        }
    };
    let greeting: Value = serde_json::from_str(&text).unwrap_or_default();
    let rooms = greeting.get("allowed_rooms").and_then(Value::as_array);
    match (greeting.get("is_authorized").and_then(Value::as_bool), rooms) {
        // The dialect of 2.5 greets only whom it lets in.
        (Some(true) | None, Some(rooms)) => {
            report.ok("greeting", format!("let in, with {} allowed rooms", rooms.len()));
            Some(rooms.clone())
        }
        (Some(false), _) => {
            let advice = "the backend does not know this visitor: log in by --cookie, --token or \
                          --header. Ping, large messages and the idle time-out were not tested";
            report.warn("greeting", "is_authorized is false, so the connection ends", advice);
            None
        }
        _ => {
            let advice = "what answers there is neither campanile nor high-templar";
            report.fail("greeting", "the first message is no greeting", advice);
            None
        }
    }
}

/// Measures how long a message takes there and back. Returns whether the connection lives.
async fn ping(line: &mut Line, report: &mut Report<impl Write>) -> bool {
    let mut trips = Vec::new();
    for _ in 0..PINGS {
        let began = Instant::now();
        if let Err(heard) = ask(line, "ping", |text| text == "pong").await {
            let advice = "messages do not pass both ways: see the log of the proxy there";
            report.fail("ping", format!("no pong: {}", heard.describe()), advice);
            return false;
        }
        trips.push(began.elapsed());
    }
    trips.sort_unstable();
    let (median, longest) = (trips[PINGS / 2], trips[PINGS - 1]);
    let ms = |time: Duration| format!("{:.1} ms", time.as_secs_f64() * 1_000.0);
    let what =
        format!("ping to pong in {} (median of {PINGS}; longest {})", ms(median), ms(longest));
    if median > ROUND_TRIP_MAX {
        report.warn("ping", what, "a long way, or a machine with too much to do");
    } else {
        report.ok("ping", what);
    }
    true
}

/// Sends a large message, which nobody understands and campanile says so. Returns whether the
/// connection lives.
async fn large(line: &mut Line, report: &mut Report<impl Write>) -> bool {
    let message =
        format!(r#"{{"type":"doctor","padding":"{}"}}"#, "large ".repeat(LARGE_BYTES / 6));
    let said = format!("a message of {} KiB", message.len() >> 10);
    match ask(line, &message, |text| text.contains("message-type-not-allowed")).await {
        Ok(()) => {
            report.ok("large", format!("{said} is answered"));
            true
        }
        Err(Heard::End(Closed { code, .. })) if code.number() == 1009 => {
            let advice = "[limits] message_bytes_max is less; fine if your clients only subscribe";
            report.warn("large", format!("{said} is over the limit (1009)"), advice);
            false
        }
        Err(heard) => {
            let advice = "something on the way (a web application firewall?) does not like it";
            report.fail("large", format!("{said}: {}", heard.describe()), advice);
            false
        }
    }
}

/// Says something and waits for its answer, past whatever else comes.
pub(super) async fn ask(
    line: &mut Line,
    text: &str,
    is_answer: impl Fn(&str) -> bool,
) -> Result<(), Heard> {
    line.say(text).await;
    let deadline = Instant::now() + ANSWER_WITHIN;
    loop {
        match line.hear(deadline.saturating_duration_since(Instant::now())).await {
            Heard::Text(text) if is_answer(&text) => return Ok(()),
            Heard::Text(_) => {}
            heard => return Err(heard),
        }
    }
}

impl Heard {
    /// Says what was heard, for a person.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Text(_) => "something else came".to_owned(),
            Self::Nothing => format!("nothing came within {} s", ANSWER_WITHIN.as_secs()),
            Self::End(closed) => describe_end(closed),
        }
    }
}

/// Says how a connection ended.
pub(super) fn describe_end(closed: &Closed) -> String {
    if let Some(error) = closed.error {
        return format!("what came is no WebSocket: {error}");
    }
    match (closed.code.number(), &*closed.reason) {
        (1005 | 1006, _) => "the line was cut without a close frame".to_owned(),
        (code, "") => format!("it was closed with {code}"),
        (code, reason) => format!("it was closed with {code} ({reason})"),
    }
}
