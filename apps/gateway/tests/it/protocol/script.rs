//! The transcripts' lines, read into steps.

use crate::support::backend::{Answer, Request};
use crate::support::play::{Receive, Rule, Step};
use std::collections::BTreeMap;
use std::time::Duration;

/// A transcript that was read.
#[derive(Default)]
pub(super) struct Script {
    /// What the gateway's environment has besides.
    pub(super) environment: Vec<(String, String)>,
    /// Each step with its line.
    pub(super) steps: Vec<(String, Step)>,
}

/// What the backend answers, to a client by name and to all others under the empty name.
type Told = BTreeMap<String, (u16, String)>;

/// Reads a transcript.
///
/// # Errors
///
/// A line that means nothing, with its number.
pub(super) fn parse(text: &str) -> Result<Script, String> {
    let (mut script, mut told) = (Script::default(), Told::new());
    for (index, line) in text.lines().map(str::trim).enumerate() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let place = format!("line {}: {line}", index + 1);
        let (first, rest) = line.split_once(' ').ok_or_else(|| format!("{place}: no such line"))?;
        let step = match first {
            "with" => {
                let (name, value) =
                    rest.split_once('=').ok_or_else(|| format!("{place}: no value"))?;
                script.environment.push((name.to_owned(), value.to_owned()));
                continue;
            }
            "backend" => Some(backend(rest, &mut told)),
            "trigger" => Some(trigger(rest)),
            "post" => Some(Step::Post { path: rest.to_owned() }),
            "gateway" => (rest == "ends").then_some(Step::End),
            "metric" => metric(rest),
            "answer" => answer(rest),
            "wait" => rest.parse().ok().map(Duration::from_secs_f64).map(Step::Wait),
            who => client(who, rest),
        };
        let step = step.ok_or_else(|| format!("{place}: no such line"))?;
        script.steps.push((place, step));
    }
    Ok(script)
}

fn backend(rest: &str, told: &mut Told) -> Step {
    let (first, more) = rest.split_once(' ').unwrap_or((rest, "{}"));
    match first.parse() {
        Ok(status) => told.insert(String::new(), (status, more.to_owned())),
        Err(_) if first.starts_with('{') => told.insert(String::new(), (200, rest.to_owned())),
        Err(_) => told.insert(first.to_owned(), (200, more.to_owned())),
    };
    Step::Backend(rule(told.clone()))
}

/// Knows a client by the token that each has in its address: its name.
fn rule(told: Told) -> Rule {
    Box::new(move |request: &Request| {
        let name = request.header("authorization").and_then(|value| value.strip_prefix("Token "));
        let (status, body) =
            told.get(name.unwrap_or_default()).unwrap_or_else(|| &told[""]).clone();
        Answer::json(status, body)
    })
}

fn trigger(rest: &str) -> Step {
    if let Some(body) = rest.strip_prefix("dry ") {
        return Step::DryRun { body: body.to_owned() };
    }
    match rest.strip_prefix("json ") {
        Some(body) => Step::Trigger {
            headers: vec![("Accept", "application/json")],
            body: body.as_bytes().to_vec(),
        },
        None => Step::Trigger { headers: Vec::new(), body: rest.as_bytes().to_vec() },
    }
}

fn metric(rest: &str) -> Option<Step> {
    rest.contains(' ').then(|| Step::Metric { line: rest.to_owned() })
}

fn answer(rest: &str) -> Option<Step> {
    let (status, body) = rest.split_once(' ').unwrap_or((rest, ""));
    Some(Step::Answered { status: vec![status.parse().ok()?], body: Some(body.to_owned()) })
}

fn client(who: &str, rest: &str) -> Option<Step> {
    let who = who.to_owned();
    let (verb, text) = rest.split_once(' ').unwrap_or((rest, ""));
    let text = text.to_owned();
    Some(match verb {
        "opens" => {
            let protocol = text.strip_prefix("as ").map(str::to_owned);
            let path = format!("/ws/?token={who}");
            Step::Open { who, path, headers: Vec::new(), protocol }
        }
        ">" => Step::Send { who, text },
        ">>" => Step::SendBinary { who, bytes: unhex(&text)? },
        "<" => Step::Receive { who, text, how: Receive::Same },
        "=" => Step::Receive { who, text, how: Receive::Exactly },
        "closed" => Step::Closed { who, code: text.parse().ok()? },
        "closes" => Step::Close { who },
        _ => return None,
    })
}

fn unhex(hex: &str) -> Option<Vec<u8>> {
    let pairs = hex.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).ok());
    pairs.map(|pair| u8::from_str_radix(pair?, 16).ok()).collect()
}
