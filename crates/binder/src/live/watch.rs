//! Which tables are watched, and under which names.

use crate::sql::Written;
use crate::{Pending, sql};
use sea_orm::{ExecResult, QueryResult};
use std::collections::HashMap;

/// The names under which writes to tables are told.
#[derive(Clone, Debug, Default)]
pub(super) struct Watch {
    names: HashMap<String, Vec<String>>,
    /// The tables that have rows which the database deletes along.
    along: HashMap<String, Vec<String>>,
    is_all: bool,
    is_detailed: bool,
}

/// What a statement would write of what is watched.
pub(super) struct Writes<'a> {
    watch: &'a Watch,
    written: Vec<Written>,
}

impl Watch {
    pub(super) fn add(&mut self, table: &str, name: &str) {
        let names = self.names.entry(table.to_lowercase()).or_default();
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }

    pub(super) fn add_along(&mut self, table: &str, along: &str) {
        self.along.entry(table.to_lowercase()).or_default().push(along.to_lowercase());
    }

    pub(super) fn all(&mut self) {
        self.is_all = true;
    }

    pub(super) fn detailed(&mut self) {
        self.is_detailed = true;
    }

    /// Returns the names under which writes to a table are told; none if it is not watched.
    pub(super) fn names(&self, table: &str) -> Vec<String> {
        let mut names = self.own(table);
        let along = self.along.get(&table.to_lowercase());
        for name in along.into_iter().flatten().flat_map(|along| self.own(along)) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// Returns those that are a table's own, and not of one with rows deleted along.
    pub(super) fn own(&self, table: &str) -> Vec<String> {
        let table = table.to_lowercase();
        match self.names.get(&table) {
            Some(names) => names.clone(),
            None if self.is_all => vec![table],
            None => Vec::new(),
        }
    }

    /// Returns what a statement would write of what is watched; none: nothing.
    pub(super) fn writes(&self, statement: &str) -> Option<Writes<'_>> {
        let mut written = sql::written(statement);
        let is_known =
            |table: &str| self.names.contains_key(table) || self.along.contains_key(table);
        written.retain(|written| self.is_all || is_known(&written.table));
        (!written.is_empty()).then_some(Writes { watch: self, written })
    }
}

impl Writes<'_> {
    /// Takes note of what was written, if there was anything: of so many rows.
    pub(super) fn note(&self, rows: u64, pending: &mut Pending) {
        for written in self.written.iter().filter(|written| rows > 0 || written.is_uncounted) {
            for name in self.watch.names(&written.table) {
                pending.touch(&name);
                if self.watch.is_detailed {
                    pending.touch_rows(&name);
                }
            }
        }
    }
}

/// The outcome of a statement.
pub(super) trait Rows {
    /// Returns how many rows it has written, of which it may return each.
    fn rows(&self) -> u64;
}

impl Rows for ExecResult {
    fn rows(&self) -> u64 {
        self.rows_affected()
    }
}

impl Rows for Option<QueryResult> {
    fn rows(&self) -> u64 {
        u64::from(self.is_some())
    }
}

impl Rows for Vec<QueryResult> {
    fn rows(&self) -> u64 {
        self.len() as u64
    }
}
