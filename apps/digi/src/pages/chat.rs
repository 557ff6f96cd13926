//! A conversation: what is said, and what may be done about it.

use super::inbox::{Inbox, json};
use super::times;
use crate::api::asked::Asked;
use crate::app::App;
use crate::frames::{ChatMessage, Person};
use crate::store::{Answer, History, Membership, NewMessage, Page as Which, Standing};
use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use campanile_accounts::{FormOrJson, Message, Page, Problem, User, found, render};
use http::StatusCode;
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
    ws_url: String,
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
            ws_url: format!("/ws/chat/{id}/"),
            id: &id,
            user: &user.username,
            peer: peer.called(),
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

#[derive(Deserialize)]
pub(super) struct Typed {
    #[serde(default)]
    message: String,
    client_id: Option<String>,
    #[serde(default)]
    message_id: String,
}

impl Typed {
    /// Returns the text. A browser sends each line break of a form as two characters.
    fn text(&self) -> String {
        self.message.replace("\r\n", "\n")
    }
}

pub(super) async fn say(
    State(app): State<App>,
    user: User,
    asked: Asked,
    page: Page,
    FormOrJson(typed): FormOrJson<Typed>,
) -> Result<Response, Problem> {
    let new = NewMessage { body: typed.text(), client_id: typed.client_id.clone() };
    match app.add(&asked.membership, &new).await.map_err(Problem::from) {
        Ok(_) => Ok(back(&app, &asked.membership)),
        Err(Problem::Invalid(faults)) => {
            let chat = Chat::of(&app, &user, &asked.membership, &Place::default()).await?;
            let fault = faults.get("message").join(" ");
            let shown = shown(&app, (&user, page), chat, new.body, Some(fault)).await?;
            Ok((StatusCode::BAD_REQUEST, shown).into_response())
        }
        Err(problem) => Err(problem),
    }
}

pub(super) async fn edit(
    State(app): State<App>,
    user: User,
    asked: Asked,
    page: Page,
    FormOrJson(typed): FormOrJson<Typed>,
) -> Result<Response, Problem> {
    let (message, text) = (app.frames.message_of(&typed.message_id), typed.text());
    match app.edit(&asked.membership, message, &text).await.map_err(Problem::from) {
        Ok(_) => Ok(back(&app, &asked.membership)),
        Err(Problem::Invalid(faults)) => {
            let place = Place { edit: Some(typed.message_id.clone()), ..Place::default() };
            let chat = Chat::of(&app, &user, &asked.membership, &place).await?;
            let fault = faults.get("message").join(" ");
            let shown = shown(&app, (&user, page), chat, text, Some(fault)).await?;
            Ok((StatusCode::BAD_REQUEST, shown).into_response())
        }
        Err(problem) => Err(problem),
    }
}

pub(super) async fn delete(
    State(app): State<App>,
    asked: Asked,
    FormOrJson(typed): FormOrJson<Typed>,
) -> Result<Response, Problem> {
    app.delete(&asked.membership, app.frames.message_of(&typed.message_id)).await?;
    Ok((Message::success("Deleted for both."), back(&app, &asked.membership)).into_response())
}

pub(super) async fn mark_read(
    State(app): State<App>,
    asked: Asked,
    FormOrJson(typed): FormOrJson<Typed>,
) -> Result<Response, Problem> {
    app.mark_read(&asked.membership, app.frames.message_of(&typed.message_id)).await?;
    Ok(back(&app, &asked.membership))
}

#[derive(Deserialize)]
pub(super) struct Answered {
    answer: String,
}

pub(super) async fn answer(
    State(app): State<App>,
    asked: Asked,
    FormOrJson(Answered { answer }): FormOrJson<Answered>,
) -> Result<Response, Problem> {
    let (answer, said) = match &*answer {
        "accept" => (Answer::Accept, "Now you can talk."),
        "decline" => (Answer::Decline, "Declined."),
        "block" => (Answer::Block, "Blocked: you will hear nothing more of each other here."),
        "unblock" => (Answer::Unblock, "Not blocked any more."),
        "leave" => (Answer::Leave, "You have left the conversation."),
        _ => return Err(Problem::malformed("There is no such answer.")),
    };
    app.answer(&asked.membership, answer).await?;
    let leads = match answer {
        Answer::Leave | Answer::Decline => found("/"),
        _ => back(&app, &asked.membership),
    };
    Ok((Message::success(said), leads).into_response())
}

fn back(app: &App, to: &Membership) -> Response {
    found(&format!("/chat/{}/", app.frames.conversation_id(to.conversation())))
}
