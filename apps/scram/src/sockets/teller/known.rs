//! Up to which event a translator knows each entry.

use std::collections::HashMap;

/// Up to which event a translator knows each entry, as far as that is beyond what it was told.
///
/// Events come in their order. Once there is one that is newer than all of this, it is forgotten.
#[derive(Debug, Default)]
pub(super) struct KnownUpTo {
    /// Of each page of the replay the last entry's number, in their order, and its event.
    pages: Vec<(i64, i64)>,
    entries: HashMap<i64, i64>,
    newest: i64,
}

impl KnownUpTo {
    /// Takes note that a page of the replay, up to an entry, had all events in it up to one.
    pub(super) fn up_to(&mut self, entry: i64, event: i64) {
        self.pages.push((entry, event));
        self.newest = self.newest.max(event);
    }

    /// Takes note that an entry was told as it was after an event.
    pub(super) fn entry(&mut self, entry: i64, event: i64) {
        self.entries.insert(entry, event);
        self.newest = self.newest.max(event);
    }

    /// Says whether the translator knows what an event did to an entry.
    pub(super) fn includes(&mut self, entry: i64, event: i64) -> bool {
        if event > self.newest {
            *self = KnownUpTo { newest: self.newest, ..KnownUpTo::default() };
            return false;
        }
        self.includes_still(entry, event)
    }

    /// The same, where more may be asked of events that are older.
    pub(super) fn includes_still(&self, entry: i64, event: i64) -> bool {
        let page = self.pages.partition_point(|(last, _)| *last < entry);
        let by_page = self.pages.get(page).is_some_and(|(_, known)| *known >= event);
        by_page || self.entries.get(&entry).is_some_and(|known| *known >= event)
    }
}

#[cfg(test)]
mod tests {
    use super::KnownUpTo;

    #[test]
    fn an_event_is_known_if_the_entry_s_page_or_what_was_told_of_it_is_newer() {
        let mut known = KnownUpTo::default();
        known.up_to(100, 10);
        known.up_to(i64::MAX, 20);
        known.entry(7, 15);
        let asked = [(50, 10), (50, 11), (100, 10), (101, 20), (7, 15), (7, 16)];
        let answers = asked.map(|(entry, event)| known.includes(entry, event));
        assert_eq!(answers, [true, false, true, true, true, false]);
        assert!(!known.includes(50, 21), "that is newer than all");
        assert!(!known.includes(50, 9), "and events come in their order");
    }
}
