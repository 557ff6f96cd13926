//! What is to happen where the originals fail, transcript by transcript.

use super::recorded::{self, Transcript};
use crate::support::play::{Receive, Step};

const NOT_ALLOWED: &str =
    r#"{"requestId":"<uuid>","code":"error","message":"message-type-not-allowed"}"#;
const NOT_JSON: &str = r#"{"requestId":"<uuid>","code":"error","message":"non-json-message"}"#;
const NO_ROOM: &str = r#"{"code":"error","message":"room-not-found"}"#;
const NO_ID: &str = r#"{"code":"error","message":"no-request-id"}"#;
const REFUSED: &str = r#"{"is_authorized":false}"#;

/// Returns what must happen: the recorded steps, or those that the transcript's verdict asks for.
pub(super) fn steps(transcript: &Transcript) -> Vec<Step> {
    let recorded = recorded::steps(transcript);
    match (transcript.verdict.as_str(), transcript.name.as_str()) {
        ("keep", _) => recorded,
        ("free", "room-listed-twice") => second_is_optional(recorded),
        ("free", "hooks-unauthorised") => only_the_bootstrap(recorded),
        ("fix", "trigger-with-a-bad-room") => before_last_trigger(recorded, publish("1", "x")),
        ("fix", "one-id-two-rooms") => nothing_after_unsubscribe(recorded, &transcript.server),
        ("fix", "trigger-not-utf8") => after_second_trigger(recorded, publish("\"lost\"", "x")),
        ("fix", "binary-not-utf8") => answered_and_kept(recorded, NOT_JSON),
        ("fix", "malformed-id-list") => answered_and_kept(recorded, NO_ID),
        ("fix", name) if name.contains("room") && name.starts_with("malformed-") => {
            answered_and_kept(recorded, NO_ROOM)
        }
        ("fix", name) if name.starts_with("malformed-") => answered_and_kept(recorded, NOT_ALLOWED),
        ("fix", name) if name.starts_with("bootstrap-") => let_out_politely(recorded),
        (verdict, name) => panic!("nobody has said what {verdict} means for {name}"),
    }
}

fn receive(text: &str) -> Step {
    Step::Receive { who: "a".to_owned(), text: text.to_owned(), how: Receive::Same }
}

fn publish(data: &str, id: &str) -> Step {
    receive(&format!(r#"{{"type":"publish","data":{data},"requestId":"{id}"}}"#))
}

/// An error answer in place of the close; then the connection still answers a ping.
fn answered_and_kept(recorded: Vec<Step>, answer: &str) -> Vec<Step> {
    let mut steps = without(recorded, |step| matches!(step, Step::Closed { .. }));
    steps.push(receive(answer));
    steps.push(Step::Send { who: "a".to_owned(), text: "ping".to_owned() });
    steps.push(receive("pong"));
    steps
}

/// A word and a close in place of a refused handshake.
fn let_out_politely(recorded: Vec<Step>) -> Vec<Step> {
    let mut steps = without(recorded, |step| matches!(step, Step::Refused { .. }));
    steps.push(receive(REFUSED));
    steps.push(Step::Closed { who: "a".to_owned(), code: 1000 });
    steps
}

fn second_is_optional(mut recorded: Vec<Step>) -> Vec<Step> {
    let last = recorded.iter_mut().rev().find_map(|step| match step {
        Step::Receive { how, .. } => Some(how),
        _ => None,
    });
    *last.expect("the room was published to twice") = Receive::Perhaps;
    recorded
}

fn only_the_bootstrap(mut recorded: Vec<Step>) -> Vec<Step> {
    for step in &mut recorded {
        if let Step::BackendSaw(requests, _) = step {
            requests.retain(|lines| lines.iter().any(|line| line.starts_with("GET ")));
        }
    }
    recorded
}

/// Puts a delivery in front of the last trigger.
fn before_last_trigger(mut recorded: Vec<Step>, delivery: Step) -> Vec<Step> {
    let last = recorded.iter().rposition(|step| matches!(step, Step::Trigger { .. }));
    recorded.insert(last.expect("there was a trigger"), delivery);
    recorded
}

/// Puts a delivery behind the second trigger's answer.
fn after_second_trigger(mut recorded: Vec<Step>, delivery: Step) -> Vec<Step> {
    let triggers =
        recorded.iter().enumerate().filter(|(_, step)| matches!(step, Step::Answered { .. }));
    let second = triggers.map(|(index, _)| index).nth(1);
    recorded.insert(second.expect("there were two triggers") + 1, delivery);
    recorded
}

/// Drops the deliveries of 2 and 3, which came after the unsubscribe.
fn nothing_after_unsubscribe(recorded: Vec<Step>, server: &str) -> Vec<Step> {
    let late = |text: &str| text.contains(r#""data":2"#) || text.contains(r#""data":3"#);
    let steps = without(recorded, |step| matches!(step, Step::Receive { text, .. } if late(text)));
    assert!(steps.len() > 10, "{server}: the rest of the transcript is kept");
    steps
}

fn without(steps: Vec<Step>, unwanted: impl Fn(&Step) -> bool) -> Vec<Step> {
    steps.into_iter().filter(|step| !unwanted(step)).collect()
}
