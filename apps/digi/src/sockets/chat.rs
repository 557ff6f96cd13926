//! A conversation's socket.
//!
//! It goes by the numbers of events: what was heard is dropped, what is the next is passed on, and where
//! one is missing all are asked for. So it makes no difference whether an event comes twice, late or
//! not at all.

mod asking;

use super::admission::{self, Asking};
use super::request::Request;
use super::typing::PeerTyping;
use crate::app::App;
use crate::events::{ChatEvent, chat_group};
use crate::frames::{Frame, Refused, Typing, shown_time};
use crate::presence::{Seat, Whereabouts};
use crate::store::{FindError, Membership, Replay, Standing};
use asking::{Undone, refused};
use axum::extract::State;
use campanile_accounts::Problem;
use campanile_consumer::{
    Accept, Close, CloseCode, Consumer, Context, Json, Missed, Refusal, Scope,
};
use sea_orm::DbErr;
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;

/// One browser's end of a conversation.
pub(super) struct Chat {
    app: App,
    membership: Membership,
    /// Who this is, by name.
    me: Arc<str>,
    /// The number up to which this browser has heard everything.
    heard: i64,
    /// The number after which it wants to hear everything; none if it only wants what is new.
    after: Option<i64>,
    typing: PeerTyping,
    _seat: Seat,
}

/// The code by which a browser learns that the two do not talk any more.
const NO_LONGER_TALKING: u16 = 4403;

/// The same in words.
const OVER: &str = "the two do not talk any more";

/// How often is looked whether they do, in case that what tells of it is lost.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// How many events are read at once.
const BATCH: u64 = 500;

#[derive(Deserialize)]
struct Query {
    after: Option<i64>,
}

impl Consumer for Chat {
    type User = Asking;
    type Request = String;
    type Event = ChatEvent;

    async fn connect(
        scope: Scope<Asking>,
        context: &mut Context<Self>,
    ) -> Result<Accept<Self>, Refusal> {
        admission::check_origin(&scope)?;
        let Query { after } = scope.query_as()?;
        let (State(app), logged_in) = &scope.user;
        let conversation = app.frames.conversation_of(scope.param("id")?);
        let membership = app.store.membership(logged_in.user.id, conversation).await;
        let membership = membership.map_err(|error| Refusal::new(Problem::from(error)))?;
        if membership.standing() != Standing::Accepted {
            return Err(Refusal::new(Problem::NotFound));
        }
        let seat = admission::seat(app, logged_in, Some(conversation))?;
        // What was missed is read when this is done: so no event falls between the two.
        context.group_add(&chat_group(conversation)).await?;
        admission::close_when_ended(app, logged_in, context)?;
        Ok(Accept::new(Chat {
            app: app.clone(),
            membership,
            me: logged_in.user.username.as_str().into(),
            heard: 0,
            after: after.map(|after| after.max(0)),
            typing: PeerTyping::default(),
            _seat: seat,
        }))
    }

    async fn opened(&mut self, context: &mut Context<Self>) -> Result<(), Close> {
        self.look_again().await?;
        let last_seq = self.membership.conversation().last_seq;
        let unread = self.app.store.unread(&self.membership).await.map_err(away)?;
        let hello = self.app.frames.hello(&self.membership, (last_seq, unread)).await;
        context.send(Json(hello.map_err(away)?)).await?;
        self.heard = self.after.unwrap_or(last_seq);
        self.catch_up(context).await?;
        self.show_state(context).await?;
        self.look_again_and_again(context)
    }

    async fn receive(&mut self, text: String, context: &mut Context<Self>) -> Result<(), Close> {
        let answer = match self.read(&text) {
            Err(refused) => refused,
            Ok(request) => {
                let names = request.names();
                match self.heed(request, context).await {
                    Ok(()) => return Ok(()),
                    Err(Undone::Closed(close)) => return Err(close),
                    Err(Undone::Refused(error)) => refused(&error, names),
                }
            }
        };
        Ok(context.send(Json(Frame::Error(answer))).await?)
    }

    async fn event(&mut self, event: ChatEvent, context: &mut Context<Self>) -> Result<(), Close> {
        match event {
            ChatEvent::Added(added) => {
                self.pass_on(added.seq, Frame::ChatMessage(added), context).await
            }
            ChatEvent::Edited(edited) => {
                self.pass_on(edited.seq, Frame::ChatMessageEdit(edited), context).await
            }
            ChatEvent::Deleted(deleted) => {
                self.pass_on(deleted.seq, Frame::ChatMessageDelete(deleted), context).await
            }
            ChatEvent::Typing(typing) if *typing.user != *self.me => {
                self.typing.heard(&typing, context);
                Ok(context.send(Json(Frame::Typing(typing))).await?)
            }
            ChatEvent::Presence(whereabouts) if *whereabouts.user != *self.me => {
                Ok(context.send(Json(Frame::Presence(whereabouts))).await?)
            }
            ChatEvent::Typing(_) | ChatEvent::Presence(_) => Ok(()),
            ChatEvent::Read(read) => Ok(context.send(Json(Frame::Read(read))).await?),
            ChatEvent::Standing {} => self.look_again().await,
        }
    }

    async fn missed(&mut self, _: Missed, context: &mut Context<Self>) -> Result<(), Close> {
        self.look_again().await?;
        self.catch_up(context).await?;
        self.show_state(context).await
    }
}

