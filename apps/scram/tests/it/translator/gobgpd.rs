//! Against Debian's real gobgpd.

use super::support::{Gobgpd, PATIENCE, Peer, Server, Translator, settings, until};
use campanile_scram::translator::backend::Gobgp;
use serde_json::{Value, json};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Instant;

struct House {
    server: Server,
    gobgpd: Gobgpd,
    translator: Translator,
}

impl House {
    /// None, if gobgpd is not installed.
    fn new(server: Server, others: &[(&str, &str)]) -> Option<House> {
        let gobgpd = Gobgpd::start()?;
        let backend = Gobgp::new("127.0.0.1", gobgpd.port);
        let translator = Translator::start(settings(&server, others), Arc::new(backend));
        Some(House { server, gobgpd, translator })
    }

    async fn until_announced(&self, expected: &[&str]) {
        let seen = || [self.gobgpd.rib("ipv4"), self.gobgpd.rib("ipv6")].concat();
        let mut last = Vec::new();
        let equal = async || {
            last = seen();
            (last == expected).then_some(())
        };
        let so = tokio::time::timeout(PATIENCE, until("the routes are as expected", equal)).await;
        assert!(so.is_ok(), "{last:#?}\ninstead of {expected:#?}");
    }

    /// Waits until so many routes are announced.
    async fn until_count(&self, family: &str, count: usize) {
        let count = format!("Destination: {count},");
        until(&count, async || {
            let summary = self.gobgpd.gobgp(&["global", "rib", "summary", "-a", family]);
            String::from_utf8_lossy(&summary).contains(&count).then_some(())
        })
        .await;
    }
}

async fn replay(peer: &mut Peer, epoch: &str, messages: impl IntoIterator<Item = Value>) {
    peer.send(json!({"type": "translator_sync_begin", "message": {"epoch": epoch}})).await;
    for message in messages {
        peer.add(message).await;
    }
    peer.send(json!({"type": "translator_sync_end", "message": {"epoch": epoch}})).await;
}

/// Route `number` of many.
fn many(number: usize) -> Value {
    json!({"route": format!("10.{}.{}.{}", number >> 16, number >> 8 & 255, number & 255)})
}

/// What a route becomes: its line in `rib`.
fn line(network: &str, next_hop: &str, asn: u32, community: &str) -> String {
    format!("{network} | origin 2 | path [{asn}] | {next_hop} | {community}")
}

