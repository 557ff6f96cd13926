//! What goes wrong with several nodes, one after the other.

use super::listener::{Entry, Listener};
use super::nodes::{Cluster, Kind};
use super::publisher::Outcome;
use super::truth::Watch;
use crate::support::client::{Client, Incoming};
use crate::support::http;

/// The way by the broker itself.
const BROKER: usize = 3;

pub(super) async fn everybody_hears_everything_once_and_in_order(cluster: &mut Cluster) {
    cluster.everybody_hears().await;
    for room in 0..cluster.rooms {
        let here = |listener: &&std::sync::Arc<Listener>| listener.rooms.contains(&room);
        let mut heard = cluster.crowd.listeners.iter().filter(here).map(|it| it.heard_in(room));
        let first = heard.next().expect("there is somebody in each room");
        // The nodes of NATS may hear different publishers in different orders.
        let one_order = cluster.kind != Kind::Nats;
        assert!(heard.all(|heard| !one_order || heard == first), "two orders in room {room}");
    }
    cluster.check();
    for listener in &cluster.crowd.listeners {
        assert!(listener.missed(&cluster.published, 0).is_empty());
        assert!(!listener.log().iter().any(|entry| matches!(entry, Entry::Gap { .. })));
    }
    some_are_counted(cluster).await;
}

