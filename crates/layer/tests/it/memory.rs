//! The layer within one process.

use campanile_layer::capacity::{Capacities, Glob};
use campanile_layer::{
    ChannelLayer, LayerError, MemoryLayer, Message, MissedReason, Received, SendError, Settings,
};
use std::time::Duration;

fn numbered(number: u64) -> Message {
    Message::of_type("test.number").with("number", number)
}

fn layer(capacity: usize) -> MemoryLayer {
    let capacity = Capacities { globs: vec![(Glob::new("wide"), 5)], default: capacity };
    MemoryLayer::new(Settings { capacity, ..Settings::default() })
}

#[tokio::test]
async fn a_group_send_reaches_its_members_with_one_shared_message() {
    let layer = layer(10);
    let mut ada = layer.new_channel().await.unwrap();
    let mut bob = layer.new_channel().await.unwrap();
    let mut eve = layer.new_channel().await.unwrap();
    for channel in [&ada, &bob] {
        layer.group_add("room", channel.name()).await.unwrap();
        layer.group_add("room", channel.name()).await.unwrap();
    }
    let sent = numbered(1);
    assert_eq!(layer.group_send("room", &sent).await.unwrap().reached, 2);
    for channel in [&mut ada, &mut bob] {
        let Some(Received::Message(heard)) = channel.try_receive() else { panic!("it came") };
        assert!(heard.is_same(&sent));
        assert_eq!(channel.try_receive(), None);
    }
    assert_eq!(eve.try_receive(), None);
}

#[tokio::test]
async fn a_full_channel_is_an_error_to_send_and_a_report_to_a_group_send() {
    let layer = layer(2);
    let mut ada = layer.new_channel().await.unwrap();
    layer.group_add("room", ada.name()).await.unwrap();
    for number in 0..2 {
        layer.send(ada.name(), &numbered(number)).await.unwrap();
    }
    assert_eq!(layer.send(ada.name(), &numbered(2)).await, Err(SendError::Full));
    for number in 3..6 {
        let reach = layer.group_send("room", &numbered(number)).await.unwrap();
        assert_eq!((reach.reached, reach.full), (0, 1));
    }
    assert_eq!(ada.receive().await, Received::Message(numbered(0)));
    layer.send(ada.name(), &numbered(6)).await.unwrap();
    assert_eq!(ada.receive().await, Received::Message(numbered(1)));
    let Received::Missed(missed) = ada.receive().await else { panic!("three are missing") };
    assert_eq!(missed.reason, MissedReason::Overflow { count: 3 });
    assert_eq!(ada.receive().await, Received::Message(numbered(6)));
    let counted = layer.statistics();
    assert_eq!((counted.send_full, counted.group_full, counted.overflowed), (1, 3, 3));
}

#[tokio::test]
async fn a_dropped_channel_is_in_no_group_any_more() {
    let layer = layer(2);
    let ada = layer.new_channel().await.unwrap();
    layer.group_add("room", ada.name()).await.unwrap();
    layer.group_add("hall", ada.name()).await.unwrap();
    let name = ada.name().to_owned();
    drop(ada);
    assert_eq!(layer.group_send("room", &numbered(1)).await.unwrap().reached, 0);
    let counted = layer.statistics();
    assert_eq!((counted.channels, counted.memberships), (0, 0));
    assert_eq!(layer.group_add("room", &name).await, Err(LayerError::NotHere));
    assert_eq!(layer.send(&name, &numbered(2)).await, Ok(()));
}

#[tokio::test]
async fn a_general_channel_waits_for_those_who_listen_and_each_message_goes_to_one() {
    let layer = layer(2);
    layer.send("wide", &numbered(1)).await.unwrap();
    let mut first = layer.listen("wide").await.unwrap();
    let mut second = layer.listen("wide").await.unwrap();
    assert_eq!(first.receive().await, Received::Message(numbered(1)));
    for number in 2..7 {
        layer.send("wide", &numbered(number)).await.unwrap();
    }
    assert_eq!(layer.send("wide", &numbered(7)).await, Err(SendError::Full));
    assert_eq!(second.receive().await, Received::Message(numbered(2)));
    assert_eq!(first.receive().await, Received::Message(numbered(3)));
}

#[tokio::test(start_paused = true)]
async fn what_waits_longer_than_its_expiry_is_missed() {
    let layer = layer(10);
    let mut ada = layer.new_channel().await.unwrap();
    layer.send(ada.name(), &numbered(1)).await.unwrap();
    layer.send(ada.name(), &numbered(2)).await.unwrap();
    tokio::time::advance(Duration::from_secs(61)).await;
    layer.send(ada.name(), &numbered(3)).await.unwrap();
    let Received::Missed(missed) = ada.receive().await else { panic!("two are missing") };
    assert_eq!(missed.reason, MissedReason::Expired { count: 2 });
    assert_eq!(ada.receive().await, Received::Message(numbered(3)));
}

#[tokio::test]
async fn a_closed_layer_ends_its_channels_after_what_had_come() {
    let layer = layer(10);
    let mut ada = layer.new_channel().await.unwrap();
    layer.send(ada.name(), &numbered(1)).await.unwrap();
    layer.close().await;
    assert_eq!(ada.receive().await, Received::Message(numbered(1)));
    assert_eq!(ada.receive().await, Received::Closed);
    assert_eq!(ada.receive().await, Received::Closed);
    assert_eq!(layer.send("worker", &numbered(2)).await, Err(SendError::Closed));
    assert_eq!(layer.new_channel().await.unwrap_err(), LayerError::Closed);
}

#[tokio::test]
async fn limits_hold() {
    let settings =
        Settings { channels_max: 1, groups_max: 1, message_bytes_max: 50, ..Settings::default() };
    let layer = MemoryLayer::new(settings);
    let ada = layer.new_channel().await.unwrap();
    assert_eq!(layer.new_channel().await.unwrap_err(), LayerError::Limit("channels_max"));
    layer.group_add("room", ada.name()).await.unwrap();
    assert_eq!(layer.group_add("hall", ada.name()).await, Err(LayerError::Limit("groups_max")));
    let long = numbered(1).with("text", "x".repeat(50));
    assert!(matches!(layer.send(ada.name(), &long).await, Err(SendError::TooBig { .. })));
    assert!(matches!(layer.send("a b", &numbered(1)).await, Err(SendError::BadName(_))));
    assert!(matches!(layer.group_add("a!", ada.name()).await, Err(LayerError::BadName(_))));
}
