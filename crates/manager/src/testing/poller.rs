//! The network, as a loop sees it.

use std::io::{self, IoSlice};
use std::time::{Duration, Instant};

use super::network::Network;
use crate::poller::{Poller, Read, Ready};

/// A poller of simulated lines. It never waits: who turns the loop says when.
#[derive(Debug)]
pub struct SimPoller {
    network: Network,
    index: usize,
}

/// A loop's end of a simulated line. Dropped, it is closed.
#[derive(Debug)]
pub struct SimSocket {
    network: Network,
    line: usize,
}

impl SimPoller {
    pub(super) fn new(network: Network, index: usize) -> Self {
        Self { network, index }
    }
}

impl SimSocket {
    pub(super) fn new(network: Network, line: usize) -> Self {
        Self { network, line }
    }
}

impl Drop for SimSocket {
    fn drop(&mut self) {
        self.network.close(self.line);
    }
}

impl Poller for SimPoller {
    type Socket = SimSocket;

    fn wait(&mut self, ready: &mut Vec<Ready>, _: Option<Duration>) -> io::Result<()> {
        self.network.take_news(self.index, ready);
        Ok(())
    }

    fn now(&self) -> Instant {
        self.network.now()
    }

    fn add(&mut self, socket: &mut SimSocket, slot: u32) -> io::Result<bool> {
        self.network.watch(socket.line, Some((self.index, slot)));
        Ok(false)
    }

    fn remove(&mut self, socket: &mut SimSocket) {
        self.network.watch(socket.line, None);
    }

    fn read(&mut self, socket: &mut SimSocket, buffer: &mut [u8]) -> io::Result<Read> {
        self.network.read(socket.line, buffer)
    }

    fn write(&mut self, socket: &mut SimSocket, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.network.write(socket.line, slices)
    }

    fn flush(&mut self, _: &mut SimSocket) -> io::Result<bool> {
        Ok(true)
    }

    fn shutdown_write(&mut self, socket: &mut SimSocket) {
        self.network.shutdown_write(socket.line);
    }
}
