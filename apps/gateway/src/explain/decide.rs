//! From what is known to one cause.

use super::case::{Ending, History, Span, names};
use super::difference::{Difference, nearest, nearest_allowed};
use super::heard::{Known, heard};
use super::record::{Trigger, WhyNot};
use campanile_hub::{Match, Permissions, RequestId, Room};
use campanile_manager::ConnectionKey;

macro_rules! causes {
    ($($(#[doc = $doc:literal])* $name:ident = $code:literal,)*) => {
        /// Why somebody did, or did not, get a trigger; of several connections of a user the one counts
        /// whose cause stands first here.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Cause { $($(#[doc = $doc])* $name,)* }

        impl Cause {
            /// Every cause.
            pub const ALL: &[Cause] = &[$(Cause::$name),*];

            /// Returns the one of a word.
            pub fn named(code: &str) -> Option<Cause> {
                Cause::ALL.iter().copied().find(|cause| cause.code() == code)
            }

            /// Returns the word for it that stays the same.
            pub const fn code(self) -> &'static str {
                match self { $(Cause::$name => $code,)* }
            }

            /// Says what it means in general.
            pub fn meaning(self) -> &'static str {
                match self { $(Cause::$name => concat!($($doc),*).trim_ascii(),)* }
            }
        }
    };
}

causes! {
    /// It was written to the connection; whether the client read it no server knows.
    Delivered = "delivered",
    /// The loop of the connection is behind, and will deliver it.
    UnderWay = "under_way",
    /// It waits in the outbox: the client, or the network to it, is slow.
    Waiting = "waiting",
    /// It was written, or gave way to a newer one as its client read slowly: which of both is not known.
    PerhapsGaveWay = "perhaps_gave_way",
    /// It waited for its client, which read slowly, and gave way to a newer one.
    GaveWay = "gave_way",
    /// It waited for its client, which was too slow, and was dropped with the connection.
    DroppedSlow = "dropped_slow",
    /// The connection ended or broke before it was written.
    CutOff = "cut_off",
    /// The trigger leaves it out.
    Excluded = "excluded",
    /// It came again under an id that had come before, and was not published again.
    Duplicate = "duplicate",
    /// The subscription ended before, as the backend did not allow the room any longer.
    Revoked = "revoked",
    /// The client had unsubscribed before.
    UnsubscribedBefore = "unsubscribed_before",
    /// The client subscribed after it was published.
    SubscribedTooLate = "subscribed_too_late",
    /// The client may not hear the room.
    NotPermitted = "not_permitted",
    /// The connection had as many subscriptions as it may.
    TooManySubscriptions = "too_many_subscriptions",
    /// There were as many rooms as there may be.
    TooManyRooms = "too_many_rooms",
    /// A `*` was meant for every value, but is a text like any other here.
    LiteralStar = "literal_star",
    /// A room was subscribed that differs only in the JSON type of one value, as `1` and `"1"`.
    NearMissType = "near_miss_type",
    /// A room was subscribed that differs in one value.
    NearMissValue = "near_miss_value",
    /// The connection had ended before.
    DisconnectedBefore = "disconnected_before",
    /// The connection was opened after it was published.
    ConnectedTooLate = "connected_too_late",
    /// It was not subscribed to any room of the trigger.
    NotSubscribed = "not_subscribed",
    /// No connection of that user was on this node.
    NotConnected = "not_connected",
    /// The user is not known on this node, and there are other nodes.
    Elsewhere = "elsewhere",
    /// The trigger was refused.
    TriggerRefused = "trigger_refused",
    /// The broker was lost, and the trigger with it.
    BrokerGap = "broker_gap",
    /// Nothing was triggered for that room at that time.
    NeverTriggered = "never_triggered",
    /// No trigger of that id is known.
    UnknownId = "unknown_id",
    /// It is too long ago: the ledger has forgotten.
    Forgotten = "forgotten",
}

/// The answer to a question.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// Why.
    pub cause: Cause,
    /// The same for a person.
    pub words: String,
    /// Which trigger it is about.
    pub trigger: Option<Trigger>,
    /// Which connection it is about.
    pub connection: Option<ConnectionKey>,
    /// Under which id it was, or would have been, delivered.
    pub request_id: Option<RequestId>,
    /// The room that is nearest to what was asked for: one that was subscribed, allowed or triggered.
    pub nearest: Option<Box<str>>,
    /// Whether anything is known of whom it is about.
    pub is_there: bool,
}

impl Explanation {
    pub(super) fn new(cause: Cause, words: impl Into<String>) -> Explanation {
        let (trigger, connection, request_id, nearest, is_there) = Default::default();
        let words = words.into();
        Explanation { cause, words, trigger, connection, request_id, nearest, is_there }
    }

    /// Says why nothing is known.
    pub fn nothing(why: &str) -> Explanation {
        Explanation::new(Cause::Forgotten, why)
    }

