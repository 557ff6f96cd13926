//! Three nodes, their broker, their clients, and all that was published.

use super::crowd::{Crowd, Doors};
use super::listener::Listener;
use super::publisher::{Outcome, Published, Publisher, Way};
use crate::support::backend::{Answer, Backend};
use crate::support::campanile::{Campanile, Start, backend_address, own_address};
use campanile_broker::testing::{Line, Server};
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long anything may take that is bound to come.
const WITHIN: Duration = Duration::from_secs(60);

/// Which broker, and how it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Redis,
    Streams,
    Nats,
    Rabbit,
}

/// All of them.
pub(super) struct Cluster {
    pub(super) kind: Kind,
    /// How many rooms there are.
    pub(super) rooms: usize,
    pub(super) server: Server,
    /// The way of the first node to the broker.
    pub(super) line: Line,
    /// None for one that was killed.
    pub(super) nodes: Vec<Option<Campanile>>,
    pub(super) crowd: Crowd,
    pub(super) published: Vec<Published>,
    publishers: Vec<Publisher>,
    doors: Doors,
    backend_at: Ipv4Addr,
    pub(super) asked: Asked,
    _backend: Backend,
}

/// When the backend was asked for bootstraps.
pub(super) type Asked = Arc<Mutex<Vec<Instant>>>;

/// How long the backend takes for a bootstrap.
pub(super) const BOOTSTRAP: Duration = Duration::from_millis(50);

/// How many bootstraps a node asks at the same time.
pub(super) const BOOTSTRAPS_MAX: usize = 20;

/// How many of each publisher are published at a time.
const EACH: usize = 8;

