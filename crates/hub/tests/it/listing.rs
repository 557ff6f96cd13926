//! What a hub tells those who look after it: what is there, and what opened and closed.

use campanile_hub::{Hub, Limits, RequestId, Room, RoomChanges};

use crate::script::room;

fn id(json: &str) -> RequestId {
    RequestId::parse(json).unwrap()
}

fn changes(opened: &[&str], closed: &[&str]) -> Option<RoomChanges> {
    let rooms = |texts: &[&str]| texts.iter().map(|text| room(text)).collect::<Vec<Room>>();
    Some(RoomChanges { opened: rooms(opened), closed: rooms(closed) })
}

#[test]
fn rooms_that_opened_and_closed_are_told_once_and_one_that_did_both_as_closed() {
    let mut hub = Hub::new(Limits::default());
    hub.subscribe(1, room("zoo=0"), id("1"), 0).unwrap();
    assert_eq!(hub.take_room_changes(), None, "nobody asked");
    hub.watch_rooms();
    hub.subscribe(1, room("zoo=2"), id("1"), 0).unwrap();
    hub.subscribe(2, room("zoo=2"), id("1"), 0).unwrap();
    hub.subscribe(2, room("zoo=1"), id("1"), 0).unwrap();
    assert_eq!(hub.take_room_changes(), changes(&["zoo=1", "zoo=2"], &[]));
    assert_eq!(hub.take_room_changes(), None);
    hub.leave(1);
    assert_eq!(hub.take_room_changes(), changes(&[], &["zoo=0"]), "another is in zoo=2");
    hub.subscribe(3, room("zoo=3"), id("1"), 0).unwrap();
    hub.leave(3);
    hub.unsubscribe(2, &id("1"));
    hub.subscribe(3, room("zoo=1"), id("1"), 0).unwrap();
    assert_eq!(hub.take_room_changes(), changes(&[], &["zoo=2", "zoo=3"]), "zoo=1 is open");
}

#[test]
fn rooms_subscribers_and_subscriptions_can_be_listed() {
    let mut hub = Hub::new(Limits::default());
    for (connection, text, json) in [(1, "zoo=1", "1"), (2, "zoo=1", "\"b\""), (2, "zoo=2", "3")] {
        hub.subscribe(connection, room(text), id(json), 0).unwrap();
    }
    let rooms: Vec<_> = hub.rooms().map(|(room, count)| (room.clone(), count)).collect();
    assert_eq!(rooms, [(room("zoo=1"), 2), (room("zoo=2"), 1)]);
    let subscribers: Vec<_> = hub.subscribers(&room("zoo=1")).collect();
    assert_eq!(subscribers, [(1, &id("1")), (2, &id("\"b\""))]);
    assert_eq!(hub.subscribers(&room("zoo=3")).count(), 0);
    let subscriptions: Vec<_> = hub.subscriptions(2).collect();
    assert_eq!(subscriptions, [(&room("zoo=1"), &id("\"b\"")), (&room("zoo=2"), &id("3"))]);
    assert_eq!(hub.subscriptions(7).count(), 0);
    assert!(hub.has_room(&room("zoo=2")) && !hub.has_room(&room("zoo=3")));
}
