//! A list's socket: each line that changes.

use super::admission::{self, Asking};
use crate::app::App;
use crate::events::{InboxEvent, inbox_group};
use crate::frames::Frame;
use crate::presence::Seat;
use axum::extract::State;
use campanile_accounts::Problem;
use campanile_consumer::{Accept, Client, Close, Consumer, Context, Json, Missed, Refusal, Scope};
use sea_orm::DbErr;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// One browser's list.
pub(super) struct Inbox {
    lines: Lines,
    _seat: Seat,
}

/// The lines that are others than the browser was told. Clones are the same.
#[derive(Clone)]
struct Lines {
    app: App,
    user: i64,
    /// Never more than the user has conversations.
    changed: Arc<Mutex<BTreeSet<i64>>>,
    /// That there are some.
    waiting: Arc<Notify>,
}

/// How long is waited for more that changes: of a conversation in which much is said, the line is made
/// once for all of that.
const GATHER: Duration = Duration::from_millis(50);

/// How many lines a browser is told when it is not known which are others.
const TOLD_MAX: u64 = 200;

impl Consumer for Inbox {
    type User = Asking;
    type Request = String;
    type Event = InboxEvent;

    async fn connect(
        scope: Scope<Asking>,
        context: &mut Context<Self>,
    ) -> Result<Accept<Self>, Refusal> {
        admission::check_origin(&scope)?;
        let (State(app), logged_in) = &scope.user;
        let user = logged_in.user.id;
        let seat = admission::seat(app, logged_in, None)?;
        context.group_add(&inbox_group(user)).await?;
        admission::close_when_ended(app, logged_in, context)?;
        let (changed, waiting) = (Arc::default(), Arc::default());
        let lines = Lines { app: app.clone(), user, changed, waiting };
        let showing = lines.clone().show(context.client());
        context.spawn(showing).map_err(|_| Refusal::new(Problem::Busy))?;
        Ok(Accept::new(Inbox { lines, _seat: seat }))
    }

    /// A list has nothing to say but that it is there.
    async fn receive(&mut self, text: String, context: &mut Context<Self>) -> Result<(), Close> {
        let answer = match admission::only_pings(&self.lines.app, self.lines.user, &text) {
            Ok(()) => Frame::Pong,
            Err(refused) => Frame::Error(refused),
        };
        Ok(context.send(Json(answer)).await?)
    }

    async fn event(&mut self, event: InboxEvent, _: &mut Context<Self>) -> Result<(), Close> {
        let InboxEvent::Changed { conversation } = event;
        self.lines.have_changed([conversation]);
        Ok(())
    }

    async fn missed(&mut self, _: Missed, _: &mut Context<Self>) -> Result<(), Close> {
        let Lines { app, user, .. } = &self.lines;
        match app.store.last_active(*user, TOLD_MAX).await {
            Ok(conversations) => self.lines.have_changed(conversations),
            Err(error) => not_told(&error),
        }
        Ok(())
    }
}

impl Lines {
    fn have_changed(&self, conversations: impl IntoIterator<Item = i64>) {
        self.changed().extend(conversations);
        self.waiting.notify_one();
    }

    /// Shows the browser how the lines are that have changed, for as long as it is there. All are shown
    /// here, one after the other: what it is told of a line last was read last.
    async fn show(self, client: Client) {
        loop {
            self.waiting.notified().await;
            tokio::time::sleep(GATHER).await;
            let changed = std::mem::take(&mut *self.changed());
            for conversation in changed {
                match self.line(conversation).await {
                    Ok(Some(frame)) => {
                        if client.send(Json(frame)).await.is_err() {
                            return;
                        }
                    }
                    Ok(None) => {}
                    Err(error) => not_told(&error),
                }
            }
        }
    }

    /// Says how a line is, or that the list has it no more.
    async fn line(&self, conversation: i64) -> Result<Option<Frame>, DbErr> {
        let App { store, frames, .. } = &self.app;
        let line = store.line(self.user, conversation).await?;
        let shown = frames.conversations(line.into_iter().collect()).await?.pop();
        if let Some(line) = shown {
            return Ok(Some(Frame::Inbox { connection: Box::new(line) }));
        }
        let gone = store.conversations([conversation]).await?.pop();
        Ok(gone.map(|row| Frame::InboxGone { id: frames.conversation_id(&row) }))
    }

    fn changed(&self) -> MutexGuard<'_, BTreeSet<i64>> {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The list is right again when its page is next loaded.
fn not_told(error: &DbErr) {
    tracing::warn!(%error, "a list is not told of a change");
}