/// A trigger tells how many it reached at the node that was asked, also if nobody there is in the
/// room.
async fn some_are_counted(cluster: &Cluster) {
    for (room, reached) in
        [("900", r#"{"subscriptions": 0}"#), ("\"none\"", r#"{"subscriptions": 0}"#)]
    {
        let body = format!(r#"{{"rooms":[{{"n":{room}}}],"data":"counted"}}"#);
        let json = [("Accept", "application/json")];
        let answer =
            http::post(cluster.node(1).internal, "/trigger/", &json, body.as_bytes()).await;
        let answer = answer.expect("it is answered");
        assert_eq!((answer.status, answer.body.as_str()), (200, reached));
    }
}

pub(super) async fn a_killed_node_takes_nothing_from_the_others(cluster: &mut Cluster) {
    let others: Vec<_> = cluster.crowd.listeners.iter().map(|it| it.home() != 2).collect();
    let before = marks(cluster);
    let already = cluster.published.len();
    cluster.publish(&[0, 1, BROKER]).await;
    cluster.kill(2);
    cluster.publish(&[0, 1, BROKER]).await;
    cluster.wait("they are at another node", |it| it.is_here() && it.home() != 2).await;
    cluster.everybody_hears().await;
    cluster.check();
    assert!(cluster.published[already..].iter().all(|one| one.outcome == Outcome::Accepted));
    for ((listener, other), before) in cluster.crowd.listeners.iter().zip(others).zip(before) {
        let told = listener.log()[before..].iter().any(|entry| !is_delivery(entry));
        assert!(!(other && told), "{} was disturbed: {:?}", listener.number, listener.log());
        assert!(!other || listener.missed(&cluster.published, already).is_empty());
    }
}

pub(super) async fn a_node_that_is_cut_off_says_so_and_its_clients_know(cluster: &mut Cluster) {
    let before = marks(cluster);
    let red = Watch::until_red(cluster.node(0));
    cluster.line.cut();
    red.seen("a cut line").await;
    let already = cluster.published.len();
    // A newcomer in a room that this node has not listened for.
    let mut newcomer = newcomer(cluster).await;
    cluster.publish(&[0, 1, BROKER]).await;
    for one in &cluster.published[already..] {
        let expected = if one.publisher == "p0" { Outcome::Refused } else { Outcome::Accepted };
        assert_eq!(one.outcome, expected, "{one:?}");
    }
    cluster.line.mend();
    Watch::until_green(cluster.node(0)).seen("a mended line").await;
    let here = |listener: &Listener| listener.home() == 0;
    wait_until_told(cluster, &before, here).await;
    assert_eq!(
        http::get(cluster.node(1).internal, "/readyz").await.expect("it answers").status,
        200
    );
    cluster.everybody_hears().await;
    cluster.check();
    the_newcomer_hears(cluster, &mut newcomer).await;
    if cluster.kind == Kind::Streams {
        nothing_is_lost(cluster, already);
    }
}

/// As when somebody pulls the plug: neither end is told.
pub(super) async fn a_line_that_goes_dead_is_noticed(cluster: &mut Cluster) {
    let before = marks(cluster);
    let red = Watch::until_red(cluster.node(0));
    cluster.line.go_dead();
    red.seen("a dead line").await;
    cluster.line.mend();
    Watch::until_green(cluster.node(0)).seen("a line that lives again").await;
    let here = |listener: &Listener| listener.home() == 0;
    wait_until_told(cluster, &before, here).await;
    cluster.everybody_hears().await;
    cluster.check();
}

pub(super) async fn a_frozen_broker_is_noticed_and_everybody_knows(cluster: &mut Cluster) {
    let before = marks(cluster);
    let red = [0, 1].map(|node| Watch::until_red(cluster.node(node)));
    cluster.server.freeze();
    let already = cluster.published.len();
    // Into the ice: whether these were published, nobody can know.
    cluster.publish(&[0, 1]).await;
    for red in red {
        red.seen("a frozen broker").await;
    }
    let late = cluster.published.len();
    cluster.publish(&[0, 1]).await;
    assert!(cluster.published[late..].iter().all(|one| one.outcome == Outcome::Refused));
    cluster.server.thaw();
    back_again(cluster, "a thawed broker", &before, already).await;
}

pub(super) async fn a_killed_broker_is_noticed_and_everybody_knows(cluster: &mut Cluster) {
    let before = marks(cluster);
    let red = [0, 1].map(|node| Watch::until_red(cluster.node(node)));
    cluster.server.kill();
    for red in red {
        red.seen("a killed broker").await;
    }
    let already = cluster.published.len();
    cluster.publish(&[0, 1]).await;
    assert!(cluster.published[already..].iter().all(|one| one.outcome == Outcome::Refused));
    tokio::task::block_in_place(|| cluster.server.restart());
    back_again(cluster, "a restarted broker", &before, already).await;
}

/// The broker is back: so are both nodes, and everybody who may have missed something is told.
async fn back_again(cluster: &mut Cluster, what: &str, before: &[usize], already: usize) {
    let green = [0, 1].map(|node| Watch::until_green(cluster.node(node)));
    for green in green {
        green.seen(what).await;
    }
    wait_until_told(cluster, before, |_| true).await;
    cluster.everybody_hears().await;
    cluster.check();
    if cluster.kind == Kind::Streams {
        nothing_is_lost(cluster, already);
    }
}

/// Waits until those concerned know of a gap that has ended. Where nothing is lost, those who have
/// no word for it are left alone.
async fn wait_until_told(cluster: &Cluster, before: &[usize], who: impl Fn(&Listener) -> bool) {
    let loses = cluster.kind != Kind::Streams;
    let told = |listener: &Listener| {
        let concerned = who(listener) && (loses || listener.v1);
        !concerned || listener.was_told(before[listener.number])
    };
    cluster.wait("they are told", told).await;
}

fn nothing_is_lost(cluster: &Cluster, already: usize) {
    for listener in &cluster.crowd.listeners {
        let missed = listener.missed(&cluster.published, already);
        assert!(missed.is_empty(), "{} missed {missed:?}", listener.number);
    }
}

fn marks(cluster: &Cluster) -> Vec<usize> {
    cluster.crowd.listeners.iter().map(|listener| listener.log().len()).collect()
}

fn is_delivery(entry: &Entry) -> bool {
    matches!(entry, Entry::Delivery { .. })
}

async fn newcomer(cluster: &Cluster) -> Client {
    let headers = [("Sec-WebSocket-Protocol".to_owned(), "campanile.v1".to_owned())];
    let node = cluster.node(0).public;
    let mut client = Client::open(node, "/ws/", &headers).await.expect("it is let in");
    client.next().await.expect("a greeting");
    client.send(r#"{"type":"subscribe","room":{"n":1000},"requestId":"new"}"#).await;
    client.send("ping").await;
    client
}

/// Its requests were answered in order: with a word that something may be missing, or not before
/// nothing was.
async fn the_newcomer_hears(cluster: &Cluster, newcomer: &mut Client) {
    let body = r#"{"rooms":[{"n":1000}],"data":"welcome"}"#;
    let answer = http::post(cluster.node(1).internal, "/trigger/", &[], body.as_bytes()).await;
    assert_eq!(answer.expect("it is answered").status, 200);
    let mut heard = Vec::new();
    while !heard.last().is_some_and(|text: &String| text.contains("welcome")) {
        match newcomer.next().await {
            Some(Incoming::Text(text)) => heard.push(text),
            other => panic!("{other:?} after {heard:?}"),
        }
    }
    let place = |word: &str| heard.iter().position(|text| text.contains(word));
    assert!(place("success") == Some(0) && place("pong") > Some(0), "{heard:?}");
    let by_room = matches!(cluster.kind, Kind::Redis | Kind::Nats);
    let open = place(r#""until": null"#);
    assert!(by_room || open.is_some(), "{heard:?}");
}
