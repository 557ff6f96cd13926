//! Several nodes on one broker, with real brokers: everybody hears everything once and in order, and
//! whoever may have missed something is told.

mod crowd;
mod faults;
mod listener;
mod nodes;
pub(crate) mod publisher;
mod rolling;
mod truth;

use campanile_broker::testing::Server;
use nodes::{Cluster, Kind};

#[tokio::test(flavor = "multi_thread")]
async fn three_nodes_on_one_redis() {
    let Some(server) = Server::redis() else { return };
    every_promise(server, Kind::Redis).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_nodes_on_one_stream_of_redis() {
    let Some(server) = Server::appending_redis() else { return };
    every_promise(server, Kind::Streams).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_nodes_on_one_nats() {
    let Some(server) = Server::nats() else { return };
    every_promise(server, Kind::Nats).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_nodes_on_one_rabbitmq() {
    let Some(server) = Server::rabbit() else { return };
    every_promise(server, Kind::Rabbit).await;
}

/// With `CAMPANILE_FULL_SIZE` set it is the size that is promised, which wants a release build and a
/// machine of its own.
#[tokio::test(flavor = "multi_thread")]
async fn nodes_are_restarted_one_after_the_other_and_nothing_is_lost_without_a_word() {
    let Some(server) = Server::redis() else { return };
    let size = if std::env::var_os("CAMPANILE_FULL_SIZE").is_some() {
        rolling::Size { clients: 5_000, rooms: 200, per_second: 200 }
    } else {
        rolling::Size { clients: 600, rooms: 60, per_second: 60 }
    };
    rolling::restart_all(server, &size).await;
}

/// Plays a day of three nodes with a thousand clients: one fault after the other. It is one test,
/// since it takes longer to come together than to be through with it.
async fn every_promise(server: Server, kind: Kind) {
    let mut cluster = Cluster::start(server, kind, 1_000, 8).await;
    faults::everybody_hears_everything_once_and_in_order(&mut cluster).await;
    faults::a_killed_node_takes_nothing_from_the_others(&mut cluster).await;
    faults::a_node_that_is_cut_off_says_so_and_its_clients_know(&mut cluster).await;
    faults::a_line_that_goes_dead_is_noticed(&mut cluster).await;
    faults::a_frozen_broker_is_noticed_and_everybody_knows(&mut cluster).await;
    faults::a_killed_broker_is_noticed_and_everybody_knows(&mut cluster).await;
}
