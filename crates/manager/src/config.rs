//! What a loop may hold and do, each with its unit and default.

use std::sync::Arc;

use campanile_hub as hub;
use campanile_wire as wire;

/// The limits of the loops.
#[derive(Clone, Debug)]
pub struct Config {
    /// Loops to start. Default: one per core.
    pub loops: usize,
    /// What every websocket of these loops keeps to.
    pub websocket: Arc<wire::Config>,
    /// What each loop's hub keeps to.
    pub hub: hub::Limits,
    /// Whether services are told which rooms open and close. Default: no.
    pub watch_rooms: bool,
    /// Bytes that may wait for one slow client, behind the message that is being written to it,
    /// before it is closed with 1013. Default: 1 MiB.
    pub outbox_bytes_max: usize,
    /// Bytes read from one connection in one turn, and the size of the one buffer they are read
    /// into. Default: 64 KiB.
    pub read_bytes_max: usize,
    /// Mail (publications, new connections, commands) that may wait for one loop before
    /// publishers are refused. Default: 65,536.
    pub mailbox_letters_max: usize,
    /// Bytes of publications that may wait for one loop. Default: 64 MiB.
    pub mailbox_bytes_max: usize,
    /// Deliveries after which a turn takes no further mail, so that sockets are read and written in
    /// between; the publication that passes it is finished. Default: 262,144.
    pub turn_deliveries_max: usize,
    /// Shared bytes of one publication from which they are sent from where they lie, rather than
    /// copied beside others'. Default: 8 KiB.
    pub copy_bytes_max: usize,
    /// Shared bytes from which a publication is compressed for those who agreed to it.
    /// Default: 512.
    pub compress_bytes_min: usize,
    /// zlib's level, 1 (fast) to 9 (small). Default: 1.
    pub compression_level: u8,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            loops: std::thread::available_parallelism().map_or(1, usize::from),
            websocket: Arc::new(wire::Config::default()),
            hub: hub::Limits::default(),
            watch_rooms: false,
            outbox_bytes_max: 1 << 20,
            read_bytes_max: 64 << 10,
            mailbox_letters_max: 1 << 16,
            mailbox_bytes_max: 64 << 20,
            turn_deliveries_max: 1 << 18,
            copy_bytes_max: 8 << 10,
            compress_bytes_min: 512,
            compression_level: 1,
        }
    }
}
