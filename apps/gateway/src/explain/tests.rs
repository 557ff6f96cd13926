use super::case::{History, Live, Outstanding};
use super::decide::{Cause, decide};
use super::difference::{Difference, nearest_allowed};
use super::heard::Known;
use super::ledger::Forgot;
use super::record::{Fate, GaveWay, Happening, Moment, Trigger, What, WhyNot};
use super::ring::Ring;
use crate::trigger::Exclude;
use campanile_hub::{Match, RequestId, Room};
use campanile_manager::{ConnectionKey, Loss, Unwritten};

const KEY: ConnectionKey = ConnectionKey { loop_index: 0, slot: 3, serial: 7 };

fn room(json: &str) -> Room {
    Room::parse(json).expect("a room")
}

fn id() -> RequestId {
    RequestId::parse("1").expect("an id")
}

fn trigger(sequence: u64, json: &str) -> Trigger {
    Trigger {
        at: Moment(1000 + sequence),
        sequence,
        id: None,
        rooms: Box::new([room(json)]),
        rooms_left_out: 0,
        matching: Match::Literal,
        exclude: Exclude::default(),
        excluded: None,
        may_give_way: true,
        fate: Fate::Delivered,
    }
}

/// Puts a connection's life together; each thing happens at its place in the list.
fn history(life: &[What]) -> History {
    lived(History::new(KEY), life)
}

fn lived(mut history: History, life: &[What]) -> History {
    for (number, what) in life.iter().enumerate() {
        let at = Moment(number as u64);
        history.add(&Happening { at, key: KEY, user: None, what: what.clone() });
    }
    history
}

fn subscribed(json: &str, since: u64) -> What {
    What::Subscribed { room: room(json), id: id(), since }
}

fn cause(trigger: &Trigger, history: &History) -> Cause {
    decide(trigger, history, &Known::default()).cause
}

#[test]
fn a_subscription_hears_what_is_numbered_higher_than_its_beginning_and_not_than_its_end() {
    let ended =
        |is_revoked| What::Ended { room: room("{}"), id: id(), since: 5, until: 7, is_revoked };
    let history = history(&[What::Connected, subscribed("{}", 5), ended(false)]);
    let causes: Vec<Cause> = (5..9).map(|number| cause(&trigger(number, "{}"), &history)).collect();
    let expected =
        [Cause::SubscribedTooLate, Cause::Delivered, Cause::Delivered, Cause::UnsubscribedBefore];
    assert_eq!(causes, expected);
}

/// Returns the causes of the publications 5 to 9.
fn causes(history: &History, known: &Known) -> Vec<Cause> {
    (5..10).map(|number| decide(&trigger(number, "{}"), history, known).cause).collect()
}

#[test]
fn what_a_loop_has_not_delivered_yet_is_under_way_and_what_its_outbox_holds_waits() {
    let subscriptions = vec![(room("{}"), id(), 4)];
    let live = Some(Live { user: None, delivered: 8, permissions: None, subscriptions });
    let waiting = Unwritten { frames: 3, first: Some(7) };
    let outstanding = Outstanding { waiting, losses: Vec::new(), live };
    let history = lived(History::of(KEY, outstanding), &[subscribed("{}", 4)]);
    assert_eq!(history.spans.len(), 1, "the one that is known already");
    let expected =
        [Cause::Delivered, Cause::Delivered, Cause::Waiting, Cause::Waiting, Cause::UnderWay];
    assert_eq!(causes(&history, &Known::default()), expected);
}

#[test]
fn what_was_not_written_when_a_connection_ended_was_dropped_with_it() {
    let ends = |what: What| {
        let left = What::Left { subscriptions: Box::new([(room("{}"), id(), 0)]), until: 9 };
        causes(&history(&[subscribed("{}", 0), what, left]), &Known::default())
    };
    let unwritten = Unwritten { frames: 2, first: Some(8) };
    let with = |cause| [Cause::Delivered, Cause::Delivered, Cause::Delivered, cause, cause];
    assert_eq!(ends(What::Shed(unwritten)), with(Cause::DroppedSlow));
    assert_eq!(ends(What::Cut(unwritten)), with(Cause::CutOff));
    let replies = Unwritten { frames: 2, first: None };
    assert_eq!(ends(What::Cut(replies)), with(Cause::Delivered));
}

/// Explains 5 to 9 where of 6 to 8 so many gave way.
fn where_some_gave_way(deliveries: u64, around: &[Trigger]) -> Vec<Cause> {
    let mut history = history(&[subscribed("{}", 0)]);
    let loss = Loss { room: room("{}"), id: id(), deliveries, first: 6, last: 8 };
    history.gave_way(GaveWay { at: Moment(0), key: KEY, loss });
    causes(&history, &Known { around: around.to_vec(), forgot: Forgot::default() })
}