    pub(super) fn about(self, trigger: &Trigger) -> Explanation {
        Explanation { trigger: Some(trigger.clone()), ..self }
    }

    pub(super) fn nearest(self, room: impl Into<Box<str>>) -> Explanation {
        Explanation { nearest: Some(room.into()), ..self }
    }

    fn of(self, history: &History) -> Explanation {
        Explanation { connection: Some(history.key), is_there: true, ..self }
    }

    pub(super) fn under(self, id: &RequestId) -> Explanation {
        Explanation { request_id: Some(id.clone()), ..self }
    }
}

/// Says why a connection got a trigger or not.
pub(super) fn decide(trigger: &Trigger, history: &History, known: &Known) -> Explanation {
    let meant: Vec<&Span> = history.spans.iter().filter(|span| span.is_meant(trigger)).collect();
    let hearing: Vec<&&Span> = meant.iter().filter(|span| span.hears(trigger)).collect();
    let heard = hearing.iter().map(|span| heard(trigger, history, span, hearing.len(), known));
    let explanation = heard.min_by_key(|explanation| explanation.cause).unwrap_or_else(|| {
        let explanation = newcomer(trigger, history)
            .or_else(|| missed(trigger, history, &meant))
            .or_else(|| left_out(trigger))
            .or_else(|| refused(trigger, history))
            .or_else(|| absent(trigger, history))
            .unwrap_or_else(|| not_subscribed(trigger, history));
        doubted(explanation, trigger, history, known)
    });
    explanation.about(trigger).of(history)
}

/// Some of its rooms are not written down: it may have been subscribed to one of those.
fn left_out(trigger: &Trigger) -> Option<Explanation> {
    let left_out = trigger.rooms_left_out;
    let words = format!(
        "it was not subscribed to any of the first {} rooms of the trigger, and {left_out} more of its \
         rooms are not written down",
        trigger.rooms.len()
    );
    (left_out > 0).then(|| Explanation::new(Cause::Forgotten, words))
}

/// Says so where something that would tell may be forgotten: a subscription that ended since.
fn doubted(
    explanation: Explanation,
    trigger: &Trigger,
    history: &History,
    known: &Known,
) -> Explanation {
    let Some(since) = known.forgot.happenings.filter(|since| trigger.at < *since) else {
        return explanation;
    };
    // Who came later cannot have been subscribed before.
    if history.connected.is_some() {
        return explanation;
    }
    let words = format!(
        "{}; as far as is known: what it was subscribed to, and unsubscribed from, before {since} is \
         forgotten",
        explanation.words
    );
    Explanation { words, ..explanation }
}

/// It was subscribed to the room, but not at that time.
fn missed(trigger: &Trigger, history: &History, meant: &[&Span]) -> Option<Explanation> {
    // The subscription that was nearest in time says most.
    let before = meant.iter().filter(|span| !span.is_later(trigger)).max_by_key(|span| span.until);
    let after = meant.iter().filter(|span| span.is_later(trigger)).min_by_key(|span| span.since);
    if let Some(span) = before {
        let (at, ending) = span.ended?;
        let explanation = match ending {
            Ending::Unsubscribed => {
                let words = format!("it had unsubscribed from {} at {at}", span.room);
                Explanation::new(Cause::UnsubscribedBefore, words)
            }
            Ending::Revoked => {
                let words = format!("the backend no longer allowed {} at {at}", span.room);
                Explanation::new(Cause::Revoked, words)
            }
            Ending::Left => disconnected(history, format!("its subscriptions ended at {at}")),
        };
        return Some(explanation.under(&span.id));
    }
    let span = after?;
    let when = span.began.map_or_else(|| "later".to_owned(), |at| format!("at {at}"));
    let words = format!(
        "it subscribed to {} {when}, and the trigger was published at {}",
        span.room, trigger.at
    );
    Some(Explanation::new(Cause::SubscribedTooLate, words).under(&span.id))
}

fn disconnected(history: &History, otherwise: String) -> Explanation {
    let words = history.ended.as_ref().map_or(otherwise, |end| {
        let who = if end.by_us { "the gateway" } else { "the client" };
        let reason =
            if end.reason.is_empty() { String::new() } else { format!(" ({})", end.reason) };
        format!("the connection ended at {}: {who} closed with {}{reason}", end.at, end.code)
    });
    Explanation::new(Cause::DisconnectedBefore, words)
}

/// It asked for the room in vain.
fn refused(trigger: &Trigger, history: &History) -> Option<Explanation> {
    let mut asked = history.refused.iter().rev();
    let (at, room, why) = asked.find(|(at, room, _)| *at <= trigger.at && names(trigger, room))?;
    Some(match why {
        WhyNot::TooManySubscriptions => Explanation::new(
            Cause::TooManySubscriptions,
            format!("its subscribe to {room} at {at} was over subscriptions_per_connection_max"),
        ),
        WhyNot::TooManyRooms => Explanation::new(
            Cause::TooManyRooms,
            format!("its subscribe to {room} at {at} was over rooms_max"),
        ),
        WhyNot::NotAllowed(known) => not_allowed(history, room, known.as_deref(), &at.to_string()),
    })
}

