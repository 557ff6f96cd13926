//! What a browser asks for, done or refused.

use super::{Chat, away};
use crate::app::ChangeError;
use crate::frames::{Frame, Refused};
use crate::sockets::request::Request;
use crate::store::{FindError, NewMessage, WriteError};
use campanile_consumer::{Close, Context, Json, Unsent};

/// Why something was not done.
pub(super) enum Undone {
    /// It is refused, and the socket stays open.
    Refused(ChangeError),
    /// The socket is to be closed.
    Closed(Close),
}

impl Chat {
    /// Does what a browser wants.
    pub(super) async fn heed(
        &mut self,
        request: Request,
        context: &mut Context<Chat>,
    ) -> Result<(), Undone> {
        let app = &self.app;
        match request {
            Request::Add { message, client_id } => {
                self.add(NewMessage { body: message, client_id }, context).await?;
            }
            Request::Edit { message_id, message } => {
                let number = app.frames.message_of(&message_id);
                app.edit(&self.membership, number, &message).await?;
            }
            Request::Delete { message_id } => {
                let number = app.frames.message_of(&message_id);
                app.delete(&self.membership, number).await?;
            }
            Request::Read { message_id } => {
                let number = app.frames.message_of(&message_id);
                app.mark_read(&self.membership, number).await?;
            }
            Request::Typing { typing } => {
                self.look_again().await?;
                self.tell_typing(typing).await;
            }
            Request::Ping => context.send(Json(Frame::Pong)).await?,
        }
        Ok(())
    }

    /// Adds a message. It comes with its event, to its sender as to all others; one that was there
    /// before, whose event may long be heard, is acknowledged again.
    async fn add(&mut self, new: NewMessage, context: &mut Context<Chat>) -> Result<(), Undone> {
        let added = self.app.add(&self.membership, &new).await?;
        if added.is_new {
            return Ok(());
        }
        if added.message.seq > self.heard {
            return Ok(self.catch_up(context).await?);
        }
        let frame = self.app.frames.added(added.message).await.map_err(away)?;
        Ok(context.send(Json(frame)).await?)
    }
}

/// Says why something was not done.
pub(super) fn refused(error: &ChangeError, names: Refused) -> Refused {
    let error = match error {
        ChangeError::TooMuch(wait) => {
            let Refused { code, detail, retry_after, .. } = Refused::too_much(*wait);
            return Refused { code, detail, retry_after, ..names };
        }
        ChangeError::Write(error) => error,
    };
    let code = match error {
        WriteError::NotFound => "not_found",
        WriteError::NotOwner => "not_owner",
        WriteError::Invalid(_) => "invalid",
        WriteError::TooLong(_) => "too_long",
        WriteError::Database(error) => {
            // What the database says is for nobody else.
            tracing::error!(%error, "the database failed");
            let detail = "The server cannot do this now. Try again in a moment.".to_owned();
            return Refused { code: "unavailable", detail, ..names };
        }
    };
    Refused { code, detail: error.to_string(), ..names }
}

impl From<ChangeError> for Undone {
    fn from(error: ChangeError) -> Undone {
        Undone::Refused(error)
    }
}

impl From<FindError> for Undone {
    fn from(error: FindError) -> Undone {
        Undone::Refused(ChangeError::Write(error.into()))
    }
}

impl From<Close> for Undone {
    fn from(close: Close) -> Undone {
        Undone::Closed(close)
    }
}

impl From<Unsent> for Undone {
    fn from(error: Unsent) -> Undone {
        Undone::Closed(error.into())
    }
}
