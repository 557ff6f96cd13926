//! SCRAM 1.5's own translator: what it does was observed, and this does the same.

use super::peer::{OPEN, PATIENCE, Peer, until};
use crate::stage::Stage;
use crate::world::{World, ada, add, found_by, network, on_both};
use campanile_scram::cidr::Network;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use tokio::task::JoinHandle;

on_both! {
    scram_s_own_translator_works_unchanged_where_access_is_open
}

/// What gobgpd would announce.
type Table = Arc<Mutex<BTreeSet<Network>>>;

/// Runs one as it is: a heartbeat at once, no answers to adds and removes, and its process ends at
/// whatever it does not expect.
async fn original(mut peer: Peer, table: Table) {
    beat(&mut peer, &table).await;
    while let Some(mut frame) = peer.next().await {
        let frame = frame.as_object_mut().expect("it would end");
        let kind = frame["type"].as_str().expect("it would end").to_owned();
        let message = frame.get_mut("message").and_then(Value::as_object_mut);
        let message = message.expect("it would end: a message is an object");
        let route = message.get("route").and_then(Value::as_str).map(str::to_owned);
        let Some(route) = route.and_then(|route| Network::parse_lenient(&route).ok()) else {
            continue;
        };
        match &*kind {
            "translator_add" => drop(table.lock().unwrap().insert(route)),
            "translator_remove" => drop(table.lock().unwrap().remove(&route)),
            "translator_check" => {
                let is_blocked = longest_match(&table.lock().unwrap(), &route);
                message.insert("is_blocked".to_owned(), json!(is_blocked));
                frame.insert("type".to_owned(), json!("translator_check_resp"));
                peer.say(Value::Object(frame.clone())).await;
            }
            _ => {}
        }
    }
}

/// It asks for the first address only.
fn longest_match(table: &BTreeSet<Network>, route: &Network) -> bool {
    let host = Network::parse_strict(&route.address().to_string()).unwrap();
    table.iter().any(|announced| announced.contains(&host))
}

async fn beat(peer: &mut Peer, table: &Table) {
    let (v4, v6): (Vec<_>, Vec<_>) =
        table.lock().unwrap().iter().copied().partition(|it| it.address().is_ipv4());
    peer.beat(v4.len() as u64, v6.len() as u64).await;
}

async fn scram_s_own_translator_works_unchanged_where_access_is_open(world: World) {
    let stage = Stage::start(
        world,
        &[
            OPEN,
            ("V4_MINPREFIX", "8"),
            ("V6_MINPREFIX", "32"),
            ("SCRAM_COMPARE_SECONDS", "1"),
            ("SCRAM_GHOST_SECONDS", "1"),
        ],
    )
    .await;
    let store = &stage.app().store;
    add(store, "192.0.2.0/24").await;
    add(store, "192.0.2.7").await;
    // It connects with no Origin, no credentials and no subprotocol, and offers compression.
    let peer = Peer::old(stage.address()).await;
    let table = Table::default();
    let running: JoinHandle<()> = tokio::spawn(original(peer, Arc::clone(&table)));
    for route in ["2001:db8:94be::/64", "192.0.2.131", "198.51.100.160/29"] {
        add(store, route).await;
    }
    store.remove(found_by("198.51.100.160/29"), &ada()).await.unwrap();
    // Removed, but still inside of what is announced: that is no ghost.
    let inside = store.snapshot_at(1, &network("192.0.2.131")).await.unwrap().entries[0].entry;
    store.remove(campanile_scram::store::entries::Find::Id(inside), &ada()).await.unwrap();
    let expected: BTreeSet<Network> =
        ["192.0.2.0/24", "192.0.2.7", "2001:db8:94be::/64"].map(network).into();
    until("it announces what is active", async || {
        (*table.lock().unwrap() == expected).then_some(())
    })
    .await;
    let mut browser = Peer::browser(&stage, "bob").await.unwrap();
    for (route, is_blocked) in [("192.0.2.7", true), ("203.0.113.1", false)] {
        browser.ask(route).await;
        assert_eq!(browser.hear().await["message"]["is_blocked"], is_blocked);
    }
    // What a stranger's frame did to it: every translator's process ended.
    browser.say(json!({"type": "wui_check_req", "message": 3})).await;
    assert_eq!(browser.hear_close().await, 1008);
    let in_sync = async || {
        let seen = stage.app().translators.of("block");
        (seen.first()?.in_sync == Some(true)).then_some(())
    };
    tokio::time::timeout(PATIENCE, until("it is in sync", in_sync)).await.unwrap();
    assert!(!running.is_finished(), "it lives");
    let statistics = stage.app().translators.statistics();
    assert_eq!((statistics.ghosts_found, statistics.missing_sent), (0, 0));
    assert_eq!(*table.lock().unwrap(), expected);
    stage.end().await;
}
