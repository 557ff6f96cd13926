//! What every broker promises when the loops of a node are slow.

use crate::node::{Node, Tune, settings};
use campanile_broker::{BrokerUrl, Event, Settings, To};
use std::time::Duration;

/// What comes of loops that are too slow for a while.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slow {
    /// The broker waits for them.
    Waits,
    /// The connection is given up, which is told.
    Lost,
}

const PUBLICATIONS: usize = 1000;

/// As short as a machine may be trusted to let both live on within it.
const SILENCE: Duration = Duration::from_secs(3);

/// A node that takes nothing for a while hears all, or is told where something is missing.
pub(crate) async fn check(url: &BrokerUrl, slow: Slow, tune: Tune) {
    let quick = settings(url.clone(), "slow", tune);
    let settings = Settings { events_max: 4, backlog_bytes_max: 100 << 10, ..quick.clone() };
    let settings = Settings { silence: SILENCE, ..settings };
    let mut node = Node::start(&settings).await;
    let other = Node::start(&quick).await;
    node.listen("room").await;
    // The other one does not listen to the room, or hears it and takes it.
    let mut hearing = other.hearing();
    for number in 0..PUBLICATIONS {
        let text = format!("{number} {}", "x".repeat(1000));
        hearing.publish(To::Rooms(&["room"]), &text).await;
    }
    // A broker that waits must not be taken for a dead one.
    tokio::time::sleep(SILENCE * 2).await;
    let mut next = 0;
    while next < PUBLICATIONS {
        match node.event().await {
            Event::Publication { body, .. } => {
                let begin = format!("{next} ");
                assert!(body.starts_with(begin.as_bytes()), "in order and without a hole: {next}");
                next += 1;
            }
            Event::Lost { .. } => {
                assert!(slow == Slow::Lost);
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(next == PUBLICATIONS, slow == Slow::Waits, "{next}");
    if slow == Slow::Lost {
        assert!(node.wait_for_back().await.0);
        assert!(node.broker.counters().backlog_overflows >= 1);
    }
    hearing.publish(To::Rooms(&["room"]), "end").await;
    assert_eq!(node.hears().await, "end");
}
