//! The list of conversations, which stands on several pages.

use crate::app::App;
use crate::frames::Conversation;
use campanile_accounts::{Problem, User};

/// How many conversations are listed at most.
const LISTED_MAX: u32 = 200;

/// How many colours there are for those who have no picture: as in `static/lines.js`.
const HUES: u32 = 6;

/// A list of conversations, for one of those in them.
pub(super) struct Inbox {
    /// Whose it is, by name.
    pub(super) user: String,
    /// Those that wait for this user's answer.
    pub(super) requests: Vec<Conversation>,
    /// All others, the last active first.
    pub(super) begun: Vec<Conversation>,
    /// The conversation that the page is about, and how it stands.
    pub(super) current: Option<(String, &'static str)>,
    /// All of them, for the module that keeps the list alive.
    pub(super) json: String,
}

impl Inbox {
    /// Lists a user's conversations, on the page of one of them or on another.
    pub(super) async fn of(
        app: &App,
        user: &User,
        current: Option<(String, &'static str)>,
    ) -> Result<Inbox, Problem> {
        let lines = app.store.lines(user.id, LISTED_MAX).await?;
        let all = app.frames.conversations(lines).await?;
        let json = json(&all)?;
        let (requests, begun) = all.into_iter().partition(|line| line.state == "pending_in");
        Ok(Inbox { user: user.username.clone(), requests, begun, current, json })
    }

    /// Returns whether the page is about this one.
    pub(super) fn is_current(&self, line: &Conversation) -> bool {
        self.current.as_ref().is_some_and(|(id, _)| *id == line.id)
    }
}

/// Writes what a module reads.
pub(super) fn json(value: &impl serde::Serialize) -> Result<String, Problem> {
    serde_json::to_string(value).map_err(|error| {
        tracing::error!(%error, "a page could not be written");
        Problem::Unavailable
    })
}

/// Returns the colour of a name: always the same.
pub(super) fn hue(username: &str) -> u32 {
    let mixed = |sum: u32, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte));
    username.bytes().fold(0, mixed) % HUES
}

/// Returns the letter that stands for a name.
pub(super) fn letter(username: &str) -> char {
    username.chars().next().and_then(|letter| letter.to_uppercase().next()).unwrap_or('?')
}

/// Returns how many were not read, as far as they were counted: as in `static/lines.js`.
pub(super) fn counted(unread: i64) -> String {
    if unread > 999 { "999+".to_owned() } else { unread.to_string() }
}

/// Returns as much of a text as a line of the list can show.
pub(super) fn beginning(text: &str) -> String {
    text.chars().take(200).collect()
}
