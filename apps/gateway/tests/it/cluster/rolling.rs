//! All nodes are restarted, one after the other, under load.

use super::nodes::{BOOTSTRAP, BOOTSTRAPS_MAX, Cluster, Kind};
use super::publisher::{Outcome, Published, Publisher, Way};
use campanile_broker::testing::Server;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How much of a load.
pub(super) struct Size {
    pub(super) clients: usize,
    pub(super) rooms: usize,
    pub(super) per_second: u32,
}

/// Where triggers may be posted to, as a balancer that asks `/readyz` knows it.
type Doors = Arc<Mutex<Vec<Option<SocketAddr>>>>;

const PUBLISHERS: u32 = 4;

/// Does it, and checks that everybody heard everything or was away; says how it went.
pub(super) async fn restart_all(server: Server, size: &Size) {
    let mut cluster = Cluster::start(server, Kind::Redis, size.clients, size.rooms).await;
    let arrivals = cluster.asked.lock().unwrap_or_else(PoisonError::into_inner).len();
    let doors: Doors =
        Arc::new(Mutex::new((0..3).map(|node| Some(cluster.node(node).internal)).collect()));
    let over = Arc::new(AtomicBool::new(false));
    let publishing: Vec<_> = (0..PUBLISHERS)
        .map(|number| {
            let every = Duration::from_secs(1) * PUBLISHERS / size.per_second;
            let publisher = Publisher::new(format!("load{number}"), Way::Http(door(&doors, 0)));
            let doors = Arc::clone(&doors);
            tokio::spawn(publish(publisher, doors, Arc::clone(&over), every, size.rooms))
        })
        .collect();
    let began = Instant::now();
    for node in 0..3 {
        let set = |door| doors.lock().unwrap_or_else(PoisonError::into_inner)[node] = door;
        set(None);
        cluster.restart(node).await;
        set(Some(cluster.node(node).internal));
        cluster.wait("they are back", |listener| listener.is_here()).await;
    }
    let took = began.elapsed();
    over.store(true, Relaxed);
    for published in publishing {
        cluster.published.extend(published.await.expect("it publishes until it is over"));
    }
    cluster.everybody_hears().await;
    cluster.check();
    report(&cluster, took, arrivals);
}

/// Publishes so often, to each node in turn, until it is over.
async fn publish(
    mut publisher: Publisher,
    doors: Doors,
    over: Arc<AtomicBool>,
    every: Duration,
    rooms: usize,
) -> Vec<Published> {
    let mut ticks = tokio::time::interval(every);
    let mut published = Vec::new();
    while !over.load(Relaxed) {
        ticks.tick().await;
        publisher.go_by(Way::Http(door(&doors, published.len())));
        published.extend(publisher.publish_many(1, rooms).await);
    }
    published
}

fn door(doors: &Doors, turn: usize) -> SocketAddr {
    let doors = doors.lock().unwrap_or_else(PoisonError::into_inner);
    let open: Vec<SocketAddr> = doors.iter().flatten().copied().collect();
    open[turn % open.len()]
}

/// Checks how often the backend was asked, and says what was measured.
fn report(cluster: &Cluster, took: Duration, before: usize) {
    let asked = cluster.asked.lock().unwrap_or_else(PoisonError::into_inner);
    let asked = &asked[before..];
    // A bootstrap takes that long, so that those which came within it were there at the same time.
    let at_once = |window: Duration| {
        let starts = asked.iter();
        let within = |first: Instant| (first, first + window);
        let counts = starts
            .map(|first| within(*first))
            .map(|(first, last)| asked.iter().filter(|at| (first..last).contains(*at)).count());
        counts.max().unwrap_or_default()
    };
    let unanswered = cluster.published.iter().filter(|one| one.outcome == Outcome::Unknown);
    assert_eq!(unanswered.count(), 0, "triggers that were taken were not answered");
    let concurrent = at_once(BOOTSTRAP);
    // An old node and its successor may both ask.
    assert!(concurrent <= 4 * BOOTSTRAPS_MAX, "{concurrent} bootstraps at once");
    let count = |outcome| cluster.published.iter().filter(|one| one.outcome == outcome).count();
    let missed: usize =
        cluster.crowd.listeners.iter().map(|it| it.missed(&cluster.published, 0).len()).sum();
    #[expect(clippy::print_stderr, reason = "it is for who runs the test by hand")]
    {
        eprintln!(
            "{} clients, three nodes restarted in {:.1} s: {} triggers accepted ({:.0}/s), {} \
             refused; {} bootstraps, at most {concurrent} at once and {} in a \
             second; {missed} deliveries missed by those who were away, none without a word",
            cluster.crowd.listeners.len(),
            took.as_secs_f64(),
            count(Outcome::Accepted),
            f64::from(u32::try_from(count(Outcome::Accepted)).unwrap_or(u32::MAX))
                / took.as_secs_f64(),
            count(Outcome::Refused),
            asked.len(),
            at_once(Duration::from_secs(1)),
        );
    }
}
