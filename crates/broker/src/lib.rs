//! Publications to and from other processes.
//!
//! A node (one running gateway) gives each trigger to its [`Broker`] and delivers only what comes
//! back from it by [`Events`]: so all nodes have the broker's order, and each publication once.
//! What a broker promises stands at [`Broker`]; [`start`] makes the one that a URL names.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`broker`] | the promise, and the calls |
//! | [`event`] | what a node hears: publications, control messages, and when something may be missing |
//! | [`settings`], [`url`] | which broker, and its limits |
//! | [`counters`] | what is counted |
//! | [`memory`] | one node alone: what is published comes back |
//! | `node`, `keeper` | the others: the handle; and the task that connects, probes and reconnects |
//! | `link` | what each kind of broker has to do; beneath it `rabbit`, `redis` and `nats` |
//! | `topics`, `probes`, `arrivals`, `envelope`, `names`, `tls` | the keeper's and the links' parts |

// In reading order, which the blank lines keep.

pub mod broker;

pub mod event;

pub mod settings;

pub mod url;

pub mod counters;

pub mod memory;

mod node;

mod keeper;

mod probes;

mod topics;

mod arrivals;

mod link;

mod envelope;

mod names;

mod tls;

mod rabbit;

mod redis;

mod nats;

#[cfg(feature = "testing")]
pub mod testing;

pub use broker::{Broker, ListenError, PublishError, State, To};
pub use counters::Counters;
pub use event::{Event, Events, Taken};
pub use settings::{Settings, StreamSettings};
pub use url::{BrokerKind, BrokerUrl, BrokerUrlError};

use std::sync::Arc;

/// Starts a broker; what comes from it comes by the events.
///
/// It connects in the background and goes on trying for ever: that the broker is not there is
/// said by [`Broker::state`] and [`Event::Lost`]. It ends when the last handle or the events are
/// dropped.
///
/// # Panics
///
/// Outside a tokio runtime. One with a single thread will do.
pub fn start(settings: &Settings) -> (Arc<dyn Broker>, Events) {
    match settings.url.kind() {
        BrokerKind::Memory => memory::start(settings),
        BrokerKind::Redis => match &settings.streams {
            Some(streams) => node::start(settings, redis::StreamsConnector::new(settings, streams)),
            None => node::start(settings, redis::PubSubConnector::new(settings)),
        },
        BrokerKind::Nats => node::start(settings, nats::NatsConnector::new(settings)),
        BrokerKind::Rabbit => node::start(settings, rabbit::RabbitConnector::new(settings)),
    }
}
