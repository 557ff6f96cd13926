//! What every request, socket and timer of one server shares.

use crate::database::Database;
use crate::entities::chat_message;
use crate::events::{ChatEvent, Tell};
use crate::frames::Frames;
use crate::pace::Pace;
use crate::presence::Presence;
use crate::settings::Settings;
use crate::statistics::Counters;
use crate::store::{
    Added, Answer, ConversationError, FindError, Membership, NewMessage, Standing, Store,
    WriteError,
};
use axum::extract::FromRef;
use campanile_accounts::{Accounts, Problem, Transport, User};
use campanile_application::Requests;
use campanile_consumer::Server as Sockets;
use chrono::Utc;
use std::sync::Arc;
use std::time::Duration;

/// What every request, socket and timer of one server shares. Clones are the same.
#[derive(Clone, Debug)]
pub struct App {
    /// What the environment says.
    pub settings: Arc<Settings>,
    /// What DIGI knows.
    pub store: Store,
    /// Who may do what.
    pub accounts: Accounts,
    /// The WebSockets.
    pub sockets: Sockets,
    /// The way to the WebSockets of all processes.
    pub tell: Tell,
    /// Who is here.
    pub presence: Presence,
    /// What is shown of rows.
    pub frames: Frames,
    /// How much each user may change.
    pub pace: Arc<Pace>,
    /// How many frames of whatever kind each may send.
    pub frames_pace: Arc<Pace>,
    /// How requests for the API have ended.
    pub requests: Arc<Requests>,
    /// What else is counted.
    pub counters: Arc<Counters>,
}

impl App {
    /// Makes the accounts of this application.
    ///
    /// # Errors
    ///
    /// If the costs of a password's hash are none.
    pub fn accounts(database: &Database, settings: &Settings) -> Result<Accounts, Problem> {
        let (reader, writer) = (database.read().clone(), database.writer().clone());
        Accounts::with_writer(reader, writer, App::accounts_settings(settings))
    }

    /// Returns how the accounts of this application are.
    pub fn accounts_settings(settings: &Settings) -> campanile_accounts::Settings {
        let proxies = settings.proxies.clone();
        let transport =
            if proxies.is_empty() { Transport::Plain } else { Transport::Proxies(proxies) };
        campanile_accounts::Settings {
            brand: crate::pages::brand(),
            transport,
            registration: settings.registration,
            allowed_origins: settings.allowed_origins.clone(),
            ..campanile_accounts::Settings::new("DIGI")
        }
    }
}

/// What sockets and the API do alike.
impl App {
    /// Adds a message, as [`Store::add`] does, if its sender has not said too much lately.
    ///
    /// # Errors
    ///
    /// [`ChangeError::TooMuch`] if so, or as [`Store::add`].
    pub async fn add(&self, by: &Membership, new: &NewMessage) -> Result<Added, ChangeError> {
        self.once_more(by)?;
        let added = self.counted(self.store.add(by, new).await)?;
        let counter = if added.is_new { &self.counters.added } else { &self.counters.repeated };
        counter.one_more();
        Ok(added)
    }

    /// Gives a message another text, as [`Store::edit`] does, in the same measure.
    ///
    /// # Errors
    ///
    /// [`ChangeError::TooMuch`] if there were too many, or as [`Store::edit`].
    pub async fn edit(
        &self,
        by: &Membership,
        message: i64,
        body: &str,
    ) -> Result<chat_message::Model, ChangeError> {
        self.once_more(by)?;
        let edited = self.counted(self.store.edit(by, message, body).await)?;
        self.counters.edited.one_more();
        Ok(edited)
    }

    /// Deletes a message, as [`Store::delete`] does, in the same measure.
    ///
    /// # Errors
    ///
    /// [`ChangeError::TooMuch`] if there were too many, or as [`Store::delete`].
    pub async fn delete(&self, by: &Membership, message: i64) -> Result<(), ChangeError> {
        self.once_more(by)?;
        self.counted(self.store.delete(by, message).await)?;
        self.counters.deleted.one_more();
        Ok(())
    }

    fn once_more(&self, by: &Membership) -> Result<(), ChangeError> {
        let paced = self.pace.once_more(by.user()).map_err(ChangeError::TooMuch);
        paced.inspect_err(|_| self.counters.rate_limited.one_more())
    }

