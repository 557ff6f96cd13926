//! A layer on Redis while that is killed, frozen or cut off.

use crate::stage::{
    Redis, connect, member, number, numbered, outage, settings, settings_at, until,
};
use campanile_broker::testing::{Line, Server};
use campanile_layer::{Channel, ChannelLayer, LayerError, RedisLayer, SendError};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// What fails at once needs no more than this, on any machine: less than the silence, which each would
/// take that waited for an answer.
const AT_ONCE: Duration = Duration::from_secs(3);

/// Waits until the loss is noticed, and holds everything to failing at once from then on.
async fn noticed(layer: &RedisLayer, channel: &Channel) {
    until("the loss is noticed", async || {
        let message = numbered(0);
        // The channel and the group may be on different hosts.
        matches!(layer.group_send("room", &message).await, Err(SendError::Unavailable(_)))
            && matches!(layer.send(channel.name(), &message).await, Err(SendError::Unavailable(_)))
            && layer.group_add("hall", channel.name()).await.is_err()
    })
    .await;
    let sends = async {
        let sent = layer.send(channel.name(), &numbered(0)).await;
        assert!(matches!(sent, Err(SendError::Unavailable(_))), "{sent:?}");
        let sent = layer.group_send("room", &numbered(0)).await;
        assert!(matches!(sent, Err(SendError::Unavailable(_))), "{sent:?}");
        let added = layer.group_add("hall", channel.name()).await;
        assert!(matches!(added, Err(LayerError::Unavailable(_))), "{added:?}");
    };
    assert!(tokio::time::timeout(AT_ONCE, sends).await.is_ok(), "something waits");
}

#[tokio::test]
async fn after_a_restart_under_load_everything_is_joined_again_and_the_outage_is_told() {
    let Some(mut server) = Server::redis() else { return };
    let (ada, bob) = (connect(settings(&server, 2)).await, connect(settings(&server, 2)).await);
    let mut members = Vec::new();
    for _ in 0..300 {
        members.push(member(&ada, "room").await);
    }
    let over = AtomicBool::new(false);
    let load = async {
        while !over.load(Ordering::Relaxed) {
            // While Redis is away it fails.
            let _ = bob.group_send("room", &numbered(0)).await;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let restart = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        server.kill();
        noticed(&ada, &members[0]).await;
        server.restart();
        for channel in &mut members {
            outage(channel).await;
        }
        over.store(true, Ordering::Relaxed);
    };
    tokio::join!(load, restart);
    until("all are members again", async || {
        bob.group_send("room", &numbered(1)).await.is_ok_and(|reach| reach.reached == 300)
    })
    .await;
    for channel in &mut members {
        while number_or_missed(channel).await != Some(1) {}
    }
    assert!(ada.statistics().outages >= 1);
}

async fn number_or_missed(channel: &mut Channel) -> Option<u64> {
    match crate::stage::receive(channel).await {
        campanile_layer::Received::Message(message) => {
            message.get("number").map(|value| u64::from(*value == 1_u64.into()))
        }
        _ => None,
    }
}

#[tokio::test]
async fn a_frozen_redis_is_noticed_though_nobody_says_a_word() {
    let Some(server) = Server::redis() else { return };
    let layer = connect(settings(&server, 1)).await;
    let mut channel = member(&layer, "room").await;
    assert_eq!(channel.try_receive(), None);
    server.freeze();
    noticed(&layer, &channel).await;
    server.thaw();
    outage(&mut channel).await;
    until("it is sent again", async || layer.group_send("room", &numbered(1)).await.is_ok()).await;
    while number_or_missed(&mut channel).await != Some(1) {}
}

#[tokio::test]
async fn a_slow_redis_is_only_slow() {
    let Some(server) = Server::redis() else { return };
    let mut patient = settings(&server, 1);
    patient.silence = Duration::from_secs(20);
    let layer = connect(patient).await;
    let mut channel = member(&layer, "room").await;
    server.freeze();
    let message = numbered(1);
    let sending = layer.group_send("room", &message);
    let thawing = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        server.thaw();
    };
    let (sent, ()) = tokio::join!(sending, thawing);
    assert_eq!(sent.unwrap().reached, 1);
    assert_eq!(number(&mut channel).await, 1);
    assert_eq!(layer.statistics().outages, 0);
}

#[tokio::test]
async fn behind_a_cut_or_dead_line_what_is_left_is_left_afterwards() {
    let Some(server) = Server::redis() else { return };
    let mut redis = Redis::of(&server).await;
    for dead in [false, true] {
        let line = Line::to(server.port());
        let layer = connect(settings_at(&server, line.port(), 1)).await;
        let other = connect(settings(&server, 1)).await;
        let mut stays = member(&layer, "room").await;
        let (leaves, goes) = (member(&layer, "room").await, member(&layer, "room").await);
        assert_eq!(stays.try_receive(), None);
        if dead {
            line.go_dead();
        } else {
            line.cut();
        }
        noticed(&layer, &stays).await;
        layer.group_discard("room", leaves.name()).await.unwrap();
        drop(goes);
        // Redis keeps what is sent meanwhile, for a while.
        other.group_send("room", &numbered(1)).await.unwrap();
        line.mend();
        outage(&mut stays).await;
        if !dead {
            assert_eq!(number(&mut stays).await, 1);
        }
        until("both have left", async || redis.ask::<u64>("ZCARD asgi:group:room").await == 1)
            .await;
        assert_eq!(other.group_send("room", &numbered(2)).await.unwrap().reached, 1);
        // What a dead line held up may still ask for the first one, and nobody hears the answer.
        let first = number(&mut stays).await;
        assert!(first == 2 || dead && number(&mut stays).await == 2);
        layer.close().await;
    }
}

#[tokio::test]
async fn one_host_of_several_may_be_away() {
    let (Some(first), Some(mut second)) = (Server::redis(), Server::redis()) else { return };
    let mut both = settings(&first, 1);
    both.hosts.push(second.url_text(second.port()).parse().unwrap());
    both.inboxes = 16;
    let layer = connect(both).await;
    // On the first host; "room-1" is on the second.
    let mut members = Vec::new();
    for _ in 0..16 {
        members.push(member(&layer, "lobby").await);
    }
    second.kill();
    until("it is noticed", async || {
        matches!(layer.group_send("room-1", &numbered(0)).await, Err(SendError::Unavailable(_)))
    })
    .await;
    let reach = layer.group_send("lobby", &numbered(1)).await.unwrap();
    assert_eq!(reach.reached + reach.unreachable, 16, "{reach:?}");
    assert!(reach.reached > 0 && reach.unreachable > 0, "{reach:?}");
    for number in 0..4 {
        // The hosts take turns, but for the one that is away.
        layer.send("worker", &numbered(number)).await.unwrap();
    }
    second.restart();
    outage(&mut members[0]).await;
    until("all are reached", async || {
        layer.group_send("lobby", &numbered(2)).await.is_ok_and(|reach| reach.reached == 16)
    })
    .await;
}