#[tokio::test]
async fn every_route_with_every_asn_and_community_is_announced_as_scram_s_own_translator_does_and_withdrawn()
 {
    let Some(house) = House::new(Server::start().await, &[]) else { return };
    let mut peer = house.server.accept().await;
    let routes = [
        ("192.0.2.4/32", "192.0.2.4/32"),
        ("192.0.2.5", "192.0.2.5/32"),
        ("192.0.2.20/28", "192.0.2.16/28"),
        ("198.51.100.0/255.255.255.0", "198.51.100.0/24"),
        ("2001:db8:a::/64", "2001:db8:a::/64"),
        ("2001:db8:c::1/64", "2001:db8:c::/64"),
        ("2001:DB8:94BB::94BC", "2001:db8:94bb::94bc/128"),
    ];
    let marks = [
        (None, 65_400, "communities [4286055066]"),
        (Some((54_321_u32, 444_u32)), 54_321, "communities [3559981500]"),
        (Some((65_535, 65_535)), 65_535, "communities [4294967295]"),
        (Some((1, 65_536)), 1, r#"large [{"ASN":1,"LocalData1":65536,"LocalData2":0}]"#),
        (
            Some((4_200_000_000, 321)),
            4_200_000_000,
            r#"large [{"ASN":4200000000,"LocalData1":321,"LocalData2":0}]"#,
        ),
        (
            Some((4_294_967_294, 4_294_967_295)),
            4_294_967_294,
            r#"large [{"ASN":4294967294,"LocalData1":4294967295,"LocalData2":0}]"#,
        ),
    ];
    for (route, network) in routes {
        let next_hop = if network.contains(':') { "via 100::1" } else { "via 192.0.2.199" };
        for (given, asn, community) in marks {
            let mut message = json!({"route": route});
            if let Some((asn, community)) = given {
                message["asn"] = json!(asn);
                message["community"] = json!(community);
            }
            peer.add(message).await;
            house.until_announced(&[&line(network, next_hop, asn, community)]).await;
            assert!(peer.is_blocked(route).await);
        }
        for asn in [json!(0), json!(-1), json!(4_294_967_295_u64), json!("65400"), json!(1.5)] {
            peer.add(json!({"route": "192.0.2.66/32", "asn": asn})).await;
        }
        peer.remove(route).await;
        house.until_announced(&[]).await;
        assert!(!peer.is_blocked(route).await);
        assert!(!peer.is_blocked("192.0.2.66").await);
    }
    house.translator.end().await;
}

#[tokio::test]
async fn a_message_may_name_the_next_hop() {
    let Some(house) =
        House::new(Server::start().await, &[("DEFAULT_ASN", "64512"), ("DEFAULT_COMMUNITY", "1")])
    else {
        return;
    };
    let mut peer = house.server.accept().await;
    peer.add(json!({"route": "192.0.2.4", "next_hop": "192.0.2.1"})).await;
    peer.add(json!({"route": "2001:db8::/32", "next_hop": "2001:db8::1"})).await;
    let community = "communities [4227858433]";
    house
        .until_announced(&[
            &line("192.0.2.4/32", "via 192.0.2.1", 64_512, community),
            &line("2001:db8::/32", "via 2001:db8::1", 64_512, community),
        ])
        .await;
}

#[tokio::test]
async fn a_network_is_blocked_where_all_of_it_is_announced_and_not_only_its_first_host() {
    let Some(house) = House::new(Server::start().await, &[]) else { return };
    let mut peer = house.server.accept().await;
    for route in ["192.0.2.0/32", "198.51.100.0/24", "2001:db8:a::/48"] {
        peer.add(json!({"route": route})).await;
    }
    house.until_count("ipv4", 2).await;
    house.until_count("ipv6", 1).await;
    let cases = [
        ("192.0.2.0/32", true),
        ("192.0.2.0/24", false),
        ("192.0.2.1/32", false),
        ("198.51.100.77", true),
        ("198.51.100.0/25", true),
        ("198.51.100.0/23", false),
        ("2001:db8:a::1", true),
        ("2001:db8:a:1::/64", true),
        ("2001:db8::/32", false),
    ];
    for (route, expected) in cases {
        assert_eq!(peer.is_blocked(route).await, expected, "{route}");
    }
    peer.send(json!({"type": "translator_remove_all", "message": {}})).await;
    house.until_announced(&[]).await;
}

#[tokio::test]
async fn all_routes_are_back_within_seconds_after_gobgpd_was_killed_and_restarted() {
    let Some(mut house) = House::new(Server::start().await, &[]) else { return };
    let mut peer = house.server.accept_v2().await;
    replay(&mut peer, "a", (0..2_000).map(many)).await;
    house.until_count("ipv4", 2_000).await;
    let killed = Instant::now();
    house.gobgpd.kill();
    peer.add(json!({"route": "2001:db8::/32"})).await;
    peer.remove("10.0.0.7").await;
    house.gobgpd.restart();
    house.until_count("ipv4", 1_999).await;
    house.until_count("ipv6", 1).await;
    report("2,000 routes were back after gobgpd's kill", killed);
    // Restarted faster than anybody looks.
    house.gobgpd.restart();
    let restarted = Instant::now();
    house.until_count("ipv4", 1_999).await;
    report("2,000 routes were back after gobgpd's restart", restarted);
}

#[tokio::test]
async fn a_frozen_gobgpd_stops_no_heartbeat_and_is_told_everything_when_it_goes_on() {
    let Some(house) = House::new(Server::start().await, &[("HEARTBEAT_S", "1")]) else { return };
    let mut peer = house.server.accept().await;
    peer.add(json!({"route": "192.0.2.1"})).await;
    house.until_count("ipv4", 1).await;
    house.gobgpd.freeze();
    peer.add(json!({"route": "192.0.2.2"})).await;
    let frozen = Instant::now();
    let mut beats = 0;
    until("the heartbeats say what is wrong", async || {
        let heard = peer.hear().await;
        beats += 1;
        heard["message"]["last_error"].is_string().then_some(())
    })
    .await;
    assert!(beats >= 3, "{beats} heartbeats in {:?}", frozen.elapsed());
    assert!(!peer.is_blocked("192.0.2.1").await, "nobody knows");
    house.gobgpd.thaw();
    house.until_count("ipv4", 2).await;
    until("gobgpd is believed again", async || peer.is_blocked("192.0.2.2").await.then_some(()))
        .await;
}

#[tokio::test]
async fn ghosts_of_an_earlier_run_are_withdrawn_and_an_operator_s_own_routes_are_left_alone() {
    let server = Server::start().await;
    let Some(gobgpd) = Gobgpd::start() else { return };
    let backend = || Arc::new(Gobgp::new("127.0.0.1", gobgpd.port));
    let translator = Translator::start(settings(&server, &[]), backend());
    let mut peer = server.accept_v2().await;
    replay(&mut peer, "a", (0..3).map(many)).await;
    until("all are announced", async || (gobgpd.rib("ipv4").len() == 3).then_some(())).await;
    tokio::join!(translator.end(), peer.hear_close());
    let operators: &[&[&str]] =
        &[&["198.51.100.0/24"], &["203.0.113.0/24", "aspath", "65000", "community", "65400:666"]];
    for words in operators {
        gobgpd.gobgp(&[&["global", "rib", "add"], *words].concat());
    }
    let translator = Translator::start(settings(&server, &[]), backend());
    let mut peer = server.accept_v2().await;
    replay(&mut peer, "b", [many(1)]).await;
    until("only what is wanted and the operator's is left", async || {
        let networks: Vec<String> = gobgpd
            .rib("ipv4")
            .iter()
            .map(|line| line.split(' ').next().unwrap_or_default().to_owned())
            .collect();
        (networks == ["10.0.0.1/32", "198.51.100.0/24", "203.0.113.0/24"]).then_some(())
    })
    .await;
    translator.end().await;
}

#[tokio::test]
async fn a_route_that_gobgpd_learnt_from_a_neighbour_blocks_nothing_and_is_left_alone() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let ours = format!(
        "[global.config]\nas = 65000\nrouter-id = \"127.0.0.1\"\nport = {port}\nlocal-address-list = [\"127.0.0.1\"]\n\
         [[neighbors]]\n[neighbors.config]\nneighbor-address = \"127.0.0.2\"\npeer-as = 65000\n\
         [neighbors.transport.config]\npassive-mode = true\n"
    );
    let theirs = format!(
        "[global.config]\nas = 65000\nrouter-id = \"127.0.0.2\"\nport = -1\n\
         [[neighbors]]\n[neighbors.config]\nneighbor-address = \"127.0.0.1\"\npeer-as = 65000\n\
         [neighbors.timers.config]\nconnect-retry = 1\nidle-hold-time-after-reset = 1\n\
         [neighbors.transport.config]\nremote-port = {port}\nlocal-address = \"127.0.0.2\"\n"
    );
    let Some(gobgpd) = Gobgpd::start_with(&ours) else { return };
    let Some(neighbour) = Gobgpd::start_with(&theirs) else { return };
    // They look as if a translator had made them.
    let like_ours = ["nexthop", "192.0.2.199", "aspath", "65400", "community", "65400:666"];
    for network in ["0.0.0.0/0", "198.51.100.0/24"] {
        neighbour.gobgp(&[&["global", "rib", "add", network], &like_ours[..]].concat());
    }
    let learnt = async || (gobgpd.rib("ipv4").len() == 2).then_some(());
    until("the neighbour's routes are learnt", learnt).await;
    let server = Server::start().await;
    let backend = Arc::new(Gobgp::new("127.0.0.1", gobgpd.port));
    let translator = Translator::start(settings(&server, &[("HEARTBEAT_S", "1")]), backend);
    let mut peer = server.accept_v2().await;
    replay(&mut peer, "a", [many(1)]).await;
    until("it is announced", async || peer.is_blocked("10.0.0.1").await.then_some(())).await;
    assert!(!peer.is_blocked("198.51.100.7").await);
    until("a heartbeat tells learnt routes from own ones", async || {
        let heard = peer.hear().await;
        (heard["message"]["v4_count"] == 3 && heard["message"]["own_v4"] == 1).then_some(())
    })
    .await;
    assert_eq!(gobgpd.rib("ipv4").len(), 3);
    translator.end().await;
}

