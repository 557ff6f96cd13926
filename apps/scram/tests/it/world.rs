//! A database of a test's own, and handles to it as several instances have them.

pub(crate) use campanile_broker::on_both;
use campanile_broker::testing::Database;
use campanile_scram::cidr::Network;
use campanile_scram::database;
use campanile_scram::settings::PrefixLimits;
use campanile_scram::store::entries::{Added, Entry, Find, NewEntry};
use campanile_scram::store::{AddError, Author, Store};
use chrono::{DateTime, Utc};
use std::ops::Deref;

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
        World(Database::sqlite("scram"))
    }

    pub(crate) fn postgres() -> Option<World> {
        Database::postgres("scram").map(World)
    }

    /// Opens the database as an instance of this name does; each call has connections of its own.
    pub(crate) async fn instance(&self, name: &str) -> Store {
        let database = database::open(&self.url, 8).await.expect("the database opens");
        Store::new(database, name, PrefixLimits { v4: 8, v6: 32 })
    }
}

pub(crate) fn network(text: &str) -> Network {
    Network::parse_strict(text).expect(text)
}

pub(crate) fn found_by(text: &str) -> Find {
    Find::parse(text).expect(text)
}

pub(crate) fn ada() -> Author {
    Author { user: Some("ada".to_owned()), may_write: true, client: None }
}

pub(crate) fn wanted(text: &str) -> NewEntry {
    NewEntry {
        network: network(text),
        action_type: "block".to_owned(),
        comment: format!("because of {text}"),
        expiration: None,
        who: None,
    }
}

pub(crate) async fn add(store: &Store, text: &str) -> Entry {
    store.add(&wanted(text), &ada()).await.expect("it is added").entry
}

pub(crate) async fn add_until(store: &Store, text: &str, end: DateTime<Utc>) -> Entry {
    let wanted = NewEntry { expiration: Some(end), ..wanted(text) };
    store.add(&wanted, &ada()).await.expect("it is added").entry
}

pub(crate) fn refused(result: Result<Added, AddError>) -> String {
    result.expect_err("it is refused").to_string()
}

/// The canonical networks of some entries, in their order.
pub(crate) fn networks(entries: &[Entry]) -> Vec<String> {
    entries.iter().map(|entry| entry.network.to_string()).collect()
}