    fn counted<T>(&self, written: Result<T, WriteError>) -> Result<T, WriteError> {
        written.inspect_err(|error| match error {
            WriteError::Invalid(_) | WriteError::TooLong(_) => self.counters.invalid.one_more(),
            _ => self.counters.refused.one_more(),
        })
    }

    /// Finds messages, as [`Store::search`] does, as often as a user may send frames.
    ///
    /// # Errors
    ///
    /// [`Problem::Throttled`] if there was too much of it lately, or if the database fails.
    pub async fn search(
        &self,
        user: i64,
        text: &str,
        within: Option<&Membership>,
        limit: u64,
    ) -> Result<Vec<chat_message::Model>, Problem> {
        let paced = self.frames_pace.once_more(user).map_err(Problem::Throttled);
        paced.inspect_err(|_| self.counters.rate_limited.one_more())?;
        Ok(self.store.search(user, text, within, limit).await?)
    }

    /// Moves the mark of what a user has read forward, and tells both.
    ///
    /// # Errors
    ///
    /// [`FindError::NotFound`] if the message is not in this conversation, or the two do not talk.
    pub async fn mark_read(&self, of: &Membership, message: i64) -> Result<(), FindError> {
        // A socket's may be as old as the socket.
        let of = &self.store.membership(of.user(), of.conversation().id).await?;
        if of.standing() != Standing::Accepted {
            return Err(FindError::NotFound);
        }
        let Some(message) = self.store.mark_read(of, message).await? else { return Ok(()) };
        let read = self.frames.read(of.user(), &message, Some(Utc::now())).await?;
        let conversation = of.conversation().id;
        self.tell.chat_if_possible(conversation, &ChatEvent::Read(read)).await;
        self.tell.inboxes([of.user()], conversation).await;
        Ok(())
    }

    /// Asks another user for a conversation, and tells both. Returns its number, and whether there
    /// was none before.
    ///
    /// # Errors
    ///
    /// As [`Store::request`].
    pub async fn request(&self, user: i64, other: i64) -> Result<(i64, bool), ConversationError> {
        let requested = self.store.request(user, other).await?;
        self.tell.inboxes([user, other], requested.conversation).await;
        Ok((requested.conversation, requested.is_new))
    }

    /// Does something about a conversation, and tells both.
    ///
    /// # Errors
    ///
    /// As [`Store::answer`].
    pub async fn answer(&self, of: &Membership, answer: Answer) -> Result<(), ConversationError> {
        let conversation = of.conversation().id;
        self.store.answer(of.user(), conversation, answer).await?;
        self.tell.chat_if_possible(conversation, &ChatEvent::Standing {}).await;
        self.tell.inboxes([of.user(), of.peer()], conversation).await;
        Ok(())
    }

    /// Has a user leave all conversations, and ends the account. What was said stays for the others.
    /// It goes on to its end also if who asked for it goes away.
    ///
    /// # Errors
    ///
    /// If the database fails. Some conversations may be left by then; the account ends last, so that it
    /// can be asked for again.
    pub async fn close_account(&self, user: &User) -> Result<(), Problem> {
        let (app, user) = (self.clone(), user.clone());
        let closing = tokio::spawn(async move {
            app.leave_all(user.id).await?;
            app.accounts.close_account(&user).await?;
            // Somebody may have asked for another one meanwhile.
            app.leave_all(user.id).await
        });
        // It may have ended with the server.
        closing.await.unwrap_or(Err(Problem::Unavailable))
    }

    async fn leave_all(&self, user: i64) -> Result<(), Problem> {
        for conversation in self.store.conversations_of(user).await? {
            let membership = self.store.membership(user, conversation).await?;
            self.answer(&membership, Answer::Leave).await?;
        }
        Ok(())
    }
}

/// Why a message was not changed.
#[derive(Debug)]
pub enum ChangeError {
    /// There was too much of it lately: this is how long to wait.
    TooMuch(Duration),
    /// The store has refused it.
    Write(WriteError),
}

impl From<WriteError> for ChangeError {
    fn from(error: WriteError) -> ChangeError {
        ChangeError::Write(error)
    }
}

impl FromRef<App> for Accounts {
    fn from_ref(app: &App) -> Accounts {
        app.accounts.clone()
    }
}

impl FromRef<App> for Store {
    fn from_ref(app: &App) -> Store {
        app.store.clone()
    }
}
