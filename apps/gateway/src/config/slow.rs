//! `[limits] slow_rooms`: what becomes of what is published to a room while a client reads slowly.

use super::given::{Fault, Given, Kind};
use super::nearest::suggestion;
use super::value::{Value, quoted};
use campanile_hub::Room;
use campanile_manager::Slow;

/// Rooms whose deliveries need not all wait for a client that reads slowly: patterns, each with what
/// becomes of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SlowRooms(Vec<SlowRoom>);

/// A pattern of rooms, and what becomes of what is published to them.
#[derive(Clone, Debug, PartialEq, Eq)]
struct SlowRoom {
    pattern: Room,
    slow: Slow,
}

/// How many there may be: a trigger's rooms are compared with each of them.
const ENTRIES_MAX: usize = 64;

impl SlowRooms {
    /// Returns what becomes of a publication to `rooms`. Of each room the first pattern that covers it
    /// counts; of several rooms the one that keeps most.
    pub fn of(&self, rooms: &[Room]) -> Slow {
        if self.0.is_empty() {
            return Slow::Close;
        }
        let mut all = Slow::Latest;
        for room in rooms {
            match (self.of_room(room), all) {
                (Slow::Close, _) => return Slow::Close,
                (Slow::DropOldest, _) | (_, Slow::DropOldest) => all = Slow::DropOldest,
                (Slow::Latest, _) => {}
            }
        }
        all
    }

    fn of_room(&self, room: &Room) -> Slow {
        let first = self.0.iter().find(|entry| entry.pattern.covers(room));
        first.map_or(Slow::Close, |entry| entry.slow)
    }
}

const FORM: &str = "write [{ room = { zoo = 1, animal = \"*\" }, policy = \"latest\" }]";

impl Value for SlowRooms {
    fn read(given: &Given) -> Result<Self, Fault> {
        let Kind::List(list) = &given.kind else {
            return Err(given.is_not(&format!("a list of rooms, each with its policy; {FORM}")));
        };
        if list.len() > ENTRIES_MAX {
            let many = list.len();
            return Err(given.fault(format!("{many} entries; at most {ENTRIES_MAX} are allowed")));
        }
        let mut entries: Vec<SlowRoom> = Vec::with_capacity(list.len());
        for given in list {
            let entry = entry(given)?;
            if let Some(before) = entries.iter().find(|it| it.pattern.covers(&entry.pattern)) {
                let (room, before) = (&entry.pattern, &before.pattern);
                let message = format!("{room} has no effect: {before} stands before it");
                return Err(given.fault(message));
            }
            entries.push(entry);
        }
        Ok(SlowRooms(entries))
    }

    fn show(&self) -> String {
        let entries: Vec<String> = self.0.iter().map(show).collect();
        format!("[{}]", entries.join(", "))
    }
}

fn entry(given: &Given) -> Result<SlowRoom, Fault> {
    let Kind::Table(table) = &given.kind else {
        return Err(given.fault(format!("{given} is not a room with its policy; {FORM}")));
    };
    let (mut pattern, mut slow) = (None, None);
    for (line, name, value) in table {
        match name.as_str() {
            "room" => pattern = Some(room(value)?),
            "policy" => slow = Some(policy(value)?),
            _ => {
                let suggestion = suggestion(name, ["room", "policy"]);
                let message = format!("unknown key {name:?} of a room's policy{suggestion}");
                return Err(Fault { line: *line, message });
            }
        }
    }
    match (pattern, slow) {
        (Some(pattern), Some(slow)) => Ok(SlowRoom { pattern, slow }),
        (None, _) => Err(given.fault(format!("a policy has no room; {FORM}"))),
        (Some(room), None) => Err(given.fault(format!("{room} has no policy; {FORM}"))),
    }
}

/// Reads a room: a table, or its JSON in a text, since TOML has no null.
fn room(given: &Given) -> Result<Room, Fault> {
    let json = match &given.kind {
        Kind::Text(text) => text.clone(),
        Kind::Table(_) => json(given)?.to_string(),
        _ => return Err(given.is_not("a room; write { zoo = 1, animal = \"*\" }, or its JSON")),
    };
    Room::parse(&json).map_err(|error| given.fault(format!("{json}: {error}")))
}

fn json(given: &Given) -> Result<serde_json::Value, Fault> {
    Ok(match &given.kind {
        Kind::Text(text) => text.as_str().into(),
        Kind::Whole(number) => (*number).into(),
        Kind::Number(number) => serde_json::Number::from_f64(*number)
            .ok_or_else(|| given.is_not("a number that JSON knows"))?
            .into(),
        Kind::Truth(truth) => (*truth).into(),
        Kind::List(list) => list.iter().map(json).collect::<Result<Vec<_>, _>>()?.into(),
        Kind::Table(table) => {
            let members = table.iter().map(|(_, name, value)| Ok((name.clone(), json(value)?)));
            serde_json::Value::Object(members.collect::<Result<_, Fault>>()?)
        }
    })
}

/// The policies, as they are typed.
const POLICIES: [(&str, Slow); 3] =
    [("close", Slow::Close), ("drop-oldest", Slow::DropOldest), ("latest", Slow::Latest)];

fn policy(given: &Given) -> Result<Slow, Fault> {
    let not = "\"close\", \"drop-oldest\" or \"latest\"";
    let Kind::Text(text) = &given.kind else { return Err(given.is_not(not)) };
    let named = POLICIES.into_iter().find(|(name, _)| name == text);
    let slow = named.map(|(_, slow)| slow);
    slow.ok_or_else(|| {
        let suggestion = suggestion(text, POLICIES.map(|(name, _)| name));
        given.is_not(&format!("{not}{suggestion}"))
    })
}

fn show(entry: &SlowRoom) -> String {
    let named = POLICIES.into_iter().find(|(_, slow)| *slow == entry.slow);
    let (policy, _) = named.expect("every policy has a name");
    format!("{{ room = {}, policy = {} }}", quoted(entry.pattern.as_str()), quoted(policy))
}
