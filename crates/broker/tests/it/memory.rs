//! A node alone.

use crate::node::{Node, settings};
use bytes::Bytes;
use campanile_broker::{Broker, BrokerUrl, PublishError, State, To};

#[tokio::test]
async fn a_node_alone_hears_what_it_publishes_in_order() {
    let mut node = Node::start(&settings(BrokerUrl::memory(), "alone", |_| {})).await;
    node.publish(To::Rooms(&["a", "b"]), "1").await;
    node.publish(To::Everybody, "2").await;
    node.publish(To::Nodes, "3").await;
    assert_eq!((node.hears().await, node.hears().await), ("1".into(), "2".into()));
    assert_eq!(node.hears_control().await, "3");
    assert_eq!(node.broker.state(), State::Connected);
}

#[tokio::test]
async fn nobody_hears_what_is_published_when_the_events_are_dropped() {
    let (broker, events) = campanile_broker::start(&settings(BrokerUrl::memory(), "x", |_| {}));
    drop(events);
    let result = Broker::publish(&*broker, To::Everybody, Bytes::from_static(b"1")).await;
    assert!(matches!(result, Err(PublishError::Unavailable(_))));
}
