//! The pub/sub layer on a real Redis.

mod faults;
mod stage;

use campanile_broker::testing::Server;
use campanile_layer::{
    ChannelLayer, LayerError, MissedReason, Received, RedisPubSubLayer, SendError,
};
use futures_util::future::join_all;
use stage::{ask, connect, member, missed, number, numbered, settings, until};

#[tokio::test]
async fn a_group_send_right_after_group_add_is_never_missed() {
    let Some(server) = Server::redis() else { return };
    let (here, there) = (connect(&[server.port()]).await, connect(&[server.port()]).await);
    let mut channel = here.new_channel().await.unwrap();
    for turn in 0..500 {
        let group = format!("room-{}", turn % 3);
        here.group_add(&group, channel.name()).await.unwrap();
        assert_eq!(there.group_send(&group, &numbered(turn)).await.unwrap().reached, 1);
        assert_eq!(number(&mut channel).await, turn);
        here.group_discard(&group, channel.name()).await.unwrap();
        assert_eq!(there.group_send(&group, &numbered(9999)).await.unwrap().reached, 0);
    }
    assert_eq!(channel.try_receive(), None);
}

#[tokio::test]
async fn ten_thousand_channels_come_join_and_go_and_nothing_is_left() {
    let Some(server) = Server::redis() else { return };
    let layer = connect(&[server.port()]).await;
    let joins = (0..10_000).map(|number| {
        let layer = layer.clone();
        async move {
            let channel = member(&layer, "everybody").await;
            layer.group_add(&format!("group-{}", number % 500), channel.name()).await.unwrap();
            channel
        }
    });
    let mut channels = join_all(joins).await;
    let counted = layer.statistics();
    assert_eq!((counted.channels, counted.memberships), (10_000, 20_000));
    layer.group_send("everybody", &numbered(1)).await.unwrap();
    for channel in &mut channels {
        assert_eq!(number(channel).await, 1);
    }
    drop(channels);
    let counted = layer.statistics();
    assert_eq!((counted.channels, counted.memberships), (0, 0));
    until("Redis knows of none", async || {
        ask::<Vec<String>>(&server, "PUBSUB CHANNELS").await.is_empty()
    })
    .await;
}

#[tokio::test]
async fn one_more_member_is_no_question_to_redis_and_the_last_one_ends_the_subscription() {
    let Some(server) = Server::redis() else { return };
    let layer = connect(&[server.port()]).await;
    let (ada, bob) = (member(&layer, "room").await, member(&layer, "room").await);
    let subscribers =
        async || ask::<(String, u64)>(&server, "PUBSUB NUMSUB asgi__group__room").await.1;
    assert_eq!(subscribers().await, 1);
    layer.group_discard("room", ada.name()).await.unwrap();
    assert_eq!(subscribers().await, 1);
    layer.group_discard("room", bob.name()).await.unwrap();
    assert_eq!(subscribers().await, 0);
}

#[tokio::test]
async fn a_channel_that_is_full_is_told_how_many_it_missed_and_where() {
    let Some(server) = Server::redis() else { return };
    let mut small = settings(&[server.port()]);
    small.queue_messages_max = 2;
    let layer = RedisPubSubLayer::connect(small).await.unwrap();
    let mut slow = member(&layer, "room").await;
    let mut quick = member(&layer, "room").await;
    for turn in 0..5 {
        layer.group_send("room", &numbered(turn)).await.unwrap();
        assert_eq!(number(&mut quick).await, turn);
    }
    assert_eq!((number(&mut slow).await, number(&mut slow).await), (0, 1));
    assert_eq!(missed(&mut slow).await, MissedReason::Overflow { count: 3 });
    assert_eq!(layer.statistics().overflowed, 3);
}

#[tokio::test]
async fn what_cannot_be_read_is_counted_and_told_and_the_next_is_heard() {
    let Some(server) = Server::redis() else { return };
    let layer = connect(&[server.port()]).await;
    let mut channel = member(&layer, "room").await;
    for _ in 0..2 {
        ask::<u64>(&server, "PUBLISH asgi__group__room garbage").await;
    }
    layer.group_send("room", &numbered(1)).await.unwrap();
    assert_eq!(missed(&mut channel).await, MissedReason::Undecodable { count: 2 });
    assert_eq!(number(&mut channel).await, 1);
    assert_eq!(layer.statistics().undecodable, 2);
}

