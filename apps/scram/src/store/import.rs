//! Many entries at once, as they were elsewhere.
//!
//! A batch is one transaction with a few statements for hundreds of rows each, and writes the same
//! history and events as [`add`](Store::add) does.

use super::changes::Change;
use super::ignored::Ignored;
use super::writing::write_entries;
use super::{AddError, Store, moment, never, now};
use crate::cidr::Network;
use crate::entities::{action_type, entry, ignore_entry};
use crate::settings::PrefixLimits;
use chrono::{DateTime, Utc};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{ConnectionTrait, DbErr, EntityTrait};
use std::collections::{BTreeMap, HashMap};

/// An entry as it is to be. Its texts are as long as their columns at most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// Which network.
    pub network: Network,
    /// The name of the action type.
    pub action_type: String,
    /// Why.
    pub comment: String,
    /// Who is answerable for it; it is taken as it is.
    pub who: String,
    /// When it ends; none is never.
    pub expiration: Option<DateTime<Utc>>,
    /// Whether it is to be announced.
    pub is_active: bool,
    /// Why it ended; empty while it is active.
    pub expiration_reason: String,
    /// By which instance it came in; none is this one.
    pub originating_scram_instance: Option<String>,
    /// When it was first added; none is now. Of one that is there already it is not changed.
    pub made: Option<DateTime<Utc>>,
}

/// What was done with a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Entries that were not there before.
    pub added: u64,
    /// Entries that were, and are now as the last one of the batch says.
    pub changed: u64,
}

/// Why a batch was not written.
#[derive(Debug)]
pub enum ImportError {
    /// These may not be added, by their places in the batch.
    Refused(Vec<(usize, AddError)>),
    /// The database failed.
    Database(DbErr),
}

/// How many entries a batch should have: others wait to write for as long as it takes.
pub const BATCH: usize = 1000;

impl Store {
    /// Says which of these may not be added, by their places, and why.
    ///
    /// What is not active may be on the ignore list, large, or of an action type that is disabled.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn refusals(&self, wanted: &[Imported]) -> Result<Vec<(usize, AddError)>, DbErr> {
        let rules = Rules::read(self.database.read(), self.limits).await?;
        Ok(rules.sort(wanted).err().unwrap_or_default())
    }

    /// Writes all of a batch or nothing. Where two are of the same network and action type, the
    /// last counts. `author` is the administrator who does it.
    ///
    /// # Errors
    ///
    /// [`ImportError`]; then nothing was written.
    pub async fn add_many(
        &self,
        wanted: &[Imported],
        author: &str,
    ) -> Result<Written, ImportError> {
        let transaction = self.database.write().await?;
        let rules = Rules::read(&transaction, self.limits).await?;
        let wanted = rules.sort(wanted).map_err(ImportError::Refused)?;
        let rows = wanted.iter().map(|((network, action_type), wanted)| {
            (*network, self.imported_row(wanted, *action_type))
        });
        let mut rows = write_entries(&transaction, rows.collect()).await?;
        rows.sort_by_key(|row| row.id);
        let change = Change { at: now(), author, reason: &format!("imported by {author}") };
        let changes: Vec<_> = rows.into_iter().map(|row| (row, change)).collect();
        self.record(&transaction, &changes).await?;
        self.commit(transaction).await?;
        self.counters.count(|so_far| so_far.added += changes.len() as u64);
        self.wake();
        let count = |rows: usize| u64::try_from(rows).expect("it is a number of rows");
        let added = count(changes.iter().filter(|(row, _)| row.revision == 1).count());
        Ok(Written { added, changed: count(changes.len()) - added })
    }

    fn imported_row(&self, wanted: &Imported, action_type: i64) -> entry::ActiveModel {
        let origin = wanted.originating_scram_instance.as_deref().unwrap_or(&self.origin);
        entry::ActiveModel {
            id: NotSet,
            route_id: NotSet,
            action_type_id: Set(action_type),
            comment: Set(wanted.comment.clone()),
            is_active: Set(wanted.is_active),
            made: Set(wanted.made.map_or_else(now, moment)),
            who: Set(wanted.who.clone()),
            originating_scram_instance: Set(origin.to_owned()),
            expiration: Set(wanted.expiration.map_or_else(never, moment)),
            expiration_reason: Set(wanted.expiration_reason.clone()),
            revision: Set(1),
        }
    }
}

/// What decides whether an entry may be added, read once for many.
struct Rules {
    action_types: HashMap<String, action_type::Model>,
    ignored: Ignored,
    limits: PrefixLimits,
}

/// Entries by their networks and the numbers of their action types, each once.
type Sorted<'a> = BTreeMap<(Network, i64), &'a Imported>;

impl Rules {
    async fn read(connection: &impl ConnectionTrait, limits: PrefixLimits) -> Result<Rules, DbErr> {
        let action_types = action_type::Entity::find().all(connection).await?;
        let ignored = Ignored::of(&ignore_entry::Entity::find().all(connection).await?)?;
        let action_types = action_types.into_iter().map(|row| (row.name.clone(), row)).collect();
        Ok(Rules { action_types, ignored, limits })
    }

    /// Returns the last one of each network and action type; or all that may not be added.
    fn sort<'a>(&self, wanted: &'a [Imported]) -> Result<Sorted<'a>, Vec<(usize, AddError)>> {
        let (mut sorted, mut refused) = (BTreeMap::new(), Vec::new());
        for (index, wanted) in wanted.iter().enumerate() {
            match self.check(wanted) {
                Ok(action_type) => drop(sorted.insert((wanted.network, action_type), wanted)),
                Err(error) => refused.push((index, error)),
            }
        }
        if refused.is_empty() { Ok(sorted) } else { Err(refused) }
    }

    /// Returns the number of its action type.
    fn check(&self, wanted: &Imported) -> Result<i64, AddError> {
        let name = &wanted.action_type;
        let action_type = self.action_types.get(name);
        let action_type = action_type.ok_or_else(|| AddError::ActionTypeUnknown(name.clone()))?;
        if !wanted.is_active {
            return Ok(action_type.id);
        }
        if !action_type.available {
            return Err(AddError::ActionTypeDisabled(name.clone()));
        }
        if !self.limits.allow(&wanted.network) {
            return Err(AddError::TooLarge(self.limits));
        }
        match self.ignored.overlapping(&wanted.network) {
            Some(ignored) => Err(AddError::Ignored(ignored)),
            None => Ok(action_type.id),
        }
    }
}

impl From<DbErr> for ImportError {
    fn from(error: DbErr) -> ImportError {
        ImportError::Database(error)
    }
}
