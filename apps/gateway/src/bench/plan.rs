//! What the orchestrator and a session say to each other: a line of JSON each.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::proc::Memory;

/// One server and the load that is put on it. The first line that a session reads.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Plan {
    pub(super) name: String,
    pub(super) server: Server,
    pub(super) load: Load,
    pub(super) server_core: usize,
    pub(super) client_core: usize,
}

/// How a server is started, and with that how it is spoken to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Server {
    /// `campanile serve`, with a backend inside the session.
    Campanile { program: PathBuf },
    /// `campanile bench floor-server`.
    Floor { program: PathBuf },
    /// Words of a command, `{port}` among them, that speaks the control protocol of
    /// docs/benchmarks/README.md.
    Command { words: Vec<String> },
    /// An echo server somebody else started: its CPU is not known.
    Url { url: String },
}

/// What the clients do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Load {
    /// Rooms that are published to; connection `i` is in room `i % rooms`.
    pub(super) rooms: usize,
    /// Rooms besides, spread over `idle_rooms_over` connections.
    pub(super) idle_rooms: usize,
    /// How many connections share the idle rooms.
    pub(super) idle_rooms_over: usize,
    /// Bytes of the published JSON value, or of an echoed message.
    pub(super) payload_bytes: usize,
    /// Publications in one burst.
    pub(super) in_flight: usize,
    /// Publications a second instead of bursts.
    pub(super) rate: Option<f64>,
    /// Whether the clients offer permessage-deflate.
    pub(super) compressed: bool,
    /// Whether the clients speak TLS, which only campanile does.
    pub(super) tls: bool,
    /// Connections being opened at a time.
    pub(super) at_once: usize,
    pub(super) purpose: Purpose,
}

impl Default for Load {
    fn default() -> Self {
        Self {
            rooms: 1,
            idle_rooms: 0,
            idle_rooms_over: 1,
            payload_bytes: 128,
            in_flight: 1,
            rate: None,
            compressed: false,
            tls: false,
            at_once: 64,
            purpose: Purpose::Listen,
        }
    }
}

/// What connections are opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Purpose {
    /// To subscribe and hear publications.
    Listen,
    /// To be greeted, no more.
    Greet,
    /// To send messages and get them back.
    Echo,
}

/// What a session is asked to do next.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) enum Order {
    /// Opens so many more connections.
    Open(usize),
    /// Publishes so often, and waits for the deliveries.
    Publish(usize),
    /// Sends so many messages and waits for each to come back.
    Echo(usize),
    /// Reads how much memory the server holds.
    Memory,
}

/// What a session answers. A session that failed ends.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Answer {
    /// The server runs.
    Ready,
    Slice(Slice),
    Memory(Memory),
    Failed(String),
}

/// One slice of work.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Slice {
    /// Deliveries, opened connections or echoed messages.
    pub(super) operations: u64,
    /// What the server's threads ran; none when the server is not ours.
    pub(super) cpu_ns: Option<u64>,
    /// What the whole slice took.
    pub(super) elapsed_ns: u64,
    /// Latencies in nanoseconds and how often each was met.
    pub(super) latencies: Vec<(u64, u64)>,
    /// Bytes of all that was delivered, frame headers included.
    pub(super) bytes: u64,
    pub(super) faults: Faults,
}

/// Deliveries that were not as they should be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Faults {
    pub(super) lost: u64,
    pub(super) duplicated: u64,
    pub(super) out_of_order: u64,
}

impl Faults {
    pub(super) fn add(&mut self, other: Self) {
        self.lost += other.lost;
        self.duplicated += other.duplicated;
        self.out_of_order += other.out_of_order;
    }
}
