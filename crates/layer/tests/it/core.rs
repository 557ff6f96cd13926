//! The layer on Redis in the core format.

use crate::stage::{Redis, connect, member, number, numbered, receive, settings, until};
use campanile_broker::testing::Server;
use campanile_layer::capacity::Capacities;
use campanile_layer::redis::SecretKeys;
use campanile_layer::{ChannelLayer, LayerError, MissedReason, Received, RedisLayer, SendError};
use std::collections::BTreeSet;
use std::time::Duration;

#[tokio::test]
async fn what_one_process_sends_to_a_group_the_others_receive_in_order() {
    let Some(server) = Server::redis() else { return };
    let (ada, bob) = (connect(settings(&server, 1)).await, connect(settings(&server, 1)).await);
    let mut members = vec![member(&ada, "room").await, member(&ada, "room").await];
    members.push(member(&bob, "room").await);
    for channel in &mut members {
        assert_eq!(channel.try_receive(), None);
    }
    let mut received = [0; 3];
    for number in 0..500 {
        let reach = ada.group_send("room", &numbered(number)).await.unwrap();
        assert_eq!((reach.reached, reach.full), (3, 0));
        // So that the queues do not overflow.
        if number % 50 == 49 {
            for (channel, received) in members.iter_mut().zip(&mut received) {
                while *received <= number {
                    assert_eq!(crate::stage::number(channel).await, *received);
                    *received += 1;
                }
            }
        }
    }
    assert_eq!(ada.group_send("hall", &numbered(0)).await.unwrap().reached, 0);
}

#[tokio::test]
async fn a_message_to_one_channel_reaches_it_alone_and_equal_ones_all_arrive() {
    let Some(server) = Server::redis() else { return };
    let (ada, bob) = (connect(settings(&server, 3)).await, connect(settings(&server, 3)).await);
    let mut channels = Vec::new();
    for _ in 0..20 {
        channels.push(bob.new_channel().await.unwrap());
    }
    for channel in &mut channels {
        for _ in 0..3 {
            ada.send(channel.name(), &numbered(7)).await.unwrap();
        }
        for _ in 0..3 {
            assert_eq!(number(channel).await, 7);
        }
    }
    for channel in &mut channels {
        assert_eq!(channel.try_receive(), None);
    }
}

#[tokio::test]
async fn several_hosts_and_inboxes_are_one_layer() {
    let Some(server) = Server::redis() else { return };
    let mut wide = settings(&server, 4);
    wide.inboxes = 3;
    let (ada, bob) = (connect(settings(&server, 4)).await, connect(wide).await);
    for group in ["room-1", "lobby", "chat.7", "hall", "garden"] {
        let mut members = Vec::new();
        for _ in 0..6 {
            members.push(member(&bob, group).await);
        }
        let inboxes: BTreeSet<&str> =
            members.iter().map(|channel| channel.name().split_once('!').unwrap().0).collect();
        assert_eq!(inboxes.len(), 3);
        assert_eq!(ada.group_send(group, &numbered(1)).await.unwrap().reached, 6);
        for channel in &mut members {
            assert_eq!(number(channel).await, 1);
        }
    }
}

#[tokio::test]
async fn a_full_inbox_refuses_until_what_is_in_it_has_expired() {
    let Some(server) = Server::redis() else { return };
    let mut narrow = settings(&server, 1);
    narrow.common.capacity = Capacities { globs: Vec::new(), default: 2 };
    narrow.common.expiry = Duration::from_secs(10);
    let layer = connect(narrow).await;
    // Nobody receives: so everything stays in Redis.
    let channel = member(&layer, "room").await;
    for number in 0..2 {
        layer.send(channel.name(), &numbered(number)).await.unwrap();
    }
    assert_eq!(layer.send(channel.name(), &numbered(2)).await, Err(SendError::Full));
    let reach = layer.group_send("room", &numbered(3)).await.unwrap();
    assert_eq!((reach.reached, reach.full), (0, 1));
    let counted = layer.statistics();
    assert_eq!((counted.sent, counted.send_full, counted.group_full), (2, 1, 1));
    until("there is room again", async || layer.send(channel.name(), &numbered(4)).await.is_ok())
        .await;
    let mut redis = Redis::of(&server).await;
    until("the inbox is gone", async || redis.keys().await == ["asgi:group:room"]).await;
}

#[tokio::test]
async fn a_membership_outlives_its_expiry_and_an_emptied_redis() {
    let Some(server) = Server::redis() else { return };
    let mut short = settings(&server, 1);
    short.group_expiry = Duration::from_secs(4);
    let layer = connect(short).await;
    let mut channel = member(&layer, "room").await;
    tokio::time::sleep(Duration::from_secs(6)).await;
    until("it is still a member", async || {
        layer.group_send("room", &numbered(1)).await.unwrap().reached == 1
    })
    .await;
    assert_eq!(number(&mut channel).await, 1);
    let () = Redis::of(&server).await.ask("FLUSHALL").await;
    until("the membership is renewed", async || {
        layer.group_send("room", &numbered(2)).await.unwrap().reached == 1
    })
    .await;
    // Nor does a renewal bring back what was left.
    layer.group_discard("room", channel.name()).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(layer.group_send("room", &numbered(3)).await.unwrap().reached, 0);
}

