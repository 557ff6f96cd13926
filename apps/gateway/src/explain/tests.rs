use super::case::{History, Live};
use super::decide::{Cause, decide};
use super::difference::{Difference, nearest_allowed};
use super::record::{Fate, Happening, Moment, Trigger, What, WhyNot};
use super::ring::Ring;
use crate::trigger::Exclude;
use campanile_hub::{Match, RequestId, Room};
use campanile_manager::ConnectionKey;

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
        fate: Fate::Delivered,
    }
}

/// Puts a connection's life together; each thing happens at its place in the list.
fn history(life: &[What]) -> History {
    let mut history = History::new(KEY);
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
    decide(trigger, history, std::slice::from_ref(trigger)).cause
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

#[test]
fn what_a_loop_has_not_delivered_yet_is_under_way() {
    let mut history = history(&[subscribed("{}", 5)]);
    let subscriptions = vec![(room("{}"), id(), 5)];
    history.is_open(Live { user: None, delivered: 6, permissions: None, subscriptions });
    assert_eq!(history.spans.len(), 1, "the one that is known already");
    assert_eq!(cause(&trigger(6, "{}"), &history), Cause::Delivered);
    assert_eq!(cause(&trigger(7, "{}"), &history), Cause::UnderWay);
}

#[test]
fn the_last_frames_are_those_that_were_dropped_with_a_slow_client() {
    let shed = What::Shed { dropped: 2, until: 9 };
    let left = What::Left { subscriptions: Box::new([(room("{}"), id(), 0)]), until: 9 };
    let history = history(&[subscribed("{}", 0), shed, left]);
    let all: Vec<Trigger> = (6..10).map(|number| trigger(number, "{}")).collect();
    let causes: Vec<Cause> =
        (0..4).map(|at| decide(&all[at], &history, &all[at..]).cause).collect();
    let expected = [Cause::Delivered, Cause::Delivered, Cause::DroppedSlow, Cause::DroppedSlow];
    assert_eq!(causes, expected);
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
    assert_eq!(codes.len(), 24);
}
