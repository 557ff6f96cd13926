//! What browsers and programs are shown: made here, of rows, for pages, answers and frames alike.

use crate::entities::event::Action;
use crate::entities::{chat_message, conversation};
use crate::ids::{Ids, Kind};
use crate::names::Names;
use crate::presence::{Presence, Whereabouts};
use crate::store::{Line, Membership, Standing, Told};
use chrono::{DateTime, SecondsFormat, Utc};
use sea_orm::DbErr;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa::ToSchema;

/// A message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ChatMessage {
    /// The text, exactly as it was sent; empty if it was deleted.
    #[schema(example = "hi")]
    pub message: String,
    /// Who has said it.
    #[schema(example = "ann")]
    pub user: String,
    /// Its id, the same for both and in every answer.
    pub message_id: String,
    /// When.
    #[schema(example = "2026-11-21T10:00:00.000Z")]
    pub sent_at: String,
    /// When the text was last changed; null if never.
    pub edited_at: Option<String>,
    /// Whether it was deleted.
    pub deleted: bool,
    /// The number of the event that told of it in its conversation.
    pub seq: i64,
    /// How the sender's program calls it, if it does.
    pub client_id: Option<String>,
}

/// A conversation, as one of its two sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Conversation {
    /// Its id, the same for both and in every answer.
    pub id: String,
    /// The other.
    pub user: Person,
    /// How it stands.
    #[schema(example = "accepted")]
    pub state: &'static str,
    /// How many of the other's messages this user has not read, among the newest 1000.
    pub unread: i64,
    /// What was said last, if anything was.
    pub last_message: Option<ChatMessage>,
    /// Whether the other is here; never while the two do not talk.
    pub online: bool,
    /// When the other was here last, if that is known.
    pub last_seen: Option<String>,
    /// Where its WebSocket is.
    #[schema(example = "/ws/chat/…/")]
    pub ws_url: String,
}

/// A user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Person {
    /// The name to log in with.
    #[schema(example = "bob")]
    pub username: String,
    /// What it wants to be called: perhaps empty.
    pub name: String,
}

/// What a browser is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Frame {
    /// The first of all.
    Hello {
        /// The id of the conversation, which is another than it was opened by if the key was exchanged.
        connection: String,
        /// Who this is.
        user: String,
        /// Who the other is.
        peer: String,
        /// The number of the last event.
        last_seq: i64,
        /// How many of the other's messages were not read, as in [`Conversation`].
        unread: i64,
        /// What time it is here.
        server_time: String,
    },
    /// A message is new.
    ChatMessage(Added),
    /// A message has another text.
    ChatMessageEdit(Edited),
    /// A message was deleted.
    ChatMessageDelete(Deleted),
    /// The other writes, or has stopped.
    Typing(Typing),
    /// The other has come or gone.
    Presence(Whereabouts),
    /// One of the two has read up to a message.
    Read(Read),
    /// Not all that was missed is known: the history says how things are up to this number.
    Resync {
        /// The number of the last event.
        last_seq: i64,
    },
    /// The answer to a ping.
    Pong,
    /// Something was not done. The socket stays open.
    Error(Refused),
    /// A line of the list is another.
    Inbox {
        /// The line.
        connection: Box<Conversation>,
    },
    /// A line of the list is no more: this user has left the conversation.
    InboxGone {
        /// The id of the conversation.
        id: String,
    },
}

/// A message is new.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Added {
    /// The text.
    pub message: String,
    /// Who has said it.
    pub user: String,
    /// Its id.
    pub message_id: String,
    /// How the sender's program calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// When.
    pub sent_at: String,
    /// The number of this event.
    pub seq: i64,
}

/// A message has another text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edited {
    /// The text.
    pub message: String,
    /// Who has said it.
    pub user: String,
    /// Its id.
    pub message_id: String,
    /// When it was changed.
    pub edited_at: String,
    /// The number of this event.
    pub seq: i64,
}

/// A message was deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deleted {
    /// Who had said it.
    pub user: String,
    /// Its id.
    pub message_id: String,
    /// The number of this event.
    pub seq: i64,
}

/// Somebody writes, or has stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Typing {
    /// Who.
    pub user: String,
    /// Whether it is so.
    pub typing: bool,
}

/// Somebody has read up to a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Read {
    /// Who.
    pub user: String,
    /// Up to which.
    pub message_id: String,
    /// When; null where it was before this socket.
    pub read_at: Option<String>,
}

/// Something was not done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// Why, for programs.
    pub code: &'static str,
    /// Why, for people.
    pub detail: String,
    /// Which message of the browser's it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// Which message it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// After how many seconds it may be tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
}

impl Refused {
    /// It is no frame, or not one for here.
    pub fn invalid(why: &str) -> Refused {
        Refused { code: "invalid", detail: why.to_owned(), ..Refused::default() }
    }

    /// There was too much of it lately.
    pub fn too_much(wait: Duration) -> Refused {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        Refused {
            code: "rate_limited",
            detail: format!("That is too much at once. Go on in {seconds} seconds."),
            retry_after: Some(seconds),
            ..Refused::default()
        }
    }
}

/// Makes what is shown of rows. Clones are the same.
#[derive(Clone, Debug)]
pub struct Frames {
    ids: Ids,
    names: Names,
    presence: Presence,
}

