//! Adds that wait at the same time are written together, in one transaction.
//!
//! Most of what an add costs the database is the questions, the commit and the event's number, for
//! which all wait in a row; many share them as well as one. While a transaction is written, those
//! who come wait for the next: so it is the load itself that makes batches, and who comes alone
//! waits for nobody.

use crate::cidr::Network;
use crate::entities::entry;
use crate::store::changes::Change;
use crate::store::writing::{ignored_among, write_entries};
use crate::store::{AddError, Store, now};
use sea_orm::{DbErr, RuntimeErr};
use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

#[cfg(test)]
mod tests;

/// An entry that may be added unless its network is ignored.
#[derive(Debug)]
pub(super) struct Wish {
    pub(super) network: Network,
    pub(super) action_type: i64,
    /// All but the number of its network's row.
    pub(super) row: entry::ActiveModel,
    pub(super) author: String,
    pub(super) reason: String,
}

/// What has become of a wish.
type Outcome = Result<entry::Model, AddError>;

/// Wishes of this process that wait to be written, in the order in which they came.
#[derive(Debug, Default)]
pub(in crate::store) struct Waiting {
    wishes: Mutex<VecDeque<(Wish, oneshot::Sender<Outcome>)>>,
    turn: tokio::sync::Mutex<()>,
}

/// How many may wait; more are told that the server is busy.
const WAITING_MAX: usize = 10_000;

/// How many are written in one transaction.
const TOGETHER_MAX: usize = 200;

impl Store {
    /// Writes a wish, with those that wait at the same time, and returns when it would outlive a
    /// loss of power. It is also written if nobody waits for that any more.
    pub(super) async fn write_together(&self, wish: Wish) -> Outcome {
        let written = self.waiting.push(wish)?;
        let store = self.clone();
        // By a task of its own, since those who wait with it must not depend on who asks for this.
        tokio::spawn(async move { store.write_waiting().await });
        let ended = || DbErr::Custom("the server has ended before it was written".to_owned());
        written.await.unwrap_or_else(|_| Err(ended().into()))
    }

    /// Writes those that wait. There is a call for each, so none is left when all have ended; most
    /// find that another call has written theirs.
    async fn write_waiting(&self) {
        let turn = self.waiting.turn.lock().await;
        let (wishes, answers) = self.waiting.take();
        if wishes.is_empty() {
            return;
        }
        let mut outcomes = self.write_all(&wishes).await;
        // The next ones may write while these wait for the disk.
        drop(turn);
        if outcomes.iter().any(Result::is_ok) {
            self.wake();
            if let Err(error) = self.make_durable().await {
                outcomes.iter_mut().for_each(|outcome| {
                    if outcome.is_ok() {
                        *outcome = Err(error.clone().into());
                    }
                });
            }
        }
        for (answer, outcome) in answers.into_iter().zip(outcomes) {
            // Who has gone does not mind.
            let _ = answer.send(outcome);
        }
    }

    /// Writes wishes together or, where the database refuses one of them, each by itself, so that
    /// only that one fails.
    async fn write_all(&self, wishes: &[Wish]) -> Vec<Outcome> {
        match self.write_some(wishes).await {
            Ok(outcomes) => outcomes,
            Err(error) if wishes.len() > 1 && is_refusal(&error) => self.write_each(wishes).await,
            Err(error) => wishes.iter().map(|_| Err(error.clone().into())).collect(),
        }
    }

    async fn write_each(&self, wishes: &[Wish]) -> Vec<Outcome> {
        let mut outcomes: Vec<Outcome> = Vec::with_capacity(wishes.len());
        while let Some(wish) = wishes.get(outcomes.len()) {
            match self.write_some(std::slice::from_ref(wish)).await {
                Ok(written) => outcomes.extend(written),
                Err(error) if is_refusal(&error) => outcomes.push(Err(error.into())),
                // The database is away: to wait for it once is enough.
                Err(error) => outcomes.resize_with(wishes.len(), || Err(error.clone().into())),
            }
        }
        outcomes
    }

    /// Writes wishes in one transaction, but those whose network is ignored. No two of them are of
    /// the same network and action type.
    async fn write_some(&self, wishes: &[Wish]) -> Result<Vec<Outcome>, DbErr> {
        self.counters.count(|so_far| so_far.transactions += 1);
        let transaction = self.database.write().await?;
        let networks: Vec<Network> = wishes.iter().map(|wish| wish.network).collect();
        let ignored = ignored_among(&transaction, &networks).await?;
        let allowed = || wishes.iter().zip(&ignored).filter(|(_, ignored)| ignored.is_none());
        let rows = allowed().map(|(wish, _)| (wish.network, wish.row.clone())).collect();
        let rows = write_entries(&transaction, rows).await?;
        let at = now();
        let changes: Vec<_> = allowed()
            .zip(rows)
            .map(|((wish, _), row)| {
                (row, Change { at, author: &wish.author, reason: &wish.reason })
            })
            .collect();
        self.record(&transaction, &changes).await?;
        transaction.commit().await?;
        let mut rows = changes.into_iter().map(|(row, _)| row);
        let outcome = |ignored| match ignored {
            Some(network) => Err(AddError::Ignored(network)),
            None => Ok(rows.next().expect("what is not ignored was written")),
        };
        Ok(ignored.into_iter().map(outcome).collect())
    }
}

/// Says whether the database has refused a statement; else it could not be asked.
fn is_refusal(error: &DbErr) -> bool {
    let (DbErr::Exec(error) | DbErr::Query(error)) = error else { return false };
    matches!(error, RuntimeErr::SqlxError(error) if error.as_database_error().is_some())
}

impl Waiting {
    /// Returns how many have not been taken.
    pub(in crate::store) fn count(&self) -> usize {
        self.wishes().len()
    }

    fn push(&self, wish: Wish) -> Result<oneshot::Receiver<Outcome>, AddError> {
        let mut wishes = self.wishes();
        if wishes.len() >= WAITING_MAX {
            return Err(AddError::Busy);
        }
        let (answer, outcome) = oneshot::channel();
        wishes.push_back((wish, answer));
        Ok(outcome)
    }

    /// Takes the wishes that came first; of the same network and action type only one, since a
    /// statement writes a row once.
    fn take(&self) -> (Vec<Wish>, Vec<oneshot::Sender<Outcome>>) {
        let mut wishes = self.wishes();
        let mut rows = HashSet::new();
        let first = wishes.iter().take(TOGETHER_MAX);
        let different = first.take_while(|(wish, _)| rows.insert((wish.network, wish.action_type)));
        let count = different.count();
        wishes.drain(..count).unzip()
    }

    fn wishes(&self) -> MutexGuard<'_, VecDeque<(Wish, oneshot::Sender<Outcome>)>> {
        self.wishes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
