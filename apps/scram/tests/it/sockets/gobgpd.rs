//! The server, the real `scram-translator` and Debian's real gobgpd together.

use super::instances::Process;
use super::peer::{Peer, until};
use super::translator::{add_many, many};
use crate::stage::Stage;
use crate::translator::support::Gobgpd;
use crate::world::{World, ada, add, add_until, found_by, wanted};
use chrono::{TimeDelta, Utc};
use serde_json::json;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The translator, in a process of its own.
struct Translator(Child);

impl Translator {
    fn start(address: SocketAddr, token: &str, gobgpd: &Gobgpd) -> Translator {
        let url = format!("ws://{address}/ws/route_manager/translator_block/");
        let child = Command::new(env!("CARGO_BIN_EXE_scram-translator"))
            .env_clear()
            .env("SCRAM_EVENTS_URL", url)
            .env("SCRAM_TRANSLATOR_TOKEN", token)
            .env("TRANSLATOR_NAME", "edge1")
            .env("GOBGP_HOST", "127.0.0.1")
            .env("GOBGP_PORT", gobgpd.port.to_string())
            .env("HEARTBEAT_S", "1")
            .env("COMPARE_S", "2")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Translator(child.unwrap())
    }
}

impl Drop for Translator {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What gobgpd announces.
fn announced(gobgpd: &Gobgpd) -> BTreeSet<String> {
    let lines = [gobgpd.rib("ipv4"), gobgpd.rib("ipv6")].concat();
    lines.iter().map(|line| line.split(' ').next().unwrap().to_owned()).collect()
}

async fn until_announced(gobgpd: &Gobgpd, expected: &[&str]) {
    let expected: BTreeSet<String> = expected.iter().map(|it| (*it).to_owned()).collect();
    let mut last = BTreeSet::new();
    let equal = async || {
        last = announced(gobgpd);
        (last == expected).then_some(())
    };
    let so = tokio::time::timeout(super::peer::PATIENCE - Duration::from_secs(1), until("", equal));
    let is_so = so.await.is_ok();
    assert!(is_so, "{last:?} instead of {expected:?}");
}

/// A server, a translator with a token, and gobgpd; none if that is not installed.
async fn house(settings: &[(&str, &str)]) -> Option<(Stage, Gobgpd, Translator)> {
    let gobgpd = Gobgpd::start()?;
    let limits = [("V4_MINPREFIX", "8"), ("V6_MINPREFIX", "32")];
    let stage = Stage::start(World::sqlite(), &[&limits, settings].concat()).await;
    let token = stage.app().store.add_translator_token("edge1", &["block"]).await.unwrap();
    let translator = Translator::start(stage.address(), &token, &gobgpd);
    Some((stage, gobgpd, translator))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_added_is_announced_what_is_removed_or_expires_is_withdrawn() {
    let Some((stage, gobgpd, _translator)) = house(&[]).await else { return };
    let store = &stage.app().store;
    // A2, A7, H1.
    let added = [
        "192.0.2.128",
        "192.0.2.129",
        "2001:DB8:94BB::94BC",
        "2001:DB8:94BC::",
        "198.51.100.160/29",
        "2001:DB8:94BE::/64",
    ];
    for route in added {
        add(store, route).await;
    }
    let expected = [
        "192.0.2.128/32",
        "192.0.2.129/32",
        "2001:db8:94bb::94bc/128",
        "2001:db8:94bc::/128",
        "198.51.100.160/29",
        "2001:db8:94be::/64",
    ];
    until_announced(&gobgpd, &expected).await;
    let mut browser = Peer::browser(&stage, "cleo").await.unwrap();
    for (route, is_blocked) in [
        ("198.51.100.160/29", true),
        ("198.51.100.161", true),
        ("198.51.100.0/24", false),
        ("192.0.2.209", false),
    ] {
        browser.ask(route).await;
        let message = browser.hear().await["message"].clone();
        assert_eq!(message["is_blocked"], is_blocked, "{route}");
        assert_eq!(message["translator_name"], "edge1");
    }
    for route in ["192.0.2.128/31", "2001:db8::/32", "198.51.100.160/29"] {
        store.remove(found_by(route), &ada()).await.unwrap();
    }
    until_announced(&gobgpd, &[]).await;
    // C1 to C4.
    let (past, later) = (Utc::now() - TimeDelta::days(20_000), Utc::now() + TimeDelta::days(2_000));
    let soon = Utc::now() + TimeDelta::seconds(4);
    for (route, end) in [
        ("192.0.2.1", past),
        ("192.0.2.2", past),
        ("192.0.2.3", later),
        ("192.0.2.4", soon),
        ("192.0.2.5", past),
        ("192.0.2.6", past),
    ] {
        add_until(store, route, end).await;
    }
    add_until(store, "192.0.2.5", later).await;
    add_until(store, "192.0.2.6", soon).await;
    let staying = ["192.0.2.3/32", "192.0.2.4/32", "192.0.2.5/32", "192.0.2.6/32"];
    until("those to come are announced", async || {
        let announced = announced(&gobgpd);
        staying.iter().all(|it| announced.contains(*it)).then_some(())
    })
    .await;
    until_announced(&gobgpd, &["192.0.2.3/32", "192.0.2.5/32"]).await;
    until("heartbeats say so", async || {
        let seen = stage.app().translators.of("block");
        (seen.first()?.v4 == 2 && seen.first()?.name == "edge1").then_some(())
    })
    .await;
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_translator_s_report_is_compared_with_what_is_active() {
    let fast = [("SCRAM_COMPARE_SECONDS", "1"), ("SCRAM_GHOST_SECONDS", "0")];
    let Some((stage, gobgpd, _translator)) = house(&fast).await else { return };
    add_many(&stage, 500).await;
    until("it is in sync", async || {
        let seen = stage.app().translators.of("block");
        (seen.first()?.in_sync == Some(true)).then_some(())
    })
    .await;
    // Somebody announces by hand what looks like the translator's own, as 65400:666 does.
    gobgpd.gobgp(&[
        "global",
        "rib",
        "add",
        "203.0.113.9/32",
        "nexthop",
        "192.0.2.199",
        "origin",
        "incomplete",
        "aspath",
        "65400",
        "community",
        "65400:666",
    ]);
    assert!(announced(&gobgpd).contains("203.0.113.9/32"));
    until("the translator withdraws it by itself", async || {
        (!announced(&gobgpd).contains("203.0.113.9/32")).then_some(())
    })
    .await;
    assert_eq!(stage.app().translators.statistics().missing_sent, 0);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gobgpd_killed_and_restarted_has_all_routes_back_within_seconds() {
    let Some((stage, mut gobgpd, _translator)) = house(&[]).await else { return };
    add_many(&stage, 1_000).await;
    let full = async |gobgpd: &Gobgpd| (announced(gobgpd).len() == 1_000).then_some(());
    until("all are announced", async || full(&gobgpd).await).await;
    gobgpd.kill();
    add(&stage.app().store, &many(1_000)).await;
    stage.app().store.remove(found_by(&many(0)), &ada()).await.unwrap();
    gobgpd.restart();
    let began = Instant::now();
    until("all are back", async || full(&gobgpd).await).await;
    let announced = announced(&gobgpd);
    assert!(announced.contains("10.0.3.232/32") && !announced.contains("10.0.0.0/32"));
    eprintln!("1,000 routes are back after {:?}", began.elapsed());
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_server_is_dead_nothing_is_unblocked_and_afterwards_all_is_as_it_should_be() {
    let Some(world) = World::postgres() else { return };
    let Some(gobgpd) = Gobgpd::start() else { return };
    let store = world.instance("other").await;
    for number in 0..300 {
        store.add(&wanted(&many(number)), &ada()).await.unwrap();
    }
    let mut process = Process::start(&world.url);
    let _translator = Translator::start(process.address, "", &gobgpd);
    until("all are announced", async || (announced(&gobgpd).len() == 300).then_some(())).await;
    process.kill();
    for number in 0..100 {
        store.remove(found_by(&many(number)), &ada()).await.unwrap();
    }
    for number in 300..400 {
        store.add(&wanted(&many(number)), &ada()).await.unwrap();
    }
    // These must never be gone, neither during the outage nor while it converges.
    let staying: BTreeSet<String> = (100..300).map(|number| many(number) + "/32").collect();
    let expected: BTreeSet<String> = (100..400).map(|number| many(number) + "/32").collect();
    let watch = |time: Duration| {
        let deadline = Instant::now() + time;
        while Instant::now() < deadline {
            let announced = announced(&gobgpd);
            assert!(announced.is_superset(&staying), "something was unblocked");
            if announced == expected {
                return true;
            }
        }
        false
    };
    assert!(!watch(Duration::from_secs(5)), "nobody could have told it");
    process.restart();
    // Half a replay, and dead again.
    std::thread::sleep(Duration::from_millis(30));
    process.kill();
    watch(Duration::from_secs(2));
    process.restart();
    assert!(watch(Duration::from_secs(90)), "it converges");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frame_of_a_stranger_ends_no_translator() {
    let Some((stage, gobgpd, mut translator)) = house(&[]).await else { return };
    for message in [json!(3), json!(null), json!([]), json!({"route": "x"})] {
        let mut browser = Peer::browser(&stage, "cleo").await.unwrap();
        browser.say(json!({"type": "wui_check_req", "message": message})).await;
        assert_eq!(browser.hear_close().await, 1008);
    }
    add(&stage.app().store, "192.0.2.4").await;
    until_announced(&gobgpd, &["192.0.2.4/32"]).await;
    assert!(translator.0.try_wait().unwrap().is_none(), "it lives");
    stage.end().await;
}
