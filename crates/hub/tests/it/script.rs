//! The small language in which these tests are written, and the one place that knows the API.
//!
//! ```text
//! ada may zoo=1 animal=*                   a room more that ada is allowed
//! ada subscribes zoo=1 animal=penguin as p
//! ada subscribes zoo=1 as p since 3        as if three publications had been made before
//! ada unsubscribes p
//! ada keeps what she may                   after another `ada may only zoo=1 | zoo=2`
//! ada leaves
//! publish zoo=1 animal=penguin: 7          to a room, or to several: zoo=1 | zoo=2
//! publish pattern zoo=*: 7
//! audience zoo=1 | zoo=2 without ada       who would hear it: each room with its subscriptions
//! audience pattern zoo=*
//! statistics
//! ```
//!
//! A value or id is JSON where it can be, and otherwise a word: `zoo=1` is a number, `zoo="1"` and
//! `zoo=one` are strings. The room without keys is written `{}`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use campanile_hub::{Hub, Limits, Match, Permissions, RequestId, Room, Subscribed};
use expect_test::Expect;

/// Plays a script and compares what was answered.
pub(crate) fn check(script: &str, expected: Expect) {
    check_with(Limits::default(), script, expected);
}

/// The same with other limits.
#[expect(clippy::needless_pass_by_value, reason = "so that a test can say `expect![…]`")]
pub(crate) fn check_with(limits: Limits, script: &str, expected: Expect) {
    let mut stage = Stage {
        hub: Hub::new(limits),
        people: Vec::new(),
        allowed: BTreeMap::new(),
        sequence: 0,
        transcript: String::new(),
    };
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        stage.play(line);
    }
    expected.assert_eq(&stage.transcript);
}

pub(crate) fn room(text: &str) -> Room {
    Room::parse(&room_json(text)).unwrap()
}

fn room_json(text: &str) -> String {
    if text == "{}" {
        return text.into();
    }
    let member = |member: &str| {
        let (key, value) = member.split_once('=').expect("key=value");
        format!("{}:{}", word(key), word(value))
    };
    format!("{{{}}}", text.split(' ').map(member).collect::<Vec<_>>().join(","))
}

/// A word as JSON: as it stands if it is some, and as a string otherwise.
fn word(text: &str) -> String {
    let json = serde_json::from_str::<serde_json::Value>(text).is_ok();
    if json { text.into() } else { serde_json::to_string(text).unwrap() }
}

/// The word of which [`word`] makes this JSON.
fn unword(json: &str) -> String {
    let text = serde_json::from_str::<String>(json).ok();
    text.filter(|text| word(text) == json).unwrap_or_else(|| json.into())
}

struct Stage {
    hub: Hub,
    people: Vec<String>,
    allowed: BTreeMap<String, Vec<String>>,
    sequence: u64,
    transcript: String,
}

impl Stage {
    fn play(&mut self, line: &str) {
        let (who, what) = line.split_once(' ').unwrap_or((line, ""));
        let answer = match (who, what.split_once(' ').unwrap_or((what, ""))) {
            ("audience", ("pattern", what)) => self.audience(what, Match::Pattern),
            ("audience", _) => self.audience(what, Match::Literal),
            ("statistics", _) => format!("{:?}", self.hub.statistics()),
            ("publish", ("pattern", what)) => self.publish(what, Match::Pattern),
            ("publish", _) => self.publish(what, Match::Literal),
            (_, ("may", what)) if what.starts_with("only ") => {
                let rooms = what["only ".len()..].split(" | ").map(room_json).collect();
                self.allowed.insert(who.into(), rooms);
                return;
            }
            (_, ("may", what)) => {
                let allowed = self.allowed.entry(who.into()).or_default();
                allowed.push(room_json(what));
                return;
            }
            (_, ("subscribes", what)) => self.subscribe(who, what),
            (_, ("unsubscribes", id)) => {
                let (connection, id) = (self.connection(who), RequestId::parse(&word(id)).unwrap());
                match self.hub.unsubscribe(connection, &id) {
                    0 => ": not-subscribed".into(),
                    1 => ": ok".into(),
                    several => format!(": ok, {several} of them"),
                }
            }
            (_, ("keeps", _)) => self.keep(who),
            (_, ("leaves", _)) => {
                let connection = self.connection(who);
                format!(": {} ended", self.hub.leave(connection))
            }
            _ => panic!("no such line: {line}"),
        };
        let gap = if answer.starts_with(':') { "" } else { " -> " };
        writeln!(self.transcript, "{line}{gap}{answer}").unwrap();
    }

