//! From the database to the sockets: what was written is told to all processes, in order.
//!
//! An event may be told twice, and two processes may tell of one conversation: who hears it goes by
//! the number, and asks the database where one is missing.

use crate::events::{ChatEvent, Tell};
use crate::frames::Frames;
use crate::statistics::Counters;
use crate::store::{Store, Told};
use campanile_layer::SendError;
use chrono::TimeDelta;
use futures_util::{StreamExt as _, stream};
use sea_orm::DbErr;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Publishes what is to be published, of this process and of others that were killed.
pub struct Publisher {
    store: Store,
    frames: Frames,
    tell: Tell,
    counters: Arc<Counters>,
}

/// How many events are read at once.
const BATCH: u64 = 500;

/// How many conversations are told at once: each waits for the answer of the layer.
const AT_ONCE: usize = 32;

/// How often is looked whether somebody has left something behind.
const TICK: Duration = Duration::from_secs(1);

/// After how long what another process has not published is published by this one.
const ABANDONED_AFTER: TimeDelta = TimeDelta::seconds(5);

impl Publisher {
    /// Makes it.
    pub fn new(store: Store, frames: Frames, tell: Tell, counters: Arc<Counters>) -> Publisher {
        Publisher { store, frames, tell, counters }
    }

    /// Publishes for as long as it is polled.
    pub async fn run(self) {
        loop {
            match self.publish().await {
                Ok(published) if published == BATCH as usize => continue,
                Ok(_) => {}
                Err(error) => {
                    self.counters.publishing_failed.one_more();
                    tracing::warn!(%error, "messages are not published: trying again");
                    tokio::time::sleep(TICK).await;
                }
            }
            tokio::select! {
                () = self.store.changed() => {}
                () = tokio::time::sleep(TICK) => {}
            }
        }
    }

    /// Publishes what there is, and returns how many events that were.
    ///
    /// # Errors
    ///
    /// If the database fails.
    async fn publish(&self) -> Result<usize, DbErr> {
        let waiting = self.store.unpublished(ABANDONED_AFTER, BATCH).await?;
        let count = waiting.len();
        let mut conversations: BTreeMap<i64, Vec<Told>> = BTreeMap::new();
        for told in waiting {
            conversations.entry(told.message.conversation_id).or_default().push(told);
        }
        let told = stream::iter(conversations).map(|(id, events)| self.tell_in_order(id, events));
        let told: Vec<Vec<Told>> = told.buffer_unordered(AT_ONCE).collect().await;
        let told: Vec<Told> = told.into_iter().flatten().collect();
        self.store.published(&told).await?;
        self.counters.published.add(told.len());
        Ok(if told.is_empty() { 0 } else { count })
    }

    /// Tells of a conversation until something fails, and returns what was told.
    async fn tell_in_order(&self, conversation: i64, events: Vec<Told>) -> Vec<Told> {
        let mut told = Vec::with_capacity(events.len());
        for event in events {
            if let Err(error) = self.tell_of(conversation, event.clone()).await {
                self.counters.publishing_failed.one_more();
                tracing::debug!(error, conversation, "a message is not published yet");
                break;
            }
            told.push(event);
        }
        if !told.is_empty() {
            match self.store.pair(conversation).await {
                Ok(pair) => self.tell.inboxes(pair, conversation).await,
                Err(error) => tracing::debug!(%error, "lists are not told of a message"),
            }
        }
        told
    }

    async fn tell_of(&self, conversation: i64, told: Told) -> Result<(), String> {
        let frame = self.frames.told(told).await.map_err(|error| error.to_string())?;
        let Some(event) = ChatEvent::of(frame) else { return Ok(()) };
        match self.tell.chat(conversation, &event).await {
            Ok(()) => Ok(()),
            Err(
                error @ (SendError::BadName(_)
                | SendError::TooBig { .. }
                | SendError::Unencodable(_)),
            ) => {
                // It never will be: that must not keep back all that comes after it, and who misses
                // it asks the database.
                tracing::error!(%error, conversation, "a message cannot be published");
                Ok(())
            }
            Err(error) => Err(error.to_string()),
        }
    }
}
