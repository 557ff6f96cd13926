//! What every broker promises when it dies, freezes or is cut off.

use crate::node::{Node, Tune, settings};
use campanile_broker::testing::{Line, Server};
use campanile_broker::{PublishError, To};
use std::time::{Duration, Instant, SystemTime};

const ROOM: To<'_> = To::Rooms(&["room"]);

/// A loss is noticed within the silence, 3 s, and a probe's time; the machine may add to it.
const NOTICED_WITHIN: Duration = Duration::from_secs(30);

/// Whether what a node missed is heard afterwards.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missed {
    Lost,
    Replayed,
}

/// Holds a broker to all of it.
pub(crate) async fn check(server: &mut Server, missed: Missed, tune: Tune) {
    a_cut_line_is_noticed_and_told(server, missed, tune).await;
    a_dead_line_is_noticed_though_nobody_says_a_word(server, missed, tune).await;
    a_frozen_broker_is_noticed_and_nothing_is_published_twice(server, missed, tune).await;
    a_killed_broker_is_noticed_and_everything_is_there_again(server, tune).await;
}

async fn a_cut_line_is_noticed_and_told(server: &Server, missed: Missed, tune: Tune) {
    let line = Line::to(server.port());
    let mut cut = Node::start(&settings(server.url_at(line.port()), "cut", tune)).await;
    let other = Node::start(&settings(server.url(), "cut", tune)).await;
    cut.listen("room").await;
    other.publish(ROOM, "before").await;
    assert_eq!(cut.hears().await, "before");
    line.cut();
    let since = cut.wait_for_lost().await;
    let refused = cut.try_to_publish(ROOM, "in the outage").await;
    assert!(matches!(refused, Err(PublishError::Unavailable(_))), "{refused:?}");
    assert!(cut.broker.listen("new").await.is_err() == cut.broker.listens_by_room());
    for text in ["missed 1", "missed 2"] {
        other.publish(ROOM, text).await;
    }
    line.mend();
    let (lost, from, mut heard) = cut.wait_for_back().await;
    assert_eq!((lost, from), (missed == Missed::Lost, since));
    other.publish(To::Rooms(&["new"]), "new").await;
    other.publish(ROOM, "after").await;
    heard.extend(cut.hears_until("after").await);
    heard.retain(|text| text != "in the outage");
    let expected: &[&str] =
        if missed == Missed::Lost { &["new"] } else { &["missed 1", "missed 2", "new"] };
    assert_eq!(heard, expected);
}

/// A node that listens to many rooms listens to all of them again.
pub(crate) async fn many_rooms(server: &Server) {
    const ROOMS: usize = 5000;
    let line = Line::to(server.port());
    let mut node = Node::start(&settings(server.url_at(line.port()), "many", |_| {})).await;
    let rooms: Vec<String> = (0..ROOMS).map(|number| format!("room {number}")).collect();
    let listens = rooms.iter().map(|room| node.broker.listen(room));
    for listened in futures_util::future::join_all(listens).await {
        listened.expect("the broker confirms it");
    }
    line.cut();
    node.wait_for_lost().await;
    line.mend();
    node.wait_for_back().await;
    for room in [&rooms[0], &rooms[ROOMS / 2], &rooms[ROOMS - 1]] {
        node.publish(To::Rooms(&[room]), room).await;
        assert_eq!(node.hears().await, *room);
    }
}

async fn a_dead_line_is_noticed_though_nobody_says_a_word(
    server: &Server,
    missed: Missed,
    tune: Tune,
) {
    let line = Line::to(server.port());
    let mut node = Node::start(&settings(server.url_at(line.port()), "dead", tune)).await;
    let other = Node::start(&settings(server.url(), "dead", tune)).await;
    node.listen("room").await;
    settle().await;
    line.go_dead();
    check_notice(&mut node).await;
    other.publish(ROOM, "missed").await;
    line.mend();
    let (lost, _, mut heard) = node.wait_for_back().await;
    assert_eq!(lost, missed == Missed::Lost);
    other.publish(ROOM, "after").await;
    heard.extend(node.hears_until("after").await);
    assert_eq!(heard, if lost { vec![] } else { vec!["missed"] });
}

async fn a_frozen_broker_is_noticed_and_nothing_is_published_twice(
    server: &Server,
    missed: Missed,
    tune: Tune,
) {
    let settings = settings(server.url(), "frozen", tune);
    let (mut node, mut other) = (Node::start(&settings).await, Node::start(&settings).await);
    node.listen("room").await;
    other.listen("room").await;
    settle().await;
    server.freeze();
    let unconfirmed = async {
        let result = other.try_to_publish(ROOM, "into the ice").await;
        assert!(matches!(result, Err(PublishError::Unconfirmed(_))), "{result:?}");
    };
    tokio::join!(check_notice(&mut node), unconfirmed);
    let refused = node.try_to_publish(ROOM, "too late").await;
    assert!(matches!(refused, Err(PublishError::Unavailable(_))), "{refused:?}");
    other.wait_for_lost().await;
    server.thaw();
    let (lost, _, mut heard) = node.wait_for_back().await;
    let (_, _, mut others) = other.wait_for_back().await;
    assert_eq!(lost, missed == Missed::Lost);
    node.publish(ROOM, "after").await;
    heard.extend(node.hears_until("after").await);
    others.extend(other.hears_until("after").await);
    for heard in [heard, others] {
        // Whether it was published nobody knows, but not twice, and not what was refused.
        assert!(heard.is_empty() || heard == ["into the ice"], "{heard:?}");
    }
}

async fn a_killed_broker_is_noticed_and_everything_is_there_again(server: &mut Server, tune: Tune) {
    let settings = settings(server.url(), "killed", tune);
    let (mut node, mut other) = (Node::start(&settings).await, Node::start(&settings).await);
    node.listen("room").await;
    other.listen("room").await;
    server.kill();
    let since = node.wait_for_lost().await;
    let refused = node.try_to_publish(ROOM, "nobody there").await;
    assert!(matches!(refused, Err(PublishError::Unavailable(_))), "{refused:?}");
    server.restart();
    let (lost, from, _) = node.wait_for_back().await;
    other.wait_for_back().await;
    assert_eq!((lost, from), (true, since));
    other.publish(ROOM, "again").await;
    assert_eq!((node.hears().await, other.hears().await), ("again".into(), "again".into()));
    assert_eq!(node.broker.counters().losses, 1);
}

/// Waits until a probe has certainly come back since the last thing that happened.
async fn settle() {
    tokio::time::sleep(Duration::from_millis(1500)).await;
}

/// The broker went silent just now: that is noticed in time, and said honestly.
async fn check_notice(node: &mut Node) {
    let (silent, began) = (SystemTime::now(), Instant::now());
    let since = node.wait_for_lost().await;
    assert!(began.elapsed() < NOTICED_WITHIN, "noticed after {:?}", began.elapsed());
    let before = silent.duration_since(since).expect("it was heard of before it went silent");
    assert!(before < NOTICED_WITHIN, "since {before:?} before");
}
