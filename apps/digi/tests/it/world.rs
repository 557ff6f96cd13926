//! A database of a test's own, the people in it, and handles to it as several processes have them.

use campanile_accounts::{Accounts, HashCost, NewUser, Settings as AccountsSettings};
pub(crate) use campanile_broker::on_both;
use campanile_broker::testing::Database;
use campanile_digi::database;
use campanile_digi::entities::chat_message;
use campanile_digi::settings::Limits;
use campanile_digi::store::{Answer, Membership, NewMessage, Replay, Store, WriteError};
use std::ops::Deref;
use std::time::Duration;

/// The database of a test.
pub(crate) struct World(Database);

impl Deref for World {
    type Target = Database;

    fn deref(&self) -> &Database {
        &self.0
    }
}

impl World {
    pub(crate) fn sqlite() -> World {
        World(Database::sqlite("digi"))
    }

    pub(crate) fn postgres() -> Option<World> {
        Database::postgres("digi").map(World)
    }

    /// Opens the database as a process of this name does; each call has connections of its own.
    pub(crate) async fn process(&self, name: &str) -> Store {
        let database = database::open(&self.url, 8).await.expect("the database opens");
        Store::new(database, name, limits())
    }
}

pub(crate) fn limits() -> Limits {
    Limits {
        frame_bytes_max: 65_536,
        message_chars_max: 20,
        changes_per_10_s_max: 20,
        frames_per_10_s_max: 200,
        sockets_per_user_max: 20,
        requests_per_day_max: 3,
        page_messages_max: 200,
        events_kept: Duration::from_secs(86_400),
    }
}

/// Makes users, and returns their numbers.
pub(crate) async fn people<const N: usize>(store: &Store, names: [&str; N]) -> [i64; N] {
    let names = names.map(str::to_owned);
    people_of(store, &names).await.try_into().expect("each has a number")
}

/// Makes as many users, and returns their numbers.
pub(crate) async fn people_of(store: &Store, names: &[String]) -> Vec<i64> {
    let (reader, writer) = (store.database().read().clone(), store.database().writer().clone());
    let hash_cost = HashCost { memory_kib: 8, passes: 1, lanes: 1 };
    let settings = AccountsSettings { hash_cost, ..AccountsSettings::new("DIGI") };
    let accounts = Accounts::with_writer(reader, writer, settings).expect("the settings are good");
    let mut numbers = Vec::with_capacity(names.len());
    for name in names {
        let new = NewUser::new(name, "seven ravens fly");
        numbers.push(accounts.create_user(new).await.expect("a user is made").id);
    }
    numbers
}

/// Two who talk.
pub(crate) async fn talking(store: &Store) -> (Membership, Membership) {
    let [ann, bob] = people(store, ["ann", "bob"]).await;
    let conversation = store.request(ann, bob).await.expect("it is asked for").conversation;
    store.answer(bob, conversation, Answer::Accept).await.expect("it is accepted");
    (member(store, ann, conversation).await, member(store, bob, conversation).await)
}

pub(crate) async fn member(store: &Store, user: i64, conversation: i64) -> Membership {
    store.membership(user, conversation).await.expect("the user is in it")
}

pub(crate) fn text(body: &str) -> NewMessage {
    NewMessage { body: body.to_owned(), client_id: None }
}

pub(crate) async fn add(store: &Store, by: &Membership, body: &str) -> chat_message::Model {
    store.add(by, &text(body)).await.expect("it is added").message
}

pub(crate) fn refused<T: std::fmt::Debug>(result: Result<T, WriteError>) -> String {
    result.expect_err("it is refused").to_string()
}

/// The numbers, actions and texts that are told after a number.
pub(crate) async fn told(store: &Store, of: &Membership, after: i64) -> Vec<String> {
    match store.events_after(of, after, 1000).await.expect("they are read") {
        Replay::Events(events) => events
            .iter()
            .map(|told| format!("{} {:?} {:?}", told.seq, told.action, told.message.body))
            .collect(),
        Replay::Resync(last) => vec![format!("resync {last}")],
    }
}

pub(crate) fn bodies(messages: &[chat_message::Model]) -> Vec<&str> {
    messages.iter().map(|message| message.body.as_str()).collect()
}