#[test]
fn what_gave_way_is_named_and_what_only_may_have_is_not_said_to_be_either() {
    let all: Vec<Trigger> = (6..9).map(|number| trigger(number, "{}")).collect();
    let (out, perhaps, whole) = (Cause::GaveWay, Cause::PerhapsGaveWay, Cause::Delivered);
    assert_eq!(where_some_gave_way(3, &all), [whole, out, out, out, whole]);
    assert_eq!(where_some_gave_way(2, &all), [whole, out, perhaps, out, whole]);
    assert_eq!(where_some_gave_way(3, &all[1..]), [whole, out, perhaps, out, whole], "forgotten");
    let mut must_wait = all;
    must_wait[1].may_give_way = false;
    assert_eq!(where_some_gave_way(2, &must_wait)[2], out, "two of the two that may");
    let others = [trigger(6, "{}"), trigger(7, r#"{"zoo":1}"#), trigger(8, "{}")];
    assert_eq!(where_some_gave_way(2, &others)[1], out);
}

#[test]
fn where_the_ledger_forgot_what_gave_way_nothing_is_said_to_be_delivered_that_could_have() {
    let history = history(&[subscribed("{}", 0)]);
    let forgot = Forgot { losses: Some(Moment(1007)), happenings: None };
    let mut causes = causes(&history, &Known { around: Vec::new(), forgot });
    causes.dedup();
    assert_eq!(causes, [Cause::PerhapsGaveWay, Cause::Delivered]);
    let must_wait = Trigger { may_give_way: false, ..trigger(5, "{}") };
    let known = Known { around: Vec::new(), forgot };
    assert_eq!(decide(&must_wait, &history, &known).cause, Cause::Delivered);
}

#[test]
fn of_rooms_that_are_not_written_down_none_is_said_not_to_be_subscribed() {
    let many = Trigger { rooms_left_out: 1, ..trigger(5, r#"{"zoo":1}"#) };
    assert_eq!(cause(&many, &history(&[subscribed("{}", 0)])), Cause::Forgotten);
    assert_eq!(cause(&many, &history(&[subscribed(r#"{"zoo":1}"#, 0)])), Cause::Delivered);
}

#[test]
fn a_room_that_was_one_too_many_and_a_star_that_was_no_pattern_are_named() {
    let refused = What::Refused { room: room("{}"), why: WhyNot::TooManyRooms };
    assert_eq!(cause(&trigger(1, "{}"), &history(&[refused])), Cause::TooManyRooms);
    let star = history(&[subscribed(r#"{"zoo":"*"}"#, 0)]);
    assert_eq!(cause(&trigger(1, r#"{"zoo":1}"#), &star), Cause::LiteralStar);
}

#[test]
fn rooms_are_nearer_by_a_type_than_by_a_value_than_by_a_key() {
    let one = room(r#"{"a":1,"b":"x"}"#);
    let between = |json: &str| Difference::between(&one, &room(json), false);
    assert!(between(r#"{"a":"1","b":"x"}"#).is_type());
    assert!(between(r#"{"a":1.0,"b":"x"}"#).is_type());
    assert!(between(r#"{"a":2,"b":"x"}"#).is_value());
    let far = between(r#"{"a":1}"#);
    assert!(!far.is_type() && !far.is_value());
    assert_eq!(between(one.as_str()).distance(), 0);
    let allowed = [r#"{"a":1}"#, r#"{"a":"*","b":"y"}"#, r#"{"a":7,"b":"z","c":1}"#];
    assert_eq!(nearest_allowed(&one, allowed.into_iter(), 3), Some(allowed[1]));
    assert_eq!(nearest_allowed(&one, allowed.into_iter(), 0), None);
}

#[test]
fn a_ring_keeps_to_both_of_its_limits_and_numbers_what_it_keeps() {
    let mut ring = Ring::new(3, 10_000);
    (0..5_u32).for_each(|number| ring.push(number, 0));
    assert_eq!(ring.from(0).copied().collect::<Vec<_>>(), [2, 3, 4]);
    assert_eq!(ring.from(4).copied().collect::<Vec<_>>(), [4]);
    assert_eq!((ring.begin(), ring.end(), ring.has_forgotten()), (2, 5, true));
    ring.push(5, 9_960);
    assert_eq!(ring.from(0).copied().collect::<Vec<_>>(), [4, 5]);
    ring.push(6, 20_000);
    assert_eq!((ring.len(), ring.bytes()), (0, 0), "one that is too long is not kept");
}

#[test]
fn every_cause_has_a_word_of_its_own() {
    let mut codes: Vec<&str> = Cause::ALL.iter().map(|cause| cause.code()).collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), Cause::ALL.len());
    assert_eq!(codes.len(), 28);
}