impl Chat {
    /// Passes an event on, if it is the next: what was heard is dropped, what is missing is asked for.
    async fn pass_on(
        &mut self,
        seq: i64,
        frame: Frame,
        context: &mut Context<Chat>,
    ) -> Result<(), Close> {
        if seq <= self.heard {
            return Ok(());
        }
        if seq > self.heard + 1 {
            return self.catch_up(context).await;
        }
        self.heard = seq;
        Ok(context.send(Json(frame)).await?)
    }

    /// Sends all events after those that were heard.
    async fn catch_up(&mut self, context: &mut Context<Chat>) -> Result<(), Close> {
        loop {
            let replay = self.app.store.events_after(&self.membership, self.heard, BATCH).await;
            match replay.map_err(|error| self.lost(error))? {
                Replay::Events(events) if events.is_empty() => return Ok(()),
                Replay::Events(events) => {
                    self.app.counters.replayed.add(events.len());
                    for told in events {
                        self.heard = told.seq;
                        let frame = self.app.frames.told(told).await.map_err(away)?;
                        context.send(Json(frame)).await?;
                    }
                }
                Replay::Resync(last_seq) => {
                    self.app.counters.resyncs.one_more();
                    self.heard = last_seq;
                    return Ok(context.send(Json(Frame::Resync { last_seq })).await?);
                }
            }
        }
    }

    /// Sends what is only true now: whether the other is here, and up to where it has read.
    async fn show_state(&self, context: &mut Context<Chat>) -> Result<(), Close> {
        let App { store, frames, presence, .. } = &self.app;
        let peer = self.membership.peer();
        let here = presence.of([peer]).await.map_err(away)?;
        let here = here.get(&peer);
        let name = frames.names().name(peer).await.map_err(away)?;
        let whereabouts = Whereabouts {
            user: name.as_ref().to_owned(),
            online: here.is_some_and(|here| here.online),
            last_seen: here.map(|here| shown_time(here.last_seen)),
        };
        context.send(Json(Frame::Presence(whereabouts))).await?;
        if let Some(message) = store.read_by_peer(&self.membership).await.map_err(away)? {
            let read = frames.read(peer, &message, None).await.map_err(away)?;
            context.send(Json(Frame::Read(read))).await?;
        }
        Ok(())
    }

    /// Looks whether the two still talk; if not, it is over.
    async fn look_again(&mut self) -> Result<(), Close> {
        let (user, conversation) = (self.membership.user(), self.membership.conversation().id);
        let found = self.app.store.membership(user, conversation).await;
        self.membership = found.map_err(|error| self.lost(error))?;
        match self.membership.standing() {
            Standing::Accepted => Ok(()),
            _ => Err(self.lost(FindError::NotFound)),
        }
    }

    /// Ends it soon also if nothing was heard of that the two do not talk any more.
    fn look_again_and_again(&self, context: &mut Context<Chat>) -> Result<(), Close> {
        let (app, client) = (self.app.clone(), context.client());
        let (user, conversation) = (self.membership.user(), self.membership.conversation().id);
        let looking = async move {
            loop {
                tokio::time::sleep(LOOK_EVERY).await;
                let is_over = match app.store.membership(user, conversation).await {
                    Ok(found) => found.standing() != Standing::Accepted,
                    Err(FindError::NotFound) => true,
                    // It may be back the next time.
                    Err(FindError::Database(_)) => false,
                };
                if is_over {
                    app.counters.closed_not_talking.one_more();
                    client.close(CloseCode::of_application(NO_LONGER_TALKING), OVER);
                    return;
                }
            }
        };
        let spawned = context.spawn(looking);
        spawned.map_err(|_| Close::new(CloseCode::TRY_AGAIN_LATER, "the server is busy"))
    }

    /// Reads what a browser sends, unless it sends too much; also then is said what of.
    fn read(&self, text: &str) -> Result<Request, Refused> {
        let counters = &self.app.counters;
        let request = Request::read(text);
        if let Err(wait) = self.app.frames_pace.once_more(self.membership.user()) {
            counters.rate_limited.one_more();
            let Refused { client_id, message_id, .. } =
                request.map_or_else(|refused| refused, |request| request.names());
            return Err(Refused { client_id, message_id, ..Refused::too_much(wait) });
        }
        request.inspect_err(|_| counters.invalid.one_more())
    }

    fn lost(&self, error: FindError) -> Close {
        match error {
            FindError::Database(error) => away(error),
            FindError::NotFound => {
                self.app.counters.closed_not_talking.one_more();
                let code = CloseCode::of_application(NO_LONGER_TALKING);
                Close::new(code, OVER)
            }
        }
    }

    /// Tells the other that this one writes, or has stopped.
    async fn tell_typing(&self, typing: bool) {
        let event = ChatEvent::Typing(Typing { user: self.me.as_ref().to_owned(), typing });
        self.app.tell.chat_if_possible(self.membership.conversation().id, &event).await;
    }
}

/// The browser comes again, and is told then what it has not heard.
#[expect(clippy::needless_pass_by_value, reason = "it is for `map_err`")]
fn away(error: DbErr) -> Close {
    tracing::error!(%error, "the database failed");
    Close::new(CloseCode::TRY_AGAIN_LATER, "the server cannot do this now")
}
