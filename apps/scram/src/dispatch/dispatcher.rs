//! Reading events in order, and telling what the entries are now.

use super::catch_up::CatchUp;
use super::listener::Listener;
use super::{Deliver, Told};
use crate::cidr::Network;
use crate::entities::event;
use crate::store::Store;
use crate::store::entries::Entry;
use crate::store::events::Position;
use crate::store::templates::Templates;
use chrono::{TimeDelta, Utc};
use sea_orm::DbErr;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tracing::{info, warn};

/// Tells the translators of this instance what has changed, whoever changed it.
pub struct Dispatcher {
    store: Store,
    instance: String,
    to: Arc<dyn Deliver>,
    kept: Duration,
    asked: CatchUp,
    /// The last event that was told of; none if the database is to be asked.
    position: Option<i64>,
    purged: Option<Instant>,
}

/// How many events are read at once.
const BATCH: u64 = 500;

/// How often is looked whether there are events, whatever was heard.
const TICK: Duration = Duration::from_secs(1);

/// How long it rests after it has told something, unless it is asked: under load many changes then
/// share its questions to the database.
const REST: Duration = Duration::from_millis(20);

/// How often events that are old enough are removed.
const PURGE_EVERY: Duration = Duration::from_secs(3600);

/// Why the translators could not be told; they will be.
enum Stopped {
    Database(DbErr),
    Delivery(String),
}

impl Dispatcher {
    /// Makes the dispatcher of an instance, whose name no other process has. Events are `kept` for
    /// those that are away.
    pub fn new(store: Store, instance: &str, to: Arc<dyn Deliver>, kept: Duration) -> Dispatcher {
        let instance = instance.to_owned();
        let asked = CatchUp::default();
        Dispatcher { store, instance, to, kept, asked, position: None, purged: None }
    }

    /// Returns the same, which also catches up whenever it is asked so.
    #[must_use]
    pub fn asked_by(self, asked: &CatchUp) -> Dispatcher {
        Dispatcher { asked: asked.clone(), ..self }
    }

    /// Tells changes for as long as it is polled.
    pub async fn run(mut self) {
        let mut listener = Listener::new(self.store.database());
        loop {
            listener.listen().await;
            let waiting = self.asked.take();
            let told = self.catch_up().await;
            let mut rest = Duration::ZERO;
            match &told {
                Ok(told) if told.is_empty() => {}
                Ok(_) => {
                    // The timer may have to wake earlier for what another instance has added.
                    self.store.wake_timer();
                    rest = REST;
                }
                Err(error) => warn!("{error} Trying again."),
            }
            waiting.answer(told);
            tokio::select! {
                () = self.asked.asked() => {}
                () = self.woken(&mut listener, rest) => {}
            }
            self.purge().await;
        }
    }

    /// Rests, and waits until something may have changed.
    async fn woken(&self, listener: &mut Listener, rest: Duration) {
        tokio::time::sleep(rest).await;
        tokio::select! {
            () = self.store.changed() => {}
            () = listener.heard() => {}
            () = tokio::time::sleep(TICK) => {}
        }
    }

    /// Tells all that has changed since it last did, and returns the networks that it told of.
    ///
    /// # Errors
    ///
    /// Says what failed. What was told until then is not told again, but for the last batch.
    pub async fn catch_up(&mut self) -> Result<Vec<Network>, String> {
        self.try_catch_up().await.map_err(|stopped| {
            self.position = None;
            match stopped {
                Stopped::Database(error) => format!("Changes could not be read: {error}."),
                Stopped::Delivery(error) => format!("Changes could not be passed on: {error}."),
            }
        })
    }

    async fn try_catch_up(&mut self) -> Result<Vec<Network>, Stopped> {
        let mut told = Vec::new();
        let mut position = match self.position {
            Some(number) => number,
            None => match self.store.position(&self.instance).await? {
                Position::At(number) => number,
                Position::Lost(number) => {
                    told = self.tell_everything(number).await?;
                    number
                }
            },
        };
        loop {
            self.position = Some(position);
            let events = self.store.events_after(position, BATCH).await?;
            let Some(last) = events.last() else { return Ok(told) };
            position = last.id;
            // What is told must not be forgotten, nor its number be given to something else.
            self.store.make_durable().await?;
            told.extend(self.tell(&events).await?);
            self.store.keep_position(&self.instance, position).await?;
        }
    }