#[tokio::test]
async fn what_is_too_long_for_one_process_is_missed_there_and_heard_elsewhere() {
    let Some(server) = Server::redis() else { return };
    let mut narrow = settings(&[server.port()]);
    narrow.common.message_bytes_max = 1000;
    let (narrow, wide) =
        (RedisPubSubLayer::connect(narrow).await.unwrap(), connect(&[server.port()]).await);
    let (mut here, mut there) = (member(&narrow, "room").await, member(&wide, "room").await);
    for length in [1500, 6000] {
        let long = numbered(7).with("text", "x".repeat(length));
        wide.group_send("room", &long).await.unwrap();
        assert_eq!(number(&mut there).await, 7);
        assert_eq!(missed(&mut here).await, MissedReason::Undecodable { count: 1 });
        let refused = narrow.group_send("room", &long).await;
        assert!(matches!(refused, Err(SendError::TooBig { .. })), "{refused:?}");
    }
}

#[tokio::test]
async fn a_general_channel_is_heard_once_in_each_process() {
    let Some(server) = Server::redis() else { return };
    let (here, there) = (connect(&[server.port()]).await, connect(&[server.port()]).await);
    let mut first = here.listen("worker").await.unwrap();
    let mut second = here.listen("worker").await.unwrap();
    let mut third = there.listen("worker").await.unwrap();
    here.send("worker", &numbered(1)).await.unwrap();
    assert_eq!(number(&mut third).await, 1);
    let once = tokio::select! {
        number = number(&mut first) => number,
        number = number(&mut second) => number,
    };
    assert_eq!(once, 1);
    drop(first);
    here.send("worker", &numbered(2)).await.unwrap();
    assert_eq!((number(&mut second).await, number(&mut third).await), (2, 2));
    assert_eq!(second.try_receive(), None);
}

#[tokio::test]
async fn what_redis_does_not_permit_is_refused_and_harms_nothing_else() {
    let Some(server) = Server::redis() else { return };
    let user = "ACL SETUSER ada on >secret resetchannels &asgi* +@all ~*";
    assert_eq!(ask::<String>(&server, user).await, "OK");
    let mut limited = settings(&[]);
    let url = format!("redis://ada:secret@127.0.0.1:{}/0", server.port());
    limited.hosts.push(url.parse().unwrap());
    let layer = RedisPubSubLayer::connect(limited).await.unwrap();
    let mut channel = member(&layer, "room").await;
    let refused = layer.listen("worker").await;
    assert!(matches!(refused, Err(LayerError::Unavailable(_))), "{refused:?}");
    layer.group_send("room", &numbered(1)).await.unwrap();
    assert_eq!(number(&mut channel).await, 1);
    assert_eq!(layer.statistics().channels, 1);
}

#[tokio::test]
async fn names_are_checked_but_for_the_prefix_and_others_channels_cannot_be_added() {
    let Some(server) = Server::redis() else { return };
    let mut odd = settings(&[server.port()]);
    odd.prefix = String::from("my app:");
    let layer = RedisPubSubLayer::connect(odd).await.unwrap();
    let mut channel = member(&layer, "room").await;
    layer.send(channel.name(), &numbered(1)).await.unwrap();
    assert_eq!(number(&mut channel).await, 1);
    let stranger = layer.group_add("room", "my app:specific.0123").await;
    assert_eq!(stranger, Err(LayerError::NotHere));
    let bad = layer.group_send("a room", &numbered(1)).await;
    assert!(matches!(bad, Err(SendError::BadName(_))), "{bad:?}");
}

#[tokio::test]
async fn who_closes_leaves_nothing_and_so_does_who_is_dropped() {
    let Some(server) = Server::redis() else { return };
    let subscribed = async || ask::<Vec<String>>(&server, "PUBSUB CHANNELS").await;
    let layer = connect(&[server.port()]).await;
    let mut channel = member(&layer, "room").await;
    layer.close().await;
    assert_eq!(subscribed().await, Vec::<String>::new());
    assert_eq!(channel.receive().await, Received::Closed);
    assert_eq!(layer.new_channel().await.unwrap_err(), LayerError::Closed);
    assert_eq!(layer.group_send("room", &numbered(1)).await, Err(SendError::Closed));

    let layer = connect(&[server.port()]).await;
    let _channel = member(&layer, "room").await;
    assert_eq!(subscribed().await.len(), 2);
    drop(layer);
    until("the connections end", async || {
        let clients: String = ask(&server, "CLIENT LIST").await;
        subscribed().await.is_empty() && clients.lines().count() == 1
    })
    .await;
}
