//! What came and waits to be taken, with a limit in bytes.

use crate::counters::Counting;
use crate::event::{Event, Taken};
use crate::link::Arrival;
use bytes::Bytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::{Notify, mpsc, watch};

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
    /// Wakes who waits for room.
    taken: Notify,
}

/// The loops are too far behind, or the connection is over.
#[derive(Debug)]
pub(crate) struct NotTaken;

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
    let (bytes, taken) = (AtomicUsize::new(0), Notify::new());
    let shared = Shared { bytes, bytes_max, message_bytes_max, counting, taken };
    let shared = Arc::new(shared);
    (Arrivals { queue: sender, shared: Arc::clone(&shared) }, Mover { queue: receiver, shared })
}

impl Arrivals {
    /// Takes a publication in; one that nobody could read is skipped.
    pub(crate) fn publication(&self, body: Bytes, taken: Taken) -> Result<(), NotTaken> {
        self.put(&body.clone(), Arrival::Publication { body, taken })
    }

    /// Takes a control message in; one that nobody could read is skipped.
    pub(crate) fn control(&self, body: Bytes) -> Result<(), NotTaken> {
        self.put(&body.clone(), Arrival::Control { body })
    }

    /// Waits until there is room for one more, if what brings it can wait.
    pub(crate) async fn wait_for_room(&self) {
        while self.shared.bytes.load(Ordering::Relaxed) > self.shared.bytes_max / 2 {
            self.shared.taken.notified().await;
        }
    }

    pub(crate) fn counting(&self) -> &Counting {
        &self.shared.counting
    }

    fn put(&self, body: &Bytes, arrival: Arrival) -> Result<(), NotTaken> {
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
        let before = shared.bytes.fetch_add(bytes, Ordering::Relaxed);
        // One message alone may be longer than the limit: else it could never be heard.
        if before > 0 && before + bytes > shared.bytes_max {
            shared.counting.backlog_overflows.count();
            return Err(NotTaken);
        }
        // Whoever still reads after the end must not believe that this was heard.
        self.queue.send(arrival).map_err(|_| NotTaken)?;
        shared.counting.received.count();
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
            self.shared.taken.notify_one();
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
