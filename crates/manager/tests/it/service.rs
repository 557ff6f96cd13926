//! A service with rooms and echoes, that writes down what it did.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use campanile_manager::hub::{RequestId, Room};
use campanile_manager::wire::{CloseCode, Closed};
use campanile_manager::{Connection, ConnectionKey, Connections, Message, Service};

/// Answers `sub ROOM ID`, `unsub ID`, `burst COUNT BYTES`, `quit CODE`, and echoes all else.
pub(crate) struct Rooms {
    pub(crate) journal: Journal,
}

/// What all loops' services write down, with what the test does.
#[derive(Clone, Default)]
pub(crate) struct Journal(Arc<Mutex<Entries>>);

#[derive(Default)]
pub(crate) struct Entries {
    /// Publications accepted so far.
    pub(crate) accepted: u64,
    /// By loop: publications handled when its turn began.
    pub(crate) handled: Vec<u64>,
    /// By subscription's id.
    pub(crate) subscriptions: HashMap<String, Subscribed>,
    /// By client.
    pub(crate) clients: HashMap<usize, Life>,
    /// Commands that found their connection.
    pub(crate) told: usize,
}

#[derive(Debug)]
pub(crate) struct Subscribed {
    pub(crate) room: String,
    /// Publications accepted when it was made.
    pub(crate) since: u64,
    /// When it was ended: publications handled for sure, and publications accepted.
    pub(crate) until: Option<(u64, u64)>,
}

#[derive(Debug, Default)]
pub(crate) struct Life {
    pub(crate) key: Option<ConnectionKey>,
    pub(crate) opened: usize,
    pub(crate) closed: Vec<Closed>,
    /// Publications handled for sure when the service closed it.
    pub(crate) quit_at: Option<u64>,
}

/// A client, and whether it is subscribed when it is opened.
pub(crate) struct Session {
    pub(crate) client: usize,
    pub(crate) greeted: bool,
}

pub(crate) struct Tell {
    pub(crate) key: ConnectionKey,
    pub(crate) text: String,
}

impl Journal {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().expect("nobody panics while writing")
    }
}

impl Service for Rooms {
    type Session = Session;
    type Command = Tell;

    fn opened(&mut self, connection: &mut Connection<'_, Session>) {
        let Session { client, greeted } = *connection.session();
        let mut journal = self.journal.lock();
        let life = journal.clients.entry(client).or_default();
        life.opened += 1;
        life.key = Some(connection.key());
        drop(journal);
        if greeted {
            self.subscribe(connection, r#"{"r":0}"#, &format!("\"open{client}\""));
        }
    }

    fn message(&mut self, connection: &mut Connection<'_, Session>, message: Message<'_>) {
        let text = match message {
            Message::Text(text) => text,
            Message::Binary(bytes) => return connection.send_binary(bytes),
        };
        let words: Vec<&str> = text.split(' ').collect();
        match words[..] {
            ["sub", room, id] => self.subscribe(connection, room, id),
            ["unsub", id] => self.unsubscribe(connection, id),
            ["burst", count, bytes] => {
                let padding = "x".repeat(bytes.parse().expect("a number"));
                for number in 0..count.parse().expect("a number") {
                    connection.send_text(&format!("burst {number} {padding}"));
                }
            }
            ["quit", code] => {
                let code = code.parse().ok().and_then(CloseCode::from_wire).expect("a close code");
                let mut journal = self.journal.lock();
                let handled = journal.handled[usize::from(connection.key().loop_index)];
                let life = journal.clients.entry(connection.session().client).or_default();
                life.quit_at = Some(handled);
                connection.close(code, "as you wish");
            }
            _ => connection.send_text(text),
        }
    }

    fn closed(&mut self, key: ConnectionKey, session: Session, closed: &Closed) {
        let mut journal = self.journal.lock();
        let life = journal.clients.entry(session.client).or_default();
        assert_eq!(life.key, Some(key), "closed under the key it was opened under");
        life.closed.push(closed.clone());
    }

    fn command(&mut self, command: Tell, connections: &mut dyn Connections<Session>) {
        let found = connections.with(command.key, &mut |connection| {
            connection.send_text(&command.text);
        });
        self.journal.lock().told += usize::from(found);
    }
}

impl Rooms {
    fn subscribe(&self, connection: &mut Connection<'_, Session>, room: &str, id: &str) {
        let parsed = (Room::parse(room).expect("a room"), RequestId::parse(id).expect("an id"));
        if connection.subscribe(parsed.0, parsed.1).is_err() {
            return connection.send_text(&format!("full {id}"));
        }
        let mut journal = self.journal.lock();
        let since = journal.accepted;
        let subscribed = Subscribed { room: room.to_owned(), since, until: None };
        assert!(journal.subscriptions.insert(id.to_owned(), subscribed).is_none(), "a new id");
        connection.send_text(&format!("ok {id}"));
    }

    fn unsubscribe(&self, connection: &mut Connection<'_, Session>, id: &str) {
        let ended = connection.unsubscribe(&RequestId::parse(id).expect("an id"));
        connection.send_text(&format!("gone {ended} {id}"));
        let mut journal = self.journal.lock();
        let until = (journal.handled[usize::from(connection.key().loop_index)], journal.accepted);
        if let Some(subscribed) = journal.subscriptions.get_mut(id) {
            subscribed.until = Some(until);
        }
    }
}
