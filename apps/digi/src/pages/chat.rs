//! A conversation: what is said, and what may be done about it.

pub(super) mod forms;

use super::inbox::{Inbox, json};
use super::times;
use crate::api::asked::Asked;
use crate::app::App;
use crate::frames::{ChatMessage, Person};
use crate::store::{History, Membership, Page as Which, Standing};
use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use campanile_accounts::{Page, Problem, User, render};
use serde::{Deserialize, Serialize};

/// How many messages are on the page.
const SHOWN: u64 = 50;

#[derive(Template)]
#[template(path = "digi/chat.html")]
struct ChatPage {
    page: Page,
    inbox: Inbox,
    chat: Chat,
    /// What stands in the field, and what is wrong with it.
    typed: String,
    fault: Option<String>,
}

/// A conversation as its page has it.
struct Chat {
    id: String,
    peer: Person,
    is_online: bool,
    last_seen: Option<String>,
    standing: Standing,
    /// Whether it is this user who has blocked the other.
    is_mine_to_unblock: bool,
    said: Vec<Said>,
    has_older: bool,
    has_newer: bool,
    editing: Option<ChatMessage>,
    /// By which the server knows what is sent, also if the form is sent twice.
    client_id: String,
    /// The same for the modules.
    json: String,
}

/// A message, and what stands around it.
struct Said {
    message: ChatMessage,
    /// The day, where it begins.
    day: Option<String>,
    /// Whether the first that was not read is this one.
    is_new: bool,
    is_own: bool,
    is_read: bool,
}

/// What `static/chat.js` begins with.
#[derive(Serialize)]
struct About<'a> {
    id: &'a str,
    user: &'a str,
    peer: &'a str,
    /// By which the page keeps what is not sent yet: ids may change.
    peer_username: &'a str,
    last_seq: i64,
    read_seq: i64,
    peer_read_seq: i64,
    chars_max: usize,
    messages: &'a [ChatMessage],
    has_older: bool,
    has_newer: bool,
    sought: Option<&'a str>,
    editing: Option<&'a str>,
}

/// Which part of the conversation.
#[derive(Default, Deserialize)]
pub(super) struct Place {
    /// The messages before this one.
    before: Option<String>,
    /// Those around this one, which was searched for.
    at: Option<String>,
    /// Those around this one, which is to be edited.
    edit: Option<String>,
}

pub(super) async fn show(
    State(app): State<App>,
    user: User,
    asked: Asked,
    page: Page,
    Query(place): Query<Place>,
) -> Result<Response, Problem> {
    let chat = Chat::of(&app, &user, &asked.membership, &place).await?;
    let typed = chat.editing.as_ref().map(|it| it.message.clone()).unwrap_or_default();
    shown(&app, (&user, page), chat, typed, None).await
}

async fn shown(
    app: &App,
    (user, page): (&User, Page),
    chat: Chat,
    typed: String,
    fault: Option<String>,
) -> Result<Response, Problem> {
    let current = (chat.id.clone(), crate::frames::state(chat.standing));
    let inbox = Inbox::of(app, user, Some(current)).await?;
    render(&ChatPage { page, inbox, chat, typed, fault })
}

impl Chat {
    async fn of(app: &App, user: &User, of: &Membership, place: &Place) -> Result<Chat, Problem> {
        let line = app.store.line(user.id, of.conversation().id).await?.ok_or(Problem::NotFound)?;
        let line = app.frames.conversations(vec![line]).await?.pop().ok_or(Problem::NotFound)?;
        let peer = line.user;
        let (history, has_newer) = page_of(app, of, place).await?;
        let messages = app.frames.messages(history.messages).await?;
        let peer_read = app.store.read_by_peer(of).await?;
        let peer_read_seq = peer_read.map_or(0, |message| message.seq);
        let is_editable = |it: &&ChatMessage| it.user == user.username && !it.deleted;
        let editing = place.edit.as_ref().and_then(|id| {
            let found = messages.iter().find(|message| message.message_id == *id);
            found.filter(is_editable).cloned()
        });
        let id = app.frames.conversation_id(of.conversation());
        let about = About {
            id: &id,
            user: &user.username,
            peer: peer.called(),
            peer_username: &peer.username,
            last_seq: of.conversation().last_seq,
            read_seq: of.last_read_seq(),
            peer_read_seq,
            chars_max: app.settings.limits.message_chars_max,
            messages: &messages,
            has_older: history.has_more,
            has_newer,
            sought: place.at.as_deref(),
            editing: editing.as_ref().map(|it| it.message_id.as_str()),
        };
        let json = json(&about)?;
        Ok(Chat {
            said: said(messages, &user.username, (of.last_read_seq(), peer_read_seq)),
            id,
            peer,
            is_online: line.online,
            last_seen: line.last_seen,
            standing: of.standing(),
            is_mine_to_unblock: of.conversation().blocked_by == Some(user.id),
            has_older: history.has_more,
            has_newer,
            editing,
            client_id: client_id(),
            json,
        })
    }

    /// Returns whether the two talk.
    fn is_open(&self) -> bool {
        self.standing == Standing::Accepted
    }
}

impl Person {
    /// Returns what it wants to be called, or else its name.
    pub(super) fn called(&self) -> &str {
        if self.name.is_empty() { &self.username } else { &self.name }
    }
}

/// Returns some messages, and whether there are newer ones.
async fn page_of(app: &App, of: &Membership, place: &Place) -> Result<(History, bool), Problem> {
    let message = |id: &String| app.frames.message_of(id);
    let around = place.at.as_ref().or(place.edit.as_ref());
    let (which, is_newest) = match (&place.before, around) {
        (Some(before), _) => (Which::Before(message(before)), false),
        (None, Some(around)) => (Which::Around(message(around)), false),
        (None, None) => (Which::Newest, true),
    };
    let history = app.store.history(of, which, SHOWN).await?;
    let newest = app.store.history(of, Which::Newest, 1).await?.messages.pop();
    let last = history.messages.last();
    let has_newer = newest.is_some_and(|newest| last.is_none_or(|last| last.seq < newest.seq));
    Ok((history, has_newer && !is_newest))
}

fn said(messages: Vec<ChatMessage>, user: &str, (read, peer_read): (i64, i64)) -> Vec<Said> {
    let mut before = String::new();
    let mut has_new = false;
    let mut said = |message: ChatMessage| {
        let day = times::day(&message.sent_at);
        let is_own = message.user == user;
        let is_new = !has_new && !is_own && message.seq > read;
        has_new |= is_new;
        let is_other_day = day != before;
        before.clone_from(&day);
        let is_read = message.seq <= peer_read;
        Said { message, day: is_other_day.then_some(day), is_new, is_own, is_read }
    };
    messages.into_iter().map(&mut said).collect()
}

fn client_id() -> String {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the system has random bytes");
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
