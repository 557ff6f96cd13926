//! What a client said or did, waiting for its consumer.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use campanile_layer::Missed;
use tokio::sync::Notify;

use crate::CloseCode;
use crate::limits::Limits;
use crate::message::Message;

/// What a client said or did, waiting for its consumer.
pub(crate) struct Incoming {
    state: Mutex<State>,
    arrived: Notify,
    messages_max: usize,
    bytes_max: usize,
}

#[derive(Default)]
struct State {
    messages: VecDeque<Message>,
    bytes: usize,
    /// The client is not read until half of this is worked off.
    is_full: bool,
    /// Of a fast group: the last counts for those before it that nobody heard.
    missed: Option<Missed>,
    ended: Option<CloseCode>,
}

/// What comes next.
#[derive(Debug)]
pub(crate) enum Next {
    /// A message of the client.
    Message(Message),
    /// Events of the fast lane may be missing.
    Missed(Missed),
    /// The connection is over.
    End(CloseCode),
}

impl Incoming {
    pub(super) fn new(limits: &Limits) -> Incoming {
        Incoming {
            state: Mutex::default(),
            arrived: Notify::new(),
            messages_max: limits.waiting_messages_max.max(1),
            bytes_max: limits.waiting_bytes_max,
        }
    }

    /// Takes in a message. Returns whether no more should come until there is room.
    pub(crate) fn push(&self, message: Message) -> bool {
        let mut state = self.lock();
        state.bytes += message.bytes();
        state.messages.push_back(message);
        state.is_full = state.messages.len() >= self.messages_max || state.bytes >= self.bytes_max;
        let is_full = state.is_full;
        drop(state);
        self.arrived.notify_one();
        is_full
    }

    /// Takes note that events of the fast lane may be missing.
    pub(crate) fn misses(&self, missed: Missed) {
        self.lock().missed = Some(missed);
        self.arrived.notify_one();
    }

    /// Takes note of the end, behind what came before it. The first one counts.
    pub(super) fn ends(&self, code: CloseCode) {
        self.lock().ended.get_or_insert(code);
        self.arrived.notify_one();
    }

    /// Waits for what comes next, and says whether there is room again for which the client waits. It
    /// may be dropped at any time.
    pub(super) async fn next(&self) -> (Next, bool) {
        loop {
            if let Some(next) = self.try_next() {
                return next;
            }
            self.arrived.notified().await;
        }
    }

    fn try_next(&self) -> Option<(Next, bool)> {
        let mut state = self.lock();
        if let Some(missed) = state.missed.take() {
            return Some((Next::Missed(missed), false));
        }
        let Some(message) = state.messages.pop_front() else {
            return state.ended.map(|code| (Next::End(code), false));
        };
        state.bytes -= message.bytes();
        let has_room =
            state.messages.len() <= self.messages_max / 2 && state.bytes <= self.bytes_max / 2;
        let reads_on = state.is_full && has_room;
        state.is_full &= !reads_on;
        Some((Next::Message(message), reads_on))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
