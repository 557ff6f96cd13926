//! Comparing what a translator announces with what is active.
//!
//! A translator that speaks `scram.v2` reports what it announces; one that does not is asked about
//! networks one by one, so many each time. Everything moves meanwhile, so a difference counts only if
//! it is seen twice. What is missing is sent again. What is announced and not active is a *ghost*: it
//! is shown, and withdrawn after a time.

mod by_checks;
mod by_state;

use super::asked::random_name;
use super::teller::Teller;
use super::translator::{Asker, Questions};
use crate::app::App;
use crate::cidr::Network;
use crate::settings::ComparisonSettings;
use crate::store::Store;
use crate::translators::{Seat, Translators};
use chrono::{TimeDelta, Utc};
use sea_orm::DbErr;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;

/// Compares one translator with the database, every now and then.
pub(super) struct Comparison {
    settings: ComparisonSettings,
    store: Store,
    translators: Translators,
    seat: Arc<Seat>,
    teller: Arc<Teller>,
    asked: Questions,
    reported: mpsc::Receiver<Report>,
    /// Up to which entry a translator was asked that does not report.
    asked_up_to: by_checks::AskedUpTo,
}

/// What a translator has answered.
#[derive(Debug)]
pub(super) enum Report {
    /// A part of its state.
    State(Map<String, Value>),
    /// Whether a network is announced.
    Network(Network, bool),
}

/// In what a translator and the database differ.
#[derive(Debug, Default)]
struct Differences {
    /// Announced and not active.
    ghosts: BTreeSet<Network>,
    /// Active and not announced, with the numbers of their entries.
    missing: BTreeMap<Network, i64>,
}

/// Why nothing is known.
#[derive(Debug)]
enum Unknown {
    Database(DbErr),
    /// The translator has not answered in time, or says that it does not know now.
    Silent,
    /// What it has answered is no answer.
    Nonsense,
}

/// How long a difference must last to count, and how long a translator gets after a replay.
const SETTLES_WITHIN: Duration = Duration::from_secs(5);

/// After how long a translator that differs is compared again.
const DIFFERING_AGAIN: Duration = Duration::from_secs(30);

/// How often is looked whether a ghost is due to be withdrawn.
const GHOSTS_EVERY: Duration = Duration::from_secs(60);

/// How many missing networks are sent again at once.
const MISSING_MAX: usize = 10_000;

impl Comparison {
    pub(super) fn new(
        app: &App,
        seat: &Arc<Seat>,
        teller: &Arc<Teller>,
        asked: &Questions,
        reported: mpsc::Receiver<Report>,
    ) -> Comparison {
        Comparison {
            settings: app.settings.comparison,
            store: app.store.clone(),
            translators: app.translators.clone(),
            seat: Arc::clone(seat),
            teller: Arc::clone(teller),
            asked: Arc::clone(asked),
            reported,
            asked_up_to: by_checks::AskedUpTo::default(),
        }
    }

    /// Compares after the first replay, and then every so often.
    pub(super) async fn run(mut self) {
        let Some(every) = self.settings.every else { return };
        if self.teller.replays().wait_for(|replays| *replays > 0).await.is_err() {
            return;
        }
        let settles = SETTLES_WITHIN.min(every);
        loop {
            tokio::time::sleep(settles).await;
            let differs = match self.compare(settles).await {
                Ok(differs) => differs,
                Err(unknown) => {
                    tracing::info!(translator = self.seat.name(), "it is not compared: {unknown}");
                    false
                }
            };
            let pause = if differs { DIFFERING_AGAIN.min(every) } else { every };
            self.wait(pause).await;
        }
    }

    /// Waits, and withdraws ghosts that are due meanwhile.
    async fn wait(&mut self, pause: Duration) {
        let until = tokio::time::Instant::now() + pause;
        loop {
            self.withdraw_old_ghosts().await;
            let left = until.saturating_duration_since(tokio::time::Instant::now());
            if left.is_zero() {
                return;
            }
            let grace = self.settings.ghosts_after.unwrap_or(GHOSTS_EVERY);
            let look_again = grace.clamp(Duration::from_millis(100), GHOSTS_EVERY);
            tokio::time::sleep(left.min(look_again)).await;
        }
    }

    /// Compares, and acts on what differs. Returns whether anything does.
    async fn compare(&mut self, settles: Duration) -> Result<bool, Unknown> {
        self.translators.counters().comparisons.one_more();
        let mut differences = self.look(None).await?;
        if !differences.is_empty() {
            tokio::time::sleep(settles).await;
            let again = self.look(Some(&differences)).await?;
            differences.keep(&again);
        }
        self.seat.set_in_sync(differences.is_empty());
        self.seat.set_ghosts(&differences.ghosts);
        if differences.is_empty() {
            return Ok(false);
        }
        let (ghosts, missing) = (differences.ghosts.len(), differences.missing.len());
        let translator = self.seat.name();
        tracing::warn!(translator, ghosts, missing, "it does not announce just what is active");
        self.translators.counters().ghosts_found.add(ghosts as u64);
        let entries: Vec<i64> = differences.missing.values().copied().take(MISSING_MAX).collect();
        match self.teller.tell_again(&entries).await {
            Ok(told) => self.translators.counters().missing_sent.add(told as u64),
            Err(error) => tracing::warn!(error, "what is missing was not sent again"),
        }
        Ok(true)
    }

    /// Looks for differences: anywhere, or whether these are still there.
    async fn look(&mut self, known: Option<&Differences>) -> Result<Differences, Unknown> {
        while self.reported.try_recv().is_ok() {}
        if self.teller.hears_sync {
            self.look_by_state().await
        } else {
            self.look_by_checks(known).await
        }
    }

    async fn withdraw_old_ghosts(&self) {
        let Some(grace) = self.settings.ghosts_after else { return };
        let grace = TimeDelta::from_std(grace).unwrap_or(TimeDelta::MAX);
        let mut ghosts = self.seat.ghosts();
        let old: Vec<Network> =
            ghosts.extract_if(.., |_, since| Utc::now() - *since >= grace).map(|it| it.0).collect();
        if old.is_empty() {
            return;
        }
        for network in &old {
            match self.teller.withdraw(network).await {
                Ok(true) => tracing::warn!(%network, "it is not active: withdrawn"),
                Ok(false) => {}
                Err(error) => return tracing::warn!(error, "a ghost was not withdrawn"),
            }
        }
        self.seat.set_ghosts(&ghosts.into_keys().collect());
    }

    /// Takes note that the translator is asked something, and returns by what the answer is known.
    fn question(&self, asker: Asker) -> Result<String, Unknown> {
        let name = random_name();
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if asked.ask(name.clone(), asker) { Ok(name) } else { Err(Unknown::Silent) }
    }
}

impl Differences {
    fn is_empty(&self) -> bool {
        self.ghosts.is_empty() && self.missing.is_empty()
    }

    /// Keeps what was seen both times.
    fn keep(&mut self, again: &Differences) {
        self.ghosts.retain(|network| again.ghosts.contains(network));
        self.missing.retain(|network, _| again.missing.contains_key(network));
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unknown::Database(error) => error.fmt(formatter),
            Unknown::Silent => formatter.write_str("it does not say what it announces"),
            Unknown::Nonsense => formatter.write_str("what it says of its state makes no sense"),
        }
    }
}

impl From<DbErr> for Unknown {
    fn from(error: DbErr) -> Unknown {
        Unknown::Database(error)
    }
}
