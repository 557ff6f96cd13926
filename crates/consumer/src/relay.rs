//! The fast lane: a group's events, made a message once and published by the loops.
//!
//! For each consumer type and group that some consumer hears this way there is one channel on the
//! layer, and a task that publishes what comes there to a room of the loops' hubs. The consumers'
//! connections are subscribed to it: their tasks sleep on.

mod members;

use std::any::TypeId;
use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use campanile_layer::{Channel, LayerError, Received};
use campanile_manager::hub::Room;
use tokio::sync::{Notify, OnceCell};

pub(crate) use members::Berth;
use members::Members;

use crate::consumer::FastLane;
use crate::events;
use crate::line::{Line, Order};
use crate::server::Inner;

/// All relays of a server.
#[derive(Default)]
pub(crate) struct Relays {
    by_group: Mutex<HashMap<Key, Arc<Relay>>>,
    made: AtomicU64,
}

type Key = (TypeId, String);

/// The way of one group's events to the consumers of one type.
pub(crate) struct Relay {
    room: Room,
    members: Mutex<Members>,
    /// Its task runs, and its channel is a member of the group.
    runs: OnceCell<()>,
    /// Nobody is a member any more.
    stops: Notify,
}

/// A consumer's membership in a group by the fast lane, until it is dropped.
pub(crate) struct Membership {
    server: Arc<Inner>,
    key: Key,
    berth: Berth,
}

impl Membership {
    /// Joins a group. When it returns, what is sent to the group reaches the client.
    pub(crate) async fn join<C: FastLane>(
        server: &Arc<Inner>,
        group: &str,
        line: &Arc<Line>,
    ) -> Result<Membership, LayerError> {
        let key = (TypeId::of::<C>(), group.to_owned());
        let berth = server.relays.berth(&key, line);
        server.counters.lane_members.one_more();
        let membership = Membership { server: Arc::clone(server), key, berth };
        let relay = membership.berth.relay();
        relay.runs.get_or_try_init(|| start::<C>(server, group, relay)).await?;
        line.order(Order::Subscribe(membership.berth.clone()));
        Ok(membership)
    }

    /// Returns the room that the connection is subscribed to.
    pub(crate) fn room(&self) -> &Room {
        &self.berth.relay().room
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        self.server.counters.lane_members.one_less();
        self.server.relays.leave(&self.key, &self.berth);
    }
}

impl Relays {
    fn berth(&self, key: &Key, line: &Arc<Line>) -> Berth {
        let mut relays = self.lock();
        let relay = relays.entry(key.clone()).or_insert_with(|| {
            Arc::new(Relay {
                room: room(&key.1, self.made.fetch_add(1, Ordering::Relaxed)),
                members: Mutex::default(),
                runs: OnceCell::new(),
                stops: Notify::new(),
            })
        });
        Berth::new(relay, line)
    }

    fn leave(&self, key: &Key, berth: &Berth) {
        let mut relays = self.lock();
        if berth.leave() {
            relays.remove(key);
            berth.relay().stops.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Arc<Relay>>> {
        self.by_group.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the room of a relay. No two relays ever have the same, since one that stops may still
/// publish while the next for its group begins.
fn room(group: &str, number: u64) -> Room {
    let text = serde_json::json!({ number.to_string(): group }).to_string();
    // A name that long is none, and refused by the layer later.
    Room::parse(&text).unwrap_or_else(|_| room("", number))
}

async fn start<C: FastLane>(
    server: &Arc<Inner>,
    group: &str,
    relay: &Arc<Relay>,
) -> Result<(), LayerError> {
    let channel = server.layer.new_channel().await?;
    server.layer.group_add(group, channel.name()).await?;
    server.counters.lanes.one_more();
    tokio::spawn(run::<C>(Arc::clone(server), Arc::clone(relay), channel));
    Ok(())
}

async fn run<C: FastLane>(server: Arc<Inner>, relay: Arc<Relay>, mut channel: Channel) {
    loop {
        let received = tokio::select! {
            () = relay.stops.notified() => break,
            received = channel.receive() => received,
        };
        match received {
            Received::Message(event) => {
                let rendered = std::panic::catch_unwind(AssertUnwindSafe(|| {
                    events::read::<C>(&server, &event).and_then(C::render)
                }));
                match rendered {
                    Ok(Some(message)) => relay.publish(&server, message).await,
                    Ok(None) => {}
                    Err(_) => server.panicked("render"),
                }
            }
            Received::Missed(missed) => relay.members().miss(&missed),
            Received::Closed => break,
        }
    }
    server.counters.lanes.one_less();
}
