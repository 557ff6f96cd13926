//! The event loops that own the sockets: they drive `wire` and `hub`, and do what those decide.
//!
//! Each [`Manager`] is one loop: a poller, its connections, its hub, its timers and a mailbox. Loops
//! share nothing but the mailboxes' order, so there is no lock on the road. An application is a
//! [`Service`]; [`start`] puts one on each loop and returns a [`Handle`] for other threads.
//!
//! | module | station |
//! | --- | --- |
//! | [`manager`] | the turn: read, timers, mailbox, flush |
//! | [`service`] | what an application writes, and what it can do with a connection |
//! | [`socket`] | bytes from and to the operating system, plain or TLS |
//! | [`mailbox`] | what other threads ask, in one order for every loop |
//! | [`promise`] | a connection that is to come, for which a loop that stops waits |
//! | [`publication`] | data for rooms, as all its deliveries share it |
//! | [`outbox`] | frames that wait for a socket, and what happens when it is slow |
//! | [`timers`] | when each connection wants to be looked at |
//! | [`poller`] | readiness and the clock: mio's here, a simulated one in [`testing`] |
//!
//! Whoever reads one function should read [`Manager::turn`].

// In reading order, which the blank lines keep.

pub mod manager;

pub mod service;

mod connections;

mod pauses;

pub mod socket;

pub mod mailbox;

pub mod publication;

pub mod watch;

pub mod outbox;

pub mod timers;

pub mod poller;

pub mod handle;

pub mod promise;

pub mod statistics;

pub mod config;

pub mod testing;

pub use config::Config;
pub use handle::{Handle, Loops, start};
pub use mailbox::{Adoption, PostError, Receipt};
pub use manager::Manager;
pub use outbox::{Loss, Unwritten};
pub use promise::Promise;
pub use publication::{Envelope, Publication, Slow};
pub use service::{Connection, ConnectionKey, Connections, Message, Page, Service};
pub use socket::Socket;
pub use statistics::Statistics;
pub use watch::{Passage, Watch};

pub use campanile_hub as hub;
pub use campanile_wire as wire;
