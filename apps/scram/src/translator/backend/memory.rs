//! A backend that only remembers: for a first try without gobgpd, and for tests, which can take it away.

use super::{Backend, BackendError, Connection, Counts};
use crate::cidr::Network;
use crate::translator::route::{Attributes, Route};
use async_trait::async_trait;
use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A table of routes that nobody else sees.
#[derive(Clone, Debug, Default)]
pub struct Memory(Arc<Mutex<Table>>);

#[derive(Debug, Default)]
struct Table {
    routes: BTreeMap<Network, Attributes>,
    /// Grows when the "program" is restarted: connections to an older run fail.
    run: u64,
    condition: Condition,
    refused: HashSet<Network>,
    /// What was done, in order: `+` and `-` with a network, `-*` for all.
    journal: Vec<String>,
    journal_max: usize,
}

/// How a [`Memory`] behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Condition {
    /// As it should.
    #[default]
    Well,
    /// Every call fails.
    Gone,
    /// No call is answered.
    Frozen,
}

struct MemoryConnection {
    memory: Memory,
    run: u64,
}

impl Memory {
    /// Behaves in this way from now on.
    pub fn set_condition(&self, condition: Condition) {
        self.table().condition = condition;
    }

    /// Forgets all routes, and fails all connections that there are.
    pub fn restart(&self) {
        let mut table = self.table();
        table.routes.clear();
        table.run += 1;
    }

    /// Announces a route without anybody's wish.
    pub fn plant(&self, route: Route) {
        self.table().routes.insert(route.network, route.attributes);
    }

    /// Forgets a route without anybody's wish.
    pub fn uproot(&self, network: Network) {
        self.table().routes.remove(&network);
    }

    /// Will not announce this network.
    pub fn refuse(&self, network: Network) {
        self.table().refused.insert(network);
    }

    /// Returns what is announced.
    pub fn routes(&self) -> BTreeMap<Network, Attributes> {
        self.table().routes.clone()
    }

    /// Keeps up to so many lines of what is done from now on.
    pub fn keep_journal(&self, lines_max: usize) {
        self.table().journal_max = lines_max;
    }

    /// Returns what was done since this was asked last.
    pub fn take_journal(&self) -> Vec<String> {
        std::mem::take(&mut self.table().journal)
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for ever if it is frozen, and fails if it is gone.
    async fn answer(&self) -> Result<(), BackendError> {
        let condition = self.table().condition;
        match condition {
            Condition::Well => Ok(()),
            Condition::Gone => Err(BackendError::Lost("the memory is gone".to_owned())),
            Condition::Frozen => std::future::pending().await,
        }
    }
}

impl Table {
    fn note(&mut self, line: impl FnOnce() -> String) {
        if self.journal.len() < self.journal_max {
            self.journal.push(line());
        }
    }
}

impl MemoryConnection {
    async fn ask<T>(
        &self,
        question: impl FnOnce(&mut Table) -> Result<T, BackendError>,
    ) -> Result<T, BackendError> {
        self.memory.answer().await?;
        let mut table = self.memory.table();
        if table.run != self.run {
            return Err(BackendError::Lost("the memory was restarted".to_owned()));
        }
        question(&mut table)
    }
}

#[async_trait]
impl Backend for Memory {
    fn name(&self) -> &'static str {
        "the memory, which announces to nobody,"
    }

    async fn connect(&self) -> Result<Arc<dyn Connection>, BackendError> {
        self.answer().await?;
        let run = self.table().run;
        Ok(Arc::new(MemoryConnection { memory: self.clone(), run }))
    }
}

#[async_trait]
impl Connection for MemoryConnection {
    async fn announce(&self, routes: &[Route]) -> Result<(), BackendError> {
        self.ask(|table| {
            if let Some(route) = routes.iter().find(|route| table.refused.contains(&route.network))
            {
                return Err(BackendError::Refused(format!("{} is not wanted here", route.network)));
            }
            for Route { network, attributes } in routes {
                table.routes.insert(*network, *attributes);
                table.note(|| format!("+ {network}"));
            }
            Ok(())
        })
        .await
    }

    async fn withdraw(&self, networks: &[Network]) -> Result<(), BackendError> {
        self.ask(|table| {
            for network in networks {
                table.routes.remove(network);
                table.note(|| format!("- {network}"));
            }
            Ok(())
        })
        .await
    }

    async fn withdraw_all(&self) -> Result<(), BackendError> {
        self.ask(|table| {
            table.routes.clear();
            table.note(|| "- *".to_owned());
            Ok(())
        })
        .await
    }

    async fn covers(&self, network: Network) -> Result<bool, BackendError> {
        self.ask(|table| Ok(table.routes.keys().any(|announced| announced.contains(&network))))
            .await
    }

    async fn counts(&self) -> Result<Counts, BackendError> {
        self.ask(|table| Ok(Counts::of(table.routes.keys()))).await
    }

    async fn list_own(&self) -> Result<Vec<Route>, BackendError> {
        let route = |(network, attributes): (&Network, &Attributes)| Route {
            network: *network,
            attributes: *attributes,
        };
        self.ask(|table| Ok(table.routes.iter().map(route).collect())).await
    }
}
