//! The command line of `campanile bench`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// The arguments of `campanile bench`.
#[derive(Clone, Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    pub(super) mode: Mode,
}

#[derive(Clone, Debug, Subcommand)]
pub(super) enum Mode {
    /// Publishes to rooms: server CPU per delivery, latency, losses
    Fanout(FanoutOptions),
    /// Memory of a connection that only listens
    Idle(IdleOptions),
    /// Opening connections, each with its bootstrap: server CPU each
    Connect(ConnectOptions),
    /// One message to and fro on each connection
    Echo(EchoOptions),
    /// The cost of a delivery from 1,000 to 19,000 connections and from 1 to 100,000 rooms
    Growth(GrowthOptions),
    /// All of them with the sizes of the targets table
    All(AllOptions),
    /// The floor: a bare loop of write(2)
    #[command(hide = true)]
    FloorServer {
        /// The port on 127.0.0.1.
        #[arg(long)]
        port: u16,
    },
    /// One server with its clients; its plan and orders come on standard input
    #[command(hide = true)]
    Session,
}

/// Which servers are measured, and how often.
#[derive(Clone, Debug, Args)]
pub(super) struct Common {
    /// Slices of work measured of each server, in turn
    #[arg(long, default_value_t = 11, value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) rounds: u32,
    /// Prints JSON instead of a table
    #[arg(long)]
    pub(super) json: bool,
    /// Measures another server in the same run (docs/benchmarks/peers)
    #[arg(long, value_enum)]
    pub(super) peer: Vec<Peer>,
    /// Measures the server that this command starts; `{port}` stands for its port, and what stands before
    /// a `=` is its name in the table
    #[arg(long, value_name = "[NAME=]COMMAND")]
    pub(super) against: Vec<String>,
    /// Leaves one of the usual two out
    #[arg(long, value_enum)]
    pub(super) without: Vec<Usual>,
    /// The campanile binary to measure: none is this one; given twice, both are measured
    #[arg(long, value_name = "PATH")]
    pub(super) campanile: Vec<PathBuf>,
    /// Where the peers' scripts are
    #[arg(long, default_value = "docs/benchmarks/peers", value_name = "DIRECTORY")]
    pub(super) peers_directory: PathBuf,
    /// The core that the servers run on
    #[arg(long, default_value_t = 0)]
    pub(super) server_core: usize,
    /// The core that the clients run on
    #[arg(long, default_value_t = 1)]
    pub(super) client_core: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Peer {
    /// uWebSockets, by way of Python's socketify
    Uws,
    /// Node's ws
    Ws,
    /// Python's websockets
    Websockets,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Usual {
    /// `campanile serve`
    Campanile,
    /// The bare write(2) loop
    Floor,
}

#[derive(Clone, Debug, Args)]
pub(super) struct FanoutOptions {
    #[command(flatten)]
    pub(super) common: Common,
    /// Connections, each with one subscription to a room that is published to
    #[arg(long, default_value_t = 1_000)]
    pub(super) connections: usize,
    /// Rooms that the connections are spread over; publications go to one after the other
    #[arg(long, default_value_t = 1)]
    pub(super) rooms: usize,
    /// Rooms that are subscribed to besides and never published to
    #[arg(long, default_value_t = 0)]
    pub(super) idle_rooms: usize,
    /// Bytes of the published JSON value
    #[arg(long, default_value_t = 128)]
    pub(super) payload: usize,
    /// Publications sent in one burst; the next burst follows when all of them have arrived
    #[arg(long, default_value_t = 1, conflicts_with = "rate")]
    pub(super) in_flight: usize,
    /// Publications a second, sent on time whether the earlier ones have arrived or not
    #[arg(long)]
    pub(super) rate: Option<f64>,
    /// Publications in each slice; none is enough for about 60,000 deliveries
    #[arg(long)]
    pub(super) publications: Option<usize>,
    /// Measures connections with permessage-deflate, beside plain ones
    #[arg(long)]
    pub(super) compressed: bool,
    /// Measures connections under TLS, beside plain ones
    #[arg(long)]
    pub(super) tls: bool,
}

#[derive(Clone, Debug, Args)]
pub(super) struct IdleOptions {
    #[command(flatten)]
    pub(super) common: Common,
    /// Connections that are measured; memory is read before them, at half of them and at all
    #[arg(long, default_value_t = 10_000)]
    pub(super) connections: usize,
    /// Connections opened before these: what a server sets up once, for its first ones, is no
    /// connection's own
    #[arg(long, default_value_t = 2_000)]
    pub(super) warm_up: usize,
    /// Rooms that the connections are spread over
    #[arg(long, default_value_t = 1)]
    pub(super) rooms: usize,
    /// Measures connections under TLS, beside plain ones
    #[arg(long)]
    pub(super) tls: bool,
}

#[derive(Clone, Debug, Args)]
pub(super) struct ConnectOptions {
    #[command(flatten)]
    pub(super) common: Common,
    /// Connections opened in each round; they stay open
    #[arg(long, default_value_t = 1_000)]
    pub(super) connections: usize,
    /// Connections being opened at a time
    #[arg(long, default_value_t = 64)]
    pub(super) at_once: usize,
    /// Measures connections under TLS, beside plain ones
    #[arg(long)]
    pub(super) tls: bool,
}

#[derive(Clone, Debug, Args)]
pub(super) struct EchoOptions {
    #[command(flatten)]
    pub(super) common: Common,
    /// Connections, each with one message on its way
    #[arg(long, default_value_t = 100)]
    pub(super) connections: usize,
    /// Bytes of a message; campanile itself only answers `ping`
    #[arg(long, default_value_t = 128)]
    pub(super) payload: usize,
    /// Messages in each slice
    #[arg(long, default_value_t = 20_000)]
    pub(super) messages: usize,
    /// An echo server that runs already, such as ws://127.0.0.1:9001/
    #[arg(long, value_name = "URL")]
    pub(super) against_url: Vec<String>,
}

#[derive(Clone, Debug, Args)]
pub(super) struct GrowthOptions {
    #[command(flatten)]
    pub(super) common: Common,
    /// Numbers of connections
    #[arg(long, value_delimiter = ',', default_value = "1000,5000,10000,19000")]
    pub(super) connections: Vec<usize>,
    /// Numbers of rooms, for 1,000 connections
    #[arg(long, value_delimiter = ',', default_value = "1,1000,100000")]
    pub(super) rooms: Vec<usize>,
}

#[derive(Clone, Debug, Args)]
pub(super) struct AllOptions {
    #[command(flatten)]
    pub(super) common: Common,
}
