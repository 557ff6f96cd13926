//! Redis Streams.

use crate::faults::Missed;
use crate::node::{Node, settings};
use crate::slow::Slow;
use crate::{contract, faults, slow};
use campanile_broker::testing::{Line, Server};
use campanile_broker::{Settings, StreamSettings, To};

fn streams(settings: &mut Settings) {
    settings.streams = Some(StreamSettings { entries_max: 10_000 });
}

#[tokio::test]
async fn redis_streams_keep_their_promise() {
    let Some(server) = Server::redis() else { return };
    contract::check(&server.url(), streams).await;
    slow::check(&server.url(), Slow::Waits, streams).await;
    a_node_that_was_cut_off_for_too_long_is_told_that_something_is_missing(&server).await;
}

#[tokio::test]
async fn redis_streams_in_trouble_keep_their_promise() {
    let Some(mut server) = Server::redis() else { return };
    faults::check(&mut server, Missed::Replayed, streams).await;
}

async fn a_node_that_was_cut_off_for_too_long_is_told_that_something_is_missing(server: &Server) {
    let tune = |settings: &mut Settings| {
        settings.streams = Some(StreamSettings { entries_max: 100 });
    };
    let line = Line::to(server.port());
    let mut cut = Node::start(&settings(server.url_at(line.port()), "trimmed", tune)).await;
    let other = Node::start(&settings(server.url(), "trimmed", tune)).await;
    line.cut();
    cut.wait_for_lost().await;
    for number in 0..1000 {
        other.publish(To::Everybody, &number.to_string()).await;
    }
    line.mend();
    let (lost, _, mut heard) = cut.wait_for_back().await;
    assert!(lost);
    other.publish(To::Everybody, "end").await;
    heard.extend(cut.hears_until("end").await);
    // What is still there is heard, in order and up to the last.
    assert_eq!(heard.last().map(String::as_str), Some("999"));
    assert!(heard.len() >= 100 && heard.len() < 1000, "{}", heard.len());
}

#[tokio::test]
async fn a_redis_that_appends_to_its_file_loses_nothing_when_it_is_killed() {
    let Some(mut server) = Server::appending_redis() else { return };
    let settings = settings(server.url(), "appending", streams);
    let (mut node, other) = (Node::start(&settings).await, Node::start(&settings).await);
    other.publish(To::Everybody, "before").await;
    assert_eq!(node.hears().await, "before");
    server.kill();
    node.wait_for_lost().await;
    server.restart();
    let (lost, _, heard) = node.wait_for_back().await;
    assert_eq!((lost, heard), (false, vec![]));
    node.publish(To::Everybody, "after").await;
    assert_eq!(node.hears().await, "after");
}