fn not_allowed(history: &History, room: &Room, known: Option<&str>, at: &str) -> Explanation {
    // An open connection has its whole list; otherwise what was seen then has to do.
    let live = history.live.as_ref().and_then(|live| live.permissions.as_deref());
    let nearest = live.and_then(|permissions: &Permissions| {
        nearest_allowed(room, permissions.rooms(), permissions.len())
    });
    let words =
        format!("its subscribe to {room} at {at} was refused: the backend does not allow it");
    let nearest = nearest.or(known);
    let Some(nearest) = nearest else {
        let words = format!("{words}, nor anything else");
        return Explanation::new(Cause::NotPermitted, words);
    };
    let words = format!("{words}; the nearest allowed room is {nearest}");
    Explanation::new(Cause::NotPermitted, words).nearest(nearest)
}

/// It was there no longer.
fn absent(trigger: &Trigger, history: &History) -> Option<Explanation> {
    let is_gone = history.ended.as_ref().is_some_and(|end| end.at < trigger.at);
    is_gone.then(|| disconnected(history, String::new()))
}

/// It was not there yet.
fn newcomer(trigger: &Trigger, history: &History) -> Option<Explanation> {
    let connected = history.connected.filter(|at| *at > trigger.at)?;
    let words =
        format!("it connected at {connected}, and the trigger was published at {}", trigger.at);
    Some(Explanation::new(Cause::ConnectedTooLate, words))
}

/// It was there, and subscribed to other rooms.
fn not_subscribed(trigger: &Trigger, history: &History) -> Explanation {
    let open: Vec<&Span> = history.spans.iter().filter(|span| span.hears(trigger)).collect();
    if let Some(explanation) = literal_star(trigger, &open) {
        return explanation;
    }
    let near = open.iter().flat_map(|span| {
        let room = nearest(&span.room, trigger.rooms.iter());
        room.map(|(named, difference)| (*span, named, difference))
    });
    match near.min_by_key(|(.., difference)| difference.distance()) {
        Some((span, named, difference)) => near_miss(span, named, &difference),
        None => {
            let rooms = shown(&trigger.rooms);
            let words = format!("it was subscribed to nothing, and the trigger was for {rooms}");
            Explanation::new(Cause::NotSubscribed, words)
        }
    }
}

/// A `*` in the trigger, or in what was subscribed, would have done it if it were a pattern.
fn literal_star(trigger: &Trigger, open: &[&Span]) -> Option<Explanation> {
    for named in trigger.rooms.iter() {
        let is_literal = trigger.matching == Match::Literal && named.has_star();
        if let Some(span) = open.iter().find(|span| is_literal && named.covers(&span.room)) {
            let words = format!(
                "the trigger named {named}, where \"*\" is a text like any other; it was subscribed to \
                 {}. If every value was meant, say \"match\": \"pattern\" in the trigger",
                span.room
            );
            let nearest = span.room.as_str();
            return Some(
                Explanation::new(Cause::LiteralStar, words).nearest(nearest).under(&span.id),
            );
        }
        let span = open.iter().find(|span| span.room.has_star() && span.room.covers(named));
        if let Some(span) = span {
            let words = format!(
                "it was subscribed to {}, where \"*\" is a text like any other: it does not hear \
                 {named}",
                span.room
            );
            let nearest = span.room.as_str();
            return Some(
                Explanation::new(Cause::LiteralStar, words).nearest(nearest).under(&span.id),
            );
        }
    }
    None
}

fn near_miss(span: &Span, named: &Room, difference: &Difference) -> Explanation {
    let subscribed = &span.room;
    let (cause, why) = if difference.is_type() {
        let key = &difference.types[0];
        (Cause::NearMissType, format!("they differ in the JSON type of {key}"))
    } else if difference.is_value() {
        (Cause::NearMissValue, format!("they differ in {}", difference.values[0]))
    } else {
        (Cause::NotSubscribed, "that is the nearest of its rooms".to_owned())
    };
    let words =
        format!("it was subscribed to {subscribed}, and the trigger was for {named}: {why}");
    let explanation = Explanation::new(cause, words).nearest(subscribed.as_str());
    if cause == Cause::NotSubscribed { explanation } else { explanation.under(&span.id) }
}

/// Writes a few rooms.
pub(super) fn shown(rooms: &[Room]) -> String {
    let some: Vec<&str> = rooms.iter().take(3).map(Room::as_str).collect();
    let more = if rooms.len() > some.len() { ", …" } else { "" };
    if some.is_empty() { "no room".to_owned() } else { format!("{}{more}", some.join(", ")) }
}
