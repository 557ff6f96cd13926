//! What translators are told.

use super::peer::{BLOCK, OPEN, Peer, adds, until};
use crate::stage::Stage;
use crate::world::{World, ada, add, add_until, found_by, on_both, wanted};
use campanile_scram::store::entries::NewEntry;
use campanile_scram::store::templates::{NewMessage, Verb};
use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

on_both! {
    a_translator_hears_all_that_is_active_each_once_and_then_each_change
    each_of_three_translators_hears_exactly_what_is_added
    only_translators_of_the_action_type_hear
    frames_come_in_the_order_of_the_templates_with_the_route_in_its_field
    a_replay_has_a_beginning_and_an_end_for_those_who_ask
    what_changes_during_a_replay_is_told_after_it_and_the_newest_last
    what_expires_is_removed_and_what_was_added_again_stays
    entries_of_a_disabled_action_type_are_announced_as_removed_and_expire
    a_translator_that_is_too_slow_for_the_changes_is_told_everything_anew
}

async fn a_translator_hears_all_that_is_active_each_once_and_then_each_change(world: World) {
    let stage = Stage::start(world, &[OPEN, ("V4_MINPREFIX", "8")]).await;
    let store = &stage.app().store;
    add(store, "192.0.2.1").await;
    add(store, "192.0.2.2").await;
    add(store, "198.51.100.0/24").await;
    store.remove(found_by("192.0.2.2"), &ada()).await.unwrap();
    let mut old = Peer::old(stage.address()).await;
    let expected = adds(&["192.0.2.1/32", "198.51.100.0/24"]);
    assert_eq!(old.hear_lines(2).await, expected);
    assert!(old.hears_nothing().await, "the events before are in the replay");
    add(store, "2001:db8::1").await;
    store.remove(found_by("192.0.2.1"), &ada()).await.unwrap();
    let told = ["translator_add 2001:db8::1/128", "translator_remove 192.0.2.1/32"];
    assert_eq!(old.hear_lines(2).await, told);
    old.close().await;
    until("it is gone", async || stage.app().translators.of("block").is_empty().then_some(()))
        .await;
    stage.end().await;
}

async fn each_of_three_translators_hears_exactly_what_is_added(world: World) {
    let stage = Stage::start(world, &[OPEN]).await;
    let mut translators = Vec::new();
    for _ in 0..3 {
        translators.push(Peer::old(stage.address()).await);
    }
    let routes = ["192.0.2.201", "192.0.2.202", "192.0.2.203", "192.0.2.204"];
    let wide = ["2001:DB8:95BB::1", "2001:DB8:95BB::2", "2001:DB8:95BB::3", "2001:DB8:95BB::4"];
    for route in routes.iter().chain(&wide) {
        let entry = add(&stage.app().store, route).await;
        let expected =
            json!({"type": "translator_add", "message": {"route": entry.network.to_string()}});
        for translator in &mut translators {
            assert_eq!(translator.hear_told().await, expected);
        }
    }
    assert_eq!(stage.app().translators.of("block").len(), 3);
    stage.end().await;
}

async fn only_translators_of_the_action_type_hear(world: World) {
    let stage = Stage::start(world, &[OPEN]).await;
    let store = &stage.app().store;
    store.add_action_type("noop", "ada").await.unwrap();
    let noop = "/ws/route_manager/translator_noop/";
    let mut block = [Peer::old(stage.address()).await, Peer::old(stage.address()).await];
    let mut others = Vec::new();
    for _ in 0..2 {
        others.push(Peer::open(stage.address(), noop, &[]).await.unwrap());
    }
    add(store, "192.0.2.1").await;
    for translator in &mut block {
        assert_eq!(translator.hear_lines(1).await, adds(&["192.0.2.1/32"]));
    }
    for translator in &mut others {
        assert!(translator.hears_nothing().await);
    }
    stage.end().await;
}

async fn template(stage: &Stage, data: Value, field: &str, order: i16) {
    let store = &stage.app().store;
    let message = NewMessage {
        msg_type: "translator_add".to_owned(),
        msg_data: data.as_object().cloned().unwrap(),
        msg_data_route_field: field.to_owned(),
    };
    let message = store.write_message(None, message).await.unwrap();
    let shun = store.action_type("shun").await.unwrap().unwrap();
    store.place_message(message.id, shun.id, Verb::Add, order).await.unwrap();
}

