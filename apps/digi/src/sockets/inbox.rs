//! A list's socket: each line that changes.

use super::admission::{self, Asking};
use crate::app::App;
use crate::events::{InboxEvent, inbox_group};
use crate::frames::Frame;
use crate::presence::Seat;
use axum::extract::State;
use campanile_consumer::{Accept, Client, Close, Consumer, Context, Json, Missed, Refusal, Scope};
use sea_orm::DbErr;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

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
    changed: Arc<Mutex<BTreeSet<i64>>>,
}

/// How long is waited for more that changes: of a conversation in which much is said, the line is made
/// once for all of that.
const GATHER: Duration = Duration::from_millis(50);

/// How many lines a browser is told when it is not known which are others.
const TOLD_MAX: u32 = 200;

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
        let lines = Lines { app: app.clone(), user, changed: Arc::default() };
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

    async fn event(&mut self, event: InboxEvent, context: &mut Context<Self>) -> Result<(), Close> {
        let InboxEvent::Changed { conversation } = event;
        let is_first = {
            let mut changed = self.lines.changed();
            changed.insert(conversation) && changed.len() == 1
        };
        if is_first {
            let (lines, client) = (self.lines.clone(), context.client());
            context.spawn(async move {
                tokio::time::sleep(GATHER).await;
                lines.show(&client).await;
            })?;
        }
        Ok(())
    }

    async fn missed(&mut self, _: Missed, context: &mut Context<Self>) -> Result<(), Close> {
        let Lines { app, user, .. } = &self.lines;
        match app.store.lines(*user, TOLD_MAX).await {
            Ok(lines) => {
                self.lines.changed().extend(lines.iter().map(|line| line.conversation.id));
                self.lines.show(&context.client()).await;
            }
            Err(error) => not_told(&error),
        }
        Ok(())
    }
}

impl Lines {
    /// Shows the browser how the lines are that have changed.
    async fn show(&self, client: &Client) {
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

    async fn line(&self, conversation: i64) -> Result<Option<Frame>, DbErr> {
        let line = self.app.store.line(self.user, conversation).await?;
        let shown = self.app.frames.conversations(line.into_iter().collect()).await?.pop();
        Ok(shown.map(|line| Frame::Inbox { connection: Box::new(line) }))
    }

    fn changed(&self) -> MutexGuard<'_, BTreeSet<i64>> {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The list is right again when its page is next loaded.
fn not_told(error: &DbErr) {
    tracing::warn!(%error, "a list is not told of a change");
}