#[tokio::test]
async fn many_routes_are_announced_fast_and_checks_are_answered_in_the_meantime() {
    let Some(house) = House::new(Server::start().await, &[]) else { return };
    let mut peer = house.server.accept_v2().await;
    let began = Instant::now();
    // With attributes of their own, which do not count when they are withdrawn.
    let marked = (0..20_000).map(|number| {
        let mut message = many(number);
        message["asn"] = json!(54_321);
        message
    });
    replay(&mut peer, "a", marked).await;
    peer.is_blocked("10.0.0.0").await;
    report("a check behind a replay of 20,000 routes was answered", began);
    house.until_count("ipv4", 20_000).await;
    report("20,000 routes were announced", began);
    let began = Instant::now();
    replay(&mut peer, "b", []).await;
    house.until_count("ipv4", 0).await;
    report("20,000 routes were withdrawn", began);
}

#[tokio::test]
async fn what_would_be_done_can_be_printed_without_doing_it() {
    let server = Server::start().await;
    let Some(gobgpd) = Gobgpd::start() else { return };
    let given = |network: &str, asn: &str| {
        let community = format!("{asn}:666");
        gobgpd.gobgp(&[
            "global",
            "rib",
            "add",
            network,
            "aspath",
            asn,
            "community",
            &community,
            "origin",
            "incomplete",
            "nexthop",
            "192.0.2.199",
        ]);
    };
    given("10.0.0.1/32", "65400");
    given("10.0.0.2/32", "65000");
    given("10.0.0.9/32", "65400");
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_scram-translator"));
    command
        .arg("--once")
        .env("SCRAM_EVENTS_URL", server.url())
        .env("GOBGP_HOST", "127.0.0.1")
        .env("GOBGP_PORT", gobgpd.port.to_string())
        .env("LOG_LEVEL", "ERROR");
    let serve = async {
        let mut peer = server.accept_v2().await;
        replay(&mut peer, "a", (1..4).map(many)).await;
        peer.hear_close().await
    };
    let (output, _) = tokio::join!(command.output(), serve);
    let output = output.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "change   10.0.0.2/32 by AS 65400, community 65400:666, next hop 192.0.2.199\n\
         announce 10.0.0.3/32 by AS 65400, community 65400:666, next hop 192.0.2.199\n\
         withdraw 10.0.0.9/32\n\
         3 routes differ; nothing was done\n"
    );
    assert_eq!(gobgpd.rib("ipv4").len(), 3);
}

#[expect(clippy::print_stderr, reason = "it is for who reads the test's output")]
fn report(what: &str, since: Instant) {
    eprintln!("{what} within {:?}", since.elapsed());
}
