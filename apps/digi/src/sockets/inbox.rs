//! A list's socket: each line that changes.

use super::admission::{self, Asking};
use crate::app::App;
use crate::events::{InboxEvent, inbox_group};
use crate::frames::Frame;
use crate::presence::Seat;
use axum::extract::State;
use campanile_consumer::{Accept, Close, Consumer, Context, Json, Refusal, Scope};

/// One browser's list.
pub(super) struct Inbox {
    app: App,
    user: i64,
    _seat: Seat,
}

impl Consumer for Inbox {
    type User = Asking;
    type Request = ();
    type Event = InboxEvent;

    async fn connect(
        scope: Scope<Asking>,
        context: &mut Context<Self>,
    ) -> Result<Accept<Self>, Refusal> {
        admission::check_origin(&scope)?;
        let (State(app), logged_in) = &scope.user;
        let user = logged_in.user.id;
        context.group_add(&inbox_group(user)).await?;
        admission::close_when_ended(logged_in, context)?;
        let seat = admission::seat(app, logged_in, None)?;
        Ok(Accept::new(Inbox { app: app.clone(), user, _seat: seat }))
    }

    async fn event(&mut self, event: InboxEvent, context: &mut Context<Self>) -> Result<(), Close> {
        let InboxEvent::Changed { conversation } = event;
        let line = self.app.store.line(self.user, conversation).await;
        let shown = match line {
            Ok(line) => self.app.frames.conversations(line.into_iter().collect()).await,
            Err(error) => Err(error),
        };
        match shown {
            Ok(mut shown) => {
                if let Some(connection) = shown.pop().map(Box::new) {
                    context.send(Json(Frame::Inbox { connection })).await?;
                }
            }
            Err(error) => tracing::warn!(%error, "a list is not told of a change"),
        }
        Ok(())
    }
}