    /// Tells each entry of these events once, in the order of their last events.
    async fn tell(&self, events: &[event::Model]) -> Result<Vec<Network>, Stopped> {
        let mut last: HashMap<i64, &event::Model> = HashMap::new();
        last.extend(events.iter().map(|event| (event.entry_id, event)));
        let ids: Vec<i64> = last.keys().copied().collect();
        let mut entries = self.store.entries(&ids).await?;
        entries.sort_by_key(|entry| last.get(&entry.id).map(|event| event.id));
        let mut templates = TemplatesOf::new(&self.store).await?;
        for entry in &entries {
            let Some(event) = last.get(&entry.id) else { continue };
            let mut told = templates.told(entry, event.id).await?;
            told.at = Some(event.at);
            self.to.deliver(&told).await.map_err(Stopped::Delivery)?;
        }
        Ok(entries.into_iter().map(|entry| entry.network).collect())
    }

    /// Tells every entry there ever was: this instance has been away for too long.
    async fn tell_everything(&self, up_to: i64) -> Result<Vec<Network>, Stopped> {
        info!(instance = self.instance, "some changes are no longer known: telling all entries");
        let mut templates = TemplatesOf::new(&self.store).await?;
        let (mut after, mut networks) = (0, Vec::new());
        loop {
            let entries = self.store.entries_after(after, BATCH).await?;
            let Some(last) = entries.last() else { break };
            after = last.id;
            networks.extend(entries.iter().map(|entry| entry.network));
            for entry in &entries {
                let told = templates.told(entry, up_to).await?;
                self.to.deliver(&told).await.map_err(Stopped::Delivery)?;
            }
        }
        self.store.keep_position(&self.instance, up_to).await?;
        Ok(networks)
    }

    async fn purge(&mut self) {
        if self.purged.is_some_and(|at| at.elapsed() < PURGE_EVERY) {
            return;
        }
        self.purged = Some(Instant::now());
        let kept = TimeDelta::from_std(self.kept).unwrap_or(TimeDelta::MAX);
        if Utc::now().checked_sub_signed(kept).is_none() {
            return;
        }
        if let Err(error) = self.store.purge_events(kept).await {
            warn!(%error, "old events could not be removed: trying again in an hour");
        }
    }
}

/// The templates of the action types, each read once.
struct TemplatesOf<'a> {
    store: &'a Store,
    numbers: HashMap<String, i64>,
    read: HashMap<String, Templates>,
}

impl TemplatesOf<'_> {
    async fn new(store: &Store) -> Result<TemplatesOf<'_>, DbErr> {
        let numbers = store.action_types().await?.into_iter().map(|row| (row.name, row.id));
        Ok(TemplatesOf { store, numbers: numbers.collect(), read: HashMap::new() })
    }

    async fn told(&mut self, entry: &Entry, event: i64) -> Result<Told, DbErr> {
        if !self.read.contains_key(&entry.action_type) {
            let number = self.numbers.get(&entry.action_type).copied().unwrap_or_default();
            let templates = self.store.templates(number).await?;
            if templates == Templates::default() {
                let action_type = entry.action_type.as_str();
                warn!(action_type, "it has no templates: its translators are told nothing");
            }
            self.read.insert(entry.action_type.clone(), templates);
        }
        let templates = self.read.get(&entry.action_type).expect("it was just read");
        Ok(Told {
            event,
            at: None,
            entry: entry.id,
            action_type: entry.action_type.clone(),
            network: entry.network,
            is_active: entry.is_active,
            frames: templates.frames(&entry.network, entry.is_active),
        })
    }
}

impl From<DbErr> for Stopped {
    fn from(error: DbErr) -> Stopped {
        Stopped::Database(error)
    }
}
