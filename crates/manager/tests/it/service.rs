//! A service with rooms and echoes, that writes down what it did.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use campanile_manager::hub::{RequestId, Room, RoomChanges};
use campanile_manager::wire::{CloseCode, Closed};
use campanile_manager::{
    Connection, ConnectionKey, Connections, Loss, Message, Page, Service, Unwritten,
};

/// Answers `sub ROOM ID`, `unsub ID`, `burst COUNT BYTES`, `quit CODE`, `nap` (it pauses until it is
/// told `wake`), `tell` (it says `written` when all is), and echoes all else.
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
    /// Rooms that opened (+) and closed (-), in each turn that any did.
    pub(crate) room_changes: Vec<String>,
    /// Connections that were paused.
    pub(crate) napping: Vec<ConnectionKey>,
    /// How often all was written for one that asked.
    pub(crate) written: usize,
    /// What `list` found.
    pub(crate) lists: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct Subscribed {
    pub(crate) room: String,
    /// Publications accepted when it was made.
    pub(crate) since: u64,
    /// When it was ended: publications handled for sure, and publications accepted.
    pub(crate) until: Option<(u64, u64)>,
    /// What gave way.
    pub(crate) losses: Vec<Loss>,
}

#[derive(Debug, Default)]
pub(crate) struct Life {
    pub(crate) key: Option<ConnectionKey>,
    pub(crate) opened: usize,
    pub(crate) closed: Vec<Closed>,
    /// Publications handled for sure when the service closed it.
    pub(crate) quit_at: Option<u64>,
    /// The first publication with a delivery that waited for it at its end, and was not written.
    pub(crate) unwritten_from: Option<u64>,
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
            ["nap"] => {
                connection.pause();
                self.journal.lock().napping.push(connection.key());
            }
            ["tell"] => connection.tell_when_written(),
            _ => connection.send_text(text),
        }
    }

    fn written(&mut self, connection: &mut Connection<'_, Session>) {
        self.journal.lock().written += 1;
        connection.send_text("written");
    }

    fn closed(&mut self, key: ConnectionKey, session: Session, closed: &Closed) {
        let mut journal = self.journal.lock();
        let life = journal.clients.entry(session.client).or_default();
        assert_eq!(life.key, Some(key), "closed under the key it was opened under");
        life.closed.push(closed.clone());
    }

    fn lost(
        &mut self,
        connection: &mut Connection<'_, Session>,
        losses: &[Loss],
        can_be_told: bool,
    ) {
        let mut journal = self.journal.lock();
        for loss in losses {
            let subscribed = journal.subscriptions.get_mut(&loss.id.to_string());
            subscribed.expect("it was subscribed").losses.push(loss.clone());
        }
        drop(journal);
        for Loss { room, id, deliveries, .. } in losses.iter().filter(|_| can_be_told) {
            connection.send_text(&format!("lost {deliveries} {id} of {room}"));
        }
    }

    fn shed(&mut self, connection: &Connection<'_, Session>, dropped: Unwritten) {
        self.cut(connection, dropped);
    }

    fn cut(&mut self, connection: &Connection<'_, Session>, dropped: Unwritten) {
        let mut journal = self.journal.lock();
        let life = journal.clients.entry(connection.session().client).or_default();
        life.unwritten_from = life.unwritten_from.into_iter().chain(dropped.first).min();
    }

    fn rooms_changed(&mut self, changes: &RoomChanges) {
        let opened = changes.opened.iter().map(|room| format!("+{room}"));
        let closed = changes.closed.iter().map(|room| format!("-{room}"));
        let line = opened.chain(closed).collect::<Vec<_>>().join(" ");
        self.journal.lock().room_changes.push(line);
    }

    fn command(&mut self, command: Tell, connections: &mut dyn Connections<Session>) {
        if command.text == "list" {
            return self.list(command.key, &*connections);
        }
        let found = connections.with(command.key, &mut |connection| match &*command.text {
            "wake" => connection.resume(),
            text => connection.send_text(text),
        });
        self.journal.lock().told += usize::from(found);
    }
}

impl Rooms {
    /// Writes down the rooms, the first two subscribers of `{"r":1}` and all but the first of the
    /// subscriptions of a connection.
    fn list(&self, key: ConnectionKey, connections: &dyn Connections<Session>) {
        let all = Page { offset: 0, limit: usize::MAX };
        let mut list = String::new();
        connections.rooms(all, &mut |room, count| list += &format!("{room} {count}; "));
        let room = Room::parse(r#"{"r":1}"#).expect("a room");
        let two = Page { offset: 0, limit: 2 };
        let count = connections.subscribers(&room, two, &mut |_, id| list += &format!("{id} "));
        list += &format!("of {count}; ");
        let rest = Page { offset: 1, limit: usize::MAX };
        let count = connections.subscriptions(key, rest, &mut |room, id| {
            list += &format!("{room} {id} ");
        });
        list += &format!("of {count:?}");
        self.journal.lock().lists.push(list);
    }

    fn subscribe(&self, connection: &mut Connection<'_, Session>, room: &str, id: &str) {
        let parsed = (Room::parse(room).expect("a room"), RequestId::parse(id).expect("an id"));
        if connection.subscribe(parsed.0, parsed.1).is_err() {
            return connection.send_text(&format!("full {id}"));
        }
        let mut journal = self.journal.lock();
        let since = journal.accepted;
        let (until, losses) = Default::default();
        let subscribed = Subscribed { room: room.to_owned(), since, until, losses };
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