impl Frames {
    /// Makes it of what it needs to know.
    pub fn new(ids: Ids, names: Names, presence: Presence) -> Frames {
        Frames { ids, names, presence }
    }

    /// Returns what users are called.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// Returns the id of a conversation.
    pub fn conversation_id(&self, row: &conversation::Model) -> String {
        self.ids.encrypt(Kind::Conversation, row.id, row.created.timestamp())
    }

    /// Returns the id of a message.
    pub fn message_id(&self, row: &chat_message::Model) -> String {
        self.ids.encrypt(Kind::ChatMessage, row.id, row.created.timestamp())
    }

    /// Shows a message.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn message(&self, row: chat_message::Model) -> Result<ChatMessage, DbErr> {
        let user = self.names.name(row.sender_id).await?;
        Ok(self.shown(row, &user))
    }

    /// Shows messages.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn messages(
        &self,
        rows: Vec<chat_message::Model>,
    ) -> Result<Vec<ChatMessage>, DbErr> {
        let names = self.names.all(rows.iter().map(|row| row.sender_id)).await?;
        let shown = |row: chat_message::Model| {
            let user = names.of(row.sender_id);
            self.shown(row, &user)
        };
        Ok(rows.into_iter().map(shown).collect())
    }

    fn shown(&self, row: chat_message::Model, user: &str) -> ChatMessage {
        ChatMessage {
            message_id: self.message_id(&row),
            message: row.body,
            user: user.to_owned(),
            sent_at: shown_time(row.created),
            edited_at: row.edited_at.map(shown_time),
            deleted: row.deleted_at.is_some(),
            seq: row.seq,
            client_id: row.client_id,
        }
    }

    /// Shows lines of a user's list.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn conversations(&self, lines: Vec<Line>) -> Result<Vec<Conversation>, DbErr> {
        let talking = lines.iter().filter(|line| line.standing == Standing::Accepted);
        let here = self.presence.of(talking.map(|line| line.peer)).await?;
        let mut shown = Vec::with_capacity(lines.len());
        for line in lines {
            let last_message = match line.last_message {
                Some(row) => Some(self.message(row).await?),
                None => None,
            };
            let id = self.conversation_id(&line.conversation);
            let whereabouts = here.get(&line.peer);
            shown.push(Conversation {
                ws_url: format!("/ws/chat/{id}/"),
                id,
                user: Person { username: line.peer_username, name: line.peer_name },
                state: state(line.standing),
                unread: line.unread,
                last_message,
                online: whereabouts.is_some_and(|here| here.online),
                last_seen: whereabouts.map(|here| shown_time(here.last_seen)),
            });
        }
        Ok(shown)
    }

    /// Makes the frame of an event.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn told(&self, told: Told) -> Result<Frame, DbErr> {
        let Told { seq, action, message: row } = told;
        let (user, message_id) = (self.names.name(row.sender_id).await?, self.message_id(&row));
        let user = user.as_ref().to_owned();
        Ok(match action {
            Action::Add => Frame::ChatMessage(Added {
                message: row.body,
                user,
                message_id,
                client_id: row.client_id,
                sent_at: shown_time(row.created),
                seq,
            }),
            Action::Edit => Frame::ChatMessageEdit(Edited {
                message: row.body,
                user,
                message_id,
                edited_at: shown_time(row.edited_at.unwrap_or(row.created)),
                seq,
            }),
            Action::Delete => Frame::ChatMessageDelete(Deleted { user, message_id, seq }),
        })
    }

    /// Tells of a message as if it were new.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn added(&self, row: chat_message::Model) -> Result<Frame, DbErr> {
        self.told(Told { seq: row.seq, action: Action::Add, message: row }).await
    }

    /// Says that a user has read up to a message.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn read(
        &self,
        user: i64,
        row: &chat_message::Model,
        at: Option<DateTime<Utc>>,
    ) -> Result<Read, DbErr> {
        let user = self.names.name(user).await?.as_ref().to_owned();
        Ok(Read { user, message_id: self.message_id(row), read_at: at.map(shown_time) })
    }

    /// Reads the id of a conversation; of none, a number that nobody has.
    pub fn conversation_of(&self, id: &str) -> i64 {
        self.ids.decrypt(Kind::Conversation, id)
    }

    /// Reads the id of a message; of none, a number that nobody has.
    pub fn message_of(&self, id: &str) -> i64 {
        self.ids.decrypt(Kind::ChatMessage, id)
    }

    /// Makes the first frame of a socket.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn hello(
        &self,
        of: &Membership,
        (last_seq, unread): (i64, i64),
    ) -> Result<Frame, DbErr> {
        let names = self.names.all([of.user(), of.peer()]).await?;
        Ok(Frame::Hello {
            connection: self.conversation_id(of.conversation()),
            user: names.of(of.user()).as_ref().to_owned(),
            peer: names.of(of.peer()).as_ref().to_owned(),
            last_seq,
            unread,
            server_time: shown_time(Utc::now()),
        })
    }
}

/// Writes a time as all are shown.
pub fn shown_time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Returns what the standing of a conversation is called.
pub(crate) fn state(standing: Standing) -> &'static str {
    match standing {
        Standing::Accepted => "accepted",
        Standing::PendingIn => "pending_in",
        Standing::PendingOut => "pending_out",
        Standing::Declined => "declined",
        Standing::Blocked => "blocked",
    }
}
