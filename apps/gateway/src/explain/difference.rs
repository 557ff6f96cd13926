//! How far two rooms are apart.

use campanile_hub::Room;

/// What tells one room from another: the fewer, the nearer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Difference {
    /// Keys whose values are alike but for their JSON type, as `1` and `"1"`.
    pub(super) types: Vec<String>,
    /// Keys whose values differ.
    pub(super) values: Vec<String>,
    /// Keys that only one of them has.
    pub(super) keys: Vec<String>,
}

impl Difference {
    /// Compares `one`, in which `*` may stand for every value, with another.
    pub(super) fn between(one: &Room, other: &Room, has_stars: bool) -> Difference {
        let mut difference = Difference::default();
        for (key, value) in one.members() {
            match other.members().find(|(known, _)| *known == key) {
                Some((_, found)) if found == value || (has_stars && value == "\"*\"") => {}
                Some((_, found)) if is_alike(value, found) => difference.types.push(key.to_owned()),
                Some(_) => difference.values.push(key.to_owned()),
                None => difference.keys.push(key.to_owned()),
            }
        }
        let is_more = |key: &str| !one.members().any(|(known, _)| known == key);
        let more = other.members().map(|(key, _)| key).filter(|key| is_more(key));
        difference.keys.extend(more.map(str::to_owned));
        difference
    }

    /// Returns how far apart they are; 0 for equal ones.
    pub(super) fn distance(&self) -> usize {
        self.types.len() + 3 * self.values.len() + 4 * self.keys.len()
    }

    /// Returns whether only the type of one value differs.
    pub(super) fn is_type(&self) -> bool {
        self.types.len() == 1 && self.distance() == 1
    }

    /// Returns whether only one value differs.
    pub(super) fn is_value(&self) -> bool {
        self.values.len() == 1 && self.distance() == 3
    }
}

/// Returns whether two values are written alike but for quotes, or are equal numbers.
fn is_alike(one: &str, other: &str) -> bool {
    let bare = |text: &str| text.trim_matches('"').to_owned();
    let (one, other) = (bare(one), bare(other));
    let number = |text: &str| text.parse::<f64>().ok();
    one == other || number(&one).is_some_and(|value| number(&other) == Some(value))
}

/// Returns the room that is nearest to `room`, of those that have something in common with it.
pub(super) fn nearest<'a>(
    room: &Room,
    rooms: impl IntoIterator<Item = &'a Room>,
) -> Option<(&'a Room, Difference)> {
    let near = rooms.into_iter().map(|other| (other, Difference::between(room, other, false)));
    near.min_by_key(|(_, difference)| difference.distance())
}

/// Returns the allowed room that is nearest to `room`, of the first `most`.
pub(crate) fn nearest_allowed<'a>(
    room: &Room,
    allowed: impl Iterator<Item = &'a str>,
    most: usize,
) -> Option<&'a str> {
    let near = allowed.take(most).filter_map(|text| {
        let pattern = Room::parse(text).ok()?;
        Some((text, Difference::between(&pattern, room, true).distance()))
    });
    near.min_by_key(|(_, distance)| *distance).map(|(text, _)| text)
}
