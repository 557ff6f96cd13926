//! What came and waits to be taken, with a limit in bytes.

use crate::counters::Counting;
use crate::event::{Event, Taken};
use crate::link::Arrival;
use bytes::Bytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::{mpsc, watch};

/// The end where what comes is put.
#[derive(Clone)]
pub(crate) struct Arrivals {
    queue: mpsc::UnboundedSender<Arrival>,
    shared: Arc<Shared>,
}

struct Shared {
    /// Of all that waits, each with the place it takes itself.
    bytes: AtomicUsize,
    bytes_max: usize,
    message_bytes_max: usize,
    counting: Arc<Counting>,
}

/// The loops are too far behind.
#[derive(Debug)]
pub(crate) struct Overflow;

/// The end where it is taken out, towards the node's events.
pub(crate) struct Mover {
    queue: mpsc::UnboundedReceiver<Arrival>,
    shared: Arc<Shared>,
}

/// What a waiting message takes beside its bytes, about.
const ENTRY_BYTES: usize = 64;

/// Makes both ends.
pub(crate) fn arrivals(
    bytes_max: usize,
    message_bytes_max: usize,
    counting: Arc<Counting>,
) -> (Arrivals, Mover) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let shared = Shared { bytes: AtomicUsize::new(0), bytes_max, message_bytes_max, counting };
    let shared = Arc::new(shared);
    (Arrivals { queue: sender, shared: Arc::clone(&shared) }, Mover { queue: receiver, shared })
}

impl Arrivals {
    /// Takes a publication in; one that nobody could read is skipped.
    pub(crate) fn publication(&self, body: Bytes, taken: Taken) -> Result<(), Overflow> {
        self.put(&body.clone(), Arrival::Publication { body, taken })
    }

    /// Takes a control message in; one that nobody could read is skipped.
    pub(crate) fn control(&self, body: Bytes) -> Result<(), Overflow> {
        self.put(&body.clone(), Arrival::Control { body })
    }

    pub(crate) fn counting(&self) -> &Counting {
        &self.shared.counting
    }

    fn put(&self, body: &Bytes, arrival: Arrival) -> Result<(), Overflow> {
        let shared = &*self.shared;
        if body.len() > shared.message_bytes_max {
            shared.counting.too_long.count();
            return Ok(());
        }
        if std::str::from_utf8(body).is_err() {
            shared.counting.not_text.count();
            return Ok(());
        }
        let bytes = body.len() + ENTRY_BYTES;
        if shared.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes > shared.bytes_max {
            shared.counting.backlog_overflows.count();
            return Err(Overflow);
        }
        shared.counting.received.count();
        // The mover lives as long as the connection: if it is gone, so is who would read this.
        let _ = self.queue.send(arrival);
        Ok(())
    }
}

impl Mover {
    /// Moves everything to the events, as fast as they are taken, until the connection has ended
    /// and the last of what it brought is moved.
    pub(crate) async fn run(mut self, events: mpsc::Sender<Event>, mut ended: watch::Receiver<()>) {
        loop {
            let arrival = tokio::select! {
                arrival = self.queue.recv() => arrival,
                _ = ended.changed(), if !self.queue.is_closed() => {
                    self.queue.close();
                    continue;
                }
            };
            let Some((event, bytes)) = arrival.map(event) else { return };
            if events.send(event).await.is_err() {
                return;
            }
            self.shared.bytes.fetch_sub(bytes + ENTRY_BYTES, Ordering::Relaxed);
        }
    }
}

fn event(arrival: Arrival) -> (Event, usize) {
    match arrival {
        Arrival::Publication { body, taken } => {
            let bytes = body.len();
            (Event::Publication { body, taken }, bytes)
        }
        Arrival::Control { body } => {
            let bytes = body.len();
            (Event::Control { body }, bytes)
        }
    }
}
