//! A session's publications: in bursts, or on time.

use std::time::{Duration, Instant};

use super::super::deliveries::Deliveries;
use super::super::failure::Failure;
use super::super::message::data;
use super::super::plan::Slice;
use super::super::publisher::Publisher;
use super::Session;

/// How long everything may be on its way before it counts as lost.
const PATIENCE: Duration = Duration::from_secs(60);

impl Session {
    pub(super) fn publish(&mut self, count: usize) -> Result<Slice, Failure> {
        if self.publisher.is_none() {
            self.publisher = Some(self.server.publisher()?);
        }
        self.publish_slice(count)
    }

    fn publish_slice(&mut self, count: usize) -> Result<Slice, Failure> {
        let begun_ns = self.clients.now_ns();
        let mut deliveries = Deliveries::new(self.plan.load.rooms, self.next_sequence);
        match self.plan.load.rate {
            None => self.publish_in_bursts(count, &mut deliveries)?,
            Some(rate) => self.publish_at_rate(count, rate, &mut deliveries)?,
        }
        self.next_sequence = deliveries.next_sequence();
        Ok(Slice {
            operations: deliveries.arrived,
            cpu_ns: None,
            elapsed_ns: self.clients.now_ns() - begun_ns,
            latencies: deliveries.latencies.counts(),
            bytes: deliveries.bytes,
            faults: deliveries.faults,
        })
    }

    fn publish_in_bursts(&mut self, count: usize, all: &mut Deliveries) -> Result<(), Failure> {
        let mut left = count;
        while left > 0 {
            let burst = self.plan.load.in_flight.min(left);
            left -= burst;
            let sent_ns = self.clients.now_ns();
            self.send(burst, sent_ns, all)?;
            self.wait_for_all(all)?;
            self.confirm()?;
        }
        Ok(())
    }

    /// Sends on time, and measures latencies from when it was time: a server that is late for one
    /// publication cannot make the next look early.
    fn publish_at_rate(
        &mut self,
        count: usize,
        rate: f64,
        all: &mut Deliveries,
    ) -> Result<(), Failure> {
        let begun_ns = self.clients.now_ns();
        for nth in 0..count {
            let due_ns = begun_ns + (nth as f64 * 1e9 / rate) as u64;
            while let Some(wait @ 1..) = due_ns.checked_sub(self.clients.now_ns()) {
                self.clients.turn(Some(Duration::from_nanos(wait)), all)?;
            }
            self.confirm()?;
            self.send(1, due_ns, all)?;
        }
        self.wait_for_all(all)?;
        self.confirm()
    }

    fn send(&mut self, burst: usize, sent_ns: u64, all: &mut Deliveries) -> Result<(), Failure> {
        let load = &self.plan.load;
        let mut publications = Vec::with_capacity(burst);
        for _ in 0..burst {
            let room = all.next_sequence() as usize % load.rooms;
            let members = self.clients.len().saturating_sub(room).div_ceil(load.rooms);
            let sequence = all.expect(u32::try_from(members).expect("clients are few million"));
            publications.push((room, data(sequence, sent_ns, load.payload_bytes)));
        }
        let publisher = self.publisher.as_mut().expect("publish makes one first");
        publisher.publish(&publications)
    }

    fn confirm(&mut self) -> Result<(), Failure> {
        self.publisher.as_mut().map_or(Ok(()), Publisher::confirm)
    }

    /// Polls without ever sleeping: to wake a sleeping core costs the server's side of a virtual
    /// machine up to 3 µs for each write, or nothing, as it happens to come.
    fn wait_for_all(&mut self, all: &mut Deliveries) -> Result<(), Failure> {
        let begun = Instant::now();
        while !all.all_arrived() {
            self.clients.turn(Some(Duration::ZERO), all)?;
            if begun.elapsed() > PATIENCE {
                all.give_up();
            }
        }
        Ok(())
    }
}
