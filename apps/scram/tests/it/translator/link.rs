//! The link, against a stub of the server, with a backend in memory.

use super::support::{Peer, Server, Translator, settings, until};
use campanile_scram::translator::backend::Memory;
use campanile_scram::translator::backend::memory::Condition;
use campanile_scram::translator::route::{Defaults, Route};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_tungstenite::tungstenite::http::StatusCode;

struct House {
    server: Server,
    memory: Memory,
    translator: Translator,
}

impl House {
    async fn new(others: &[(&str, &str)]) -> House {
        let (server, memory) = (Server::start().await, Memory::default());
        let translator = Translator::start(settings(&server, others), Arc::new(memory.clone()));
        House { server, memory, translator }
    }

    fn announced(&self) -> String {
        let networks: Vec<String> = self.memory.routes().keys().map(ToString::to_string).collect();
        networks.join(" ")
    }

    async fn until_announced(&self, expected: &str) {
        until(expected, async || (self.announced() == expected).then_some(())).await;
    }
}

fn route(network: &str) -> Route {
    let message = json!({"route": network});
    Route::read(message.as_object().unwrap(), &Defaults::default()).unwrap()
}

/// Hears a heartbeat, and has the connection known to be at work.
async fn heartbeat(peer: &mut Peer) -> Value {
    let heartbeat = peer.hear().await;
    assert_eq!(heartbeat["type"], "translator_heartbeat");
    heartbeat["message"].clone()
}

#[tokio::test]
async fn it_asks_for_scram_v2_with_its_token_and_without_an_origin_and_says_at_once_how_it_is() {
    let house = House::new(&[("SCRAM_TRANSLATOR_TOKEN", "0123")]).await;
    let mut peer = house.server.accept().await;
    assert_eq!(peer.path, "/ws/route_manager/translator_block/");
    assert_eq!(peer.headers["authorization"], "Token 0123");
    assert_eq!(peer.headers["sec-websocket-protocol"], "scram.v2");
    assert!(
        peer.headers["sec-websocket-extensions"].to_str().unwrap().contains("permessage-deflate")
    );
    assert!(!peer.headers.contains_key("origin"));
    let first = heartbeat(&mut peer).await;
    assert_eq!((&first["v4_count"], &first["v6_count"]), (&json!(0), &json!(0)));
    assert_eq!(first["name"], "t1");
    assert!(first["version"].is_string());
    house.translator.end().await;
}

#[tokio::test]
async fn adds_and_removes_are_done_and_not_answered_and_checks_are_answered_with_all_their_keys() {
    let house = House::new(&[]).await;
    let mut peer = house.server.accept().await;
    heartbeat(&mut peer).await;
    peer.add(json!({"route": "192.0.2.4/32"})).await;
    peer.add(json!({"route": "192.0.2.77/28", "dst": "elsewhere"})).await;
    house.until_announced("192.0.2.4/32 192.0.2.64/28").await;
    peer.send(json!({
        "type": "translator_check", "channel": "specific.abc!xyz", "extra": [1, null],
        "message": {"route": "192.0.2.4/32", "row": "7", "more": {"a": 1}},
    }))
    .await;
    assert_eq!(
        peer.hear_answer().await,
        json!({
            "type": "translator_check_resp", "channel": "specific.abc!xyz", "extra": [1, null],
            "message": {
                "route": "192.0.2.4/32", "row": "7", "more": {"a": 1},
                "is_blocked": true, "translator_name": "t1",
            },
        })
    );
    assert!(peer.is_blocked("192.0.2.70").await, "a network around it is announced");
    assert!(!peer.is_blocked("192.0.2.0/24").await, "only a part of it is announced");
    peer.remove("192.0.2.4").await;
    house.until_announced("192.0.2.64/28").await;
    assert!(!peer.is_blocked("192.0.2.4/32").await);
    peer.send(json!({"type": "translator_remove_all", "message": {}})).await;
    house.until_announced("").await;
    house.translator.end().await;
}

