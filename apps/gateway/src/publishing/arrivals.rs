//! What comes back from the broker, on its way to the loops.

use super::awaited::Outcome;
use super::{Publishing, gaps, memory, note};
use crate::explain::{Fate, Noted};
use crate::serve::Shared;
use crate::service::Gateway;
use crate::spans::Span;
use crate::trigger::Trigger;
use bytes::Bytes;
use campanile_broker::{Event, Events, Taken};
use campanile_manager::{Handle, PostError, Publication, Receipt};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

/// How long to wait before loops that are behind are asked again.
pub(super) const PAUSE: Duration = Duration::from_millis(5);

/// A publication that the loops have and have not delivered yet.
struct Undelivered {
    receipt: Receipt,
    /// Tells the broker when it is dropped.
    _taken: Taken,
    id: Option<Box<str>>,
    has_literal_star: bool,
}

/// Delivers what the broker gives until it is stopped.
pub async fn run(shared: Arc<Shared>, mut events: Events) {
    // As many as a loop's mailbox may hold: whatever else waits, waits at the broker.
    let undelivered_max = shared.config().limits.mailbox_publications_max;
    let mut undelivered = VecDeque::new();
    loop {
        let has_room = undelivered.len() < undelivered_max;
        shared.publishing.is_behind.store(!has_room, Relaxed);
        tokio::select! {
            // Counting first: it is what frees places, and what callers wait for.
            biased;
            reached = first_delivered(&mut undelivered) => {
                shared.publishing.delivered(undelivered.pop_front(), reached);
            }
            event = events.next(), if has_room => match event {
                Some(Event::Publication { body, taken }) => {
                    deliver(&shared, &mut undelivered, &body, taken).await;
                }
                Some(Event::Control { body }) => shared.control.take(&body),
                Some(Event::Lost { since, why }) => gaps::begin(&shared, since, &why).await,
                Some(Event::Back { lost, from, until }) => {
                    gaps::end(&shared, lost, from, until).await;
                }
                None => return,
            },
        }
    }
}

/// Waits until the loops have delivered the first; for ever if there is none.
async fn first_delivered(undelivered: &mut VecDeque<Undelivered>) -> u64 {
    poll_fn(|context| match undelivered.front_mut() {
        Some(first) => Pin::new(&mut first.receipt).poll(context),
        None => std::task::Poll::Pending,
    })
    .await
}

/// Hands a publication to the loops, if there is something to deliver.
async fn deliver(
    shared: &Arc<Shared>,
    undelivered: &mut VecDeque<Undelivered>,
    body: &Bytes,
    taken: Taken,
) {
    let (publishing, config) = (&shared.publishing, shared.config());
    let trigger = match Trigger::read(body, &config.trigger) {
        Ok(trigger) => trigger,
        Err(bad) => {
            // Whoever published it past our door cannot be answered.
            publishing.unreadable.add();
            tracing::debug!(%bad, "what came from the broker is no trigger");
            return;
        }
    };
    if let Some(id) = trigger.lasting_id()
        && !publishing.recent.is_new(id, memory(&config.trigger), Instant::now())
    {
        // Who waits for one that is on its way waits for that.
        if !undelivered.iter().any(|earlier| earlier.id.as_deref() == Some(id)) {
            publishing.awaited.tell(id, Outcome::Duplicate);
        }
        note(shared, Fate::Duplicate, &trigger);
        return;
    }
    let slow = config.limits.slow_rooms.of(&trigger.publication.rooms);
    drop(config);
    let noted = shared.settings.ledger.is_on().then(|| Noted::of(shared, &trigger, slow));
    let Trigger { publication, has_literal_star, id, exclude, traceparent, .. } = trigger;
    let publication = publication.excluding(shared.excluded(&exclude)).when_slow(slow);
    let span = Span::within("arrival", traceparent.as_deref());
    let publication = publication.watched_by(span.watch());
    let handed_over = hand_over(publishing, &shared.handle, publication).await;
    let Some(receipt) = handed_over else { return };
    if let Some(noted) = noted {
        shared.settings.ledger.delivered(receipt.sequence(), noted);
    }
    let id = id.filter(|id| publishing.awaited.is_awaited(id));
    undelivered.push_back(Undelivered { receipt, _taken: taken, id, has_literal_star });
}

/// Hands a publication to the loops, as soon as they have room for it; none if they have ended.
async fn hand_over(
    publishing: &Publishing,
    handle: &Handle<Gateway>,
    publication: Publication,
) -> Option<Receipt> {
    let publication = Arc::new(publication);
    loop {
        match handle.publish_counted(Arc::clone(&publication)) {
            Ok(receipt) => return Some(receipt),
            Err(PostError::Full) => publishing.is_behind.store(true, Relaxed),
            Err(PostError::Ended) => return None,
        }
        tokio::time::sleep(PAUSE).await;
    }
}

impl Publishing {
    /// Notes that the loops have delivered a publication.
    fn delivered(&self, undelivered: Option<Undelivered>, reached: u64) {
        let Some(Undelivered { id, has_literal_star, .. }) = undelivered else { return };
        if let Some(id) = id {
            self.awaited.tell(&id, Outcome::Reached(reached));
        }
        if has_literal_star && reached == 0 && !self.star_is_settled.swap(true, Relaxed) {
            tracing::warn!(
                "a trigger named a room with \"*\" and reached nobody: there it is a text like any \
                 other. If every value was meant, say \"match\": \"pattern\" in the trigger."
            );
        }
    }
}
