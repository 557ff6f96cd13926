//! What happened, counted.

use super::backend::Counts;
use super::route::Refusal;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// What all tasks of a translator count, and heartbeats and metrics show.
#[derive(Debug, Default)]
pub struct Statistics {
    /// Whether the WebSocket to the server is open.
    pub server_up: Flag,
    /// Whether gobgpd answers.
    pub backend_up: Flag,
    /// WebSockets that were opened.
    pub server_connections: Count,
    /// Connections to gobgpd that were made.
    pub backend_connections: Count,
    /// Messages of the server, of all types.
    pub frames: Count,
    /// Messages of a type that nobody here knows.
    pub frames_unknown: Count,
    /// Checks that were answered.
    pub checks: Count,
    /// Replays that were heard to their end.
    pub replays: Count,
    /// Heartbeats that were sent.
    pub heartbeats: Count,
    /// Routes that gobgpd was told to announce.
    pub announced: Count,
    /// Routes that gobgpd was told to withdraw.
    pub withdrawn: Count,
    /// Routes that gobgpd did not take.
    pub rejected: Count,
    /// Comparisons of what is announced with what is wanted.
    pub comparisons: Count,
    /// Routes that differed in a comparison.
    pub differences: Count,
    /// What gobgpd's tables hold, whoever announced it.
    table: [Count; 2],
    /// What this translator announces.
    own: [Count; 2],
    wanted: Count,
    pending: Count,
    refused: [Count; Refusal::ALL.len()],
    last_error: Mutex<Option<String>>,
}

/// A number.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

/// Yes or no.
#[derive(Debug, Default)]
pub struct Flag(AtomicBool);

impl Count {
    /// Counts one more.
    pub fn increase(&self) {
        self.add(1);
    }

    /// Counts so many more.
    pub fn add(&self, more: usize) {
        self.0.fetch_add(more as u64, Ordering::Relaxed);
    }

    /// Returns the number.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn set(&self, number: u64) {
        self.0.store(number, Ordering::Relaxed);
    }
}

impl Flag {
    /// Says yes or no.
    pub fn set(&self, is_so: bool) {
        self.0.store(is_so, Ordering::Relaxed);
    }

    /// Returns what was said last.
    pub fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Statistics {
    /// Counts a message that is not heeded.
    pub fn refuse(&self, refusal: Refusal) {
        self.refused[refusal as usize].increase();
    }

    /// Returns how many messages were not heeded, for this reason.
    pub fn refused(&self, refusal: Refusal) -> u64 {
        self.refused[refusal as usize].get()
    }

    /// Notes what gobgpd's tables hold.
    pub fn set_table(&self, counts: Counts) {
        self.table[0].set(counts.v4);
        self.table[1].set(counts.v6);
    }

    /// Returns what gobgpd's tables held when it was asked last.
    pub fn table(&self) -> Counts {
        Counts { v4: self.table[0].get(), v6: self.table[1].get() }
    }

    /// Notes what this translator announces.
    pub fn set_own(&self, counts: Counts) {
        self.own[0].set(counts.v4);
        self.own[1].set(counts.v6);
    }

    /// Returns what this translator announces.
    pub fn own(&self) -> Counts {
        Counts { v4: self.own[0].get(), v6: self.own[1].get() }
    }

    /// Notes how many routes are wanted, and how many changes wait.
    pub fn set_wanted(&self, wanted: usize, pending: usize) {
        self.wanted.set(wanted as u64);
        self.pending.set(pending as u64);
    }

    /// Returns how many routes are wanted.
    pub fn wanted(&self) -> u64 {
        self.wanted.get()
    }

    /// Returns how many changes wait.
    pub fn pending(&self) -> u64 {
        self.pending.get()
    }

    /// Notes what keeps this translator from its work; none: nothing does.
    pub fn set_error(&self, error: Option<String>) {
        *self.last_error.lock().unwrap_or_else(PoisonError::into_inner) = error;
    }

    /// Returns what keeps this translator from its work.
    pub fn last_error(&self) -> Option<String> {
        self.last_error.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