#[tokio::test]
async fn who_shows_how_many_routes_there_are_hears_soon_that_there_are_others() {
    let house = House::new(&[("HEARTBEAT_S", "300")]).await;
    let mut peer = house.server.accept().await;
    heartbeat(&mut peer).await;
    peer.add(json!({"route": "192.0.2.4/32"})).await;
    peer.add(json!({"route": "2001:db8::4"})).await;
    until("a heartbeat counts them", async || {
        let heard = heartbeat(&mut peer).await;
        (heard["v4_count"] == 1 && heard["v6_count"] == 1).then_some(())
    })
    .await;
    peer.remove("192.0.2.4").await;
    assert_eq!(heartbeat(&mut peer).await["v4_count"], 0);
    house.translator.end().await;
}

#[tokio::test]
async fn no_malformed_message_ends_it_or_keeps_another_from_being_heeded() {
    let house = House::new(&[]).await;
    let mut peer = house.server.accept().await;
    heartbeat(&mut peer).await;
    let texts = [
        "this is not json",
        "",
        "[]",
        "null",
        "3",
        "\"add\"",
        "{}",
        "{\"type\":3}",
        "{\"type\":null,\"message\":{}}",
        "{\"type\":\"translator_add\"",
        "{\"type\":\"translator_add\",\"message\":{\"route\":\"192.0.2.1\"}}x",
        "{\"type\":\"no_such_type\",\"message\":3}",
        "{\"type\":\"\"}",
        "\u{0}",
        "{\"type\":\"translator_sync_end\",\"message\":{}}",
        "{\"type\":\"translator_sync_end\",\"message\":{\"epoch\":[],\"count\":\"x\"}}",
    ];
    for text in texts {
        peer.send_text(text).await;
    }
    peer.send_text(&"[".repeat(200_000)).await;
    peer.send_bytes(b"\xff\xfe").await;
    let kinds = ["add", "remove", "check", "remove_all", "sync_begin", "sync_end"];
    for kind in kinds {
        let kind = format!("translator_{kind}");
        peer.send(json!({"type": kind})).await;
        for message in [json!(null), json!(3), json!([]), json!("x"), json!(true)] {
            peer.send(json!({"type": kind, "message": message})).await;
        }
    }
    for kind in ["add", "remove", "check"] {
        let routes = [
            json!(null),
            json!(3),
            json!(""),
            json!("x"),
            json!("1.2.3.4/33"),
            json!(["1.2.3.4"]),
            json!({}),
        ];
        for route in routes {
            let message = json!({"route": route});
            peer.send(json!({"type": format!("translator_{kind}"), "message": message})).await;
        }
    }
    let attributes = [
        json!({"asn": 0}),
        json!({"asn": "65400"}),
        json!({"asn": 4_294_967_295_u64}),
        json!({"asn": 1e300}),
        json!({"community": -1}),
        json!({"community": 4_294_967_296_u64}),
        json!({"community": "666"}),
        json!({"next_hop": 3}),
        json!({"next_hop": "2001:db8::1"}),
        json!({"next_hop": {}}),
    ];
    for mut message in attributes {
        message["route"] = json!("192.0.2.66/32");
        peer.add(message).await;
    }
    peer.add(json!({"route": "192.0.2.5"})).await;
    house.until_announced("192.0.2.5/32").await;
    assert!(peer.is_blocked("192.0.2.5").await);
    peer.ping().await;
    house.translator.end().await;
}

#[tokio::test]
async fn a_message_that_breaks_the_protocol_costs_the_connection_and_nothing_else() {
    let house = House::new(&[]).await;
    let mut peer = house.server.accept().await;
    heartbeat(&mut peer).await;
    peer.add(json!({"route": "192.0.2.5"})).await;
    house.until_announced("192.0.2.5/32").await;
    peer.send_text(&"x".repeat(2 << 20)).await;
    assert_eq!(peer.hear_close().await, 1009);
    let mut peer = house.server.accept().await;
    heartbeat(&mut peer).await;
    assert!(peer.is_blocked("192.0.2.5").await);
    house.translator.end().await;
}