#[tokio::test]
async fn nothing_is_left_of_a_thousand_channels_nor_of_a_closed_layer() {
    let Some(server) = Server::redis() else { return };
    let layer = connect(settings(&server, 1)).await;
    let mut redis = Redis::of(&server).await;
    let mut channels = Vec::new();
    for number in 0..1000 {
        channels.push(member(&layer, ["room", "hall"][number % 2]).await);
    }
    assert_eq!(redis.ask::<u64>("ZCARD asgi:group:room").await, 500);
    let mut kept = channels.split_off(990);
    drop(channels);
    until("all have left", async || redis.ask::<u64>("ZCARD asgi:group:room").await == 5).await;
    assert_eq!((layer.statistics().channels, layer.statistics().memberships), (10, 10));
    layer.send(kept[0].name(), &numbered(1)).await.unwrap();
    layer.close().await;
    assert_eq!(redis.keys().await, Vec::<String>::new());
    assert_eq!(receive(&mut kept[1]).await, Received::Closed);
    assert_eq!(layer.send(kept[1].name(), &numbered(1)).await, Err(SendError::Closed));
    assert_eq!(layer.new_channel().await.unwrap_err(), LayerError::Closed);
}

#[tokio::test]
async fn a_dropped_layer_leaves_its_groups() {
    let Some(server) = Server::redis() else { return };
    let layer = connect(settings(&server, 1)).await;
    let mut channel = member(&layer, "room").await;
    drop(layer);
    assert_eq!(receive(&mut channel).await, Received::Closed);
    let mut redis = Redis::of(&server).await;
    until("nothing is left", async || redis.keys().await.is_empty()).await;
}

#[tokio::test]
async fn a_message_to_a_general_channel_goes_to_one_of_those_who_wait() {
    let Some(server) = Server::redis() else { return };
    let (ada, bob) = (connect(settings(&server, 2)).await, connect(settings(&server, 2)).await);
    let mut redis = Redis::of(&server).await;
    let mut workers = [ada.listen("worker").await.unwrap(), bob.listen("worker").await.unwrap()];
    for number in 0..20 {
        ada.send("worker", &numbered(number)).await.unwrap();
    }
    // Nobody waits yet, so nothing is taken from others.
    assert_eq!(redis.ask::<u64>("ZCARD asgiworker").await, 10);
    let mut received = BTreeSet::new();
    let [first, second] = &mut workers;
    for _ in 0..20 {
        let next = tokio::select! {
            next = receive(first) => next,
            next = receive(second) => next,
        };
        let Received::Message(message) = next else { panic!("{next:?}") };
        received.insert(message.read::<Numbered>().unwrap().number);
    }
    assert_eq!(received, (0..20).collect());
}

#[derive(serde::Deserialize)]
struct Numbered {
    number: u64,
}

#[tokio::test]
async fn encrypted_messages_are_read_with_any_key_and_others_are_missed() {
    let Some(server) = Server::redis() else { return };
    let keys = |keys: &[&str]| {
        let mut settings = settings(&server, 1);
        let keys = keys.iter().map(|&key| key.to_owned()).collect();
        settings.symmetric_encryption_keys = SecretKeys::new(keys);
        settings
    };
    let new = connect(keys(&["new", "old"])).await;
    let old = connect(keys(&["old"])).await;
    let wrong = connect(keys(&["wrong"])).await;
    let mut members = [member(&new, "room").await, member(&wrong, "room").await];
    old.group_send("room", &numbered(1)).await.unwrap();
    assert_eq!(number(&mut members[0]).await, 1);
    let Received::Missed(missed) = receive(&mut members[1]).await else { panic!("it is missing") };
    assert_eq!(missed.reason, MissedReason::Undecodable { count: 1 });
    // It goes on.
    wrong.group_send("room", &numbered(2)).await.unwrap();
    assert_eq!(number(&mut members[1]).await, 2);
    assert_eq!(wrong.statistics().undecodable, 1);
}

#[tokio::test]
async fn a_login_that_is_refused_is_said_with_what_to_do() {
    let Some(server) = Server::redis() else { return };
    let mut redis = Redis::of(&server).await;
    let () = redis.ask("CONFIG SET requirepass secret").await;
    let mut impatient = settings(&server, 1);
    impatient.connect_within = Duration::from_secs(1);
    let Err(LayerError::Unavailable(why)) = RedisLayer::connect(impatient).await else {
        panic!("it needs a password");
    };
    assert!(why.contains("127.0.0.1"), "{why}");
    assert!(why.to_lowercase().contains("auth"), "{why}");
}

#[tokio::test]
async fn a_key_that_is_no_group_harms_no_other() {
    let Some(server) = Server::redis() else { return };
    let mut short = settings(&server, 1);
    short.group_expiry = Duration::from_secs(2);
    let layer = connect(short).await;
    let mut redis = Redis::of(&server).await;
    let mut channel = member(&layer, "room").await;
    let strange = member(&layer, "strange").await;
    let () = redis.ask("SET asgi:group:strange 1").await;
    let added = layer.group_add("strange", channel.name()).await;
    assert!(matches!(added, Err(LayerError::Unavailable(_))), "{added:?}");
    drop(strange);
    tokio::time::sleep(Duration::from_secs(1)).await;
    layer.group_send("room", &numbered(1)).await.unwrap();
    assert_eq!(number(&mut channel).await, 1);
    assert_eq!(layer.statistics().outages, 0);
}
