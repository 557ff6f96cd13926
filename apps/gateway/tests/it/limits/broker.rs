//! A broker that is slow, silent or says too much, with a real one.

use super::{Campanile, Incoming, comes_to, delivery, listen, metric, start};
use crate::cluster::publisher::redis;
use crate::support::http;
use campanile_broker::testing::{Line, Server};

async fn trigger(campanile: &Campanile, data: usize) -> http::Answer {
    let body = format!(r#"{{"rooms":[{{"room":"a"}}],"data":{data}}}"#);
    let answer = http::post(campanile.internal, "/trigger/", &[], body.as_bytes()).await;
    answer.expect("triggers are answered")
}

fn triggers(outcome: &str) -> String {
    format!("campanile_triggers_total{{outcome=\"{outcome}\"}}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_silent_for_too_long_is_lost_and_triggers_are_refused() {
    let Some(server) = Server::redis() else { return };
    let url = server.url_text(server.port());
    let settings =
        [("broker.url", &url[..]), ("broker.silence_s", "1"), ("broker.publish_within_s", "60")];
    let (campanile, _backend) = start(&settings).await;
    comes_to(&campanile, "campanile_broker_connected", 1).await;
    server.freeze();
    comes_to(&campanile, "campanile_broker_connected", 0).await;
    assert_eq!(metric(&campanile, "campanile_broker_losses_total").await, 1);
    assert_eq!(trigger(&campanile, 1).await.status, 503);
    assert_eq!(metric(&campanile, &triggers("unavailable")).await, 1);
    let readyz = http::get(campanile.internal, "/readyz").await.expect("it is answered");
    assert_eq!(readyz.status, 503);
    server.thaw();
    comes_to(&campanile, "campanile_broker_connected", 1).await;
    assert_eq!(metric(&campanile, "campanile_broker_gaps_total").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publication_that_is_not_confirmed_in_time_is_perhaps_published() {
    let Some(server) = Server::redis() else { return };
    let url = server.url_text(server.port());
    let settings =
        [("broker.url", &url[..]), ("broker.silence_s", "60"), ("broker.publish_within_s", "1")];
    let (campanile, _backend) = start(&settings).await;
    comes_to(&campanile, "campanile_broker_connected", 1).await;
    server.freeze();
    let answer = trigger(&campanile, 1).await;
    assert_eq!(answer.status, 503);
    assert!(answer.body.contains("perhaps it was published"), "{}", answer.body);
    assert_eq!(metric(&campanile, &triggers("unconfirmed")).await, 1);
    server.thaw();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publication_that_is_too_long_is_skipped_and_the_next_is_heard() {
    let Some(server) = Server::redis() else { return };
    let url = server.url_text(server.port());
    let settings = [
        ("broker.url", &url[..]),
        ("broker.message_bytes_max", "1024"),
        ("trigger.bytes_max", "1024"),
    ];
    let (campanile, _backend) = start(&settings).await;
    comes_to(&campanile, "campanile_broker_connected", 1).await;
    let mut client = listen(&campanile, "a", false).await;
    // Room is left for an id of 255 bytes, which a trigger may be given on its way.
    let (long, short) = (format!("\"{}\"", "x".repeat(2_000)), "2");
    for data in [&long, short] {
        let body = format!(r#"{{"rooms":[{{"room":"a"}}],"data":{data}}}"#);
        let published = redis(server.port(), &["PUBLISH", "hightemplar:everybody", &body]).await;
        published.expect("it is published");
    }
    assert_eq!(client.next().await, delivery(short));
    assert_eq!(metric(&campanile, "campanile_broker_too_long_total").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_missed_more_than_the_stream_keeps_hears_the_rest_and_says_so() {
    let Some(server) = Server::redis() else { return };
    let line = Line::to(server.port());
    let (near, far) = (server.url_text(server.port()), server.url_text(line.port()));
    let streams = [("broker.redis_streams", "true"), ("broker.stream_entries_max", "100")];
    let (node, _backend) = start(&[&streams[..], &[("broker.url", &far)]].concat()).await;
    let (other, _others_backend) = start(&[&streams[..], &[("broker.url", &near)]].concat()).await;
    comes_to(&node, "campanile_broker_connected", 1).await;
    comes_to(&other, "campanile_broker_connected", 1).await;
    let mut client = listen(&node, "a", true).await;
    line.cut();
    comes_to(&node, "campanile_broker_connected", 0).await;
    for number in 0..400 {
        assert_eq!(trigger(&other, number).await.status, 200);
    }
    line.mend();
    let mut heard = Vec::new();
    while heard.last() != delivery(399).as_ref() {
        heard.push(client.next().await.expect("it hears the last"));
    }
    assert!(!heard.contains(&delivery(0).expect("it is one")), "the first was kept");
    let is_gap = |incoming: &&Incoming| matches!(incoming, Incoming::Text(text) if text.contains(r#""type": "gap""#));
    let gaps = heard.iter().filter(is_gap).count();
    let deliveries = heard.len() - gaps;
    assert!(gaps == 2, "when it began, and when it was over: {heard:?}");
    assert!((100..400).contains(&deliveries), "{deliveries}");
    assert_eq!(metric(&node, "campanile_broker_gaps_total").await, 1);
    assert_eq!(metric(&other, "campanile_broker_gaps_total").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_cannot_be_told_of_a_gap_is_closed_or_kept_as_is_configured() {
    for policy in ["close", "keep"] {
        let Some(mut server) = Server::redis() else { return };
        let url = server.url_text(server.port());
        let settings = [("broker.url", &url[..]), ("broker.clients_without_gap", policy)];
        let (campanile, _backend) = start(&settings).await;
        comes_to(&campanile, "campanile_broker_connected", 1).await;
        let mut unaware = listen(&campanile, "a", false).await;
        let mut aware = listen(&campanile, "a", true).await;
        tokio::task::block_in_place(|| server.kill());
        comes_to(&campanile, "campanile_broker_connected", 0).await;
        tokio::task::block_in_place(|| server.restart());
        comes_to(&campanile, "campanile_broker_connected", 1).await;
        for until in ["null}", "Z\"}"] {
            let gap = aware.next().await;
            let is_told = matches!(&gap, Some(Incoming::Text(text)) if text.ends_with(until));
            assert!(is_told, "{policy}: {gap:?}");
        }
        if policy == "close" {
            assert_eq!(unaware.next().await, Some(Incoming::Closed(1012)));
        }
        assert_eq!(trigger(&campanile, 1).await.status, 200);
        assert_eq!(aware.next().await, delivery(1), "{policy}");
        if policy == "keep" {
            assert_eq!(unaware.next().await, delivery(1));
            // Nobody is closed later: it would have been by now, or is before the next answer.
            assert_eq!(unaware.settle().await, []);
        }
        let closed = u64::from(policy == "close");
        assert_eq!(metric(&campanile, "campanile_broker_unaware_closed_total").await, closed);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_whose_requests_pile_up_behind_the_broker_is_closed() {
    let Some(server) = Server::redis() else { return };
    let url = server.url_text(server.port());
    let settings = [
        ("broker.url", &url[..]),
        ("broker.silence_s", "60"),
        ("broker.publish_within_s", "60"),
        ("limits.outbox_bytes_max", "1024"),
    ];
    let (campanile, _backend) = start(&settings).await;
    comes_to(&campanile, "campanile_broker_connected", 1).await;
    let mut client = listen(&campanile, "a", true).await;
    server.freeze();
    client.send(r#"{"type":"subscribe","room":{"room":"b"},"requestId":2}"#).await;
    comes_to(&campanile, "campanile_broker_rooms_waiting", 1).await;
    for number in 0..1_000 {
        client.send(&format!(r#"{{"type":"status","requestId":{number}}}"#)).await;
    }
    assert_eq!(client.next().await, Some(Incoming::Closed(1013)));
    comes_to(&campanile, "campanile_connections_waiting_refused_total", 1).await;
    server.thaw();
}