    fn keep(&mut self, who: &str) -> String {
        let (connection, permissions) = (self.connection(who), self.permissions(who));
        let mut dropped = Vec::new();
        let ended = self.hub.retain(
            connection,
            |room| permissions.allows(room),
            |room, id| dropped.push(format!(" {room} as {}", unword(id.as_json()))),
        );
        assert_eq!(ended, dropped.len());
        dropped.sort();
        format!(": without{}", if ended == 0 { " none".into() } else { dropped.join(",") })
    }

    fn permissions(&self, who: &str) -> Permissions {
        let allowed = self.allowed.get(who).map_or(String::new(), |rooms| rooms.join(","));
        Permissions::parse(&format!("[{allowed}]")).unwrap()
    }

    fn subscribe(&mut self, who: &str, what: &str) -> String {
        let (what, id) = what.split_once(" as ").expect("… as ID");
        let (id, since) = id.split_once(" since ").map_or((id, self.sequence), |(id, since)| {
            (id, since.parse().expect("since a number"))
        });
        let (room, id) = (room(what), RequestId::parse(&word(id)).unwrap());
        if !self.permissions(who).allows(&room) {
            return ": room-not-found".into();
        }
        let connection = self.connection(who);
        match self.hub.subscribe(connection, room, id, since) {
            Ok(Subscribed::New) => ": ok".into(),
            Ok(Subscribed::Already) => ": ok, already".into(),
            Err(full) => format!(": {full}"),
        }
    }

    fn publish(&mut self, what: &str, matching: Match) -> String {
        let (rooms, _data) = what.split_once(": ").expect("rooms: data");
        let rooms: Vec<_> = rooms.split(" | ").map(room).collect();
        self.sequence += 1;
        let audience = self.hub.audience(&rooms, matching, |_| true);
        let mut heard = Vec::new();
        let published = self.hub.publish(&rooms, matching, self.sequence, |connection, id| {
            heard.push(format!("{}/{}", self.people[connection as usize], unword(id.as_json())));
        });
        assert_eq!(heard.len(), published.deliveries);
        let expected: usize = audience.iter().map(|(_, subscriptions)| subscriptions).sum();
        // Those who subscribed with a later `since` are there and do not hear it.
        assert!(expected >= heard.len(), "{audience:?}");
        heard.sort();
        if published.patterns_refused > 0 {
            heard.push(format!("({} patterns refused)", published.patterns_refused));
        }
        if heard.is_empty() { "nobody".into() } else { heard.join(" ") }
    }

    fn audience(&mut self, what: &str, matching: Match) -> String {
        let (what, without) = what.split_once(" without ").unwrap_or((what, ""));
        let rooms: Vec<_> = what.split(" | ").map(room).collect();
        let counts = |connection: u32| self.people[connection as usize] != without;
        let audience = self.hub.audience(&rooms, matching, counts);
        let said = audience.iter().map(|(room, subscriptions)| format!("{room} {subscriptions}"));
        let said: Vec<_> = said.collect();
        if said.is_empty() { "nobody".into() } else { said.join(", ") }
    }

    fn connection(&mut self, who: &str) -> u32 {
        let known = self.people.iter().position(|name| name == who);
        let number = known.unwrap_or_else(|| {
            self.people.push(who.into());
            self.people.len() - 1
        });
        u32::try_from(number).unwrap()
    }
}
