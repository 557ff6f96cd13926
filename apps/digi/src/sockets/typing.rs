//! Whether the other writes: what nobody takes back ends by itself.

use super::chat::Chat;
use crate::frames::{Frame, Typing};
use campanile_consumer::{Context, Json};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// Until when the other writes, as this browser was told; none if it does not. It is kept where it is
/// heard, so that it ends also when the process is killed where it is said.
#[derive(Clone, Default)]
pub(super) struct PeerTyping(Arc<Mutex<Option<Instant>>>);

/// How long somebody writes who says nothing more of it.
const LASTS: Duration = Duration::from_secs(5);

impl PeerTyping {
    /// Takes note of what was heard, and has the browser told when it is over.
    pub(super) fn heard(&self, typing: &Typing, context: &mut Context<Chat>) {
        let until = typing.typing.then(|| Instant::now() + LASTS);
        let before = std::mem::replace(&mut *self.lock(), until);
        if until.is_none() || before.is_some() {
            return;
        }
        let (peer, user, client) = (self.clone(), typing.user.clone(), context.client());
        let watching = async move {
            if peer.is_over().await {
                // A client that is gone need not know.
                let _ = client.send(Json(Frame::Typing(Typing { user, typing: false }))).await;
            }
        };
        // A browser that is told so much of it already will be told the end of that.
        let _ = context.spawn(watching);
    }

    /// Waits until the other writes no more; says whether that ended by itself.
    async fn is_over(&self) -> bool {
        loop {
            let Some(until) = *self.lock() else { return false };
            sleep_until(until).await;
            let mut known = self.lock();
            if known.is_some_and(|until| until <= Instant::now()) {
                *known = None;
                return true;
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
