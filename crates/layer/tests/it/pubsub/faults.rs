//! The pub/sub layer while its Redis is killed, frozen or cut off.

use super::stage::{
    ask, connect, member, missed, number, number_of, numbered, receive, until, until_lost,
};
use campanile_broker::testing::{Line, Server};
use campanile_layer::{
    Channel, ChannelLayer, LayerError, MissedReason, Received, RedisPubSubLayer,
};
use futures_util::future::join_all;
use std::cell::Cell;
use std::time::SystemTime;

/// What is done to the way to Redis, and how it is whole again.
#[derive(Clone, Copy, Debug)]
enum Fault {
    Killed,
    Frozen,
    Cut,
    Dead,
}

impl Fault {
    fn begin(self, server: &mut Server, line: &Line) {
        match self {
            Fault::Killed => server.kill(),
            Fault::Frozen => server.freeze(),
            Fault::Cut => line.cut(),
            Fault::Dead => line.go_dead(),
        }
    }

    fn end(self, server: &mut Server, line: &Line) {
        match self {
            Fault::Killed => server.restart(),
            Fault::Frozen => server.thaw(),
            Fault::Cut | Fault::Dead => line.mend(),
        }
    }
}

#[tokio::test]
async fn after_an_outage_of_any_kind_everything_is_subscribed_again_and_every_channel_is_told() {
    let Some(mut server) = Server::redis() else { return };
    for fault in [Fault::Killed, Fault::Frozen, Fault::Cut, Fault::Dead] {
        let line = Line::to(server.port());
        let layer = connect(&[line.port()]).await;
        let mut channels = join_all((0..1200).map(|number| {
            let layer = layer.clone();
            async move { member(&layer, &format!("room-{}", number % 600)).await }
        }))
        .await;
        let began = SystemTime::now();
        fault.begin(&mut server, &line);
        until_lost(&layer, "room-1").await;
        let added = layer.group_add("hall", channels[0].name()).await;
        assert!(matches!(added, Err(LayerError::Unavailable(_))), "{fault:?}: {added:?}");
        layer.group_discard("room-0", channels[0].name()).await.unwrap();
        let mut late = layer.new_channel().await.unwrap();
        drop(channels.pop());
        fault.end(&mut server, &line);
        for channel in channels.iter_mut().chain([&mut late]) {
            let MissedReason::Outage { from, until } = missed(channel).await else {
                panic!("{fault:?}: an outage is told")
            };
            assert!(from <= began && began < until, "{fault:?}: {from:?} {began:?} {until:?}");
        }
        layer.group_add("hall", late.name()).await.unwrap();
        check_everything_is_heard(&connect(&[server.port()]).await, &mut channels, &mut late).await;
        layer.close().await;
    }
}

/// The first channel has left its room, the last one is gone.
async fn check_everything_is_heard(
    other: &RedisPubSubLayer,
    channels: &mut [Channel],
    late: &mut Channel,
) {
    for group in 0..600 {
        other.group_send(&format!("room-{group}"), &numbered(group)).await.expect("Redis is there");
    }
    for (index, channel) in channels.iter_mut().enumerate().skip(1) {
        assert_eq!(number(channel).await, index as u64 % 600);
    }
    other.group_send("hall", &numbered(7)).await.expect("Redis is there");
    other.send(channels[0].name(), &numbered(8)).await.expect("Redis is there");
    assert_eq!((number(late).await, number(&mut channels[0]).await), (7, 8));
}

#[tokio::test]
async fn an_outage_is_told_before_anything_that_comes_after_it() {
    let Some(server) = Server::redis() else { return };
    let line = Line::to(server.port());
    let layer = connect(&[line.port()]).await;
    let other = connect(&[server.port()]).await;
    // To subscribe to that many again takes a while, in which some are heard again already.
    let mut channels =
        join_all((0..3000).map(|_| async { layer.new_channel().await.unwrap() })).await;
    let names: Vec<_> = channels.iter().map(|channel| channel.name().to_owned()).collect();
    let (next, over) = (Cell::new(0), Cell::new(false));
    let load = async {
        while !over.get() {
            let name = &names[next.get() as usize % names.len()];
            other.send(name, &numbered(next.get())).await.expect("Redis is there");
            next.set(next.get() + 1);
        }
    };
    let outage = async {
        line.cut();
        until_lost(&layer, "room-1").await;
        let after = next.get();
        line.mend();
        for channel in &mut channels {
            loop {
                match receive(channel).await {
                    Received::Message(message) => assert!(number_of(&message) < after),
                    Received::Missed(_) => break,
                    Received::Closed => panic!("it is not closed"),
                }
            }
        }
        over.set(true);
    };
    tokio::join!(load, outage);
}

#[tokio::test]
async fn only_those_hear_of_an_outage_who_had_something_on_that_host() {
    let (Some(first), Some(mut second)) = (Server::redis(), Server::redis()) else { return };
    let ports = [first.port(), second.port()];
    let layer = connect(&ports).await;
    let other = connect(&ports).await;
    // "lobby" is on the second host, "room-1" on the first; so are half of the channels.
    let mut channels = Vec::new();
    while channels.len() < 2 {
        let channel = layer.new_channel().await.unwrap();
        let key = format!("PUBSUB NUMSUB {}", channel.name());
        if ask::<(String, u64)>(&first, &key).await.1 == 1 {
            layer.group_add("room-1", channel.name()).await.unwrap();
            channels.push(channel);
        }
    }
    let [mut both, mut one] = <[Channel; 2]>::try_from(channels).unwrap();
    layer.group_add("lobby", both.name()).await.unwrap();
    second.kill();
    until_lost(&layer, "lobby").await;
    other.group_send("room-1", &numbered(1)).await.unwrap();
    assert_eq!((number(&mut both).await, number(&mut one).await), (1, 1));
    second.restart();
    assert!(matches!(missed(&mut both).await, MissedReason::Outage { .. }));
    until("the other one is back", async || other.group_send("lobby", &numbered(2)).await.is_ok())
        .await;
    assert_eq!(number(&mut both).await, 2);
    other.group_send("room-1", &numbered(3)).await.unwrap();
    assert_eq!((number(&mut both).await, number(&mut one).await), (3, 3));
}
