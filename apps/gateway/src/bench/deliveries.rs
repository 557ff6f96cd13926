//! Keeps account of publications: which have arrived everywhere, how late, and what went wrong.

use hdrhistogram::Histogram;

use super::clients::Listener;
use super::failure::Failure;
use super::link::Link;
use super::message::marker;
use super::plan::Faults;

/// The deliveries of one slice. Publication `sequence` goes to room `sequence % rooms`.
pub(super) struct Deliveries {
    rooms: u32,
    /// Deliveries that publications on their way still owe; the first has sequence `first`.
    owed: Vec<u32>,
    first: u32,
    /// Of how many publications in `owed` nothing is owed any more.
    complete: usize,
    pub(super) arrived: u64,
    pub(super) bytes: u64,
    pub(super) faults: Faults,
    pub(super) latencies: Latencies,
}

impl Deliveries {
    /// Begins a slice whose first publication will have sequence `first`.
    pub(super) fn new(rooms: usize, first: u32) -> Self {
        Self {
            rooms: u32::try_from(rooms).expect("there are few million rooms"),
            owed: Vec::new(),
            first,
            complete: 0,
            arrived: 0,
            bytes: 0,
            faults: Faults::default(),
            latencies: Latencies::new(),
        }
    }

    /// Adds a publication that `members` clients are to get, and returns its sequence.
    pub(super) fn expect(&mut self, members: u32) -> u32 {
        let sequence = self.next_sequence();
        self.owed.push(members);
        self.complete += usize::from(members == 0);
        sequence
    }

    /// Returns the sequence of the next publication.
    pub(super) fn next_sequence(&self) -> u32 {
        self.first + u32::try_from(self.owed.len()).expect("a slice has few thousand publications")
    }

    /// Returns whether nothing is on its way.
    pub(super) fn all_arrived(&self) -> bool {
        self.complete == self.owed.len()
    }

    /// Counts what is still owed as lost.
    pub(super) fn give_up(&mut self) {
        self.faults.lost += self.owed.iter().map(|owed| u64::from(*owed)).sum::<u64>();
        self.owed.fill(0);
        self.complete = self.owed.len();
    }

    /// Takes in that a client got `sequence` where `next` was its next one and it was sent past
    /// `missing` others; returns both anew.
    pub(super) fn count(&mut self, sequence: u32, next: u32, missing: u32) -> (u32, u32) {
        let Some(index) = sequence.checked_sub(self.first) else {
            self.faults.out_of_order += 1; // A straggler of a slice that was given up.
            return (next.max(sequence + self.rooms), missing);
        };
        if sequence < next && missing == 0 {
            self.faults.duplicated += 1;
            return (next, missing);
        }
        if let Some(owed) = self.owed.get_mut(index as usize)
            && *owed > 0
        {
            *owed -= 1;
            self.arrived += 1;
            self.complete += usize::from(*owed == 0);
        }
        if sequence < next {
            self.faults.out_of_order += 1;
            return (next, missing - 1);
        }
        (sequence + self.rooms, missing + (sequence - next) / self.rooms)
    }
}

impl Listener for Deliveries {
    fn heard(
        &mut self,
        _: usize,
        link: &mut Link,
        text: &[u8],
        bytes: usize,
        now_ns: u64,
    ) -> Result<(), Failure> {
        let Some((sequence, sent_ns)) = marker(text) else {
            return Ok(());
        };
        (link.next_sequence, link.missing) = self.count(sequence, link.next_sequence, link.missing);
        self.bytes += bytes as u64;
        self.latencies.record(now_ns.saturating_sub(sent_ns));
        Ok(())
    }
}

/// Latencies in nanoseconds, with three digits.
pub(super) struct Latencies(Histogram<u64>);

impl Latencies {
    pub(super) fn new() -> Self {
        Self(Histogram::new(3).expect("three digits are allowed"))
    }

    pub(super) fn record(&mut self, latency_ns: u64) {
        self.0.record(latency_ns).expect("it grows as it must");
    }

    /// Returns each latency that was met and how often, which a histogram elsewhere can take in.
    pub(super) fn counts(&self) -> Vec<(u64, u64)> {
        let counts = self.0.iter_recorded();
        counts.map(|step| (step.value_iterated_to(), step.count_at_value())).collect()
    }

    /// Takes in what [`counts`](Self::counts) gave.
    pub(super) fn add(&mut self, counts: &[(u64, u64)]) {
        for &(latency_ns, count) in counts {
            self.0.record_n(latency_ns, count).expect("it grows as it must");
        }
    }

    /// Returns the latency that the share `quantile` of all keeps within, in microseconds.
    pub(super) fn quantile_us(&self, quantile: f64) -> f64 {
        self.0.value_at_quantile(quantile) as f64 / 1e3
    }
}
