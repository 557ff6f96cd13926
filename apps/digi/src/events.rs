//! What goes through the channel layer to the sockets of all processes.
//!
//! A conversation's group hears of its messages by numbered events, of which none may be missed, and
//! of what is only true now. A user's group hears which lines of the list are others; how they are by
//! then is for the socket to find out.

use crate::frames::{Added, Deleted, Edited, Frame, Read, Typing};
use crate::presence::Whereabouts;
use campanile_consumer::Server as Sockets;
use campanile_layer::SendError;
use serde::{Deserialize, Serialize};

/// What the sockets of a conversation hear.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum ChatEvent {
    /// A message is new.
    #[serde(rename = "chat.message")]
    Added(Added),
    /// A message has another text.
    #[serde(rename = "chat.message.edit")]
    Edited(Edited),
    /// A message was deleted.
    #[serde(rename = "chat.message.delete")]
    Deleted(Deleted),
    /// Somebody writes, or has stopped.
    #[serde(rename = "chat.typing")]
    Typing(Typing),
    /// Somebody has come or gone.
    #[serde(rename = "chat.presence")]
    Presence(Whereabouts),
    /// Somebody has read up to a message.
    #[serde(rename = "chat.read")]
    Read(Read),
    /// Perhaps the two do not talk any more.
    #[serde(rename = "chat.standing")]
    Standing {},
}

/// What the sockets of a user's list hear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum InboxEvent {
    /// The line of a conversation is another.
    #[serde(rename = "inbox.changed")]
    Changed {
        /// The number of the conversation.
        conversation: i64,
    },
}

impl ChatEvent {
    /// Makes an event of what is told of a message; none of any other frame.
    pub fn of(frame: Frame) -> Option<ChatEvent> {
        match frame {
            Frame::ChatMessage(added) => Some(ChatEvent::Added(added)),
            Frame::ChatMessageEdit(edited) => Some(ChatEvent::Edited(edited)),
            Frame::ChatMessageDelete(deleted) => Some(ChatEvent::Deleted(deleted)),
            _ => None,
        }
    }
}

/// The way to all sockets, wherever they are. Clones are the same.
#[derive(Clone, Debug)]
pub struct Tell {
    sockets: Sockets,
}

impl Tell {
    /// Makes the way to those of these sockets' channel layer.
    pub fn new(sockets: Sockets) -> Tell {
        Tell { sockets }
    }

    /// Tells the sockets of a conversation.
    ///
    /// # Errors
    ///
    /// If the layer cannot be reached.
    pub async fn chat(&self, conversation: i64, event: &ChatEvent) -> Result<(), SendError> {
        self.sockets.group_send(&chat_group(conversation), event).await.map(drop)
    }

    /// Tells the sockets of a conversation something that they find out later, too, if this is lost.
    pub async fn chat_if_possible(&self, conversation: i64, event: &ChatEvent) {
        if let Err(error) = self.chat(conversation, event).await {
            tracing::debug!(%error, "a conversation was not told");
        }
    }

    /// Tells the lists of these users that a line is another. Whoever is not told sees it when the
    /// list is next shown.
    pub async fn inboxes(&self, users: impl IntoIterator<Item = i64>, conversation: i64) {
        let event = InboxEvent::Changed { conversation };
        for user in users {
            if let Err(error) = self.sockets.group_send(&inbox_group(user), &event).await {
                tracing::debug!(%error, "a list was not told");
            }
        }
    }
}

/// The group of a conversation's sockets.
pub fn chat_group(conversation: i64) -> String {
    format!("chat.{conversation}")
}

/// The group of a user's lists.
pub fn inbox_group(user: i64) -> String {
    format!("inbox.{user}")
}