#[tokio::test]
async fn it_comes_back_at_once_and_nothing_is_unblocked_by_the_outage() {
    let house = House::new(&[("REPLAY_QUIET_S", "1")]).await;
    let mut peer = house.server.accept_v2().await;
    heartbeat(&mut peer).await;
    replay(&mut peer, "a", &["192.0.2.1", "192.0.2.2", "192.0.2.3"]).await;
    house.until_announced("192.0.2.1/32 192.0.2.2/32 192.0.2.3/32").await;
    let lost = Instant::now();
    peer.close(1012).await;
    let mut peer = house.server.accept_v2().await;
    assert!(lost.elapsed() < Duration::from_secs(30), "after {:?}", lost.elapsed());
    heartbeat(&mut peer).await;
    // A server that stumbles in the middle of its replay.
    peer.send(json!({"type": "translator_sync_begin", "message": {"epoch": "b"}})).await;
    peer.add(json!({"route": "192.0.2.1"})).await;
    drop(peer);
    house.server.refuse(StatusCode::SERVICE_UNAVAILABLE).await;
    let mut peer = house.server.accept_v2().await;
    heartbeat(&mut peer).await;
    assert!(peer.is_blocked("192.0.2.3").await);
    assert_eq!(house.announced(), "192.0.2.1/32 192.0.2.2/32 192.0.2.3/32");
    // What was removed in the meantime is withdrawn once the replay is whole.
    replay(&mut peer, "c", &["192.0.2.1", "192.0.2.4"]).await;
    house.until_announced("192.0.2.1/32 192.0.2.4/32").await;
    house.translator.end().await;
}

async fn replay(peer: &mut Peer, epoch: &str, routes: &[&str]) {
    peer.send(json!({"type": "translator_sync_begin", "message": {"epoch": epoch}})).await;
    for route in routes {
        peer.add(json!({"route": route})).await;
    }
    let end = json!({"epoch": epoch, "count": routes.len(), "last_event": 7});
    peer.send(json!({"type": "translator_sync_end", "message": end})).await;
}

#[tokio::test]
async fn the_replay_of_a_server_that_does_not_say_when_it_ends_is_whole_after_some_quiet() {
    let house = House::new(&[("REPLAY_QUIET_S", "2")]).await;
    house.memory.plant(route("192.0.2.9"));
    let mut peer = house.server.accept().await;
    heartbeat(&mut peer).await;
    peer.add(json!({"route": "192.0.2.1"})).await;
    house.until_announced("192.0.2.1/32 192.0.2.9/32").await;
    house.until_announced("192.0.2.1/32").await;
    house.translator.end().await;
}

#[tokio::test]
async fn heartbeats_go_on_and_checks_are_answered_while_gobgpd_hangs() {
    let house = House::new(&[("HEARTBEAT_S", "1")]).await;
    let mut peer = house.server.accept().await;
    heartbeat(&mut peer).await;
    peer.add(json!({"route": "192.0.2.1"})).await;
    house.until_announced("192.0.2.1/32").await;
    house.memory.set_condition(Condition::Frozen);
    peer.add(json!({"route": "192.0.2.2"})).await;
    peer.send(json!({"type": "translator_check", "message": {"route": "192.0.2.1"}})).await;
    let began = Instant::now();
    let mut beats = 0;
    let answer = loop {
        let heard = peer.hear().await;
        if heard["type"] == "translator_heartbeat" {
            beats += 1;
        } else {
            break heard;
        }
    };
    assert_eq!(answer["message"]["is_blocked"], false);
    assert!(answer["message"]["error"].is_string());
    assert!(beats >= 2, "{beats} heartbeats within {:?}", began.elapsed());
    until("the heartbeat says what is wrong", async || {
        let message = heartbeat(&mut peer).await;
        (message["last_error"].is_string() && message["pending"] == 1).then_some(())
    })
    .await;
    house.memory.set_condition(Condition::Well);
    house.until_announced("192.0.2.1/32 192.0.2.2/32").await;
    house.translator.end().await;
}

#[tokio::test]
async fn told_to_end_it_says_goodbye_and_leaves_the_routes_unless_told_otherwise() {
    for (withdraw, left) in [("false", "192.0.2.1/32 192.0.2.8/32"), ("true", "192.0.2.8/32")] {
        let house = House::new(&[("WITHDRAW_AT_END", withdraw)]).await;
        house.memory.plant(route("192.0.2.8"));
        let mut peer = house.server.accept().await;
        heartbeat(&mut peer).await;
        peer.add(json!({"route": "192.0.2.1"})).await;
        house.until_announced("192.0.2.1/32 192.0.2.8/32").await;
        let memory = house.memory.clone();
        let ((), code) = tokio::join!(house.translator.end(), peer.hear_close());
        assert_eq!(code, 1001);
        let routes: Vec<String> = memory.routes().keys().map(ToString::to_string).collect();
        assert_eq!(routes.join(" "), left);
    }
}
