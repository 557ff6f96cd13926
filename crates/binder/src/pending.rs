//! What a transaction has touched, and tells when it is committed.

use crate::{Room, Trigger};
use serde_json::{Value, json};

/// What is to be told when a transaction is committed: in order, and each "something was saved" once.
///
/// ```
/// use campanile_binder::{Pending, Trigger, room};
///
/// let mut pending = Pending::new();
/// pending.touch("country");
/// pending.touch("country");
/// pending.publish(Trigger::new("a border was moved", [room! { "news": "*" }]));
/// assert_eq!(pending.into_triggers().len(), 2);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pending {
    triggers: Vec<Trigger>,
    rows: Vec<(String, Rows)>,
}

/// Which rows of a kind were saved.
#[derive(Clone, Debug, PartialEq)]
enum Rows {
    Each(Vec<Trigger>),
    /// More than anybody wants to hear of one by one, or unknown ones.
    Bulk,
}

/// What was done to a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// It is new.
    Insert,
    /// It was changed.
    Update,
    /// It is gone.
    Delete,
}

/// With more rows of a kind in a transaction, they are told as one.
pub const ROWS_MAX: usize = 100;

impl Pending {
    /// Makes one with nothing to tell.
    pub fn new() -> Pending {
        Pending::default()
    }

    /// Takes note that something of a kind was saved.
    pub fn touch(&mut self, name: &str) {
        let trigger = Trigger::auto_update(name);
        if !self.triggers.contains(&trigger) {
            self.triggers.push(trigger);
        }
    }

    /// Takes note that a row of a kind was saved, for those who want to know which.
    pub fn touch_row(&mut self, name: &str, operation: Operation, id: &Value) {
        let data = json!({ "op": operation.name(), "id": id });
        self.rows(name).push(Trigger::new(data, [Room::detailed_auto_updates(name)]));
    }

    /// Takes note that rows of a kind were saved, and nobody knows which.
    pub fn touch_rows(&mut self, name: &str) {
        *self.rows(name) = Rows::Bulk;
    }

    /// Takes note which row it was, if rows of this kind were saved and nobody knew which.
    #[cfg(feature = "sea-orm")]
    pub(crate) fn was_row(&mut self, name: &str, operation: Operation, id: &Value) {
        if let Some((_, rows)) = self.rows.iter_mut().find(|(known, _)| known == name) {
            *rows = Rows::Each(Vec::new());
            self.touch_row(name, operation, id);
        }
    }

    /// Tells this, too.
    pub fn publish(&mut self, trigger: Trigger) {
        self.triggers.push(trigger);
    }

    /// Takes over what an inner transaction is to tell.
    pub fn merge(&mut self, inner: Pending) {
        for trigger in inner.triggers {
            if !trigger.says_nothing() || !self.triggers.contains(&trigger) {
                self.triggers.push(trigger);
            }
        }
        for (name, rows) in inner.rows {
            let own = self.rows(&name);
            match rows {
                Rows::Each(each) => each.into_iter().for_each(|trigger| own.push(trigger)),
                Rows::Bulk => *own = Rows::Bulk,
            }
        }
    }

    /// Says whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.triggers.is_empty() && self.rows.is_empty()
    }

    /// Returns what is to be told: that something was saved, and then what.
    pub fn into_triggers(self) -> Vec<Trigger> {
        let mut triggers = self.triggers;
        for (name, rows) in self.rows {
            match rows {
                Rows::Each(each) => triggers.extend(each),
                Rows::Bulk => triggers.push(Trigger::new(
                    json!({ "op": "bulk" }),
                    [Room::detailed_auto_updates(&name)],
                )),
            }
        }
        triggers
    }

    fn rows(&mut self, name: &str) -> &mut Rows {
        let known = self.rows.iter().position(|(other, _)| other == name);
        let index = known.unwrap_or_else(|| {
            self.rows.push((name.to_owned(), Rows::Each(Vec::new())));
            self.rows.len() - 1
        });
        &mut self.rows[index].1
    }
}

impl Rows {
    /// Adds a row; what was done to it twice is told as done the last time.
    fn push(&mut self, trigger: Trigger) {
        let Rows::Each(triggers) = self else { return };
        triggers.retain(|known| *known != trigger);
        if triggers.len() < ROWS_MAX {
            triggers.push(trigger);
        } else {
            *self = Rows::Bulk;
        }
    }
}

impl Operation {
    fn name(self) -> &'static str {
        match self {
            Operation::Insert => "insert",
            Operation::Update => "update",
            Operation::Delete => "delete",
        }
    }
}