async fn frames_come_in_the_order_of_the_templates_with_the_route_in_its_field(world: World) {
    let stage = Stage::start(world, &[OPEN]).await;
    let store = &stage.app().store;
    store.add_action_type("shun", "ada").await.unwrap();
    template(&stage, json!({"asn": 65550, "community": 100, "route": "x"}), "route", 0).await;
    template(&stage, json!({}), "foo", 20).await;
    template(&stage, json!({}), "bar", 2).await;
    let path = "/ws/route_manager/translator_shun/";
    let mut translator = Peer::open(stage.address(), path, &[]).await.unwrap();
    let new = NewEntry { action_type: "shun".to_owned(), ..wanted("192.0.2.4") };
    store.add(&new, &ada()).await.unwrap();
    let messages = [
        json!({"asn": 65550, "community": 100, "route": "192.0.2.4/32"}),
        json!({"bar": "192.0.2.4/32"}),
        json!({"foo": "192.0.2.4/32"}),
    ];
    let expected = messages.map(|it| json!({"type": "translator_add", "message": it}));
    for frame in &expected {
        assert_eq!(translator.hear_told().await, *frame);
    }
    let mut later = Peer::open(stage.address(), path, &[]).await.unwrap();
    for frame in &expected {
        assert_eq!(later.hear_told().await, *frame);
    }
    store.remove(found_by("192.0.2.4"), &ada()).await.unwrap();
    let removed = translator.hear_told().await;
    assert_eq!(removed["type"], "translator_remove");
    assert_eq!(removed["message"]["asn"], 65550);
    stage.end().await;
}

async fn a_replay_has_a_beginning_and_an_end_for_those_who_ask(world: World) {
    let stage = Stage::start(world, &[OPEN]).await;
    let store = &stage.app().store;
    for host in 1..=5 {
        add(store, &format!("192.0.2.{host}")).await;
    }
    let by_query = format!("{BLOCK}?sync=1");
    let asked = Peer::open(stage.address(), &by_query, &[]).await.unwrap();
    assert!(!asked.is_v2, "no subprotocol was offered");
    for mut translator in [asked, Peer::v2(stage.address()).await] {
        let begin = translator.hear().await;
        assert_eq!(begin["type"], "translator_sync_begin");
        let epoch = begin["message"]["epoch"].clone();
        assert_eq!(translator.hear_lines(5).await.len(), 5);
        let end = translator.hear().await;
        let message = json!({"epoch": epoch, "count": 5, "last_event": 5});
        assert_eq!(end, json!({"type": "translator_sync_end", "message": message}));
    }
    stage.end().await;
}

/// A route for each number.
pub(super) fn many(number: usize) -> String {
    format!("10.{}.{}.{}", number >> 16, number >> 8 & 255, number & 255)
}

pub(super) async fn add_many(stage: &Stage, count: usize) {
    let entries: Vec<NewEntry> = (0..count).map(|number| wanted(&many(number))).collect();
    for entries in entries.chunks(1000) {
        for entry in entries {
            stage.app().store.add(entry, &ada()).await.unwrap();
        }
    }
}

/// Plays adds and removes as a translator does.
fn apply(routes: &mut BTreeSet<String>, frame: &Value) {
    let route = || frame["message"]["route"].as_str().unwrap().to_owned();
    match frame["type"].as_str().unwrap() {
        "translator_add" => drop(routes.insert(route())),
        "translator_remove" => drop(routes.remove(&route())),
        _ => {}
    }
}

