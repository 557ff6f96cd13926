//! Real brokers and databases that tests start, kill and freeze, and a line to them that can be cut.
//!
//! Each server has a port of 127.0.0.1 and a folder of its own, and ends when it is dropped, or when
//! its test is killed. Where its program is not installed, the test says so and is over:
//!
//! ```no_run
//! use campanile_broker::testing::Server;
//!
//! let Some(server) = Server::redis() else { return };
//! println!("{}", server.url());
//! ```

mod database;
mod folder;
mod line;
mod postgres;
mod processes;
mod program;
mod server;
mod tls;

pub use database::Database;
pub use folder::Folder;
pub use line::Line;
pub use postgres::Postgres;
pub use program::Program;
pub use server::Server;

use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};

/// Returns a port that is free now, and below those that the system gives to clients.
///
/// # Panics
///
/// If there is none.
pub fn free_port() -> u16 {
    const FIRST: u16 = 20_000;
    const PORTS: u16 = 12_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Tests that run beside each other begin at different places.
    let begin = u16::try_from(std::process::id().wrapping_mul(37) % u32::from(PORTS));
    let begin = begin.expect("it is less than PORTS");
    (0..PORTS)
        .map(|_| begin.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % PORTS + FIRST)
        .find(|&port| TcpListener::bind(("127.0.0.1", port)).is_ok())
        .expect("one of 12,000 ports is free")
}
