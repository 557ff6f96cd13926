//! What became of a delivery to somebody who was subscribed.

use super::case::{Drop, History, Span};
use super::decide::{Cause, Explanation};
use super::ledger::Forgot;
use super::record::{Fate, Trigger};
use campanile_manager::Loss;

/// What is known beside a connection's own history.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// The triggers between the first and the last that gave way, as far as they are known.
    pub(super) around: Vec<Trigger>,
    /// What is not known any longer.
    pub(super) forgot: Forgot,
}

/// Says what became of a trigger for a subscription that was there when it came; `spans` are all that
/// were.
pub(super) fn heard(
    trigger: &Trigger,
    history: &History,
    span: &Span,
    spans: usize,
    known: &Known,
) -> Explanation {
    let explanation = vain(trigger, history)
        .or_else(|| under_way(trigger, history))
        .or_else(|| gave_way(trigger, history, span, known))
        .or_else(|| dropped(trigger, history, spans))
        .or_else(|| waiting(trigger, history, spans))
        .or_else(|| perhaps(trigger, known))
        .unwrap_or_else(|| delivered(trigger, history, span));
    explanation.under(&span.id)
}

/// It was not meant to be delivered.
fn vain(trigger: &Trigger, history: &History) -> Option<Explanation> {
    if trigger.fate == Fate::NotForUs {
        let words = "it subscribed at about the time of the trigger, and this node did not hear of the \
                     room so soon";
        return Some(Explanation::new(Cause::SubscribedTooLate, words));
    }
    if trigger.fate == Fate::Duplicate {
        let words = "it came again under this id, and was not published again";
        return Some(Explanation::new(Cause::Duplicate, words));
    }
    let words = "the trigger leaves it out by its \"exclude\"";
    is_excluded(trigger, history).then(|| Explanation::new(Cause::Excluded, words))
}

fn is_excluded(trigger: &Trigger, history: &History) -> bool {
    let exclude = &trigger.exclude;
    let is_user = exclude.user.is_some() && exclude.user.as_deref() == history.user.as_deref();
    is_user || trigger.excluded == Some(history.key)
}

/// Its loop has not come to it.
fn under_way(trigger: &Trigger, history: &History) -> Option<Explanation> {
    let is_behind = history.live.as_ref().is_some_and(|live| live.delivered < trigger.sequence);
    let words = "the loop of this connection is behind: it is on its way";
    is_behind.then(|| Explanation::new(Cause::UnderWay, words))
}

/// It gave way to a newer one, since the client read slowly; or that is possible.
fn gave_way(
    trigger: &Trigger,
    history: &History,
    span: &Span,
    known: &Known,
) -> Option<Explanation> {
    let number = trigger.sequence;
    let is_it = |loss: &&Loss| {
        let is_of = loss.room == span.room && loss.id == span.id;
        is_of && (loss.first..=loss.last).contains(&number)
    };
    let loss = history.losses.iter().find(is_it).filter(|_| trigger.may_give_way)?;
    let may_have = known.around.iter().filter(|other| {
        let is_between = (loss.first..=loss.last).contains(&other.sequence);
        let is_meant = span.is_meant(other) || other.rooms_left_out > 0;
        is_between && is_meant && other.may_give_way && !is_excluded(other, history)
    });
    let (mut count, mut moments) = (0, Vec::new());
    may_have.for_each(|other| {
        count += 1;
        moments.push(other.at);
    });
    let knows_all = known.around.first().is_some_and(|oldest| oldest.sequence <= loss.first);
    let is_end = number == loss.first || number == loss.last;
    let lost = loss.deliveries;
    if is_end || (knows_all && count == lost) {
        let words = format!(
            "its client read too slowly: it waited, and gave way to a newer one, as did {lost} in all \
             then"
        );
        return Some(Explanation::new(Cause::GaveWay, words));
    }
    let from = moments.iter().min().unwrap_or(&trigger.at);
    let until = moments.iter().max().unwrap_or(&trigger.at);
    let words = format!(
        "its client read too slowly: of what was published for this subscription from {from} to \
         {until}, {lost} gave way to newer ones, and whether this was one of them is not written down"
    );
    Some(Explanation::new(Cause::PerhapsGaveWay, words))
}

/// It waited when the connection was closed, or broke.
fn dropped(trigger: &Trigger, history: &History, spans: usize) -> Option<Explanation> {
    let is_among = |first: Option<u64>| first.filter(|first| *first <= trigger.sequence).is_some();
    let (at, dropped, why) =
        history.dropped.iter().find(|(_, dropped, _)| is_among(dropped.first))?;
    let subscription = one_of(trigger, dropped.first, spans);
    let frames = dropped.frames;
    Some(match why {
        Drop::Shed => {
            let words = format!(
                "its client was too slow: the connection was closed (1013) at {at}, and {frames} \
                 messages that waited for it were dropped, this one among them{subscription}"
            );
            Explanation::new(Cause::DroppedSlow, words)
        }
        Drop::Cut => {
            let words = format!(
                "the connection ended at {at} before it was written: {frames} messages were not, or not \
                 wholly, this one among them{subscription}"
            );
            Explanation::new(Cause::CutOff, words)
        }
    })
}

/// It waits.
fn waiting(trigger: &Trigger, history: &History, spans: usize) -> Option<Explanation> {
    let first = history.waiting.first.filter(|first| *first <= trigger.sequence)?;
    let subscription = one_of(trigger, Some(first), spans);
    let words = format!(
        "it waits in the connection's outbox, since its client or the network to it is slow: {} \
         messages do{subscription}",
        history.waiting.frames
    );
    Some(Explanation::new(Cause::Waiting, words))
}

/// Says that the first of what was not written may have been, for another subscription.
fn one_of(trigger: &Trigger, first: Option<u64>, spans: usize) -> &'static str {
    let is_divided = spans > 1 && first == Some(trigger.sequence);
    if is_divided { " (for one of its subscriptions at least)" } else { "" }
}

/// What gave way at that time is forgotten.
fn perhaps(trigger: &Trigger, known: &Known) -> Option<Explanation> {
    let since = known.forgot.losses.filter(|since| trigger.at < *since)?;
    let words = format!(
        "it was written to the connection unless it gave way to a newer one: what gave way before \
         {since} is forgotten, raise [explain] bytes_max or entries"
    );
    trigger.may_give_way.then(|| Explanation::new(Cause::PerhapsGaveWay, words))
}

fn delivered(trigger: &Trigger, history: &History, span: &Span) -> Explanation {
    let broke = history.ended.as_ref().filter(|end| !end.clean);
    let broke = broke.map_or_else(String::new, |end| {
        format!(
            ". That connection broke at {}, without a closing handshake: what its network had not \
             brought by then is lost with it, which no server can know",
            end.at
        )
    });
    let words = format!(
        "published at {} and written to the connection, for the subscription {} of {}{broke}",
        trigger.at, span.id, span.room
    );
    Explanation::new(Cause::Delivered, words)
}