async fn what_changes_during_a_replay_is_told_after_it_and_the_newest_last(world: World) {
    let stage = Stage::start(world, &[OPEN]).await;
    add_many(&stage, 2_500).await;
    let store = stage.app().store.clone();
    let changing = tokio::spawn(async move {
        for number in 0..300 {
            // Some that the replay has come to already, some that it has not, and new ones.
            let route = many(number * 9 % 2_700);
            match number % 3 {
                0 => drop(store.remove(found_by(&route), &ada()).await.unwrap()),
                _ => drop(store.add(&wanted(&route), &ada()).await.unwrap()),
            }
            if number % 3 == 0 && number % 2 == 0 {
                store.add(&wanted(&route), &ada()).await.unwrap();
            }
        }
    });
    let mut translators = Vec::new();
    for _ in 0..3 {
        translators.push(Peer::v2(stage.address()).await);
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    changing.await.unwrap();
    let store = &stage.app().store;
    let block = store.action_type("block").await.unwrap().unwrap();
    let active = store.active_networks(block.id, 0, 10_000).await.unwrap();
    let active: BTreeSet<String> = active.iter().map(|(_, network)| network.to_string()).collect();
    for translator in &mut translators {
        let (mut routes, mut adds, mut is_replay) = (BTreeSet::new(), 0, true);
        while is_replay || routes != active {
            let frame = translator.hear_told().await;
            apply(&mut routes, &frame);
            match frame["type"].as_str().unwrap() {
                "translator_add" if is_replay => adds += 1,
                "translator_remove" => assert!(!is_replay, "changes come after the replay"),
                "translator_sync_end" => {
                    assert_eq!(frame["message"]["count"], adds);
                    assert_eq!(routes.len(), adds, "each comes once");
                    is_replay = false;
                }
                _ => {}
            }
        }
        assert!(translator.hears_nothing().await);
    }
    stage.end().await;
}

async fn what_expires_is_removed_and_what_was_added_again_stays(world: World) {
    let stage = Stage::start(world, &[OPEN]).await;
    let store = &stage.app().store;
    let mut translator = Peer::old(stage.address()).await;
    let past = Utc::now() - TimeDelta::days(365);
    let later = Utc::now() + TimeDelta::days(365);
    add_until(store, "192.0.2.1", past).await;
    add_until(store, "192.0.2.2", later).await;
    add_until(store, "192.0.2.3", Utc::now() + TimeDelta::seconds(2)).await;
    let mut routes = BTreeSet::new();
    let soon = BTreeSet::from(["192.0.2.2/32".to_owned()]);
    while !routes.contains("192.0.2.2/32") {
        apply(&mut routes, &translator.hear().await);
    }
    while routes != soon {
        apply(&mut routes, &translator.hear().await);
    }
    // Added again in time, it stays.
    add_until(store, "192.0.2.4", Utc::now() + TimeDelta::seconds(2)).await;
    add_until(store, "192.0.2.4", later).await;
    while !routes.contains("192.0.2.4/32") {
        apply(&mut routes, &translator.hear().await);
    }
    tokio::time::sleep(Duration::from_secs(3)).await;
    while let Ok(frame) =
        tokio::time::timeout(Duration::from_millis(300), translator.hear_told()).await
    {
        apply(&mut routes, &frame);
    }
    assert_eq!(routes.len(), 2);
    stage.end().await;
}

async fn entries_of_a_disabled_action_type_are_announced_as_removed_and_expire(world: World) {
    let stage = Stage::start(world, &[OPEN]).await;
    let store = &stage.app().store;
    add(store, "192.0.2.1").await;
    add_until(store, "192.0.2.2", Utc::now() + TimeDelta::seconds(3)).await;
    store.set_available("block", false, "ada").await.unwrap();
    let mut translator = Peer::old(stage.address()).await;
    assert_eq!(translator.hear_lines(2).await, adds(&["192.0.2.1/32", "192.0.2.2/32"]));
    store.remove(found_by("192.0.2.1"), &ada()).await.unwrap();
    let told = ["translator_remove 192.0.2.1/32", "translator_remove 192.0.2.2/32"];
    assert_eq!(translator.hear_lines(2).await, told);
    stage.end().await;
}

async fn a_translator_that_is_too_slow_for_the_changes_is_told_everything_anew(world: World) {
    let stage = Stage::start(world, &[OPEN, ("SCRAM_TRANSLATOR_QUEUE", "100")]).await;
    let store = &stage.app().store;
    // Frames of 20,000 bytes fill what may be under way soon.
    let message = NewMessage {
        msg_type: "translator_add".to_owned(),
        msg_data: json!({"why": "x".repeat(20_000)}).as_object().cloned().unwrap(),
        msg_data_route_field: "route".to_owned(),
    };
    store.write_message(Some(1), message).await.unwrap();
    add(store, "192.0.2.1").await;
    let mut old = Peer::old(stage.address()).await;
    assert_eq!(old.hear_lines(1).await, adds(&["192.0.2.1/32"]));
    add_many(&stage, 800).await;
    store.remove(found_by("192.0.2.1"), &ada()).await.unwrap();
    for number in 0..100 {
        store.remove(found_by(&many(number)), &ada()).await.unwrap();
    }
    let expected: BTreeSet<String> = (100..800).map(|number| many(number) + "/32").collect();
    let mut routes = BTreeSet::from(["192.0.2.1/32".to_owned()]);
    while routes != expected {
        apply(&mut routes, &old.hear().await);
    }
    until("it was told anew", async || {
        (stage.app().translators.statistics().replays >= 2).then_some(())
    })
    .await;
    stage.end().await;
}

#[tokio::test]
async fn what_is_active_is_told_anew_when_the_templates_have_changed() {
    let stage = Stage::start(World::sqlite(), &[OPEN]).await;
    let store = &stage.app().store;
    add(store, "192.0.2.1").await;
    let mut translator = Peer::old(stage.address()).await;
    assert_eq!(translator.hear_lines(1).await, adds(&["192.0.2.1/32"]));
    let message = store.messages().await.unwrap().remove(0);
    let changed = NewMessage {
        msg_type: message.msg_type,
        msg_data: json!({"asn": 65550}).as_object().cloned().unwrap(),
        msg_data_route_field: message.msg_data_route_field,
    };
    store.write_message(Some(message.id), changed).await.unwrap();
    let heard = translator.hear_told().await;
    assert_eq!(heard["message"], json!({"asn": 65550, "route": "192.0.2.1/32"}));
    stage.end().await;
}

#[tokio::test]
async fn without_a_token_for_the_action_type_nobody_is_let_in() {
    let stage = Stage::start(World::sqlite(), &[]).await;
    let (store, address) = (&stage.app().store, stage.address());
    store.add_action_type("noop", "ada").await.unwrap();
    let token = store.add_translator_token("edge1", &["block"]).await.unwrap();
    let header = format!("Token {token}");
    let with_token = [("Authorization", &*header)];
    let users = format!("Token {}", stage.token("ada").await);
    let path = |name: &str| format!("/ws/route_manager/translator_{name}/");
    assert_eq!(Peer::open(address, BLOCK, &[]).await.err(), Some(403));
    assert_eq!(Peer::open(address, BLOCK, &[("Authorization", "Token x")]).await.err(), Some(403));
    assert_eq!(Peer::open(address, BLOCK, &[("Authorization", &users)]).await.err(), Some(403));
    assert_eq!(Peer::open(address, &path("noop"), &with_token).await.err(), Some(403));
    assert_eq!(Peer::open(address, "/ws/route_manager/other_block/", &[]).await.err(), Some(404));
    assert_eq!(Peer::open(address, "/ws/other/", &with_token).await.err(), Some(404));
    let mut translator = Peer::open(address, BLOCK, &with_token).await.unwrap();
    assert_eq!(stage.app().translators.of("block")[0].name, "edge1");
    add(store, "192.0.2.1").await;
    assert_eq!(translator.hear_lines(1).await, adds(&["192.0.2.1/32"]));
    store.remove_translator_token("edge1").await.unwrap();
    assert_eq!(translator.hear_close().await, 1008);
    stage.end().await;
    let stage = Stage::start(World::sqlite(), &[OPEN]).await;
    for name in ["nothing", "a-b", "%20", "x%2Fy"] {
        let refused = Peer::open(stage.address(), &path(name), &[]).await.err();
        assert_eq!(refused, Some(404), "{name}");
    }
    stage.end().await;
}

#[tokio::test]
async fn heartbeats_are_shown_and_a_name_with_them() {
    let stage = Stage::start(World::sqlite(), &[OPEN]).await;
    let mut translator = Peer::old(stage.address()).await;
    let seen = stage.app().translators.of("block");
    assert_eq!((seen[0].v4, seen[0].last_heartbeat), (0, None));
    assert_eq!(seen[0].address, "127.0.0.1");
    translator.beat(3, 4).await;
    let beat = async || {
        let seen = stage.app().translators.of("block");
        (seen[0].v4 == 3 && seen[0].v6 == 4 && seen[0].last_heartbeat.is_some()).then_some(())
    };
    until("the counts are there", beat).await;
    let message = json!({"v4_count": 5, "v6_count": 6, "name": "edge1", "own_v4": 1,
        "version": "0.1.0", "pending": 0, "last_error": null});
    translator.say(json!({"type": "translator_heartbeat", "message": message})).await;
    until("the name is there", async || {
        let seen = stage.app().translators.of("block");
        (seen[0].name == "edge1" && seen[0].v6 == 6).then_some(())
    })
    .await;
    let message = json!({"v4_count": 5, "v6_count": 6, "hostname": "edge2"});
    translator.say(json!({"type": "translator_heartbeat", "message": message})).await;
    until("the name is there", async || {
        (stage.app().translators.of("block")[0].name == "edge2").then_some(())
    })
    .await;
    drop(translator);
    until("it is gone", async || stage.app().translators.of("block").is_empty().then_some(()))
        .await;
    stage.end().await;
}
