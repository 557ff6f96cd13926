//! What one client of the crowd has heard, and whether that is all.

use super::crowd::Heard;
use super::publisher::{Outcome, Published};
use campanile_gateway::time::Time;
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

/// One client.
pub(super) struct Listener {
    pub(super) number: usize,
    /// The node that it is at, or tries next.
    home: AtomicUsize,
    /// Whether it knows gaps.
    pub(super) v1: bool,
    pub(super) rooms: Vec<usize>,
    log: Mutex<Vec<Entry>>,
}

/// What happened to it, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    /// It is subscribed to all of its rooms.
    Here { at: SystemTime },
    /// Its connection ended.
    Away { at: SystemTime, code: u16 },
    /// It heard this, in this room.
    Delivery { room: usize, data: String },
    /// It was told of a gap.
    Gap { from: String, until: Option<String> },
}

/// Who has no word for a gap is closed so long after it at most: when the outage is over, and spread.
const OUTAGE: Duration = Duration::from_secs(60);

/// With a node that is killed goes what had come in so shortly before; on a busy machine.
const ON_THE_WAY: Duration = Duration::from_secs(3);

impl Listener {
    pub(super) fn new(number: usize, home: usize, v1: bool, rooms: Vec<usize>) -> Listener {
        let (home, log) = (AtomicUsize::new(home), Mutex::default());
        Listener { number, home, v1, rooms, log }
    }

    /// Returns the node that it is at, or tries next.
    pub(super) fn home(&self) -> usize {
        self.home.load(Relaxed)
    }

    /// Has it try the next of so many nodes.
    pub(super) fn go_on(&self, nodes: usize) {
        self.home.store((self.home() + 1) % nodes, Relaxed);
    }

    pub(super) fn log(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn note(&self, entry: Entry) {
        self.log().push(entry);
    }

    /// Takes a message in.
    pub(super) fn hear(&self, text: &str) -> Option<Heard> {
        let message: Value = serde_json::from_str(text).expect("the gateway sends JSON");
        let word = |key: &str| message[key].as_str().map(str::to_owned);
        match message["type"].as_str() {
            Some("publish") => {
                let room = message["requestId"].as_u64().expect("a room is its own requestId");
                let room = usize::try_from(room).expect("there are few rooms");
                self.note(Entry::Delivery { room, data: word("data").expect("it is a text") });
                None
            }
            Some("gap") => {
                assert!(self.v1, "only campanile.v1 has a word for a gap");
                assert_eq!(message["reason"], "broker");
                let from = word("from").expect("a gap has a beginning");
                self.note(Entry::Gap { from, until: word("until") });
                None
            }
            Some("restart") => {
                let wait = message["reconnect_after_ms"].as_u64().expect("it is a number");
                Some(Heard::Restart(Duration::from_millis(wait)))
            }
            _ if message["code"] == "success" => Some(Heard::Answer),
            _ => {
                assert_eq!(message["is_authorized"], true, "{text}");
                None
            }
        }
    }

    /// Returns whether it is subscribed now.
    pub(super) fn is_here(&self) -> bool {
        let log = self.log();
        let last = log.iter().rfind(|it| matches!(it, Entry::Here { .. } | Entry::Away { .. }));
        matches!(last, Some(Entry::Here { .. }))
    }

    /// Returns whether it was told, by a gap or a close, that something may be missing, after the
    /// first `before` entries of its log; and is subscribed.
    pub(super) fn was_told(&self, before: usize) -> bool {
        let told = self.log()[before..].iter().any(|entry| match entry {
            Entry::Gap { until, .. } => until.is_some(),
            Entry::Away { .. } => true,
            _ => false,
        });
        told && self.is_here()
    }

    /// Returns the data that it heard in a room.
    pub(super) fn heard_in(&self, room: usize) -> Vec<String> {
        let log = self.log();
        let heard = log.iter().filter_map(|entry| match entry {
            Entry::Delivery { room: at, data } if *at == room => Some(data.clone()),
            _ => None,
        });
        heard.collect()
    }

    /// Checks that each connection heard everything once, in each publisher's order, and nothing
    /// that was refused; and returns what it has missed of those `from` there on.
    pub(super) fn missed<'p>(&self, published: &'p [Published], from: usize) -> Vec<&'p Published> {
        let by_data: BTreeMap<&str, &Published> =
            published.iter().map(|one| (one.data.as_str(), one)).collect();
        let (mut heard, mut here) = (HashSet::new(), HashSet::new());
        let mut latest: BTreeMap<(usize, &str), usize> = BTreeMap::new();
        let log = self.log();
        for entry in log.iter() {
            let (room, data) = match entry {
                Entry::Delivery { room, data } => (*room, data.as_str()),
                Entry::Away { .. } => {
                    here.clear();
                    latest.clear();
                    continue;
                }
                _ => continue,
            };
            let number = self.number;
            let one = by_data.get(data).unwrap_or_else(|| panic!("{number}: what is {data}?"));
            assert_ne!(one.outcome, Outcome::Refused, "{number} heard {data}, which was refused");
            assert!(one.rooms.contains(&room), "{number} heard {data} in room {room}");
            assert!(here.insert((room, data)), "{number} heard {data} twice in room {room}");
            let before = latest.insert((room, &one.publisher), one.number);
            assert!(before < Some(one.number), "{number} heard {data} after {before:?}");
            heard.insert((room, data));
        }
        let is_missed = |one: &&Published| {
            let mut own = one.rooms.iter().filter(|room| self.rooms.contains(room));
            one.outcome == Outcome::Accepted
                && own.any(|room| !heard.contains(&(*room, one.data.as_str())))
        };
        published[from..].iter().filter(is_missed).collect()
    }

    /// Returns whether this client was told that it may have missed `one`: by a gap, or since it was
    /// closed and came back.
    pub(super) fn knows_of(&self, one: &Published) -> bool {
        let (began, ended) = (format!("{}Z", Time(one.began)), format!("{}Z", Time(one.ended)));
        let before = if self.v1 { ON_THE_WAY } else { OUTAGE };
        let mut away = None;
        self.log().iter().any(|entry| match entry {
            // Times of this form are in order when their texts are.
            Entry::Gap { from, until: Some(until) } => *from <= ended && began <= *until,
            Entry::Away { at, .. } => {
                away.get_or_insert(*at - before);
                false
            }
            Entry::Here { at } => {
                away.take().is_some_and(|away| away <= one.ended && one.began <= *at)
            }
            _ => false,
        })
    }
}
