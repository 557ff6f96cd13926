//! The same question on every node, and one answer of all.

use super::{Asked, Explained, Other, TriggerView, here};
use crate::api::error::Error;
use crate::control::Answers;
use crate::explain::{Cause, Explanation};
use crate::serve::Shared;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

/// What nodes ask each other.
#[derive(Serialize, Deserialize)]
struct Asking {
    asked: Asked,
    /// The trigger, if the node that asks knows it: others may not have heard of it.
    trigger: Option<TriggerView>,
}

/// Answers another node; none: it asks for something that means nothing here.
pub(in crate::api) async fn answer(shared: &Shared, question: &RawValue) -> Option<Box<RawValue>> {
    let Asking { asked, trigger } = serde_json::from_str(question.get()).ok()?;
    let explained = here(shared, &asked, trigger.as_ref())
        .await
        .unwrap_or_else(|error| Explained::of(shared, &Explanation::nothing(error.message())));
    to_raw_value(&explained).ok()
}

/// Answers for all nodes.
pub(super) async fn everywhere(shared: &Shared, asked: Asked) -> Result<Explained, Error> {
    let own = here(shared, &asked, None).await?;
    let is_settled = asked.connection.is_some() && Weight::of(&own) == Weight::Knows;
    if !shared.control.has_others() || is_settled {
        return Ok(own);
    }
    let mut trigger = own.trigger.clone();
    let mut all = ask(shared, &asked, own, trigger.as_ref()).await;
    let is_known = trigger.is_some();
    trigger = all.0.iter().find_map(|explained| explained.trigger.clone());
    if !is_known && trigger.is_some() && Weight::of(&all.0[0]) == Weight::Lacks {
        // The node of the client has not heard of it, but another can tell.
        let own = here(shared, &asked, trigger.as_ref()).await?;
        all = ask(shared, &asked, own, trigger.as_ref()).await;
    }
    let (explained, answers) = all;
    Ok(together(explained, answers))
}

/// Asks all other nodes; returns what they and this one say, what counts most first.
async fn ask(
    shared: &Shared,
    asked: &Asked,
    own: Explained,
    trigger: Option<&TriggerView>,
) -> (Vec<Explained>, Answers) {
    let asking = Asking { asked: asked.clone(), trigger: trigger.cloned() };
    let question = to_raw_value(&asking).expect("it is made of JSON");
    let patience = shared.config().explain.others_within;
    let mut answers = shared.ask_others(question, patience).await;
    let mut all = vec![own];
    for (node, answer) in std::mem::take(&mut answers.answers) {
        match serde_json::from_str::<Explained>(answer.get()) {
            Ok(explained) => all.push(explained),
            // One of another version, that says something else.
            Err(_) => answers.silent.push(node),
        }
    }
    all.sort_by_cached_key(|explained| (Weight::of(explained), rank(explained)));
    (all, answers)
}

/// How much an answer counts among those of several nodes; the first most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    /// It knows whom it is about, and the trigger.
    Knows,
    /// It refused the trigger.
    Refused,
    /// It knows whom it is about, and not the trigger.
    Lacks,
    /// It has forgotten who was there.
    Forgot,
    /// Whom it is about is not there.
    Elsewhere,
    /// It knows neither.
    Nothing,
}

impl Weight {
    fn of(explained: &Explained) -> Weight {
        let has_trigger = explained.trigger.is_some();
        match Cause::named(&explained.cause) {
            Some(Cause::TriggerRefused) => Weight::Refused,
            _ if explained.is_there && has_trigger => Weight::Knows,
            _ if explained.is_there => Weight::Lacks,
            Some(Cause::Forgotten) if has_trigger => Weight::Forgot,
            Some(Cause::NotConnected | Cause::Elsewhere) => Weight::Elsewhere,
            _ => Weight::Nothing,
        }
    }
}

/// Returns where the cause of an answer stands among all; one that is not known here, last.
fn rank(explained: &Explained) -> usize {
    let cause = Cause::named(&explained.cause);
    Cause::ALL.iter().position(|known| Some(*known) == cause).unwrap_or(Cause::ALL.len())
}

/// Makes one answer of several, the first of which counts.
fn together(all: Vec<Explained>, answers: Answers) -> Explained {
    let Answers { silent, unasked, .. } = answers;
    let nodes: Vec<String> = all.iter().map(|explained| explained.node.to_string()).collect();
    let mut all = all.into_iter();
    let mut best = all.next().expect("this node answers, too");
    best.others = all
        .map(|Explained { node, cause, words, .. }| Other { node, cause: cause.into(), words })
        .collect();
    let missing = unasked.map_or_else(
        || {
            let names: Vec<&str> = silent.iter().map(|node| &**node).collect();
            let names = names.join(", ");
            (!names.is_empty()).then(|| format!("{names} did not answer: what it knows is missing"))
        },
        |why| Some(format!("the other nodes could not be asked: {why}")),
    );
    if Cause::named(&best.cause) == Some(Cause::Elsewhere) {
        if missing.is_none() {
            best.set_cause(Cause::NotConnected);
        }
        best.words = format!("no such connection was there, on none of {}", nodes.join(", "));
    }
    if let Some(missing) = missing {
        best.words = format!("{}. But {missing}", best.words);
    }
    best.silent = silent;
    best
}