impl Cluster {
    /// Starts three nodes, and lets so many clients come into so many rooms.
    pub(super) async fn start(server: Server, kind: Kind, clients: usize, rooms: usize) -> Cluster {
        let (backend_at, asked) = (own_address(), Asked::default());
        let noted = Arc::clone(&asked);
        let backend = Backend::start(backend_address(backend_at), move |_| {
            noted.lock().unwrap_or_else(PoisonError::into_inner).push(Instant::now());
            let answer = Answer::json(200, r#"{"allowed_rooms": [{"n": "*"}]}"#);
            Answer { delay: BOOTSTRAP, ..answer }
        })
        .await;
        let line = Line::to(server.port());
        let starts = [line.port(), server.port(), server.port()]
            .map(|port| node(backend_at, &server.url_text(port), kind).ready());
        let nodes = futures_util::future::join_all(starts).await;
        let doors: Doors =
            Arc::new(Mutex::new(nodes.iter().map(|node| Some(node.public)).collect()));
        let own = match kind {
            Kind::Redis => Way::Redis(server.port()),
            Kind::Streams => Way::Stream(server.port()),
            Kind::Nats => Way::Nats(server.port()),
            Kind::Rabbit => Way::Rabbit(server.port()),
        };
        let ways = nodes.iter().map(|node| Way::Http(node.internal)).chain([own]);
        let publishers =
            ways.enumerate().map(|(number, way)| Publisher::new(format!("p{number}"), way));
        let publishers = publishers.collect();
        let crowd =
            Crowd::come((0..clients).map(|number| listener(number, rooms)).collect(), &doors);
        let nodes = nodes.into_iter().map(Some).collect();
        let (published, _backend) = (Vec::new(), backend);
        let cluster = Cluster {
            kind,
            rooms,
            server,
            line,
            nodes,
            crowd,
            published,
            publishers,
            doors,
            backend_at,
            asked,
            _backend,
        };
        cluster.wait("all are subscribed", |listener| listener.is_here()).await;
        cluster
    }

    /// Publishes by all of these ways at the same time, the last being the broker itself.
    pub(super) async fn publish(&mut self, ways: &[usize]) {
        let chosen = self.publishers.iter_mut().enumerate();
        let chosen = chosen.filter(|(number, _)| ways.contains(number));
        let rooms = self.rooms;
        let publishing = chosen.map(|(_, publisher)| publisher.publish_many(EACH, rooms));
        let published = futures_util::future::join_all(publishing).await;
        self.published.extend(published.into_iter().flatten());
    }

    /// Publishes so by all ways that there are, and checks that everybody hears it.
    pub(super) async fn everybody_hears(&mut self) {
        let already = self.published.len();
        let mut ways = self.living();
        ways.push(3);
        self.publish(&ways).await;
        let news = &self.published[already..];
        assert!(news.iter().all(|one| one.outcome == Outcome::Accepted), "{news:#?}");
        let hears = |listener: &Listener| listener.missed(&self.published, already).is_empty();
        self.wait("everybody hears what is published", hears).await;
    }

    /// Checks that everybody has heard everything once and in order, or knows that it has not.
    pub(super) fn check(&self) {
        for listener in &self.crowd.listeners {
            for missed in listener.missed(&self.published, 0) {
                let knows = listener.knows_of(missed);
                assert!(
                    knows,
                    "{} (v1: {}) missed {missed:?} without a word: {:?}",
                    listener.number,
                    listener.v1,
                    listener.log()
                );
            }
        }
    }

    /// Returns which nodes live.
    pub(super) fn living(&self) -> Vec<usize> {
        (0..self.nodes.len()).filter(|&node| self.nodes[node].is_some()).collect()
    }

    pub(super) fn node(&self, node: usize) -> &Campanile {
        self.nodes[node].as_ref().expect("it lives")
    }

    /// Kills a node as kill -9 does.
    pub(super) fn kill(&mut self, node: usize) {
        self.doors.lock().unwrap_or_else(PoisonError::into_inner)[node] = None;
        self.nodes[node] = None;
    }

    /// Lets a node end in peace, and starts it again at another address, where its clients find it.
    pub(super) async fn restart(&mut self, node: usize) {
        let mut old = self.nodes[node].take().expect("it lives");
        old.terminate();
        let new = self::node(self.backend_at, &self.server.url_text(self.server.port()), self.kind)
            .ready()
            .await;
        self.doors.lock().unwrap_or_else(PoisonError::into_inner)[node] = Some(new.public);
        assert!(old.ended().await.success(), "{}", old.log());
        self.publishers[node].go_by(Way::Http(new.internal));
        self.nodes[node] = Some(new);
    }

    /// Waits until something is true of every client.
    pub(super) async fn wait(&self, what: &str, is_true: impl Fn(&Listener) -> bool) {
        let began = Instant::now();
        // Once true for a client it stays so: none is asked twice.
        let mut others: Vec<&Arc<Listener>> = self.crowd.listeners.iter().collect();
        loop {
            others.retain(|listener| !is_true(listener));
            let Some(first) = others.first() else { return };
            if began.elapsed() > WITHIN {
                let logs: Vec<String> = self.nodes.iter().flatten().map(Campanile::log).collect();
                panic!(
                    "{what}: not true of {} clients, as of {} (v1: {}, room {:?}): {:?}\n{}",
                    others.len(),
                    first.number,
                    first.v1,
                    first.rooms,
                    first.log(),
                    logs.join("\n")
                );
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// One of four is in three rooms; every second one knows gaps.
fn listener(number: usize, all: usize) -> Arc<Listener> {
    let room = number / 4 % all;
    let rooms = if number.is_multiple_of(4) {
        vec![room, (room + 1) % all, (room + 3) % all]
    } else {
        vec![room]
    };
    Arc::new(Listener::new(number, number % 3, (number / 3).is_multiple_of(2), rooms))
}

fn node(backend_at: Ipv4Addr, url: &str, kind: Kind) -> Start {
    let streams = if kind == Kind::Streams { "true" } else { "false" };
    Start::new(own_address())
        .env("CAMPANILE_BACKEND_URL", &format!("http://{}/api/", backend_address(backend_at)))
        .env("CAMPANILE_BROKER_URL", url)
        .env("CAMPANILE_BROKER_REDIS_STREAMS", streams)
        .env("CAMPANILE_BACKEND_BOOTSTRAPS_MAX", &BOOTSTRAPS_MAX.to_string())
        .env("CAMPANILE_LOOPS_COUNT", "2")
        .env("CAMPANILE_LIMITS_DRAIN_S", "3")
        .env("CAMPANILE_LIMITS_RECONNECT_WITHIN_S", "3")
}
