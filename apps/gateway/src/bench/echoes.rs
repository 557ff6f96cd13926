//! Messages to and fro, one at a time on each connection.

use std::time::{Duration, Instant};

use super::clients::{Clients, Listener};
use super::deliveries::Latencies;
use super::failure::Failure;
use super::link::Link;
use super::plan::{Faults, Slice};

/// The longest that a server may take for an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Sends `count` times `text`, each client the next when its last came back. The slice has no CPU
/// yet.
pub(super) fn echo(clients: &mut Clients, text: &[u8], count: usize) -> Result<Slice, Failure> {
    let begun_ns = clients.now_ns();
    let mut echoes =
        Echoes { text, to_send: count, came: 0, bytes: 0, latencies: Latencies::new() };
    for index in 0..clients.len() {
        let now_ns = clients.now_ns();
        echoes.send(clients.link(index), now_ns)?;
    }
    let mut last = Instant::now();
    let mut seen = 0;
    while echoes.came < count && last.elapsed() < PATIENCE {
        clients.turn(Some(Duration::from_secs(1)), &mut echoes)?;
        if echoes.came > seen {
            (seen, last) = (echoes.came, Instant::now());
        }
    }
    Ok(Slice {
        operations: echoes.came as u64,
        cpu_ns: None,
        elapsed_ns: clients.now_ns() - begun_ns,
        latencies: echoes.latencies.counts(),
        bytes: echoes.bytes,
        faults: Faults { lost: (count - echoes.came) as u64, ..Faults::default() },
    })
}

struct Echoes<'a> {
    text: &'a [u8],
    to_send: usize,
    came: usize,
    bytes: u64,
    latencies: Latencies,
}

impl Echoes<'_> {
    fn send(&mut self, link: &mut Link, now_ns: u64) -> Result<(), Failure> {
        if self.to_send == 0 {
            return Ok(());
        }
        self.to_send -= 1;
        link.since_ns = now_ns;
        link.owed = 1;
        link.send_text(self.text)
    }
}

impl Listener for Echoes<'_> {
    fn heard(
        &mut self,
        _: usize,
        link: &mut Link,
        _: &[u8],
        bytes: usize,
        now_ns: u64,
    ) -> Result<(), Failure> {
        if link.owed == 0 {
            return Ok(());
        }
        link.owed = 0;
        self.came += 1;
        self.bytes += bytes as u64;
        self.latencies.record(now_ns.saturating_sub(link.since_ns));
        self.send(link, now_ns)
    }
}
