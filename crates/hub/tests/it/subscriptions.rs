//! Who hears a publication.

use campanile_hub::{Hub, Limits, Match, RequestId};
use expect_test::expect;

use crate::script::{check, check_with, room};

#[test]
fn a_star_allows_every_value_of_its_key_and_no_other_key() {
    check(
        "
        ada may zoo=1 animal=*
        ada subscribes zoo=1 animal=penguin as p
        ada subscribes zoo=2 animal=penguin as q
        ada subscribes zoo=1 as r
        ada subscribes animal=penguin zoo=1 size=big as s
        publish zoo=1 animal=penguin: 7
        publish animal=penguin zoo=1: 8
        ",
        expect![[r#"
            ada subscribes zoo=1 animal=penguin as p: ok
            ada subscribes zoo=2 animal=penguin as q: room-not-found
            ada subscribes zoo=1 as r: room-not-found
            ada subscribes animal=penguin zoo=1 size=big as s: room-not-found
            publish zoo=1 animal=penguin: 7 -> ada/p
            publish animal=penguin zoo=1: 8 -> ada/p
        "#]],
    );
}

#[test]
fn values_of_different_types_are_different_rooms() {
    check(
        "
        ada may n=*
        ada subscribes n=1 as int
        ada subscribes n=\"1\" as str
        ada subscribes n=1.0 as float
        ada subscribes n=null as null
        ada subscribes n=true as true
        ada subscribes n={\"a\":1,\"b\":[1,2]} as deep
        publish n=1: 1
        publish n=\"1\": 2
        publish n=1e0: 3
        publish n=null: 4
        publish n=true: 5
        publish n={\"b\":[1,2],\"a\":1}: 6
        publish n={\"a\":1,\"b\":[2,1]}: 7
        ",
        expect![[r#"
            ada subscribes n=1 as int: ok
            ada subscribes n="1" as str: ok
            ada subscribes n=1.0 as float: ok
            ada subscribes n=null as null: ok
            ada subscribes n=true as true: ok
            ada subscribes n={"a":1,"b":[1,2]} as deep: ok
            publish n=1: 1 -> ada/int
            publish n="1": 2 -> ada/str
            publish n=1e0: 3 -> ada/float
            publish n=null: 4 -> ada/null
            publish n=true: 5 -> ada/true
            publish n={"b":[1,2],"a":1}: 6 -> ada/deep
            publish n={"a":1,"b":[2,1]}: 7 -> nobody
        "#]],
    );
}

#[test]
fn the_same_room_under_the_same_id_is_one_subscription() {
    check(
        "
        ada may zoo=1
        ada subscribes zoo=1 as p
        ada subscribes zoo=1 as p
        publish zoo=1: 1
        ada unsubscribes p
        publish zoo=1: 2
        ",
        expect![[r#"
            ada subscribes zoo=1 as p: ok
            ada subscribes zoo=1 as p: ok, already
            publish zoo=1: 1 -> ada/p
            ada unsubscribes p: ok
            publish zoo=1: 2 -> nobody
        "#]],
    );
}

#[test]
fn the_same_room_under_two_ids_is_two_subscriptions() {
    check(
        "
        ada may zoo=1
        ada subscribes zoo=1 as x
        ada subscribes zoo=1 as y
        publish zoo=1: 1
        ada unsubscribes x
        publish zoo=1: 2
        ",
        expect![[r#"
            ada subscribes zoo=1 as x: ok
            ada subscribes zoo=1 as y: ok
            publish zoo=1: 1 -> ada/x ada/y
            ada unsubscribes x: ok
            publish zoo=1: 2 -> ada/y
        "#]],
    );
}

#[test]
fn an_unsubscribe_ends_all_rooms_under_its_id() {
    check(
        "
        ada may n=*
        ada subscribes n=1 as x
        ada subscribes n=2 as x
        ada subscribes n=2 as y
        publish n=1 | n=2: 1
        ada unsubscribes x
        publish n=1 | n=2: 2
        ada unsubscribes x
        ",
        expect![[r#"
            ada subscribes n=1 as x: ok
            ada subscribes n=2 as x: ok
            ada subscribes n=2 as y: ok
            publish n=1 | n=2: 1 -> ada/x ada/x ada/y
            ada unsubscribes x: ok, 2 of them
            publish n=1 | n=2: 2 -> ada/y
            ada unsubscribes x: not-subscribed
        "#]],
    );
}

#[test]
fn an_id_can_be_used_again_for_another_room() {
    check(
        "
        ada may n=*
        ada subscribes n=1 as x
        ada unsubscribes x
        ada subscribes n=2 as x
        publish n=1 | n=2: 1
        ada unsubscribes x
        publish n=1 | n=2: 2
        ",
        expect![[r#"
            ada subscribes n=1 as x: ok
            ada unsubscribes x: ok
            ada subscribes n=2 as x: ok
            publish n=1 | n=2: 1 -> ada/x
            ada unsubscribes x: ok
            publish n=1 | n=2: 2 -> nobody
        "#]],
    );
}

#[test]
fn any_scalar_is_an_id_and_text_is_no_number() {
    check(
        "
        ada may n=1
        ada subscribes n=1 as 1
        ada unsubscribes \"1\"
        ada subscribes n=1 as null
        ada subscribes n=1 as \"\"
        publish n=1: 1
        ada unsubscribes 1
        ada unsubscribes null
        ada unsubscribes \"\"
        ",
        expect![[r#"
            ada subscribes n=1 as 1: ok
            ada unsubscribes "1": not-subscribed
            ada subscribes n=1 as null: ok
            ada subscribes n=1 as "": ok
            publish n=1: 1 -> ada/ ada/1 ada/null
            ada unsubscribes 1: ok
            ada unsubscribes null: ok
            ada unsubscribes "": ok
        "#]],
    );
}

#[test]
fn who_leaves_hears_nothing_more_and_the_others_all() {
    check(
        "
        ada may n=*
        bob may n=*
        ada subscribes n=1 as a
        ada subscribes n=1 as b
        bob subscribes n=1 as c
        ada subscribes n=2 as d
        bob subscribes n=2 as e
        statistics
        ada leaves
        publish n=1 | n=2: 1
        statistics
        bob leaves
        bob leaves
        statistics
        ",
        expect![[r#"
            ada subscribes n=1 as a: ok
            ada subscribes n=1 as b: ok
            bob subscribes n=1 as c: ok
            ada subscribes n=2 as d: ok
            bob subscribes n=2 as e: ok
            statistics -> Statistics { rooms: 2, subscriptions: 5, connections: 2, publications: 0, deliveries: 0, subscribes_refused_connection: 0, subscribes_refused_rooms: 0, patterns_refused: 0 }
            ada leaves: 3 ended
            publish n=1 | n=2: 1 -> bob/c bob/e
            statistics -> Statistics { rooms: 2, subscriptions: 2, connections: 1, publications: 1, deliveries: 2, subscribes_refused_connection: 0, subscribes_refused_rooms: 0, patterns_refused: 0 }
            bob leaves: 2 ended
            bob leaves: 0 ended
            statistics -> Statistics { rooms: 0, subscriptions: 0, connections: 0, publications: 1, deliveries: 2, subscribes_refused_connection: 0, subscribes_refused_rooms: 0, patterns_refused: 0 }
        "#]],
    );
}

#[test]
fn a_room_listed_twice_hears_once() {
    check(
        "
        ada may n=*
        ada subscribes n=1 as x
        publish n=1 | n=1: 1
        publish n=1 | n=1: 2
        ",
        expect![[r#"
            ada subscribes n=1 as x: ok
            publish n=1 | n=1: 1 -> ada/x
            publish n=1 | n=1: 2 -> ada/x
        "#]],
    );
}

#[test]
fn what_was_published_before_a_subscribe_does_not_reach_it() {
    check(
        "
        ada may n=*
        ada subscribes n=1 as x
        ada subscribes n=1 as later since 1
        publish n=1: 1
        publish n=1: 2
        ada subscribes n=1 as later since 5
        publish n=1: 3
        ",
        expect![[r#"
            ada subscribes n=1 as x: ok
            ada subscribes n=1 as later since 1: ok
            publish n=1: 1 -> ada/x
            publish n=1: 2 -> ada/later ada/x
            ada subscribes n=1 as later since 5: ok, already
            publish n=1: 3 -> ada/later ada/x
        "#]],
    );
}

#[test]
fn a_triggered_star_is_a_room_like_any_other() {
    check(
        "
        ceo may location=*
        eva may location=Eindhoven
        udo may location=Utrecht
        ceo subscribes location=* as all
        eva subscribes location=Eindhoven as e
        udo subscribes location=Utrecht as u
        udo subscribes location=* as no
        publish location=Eindhoven | location=*: secret
        publish location=*: 2
        ",
        expect![[r#"
            ceo subscribes location=* as all: ok
            eva subscribes location=Eindhoven as e: ok
            udo subscribes location=Utrecht as u: ok
            udo subscribes location=* as no: room-not-found
            publish location=Eindhoven | location=*: secret -> ceo/all eva/e
            publish location=*: 2 -> ceo/all
        "#]],
    );
}

#[test]
fn a_pattern_reaches_each_subscription_it_covers_once() {
    check(
        "
        ceo may location=* kind=*
        eva may location=Eindhoven kind=*
        ceo subscribes location=* kind=* as all
        ceo subscribes location=* kind=news as news
        ceo subscribes location=Utrecht kind=news as u
        eva subscribes location=Eindhoven kind=news as e
        eva subscribes location=Eindhoven kind=offers as o
        publish pattern location=* kind=news: 1
        publish pattern location=Eindhoven kind=* | location=* kind=news: 2
        publish pattern location=* kind=*: 3
        publish pattern location=*: 4
        publish pattern location=Eindhoven kind=news: 5
        ",
        expect![[r#"
            ceo subscribes location=* kind=* as all: ok
            ceo subscribes location=* kind=news as news: ok
            ceo subscribes location=Utrecht kind=news as u: ok
            eva subscribes location=Eindhoven kind=news as e: ok
            eva subscribes location=Eindhoven kind=offers as o: ok
            publish pattern location=* kind=news: 1 -> ceo/news ceo/u eva/e
            publish pattern location=Eindhoven kind=* | location=* kind=news: 2 -> ceo/news ceo/u eva/e eva/o
            publish pattern location=* kind=*: 3 -> ceo/all ceo/news ceo/u eva/e eva/o
            publish pattern location=*: 4 -> nobody
            publish pattern location=Eindhoven kind=news: 5 -> eva/e
        "#]],
    );
}

#[test]
fn a_star_inside_a_value_or_as_a_key_is_no_pattern() {
    check(
        "
        ada may a={\"b\":\"*\"}
        ada may *=1
        ada may c=d*
        ada subscribes a={\"b\":1} as x
        ada subscribes a={\"b\":\"*\"} as y
        ada subscribes b=1 as x
        ada subscribes *=1 as z
        ada subscribes c=dd as x
        publish pattern a={\"b\":\"*\"}: 1
        publish pattern *=1: 2
        ",
        expect![[r#"
            ada subscribes a={"b":1} as x: room-not-found
            ada subscribes a={"b":"*"} as y: ok
            ada subscribes b=1 as x: room-not-found
            ada subscribes *=1 as z: ok
            ada subscribes c=dd as x: room-not-found
            publish pattern a={"b":"*"}: 1 -> ada/y
            publish pattern *=1: 2 -> ada/z
        "#]],
    );
}

#[test]
fn the_room_without_keys_is_a_room() {
    check(
        "
        ada may {}
        ada subscribes {} as x
        bob may n=*
        bob subscribes {} as y
        bob subscribes n=1 as y
        publish {}: 1
        publish pattern {}: 2
        ",
        expect![[r#"
            ada subscribes {} as x: ok
            bob subscribes {} as y: room-not-found
            bob subscribes n=1 as y: ok
            publish {}: 1 -> ada/x
            publish pattern {}: 2 -> ada/x
        "#]],
    );
}

#[test]
fn each_limit_refuses_what_is_beyond_it_and_is_counted() {
    let limits = Limits { subscriptions_per_connection_max: 2, rooms_max: 3, pattern_rooms_max: 2 };
    check_with(
        limits,
        "
        ada may n=*
        bob may n=*
        ada subscribes n=1 as x
        ada subscribes n=2 as x
        ada subscribes n=3 as x
        ada subscribes n=1 as x
        publish pattern n=*: 1
        publish pattern n=* | n=*: 2
        bob subscribes n=3 as x
        publish pattern n=* | n=1: 3
        ada unsubscribes x
        ada subscribes n=1 as x
        ada subscribes n=2 as y
        cyd may n=*
        cyd subscribes n=4 as x
        cyd subscribes n=3 as x
        statistics
        ",
        expect![[r#"
            ada subscribes n=1 as x: ok
            ada subscribes n=2 as x: ok
            ada subscribes n=3 as x: the connection has as many subscriptions as it may
            ada subscribes n=1 as x: ok, already
            publish pattern n=*: 1 -> ada/x ada/x
            publish pattern n=* | n=*: 2 -> ada/x ada/x (1 patterns refused)
            bob subscribes n=3 as x: ok
            publish pattern n=* | n=1: 3 -> ada/x (1 patterns refused)
            ada unsubscribes x: ok, 2 of them
            ada subscribes n=1 as x: ok
            ada subscribes n=2 as y: ok
            cyd subscribes n=4 as x: there are as many rooms as there may be
            cyd subscribes n=3 as x: ok
            statistics -> Statistics { rooms: 3, subscriptions: 4, connections: 3, publications: 3, deliveries: 5, subscribes_refused_connection: 1, subscribes_refused_rooms: 1, patterns_refused: 2 }
        "#]],
    );
}

#[test]
fn a_room_of_many_gives_its_places_to_the_last() {
    let mut hub = Hub::new(Limits::default());
    let id = RequestId::parse("1").unwrap();
    let others = RequestId::parse("2").unwrap();
    for connection in 0..1_000 {
        hub.subscribe(connection, room("n=1"), id.clone(), 0).unwrap();
        hub.subscribe(connection, room("n=2"), others.clone(), 0).unwrap();
    }
    // Those that leave are spread over the room, and so are those that end one of theirs.
    let leaves = |connection: u32| connection.is_multiple_of(3);
    let ends = |connection: u32| connection % 3 == 1;
    for connection in (0..1_000).filter(|&connection| leaves(connection)) {
        assert_eq!(hub.leave(connection), 2);
    }
    for connection in (0..1_000).filter(|&connection| ends(connection)) {
        assert_eq!(hub.unsubscribe(connection, &id), 1);
    }
    let mut heard = Vec::new();
    let _ = hub.publish(&[room("n=1")], Match::Literal, 1, |connection, _| heard.push(connection));
    heard.sort_unstable();
    assert!(heard.into_iter().eq((0..1_000).filter(|&c| !leaves(c) && !ends(c))));
}

#[test]
fn a_hub_moves_to_its_loop_and_rooms_and_permissions_are_shared_by_threads() {
    fn moves<T: Send>() {}
    fn is_shared<T: Send + Sync>() {}
    moves::<Hub>();
    is_shared::<campanile_hub::Room>();
    is_shared::<RequestId>();
    is_shared::<campanile_hub::PermissionsPool>();
    is_shared::<std::sync::Arc<campanile_hub::Permissions>>();
}

#[test]
fn rooms_that_are_allowed_no_longer_are_left_and_the_others_hear_on() {
    check(
        "
        ada may zoo=* animal=*
        bob may zoo=* animal=*
        ada subscribes zoo=1 animal=ape as p
        ada subscribes zoo=1 animal=ape as q
        ada subscribes zoo=2 animal=ape as p
        bob subscribes zoo=1 animal=ape as b
        ada keeps what she may
        ada may only zoo=2 animal=* | zoo=3
        ada keeps what she may
        publish zoo=1 animal=ape: 7
        publish zoo=2 animal=ape: 8
        ada keeps what she may
        ada unsubscribes q
        ada unsubscribes p
        statistics
        ",
        expect![[r#"
            ada subscribes zoo=1 animal=ape as p: ok
            ada subscribes zoo=1 animal=ape as q: ok
            ada subscribes zoo=2 animal=ape as p: ok
            bob subscribes zoo=1 animal=ape as b: ok
            ada keeps what she may: without none
            ada keeps what she may: without {"animal":"ape","zoo":1} as p, {"animal":"ape","zoo":1} as q
            publish zoo=1 animal=ape: 7 -> bob/b
            publish zoo=2 animal=ape: 8 -> ada/p
            ada keeps what she may: without none
            ada unsubscribes q: not-subscribed
            ada unsubscribes p: ok
            statistics -> Statistics { rooms: 1, subscriptions: 1, connections: 1, publications: 2, deliveries: 2, subscribes_refused_connection: 0, subscribes_refused_rooms: 0, patterns_refused: 0 }
        "#]],
    );
}

#[test]
fn the_audience_is_who_a_publication_would_reach() {
    check_with(
        Limits { pattern_rooms_max: 3, ..Limits::default() },
        "
        ada may zoo=*
        ben may zoo=*
        ada subscribes zoo=1 as p
        ada subscribes zoo=1 as q
        ben subscribes zoo=1 as p
        ben subscribes zoo=2 as q
        audience zoo=1
        audience zoo=3
        audience zoo=2 | zoo=1 | zoo=2
        audience zoo=1 | zoo=2 without ben
        audience zoo=*
        audience pattern zoo=*
        audience pattern zoo=* | zoo=1
        audience pattern zoo=* | zoo=*
        ",
        expect![[r#"
            ada subscribes zoo=1 as p: ok
            ada subscribes zoo=1 as q: ok
            ben subscribes zoo=1 as p: ok
            ben subscribes zoo=2 as q: ok
            audience zoo=1 -> {"zoo":1} 3
            audience zoo=3 -> nobody
            audience zoo=2 | zoo=1 | zoo=2 -> {"zoo":1} 3, {"zoo":2} 1
            audience zoo=1 | zoo=2 without ben -> {"zoo":1} 2
            audience zoo=* -> nobody
            audience pattern zoo=* -> {"zoo":1} 3, {"zoo":2} 1
            audience pattern zoo=* | zoo=1 -> {"zoo":1} 3, {"zoo":2} 1
            audience pattern zoo=* | zoo=* -> {"zoo":1} 3, {"zoo":2} 1
        "#]],
    );
}
