//! Telling one translator what is active: first all of it, then each change, never the older after
//! the newer.
//!
//! The replay reads the active entries page by page, each page as of one event. A change that comes
//! during the replay is only noted, and the entry told after it, as it is by then. A change that a
//! page already had in it is told to nobody. Whoever reads and sends holds the [`Desk`], so that
//! nothing can be read before and sent behind something newer.

mod known;

use super::events::Changed;
use crate::cidr::Network;
use crate::store::Store;
use crate::store::snapshots::Snapshot;
use crate::store::templates::{Frame, Templates};
use crate::translators::Translators;
use campanile_consumer::{Client, Json, Unsent};
use known::KnownUpTo;
use sea_orm::DbErr;
use serde_json::json;
use std::collections::HashMap;
use std::time::Duration;
use tokio::sync::{Mutex, MutexGuard, Notify, watch};

/// Tells one translator.
pub(super) struct Teller {
    pub(super) store: Store,
    /// The number of its action type.
    pub(super) action_type: i64,
    pub(super) client: Client,
    /// Whether it wants to hear where a replay begins and ends.
    pub(super) hears_sync: bool,
    pub(super) translators: Translators,
    desk: Mutex<Desk>,
    wanted: Notify,
    /// How many replays were sent.
    replays: watch::Sender<u64>,
}

/// What has been told, and what is to be.
#[derive(Debug)]
struct Desk {
    is_replaying: bool,
    /// A replay is to begin, once the one that is under way is over.
    is_replay_wanted: bool,
    /// Entries that have changed during the replay, and by which event.
    held: HashMap<i64, i64>,
    known: KnownUpTo,
    /// The last event that was heard of. Later ones may have been missed.
    heard: i64,
    /// The last event that was heard of before some may have been missed; none if none were.
    missed_after: Option<i64>,
    /// By which templates the last replay was written; none if there was none yet.
    templates: Option<Templates>,
}

/// Why something was not told.
enum Untold {
    /// The database failed: again later.
    Database(DbErr),
    /// The translator is gone.
    Gone,
}

/// How many entries are read at once, and wait in memory to be sent.
const PAGE: u64 = 1_000;

/// How many entries may have changed during a replay before it is begun anew after it.
const HELD_MAX: usize = 100_000;

/// After how long what the database failed at is tried again.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

impl Teller {
    /// Makes one that begins with a replay.
    pub(super) fn new(
        translators: &Translators,
        store: &Store,
        action_type: i64,
        client: Client,
        hears_sync: bool,
    ) -> Teller {
        let wanted = Notify::new();
        wanted.notify_one();
        Teller {
            store: store.clone(),
            action_type,
            client,
            hears_sync,
            translators: translators.clone(),
            desk: Mutex::new(Desk::new()),
            wanted,
            replays: watch::Sender::new(0),
        }
    }

    /// Sends replays whenever one is wanted, until the translator is gone.
    pub(super) async fn run(&self) {
        loop {
            self.wanted.notified().await;
            while self.desk.lock().await.is_replay_wanted {
                match self.replay().await {
                    Ok(()) => {}
                    Err(Untold::Gone) => return,
                    Err(Untold::Database(error)) => {
                        tracing::warn!(%error, "a replay stops: beginning anew");
                        tokio::time::sleep(AGAIN_AFTER).await;
                    }
                }
            }
        }
    }

    /// Returns how many replays were sent, and will be.
    pub(super) fn replays(&self) -> watch::Receiver<u64> {
        self.replays.subscribe()
    }

    /// Tells a change, now or after the replay, unless it is known.
    pub(super) async fn change(&self, changed: Changed) -> Result<(), Unsent> {
        let mut desk = self.desk.lock().await;
        desk.heard = desk.heard.max(changed.event);
        if desk.is_replaying {
            desk.hold(changed.entry, changed.event);
            return Ok(());
        }
        if desk.known.includes(changed.entry, changed.event) {
            self.translators.counters().changes_known.one_more();
            return Ok(());
        }
        for frame in changed.frames {
            self.client.send(Json(frame)).await?;
            self.translators.counters().changes_told.one_more();
        }
        Ok(())
    }

    /// Replays everything: changes may have been missed.
    pub(super) async fn begin_anew(&self) {
        let mut desk = self.desk.lock().await;
        let heard = desk.heard;
        desk.want_replay(Some(heard));
        self.wanted.notify_one();
    }

    /// Replays everything if the templates are others than those of the last replay: what the
    /// translator announces has other attributes then.
    pub(super) async fn heed_templates(&self) -> Result<(), DbErr> {
        let templates = self.store.templates(self.action_type).await?;
        let mut desk = self.desk.lock().await;
        if desk.templates.as_ref().is_some_and(|told| *told != templates) {
            desk.want_replay(None);
            self.wanted.notify_one();
        }
        Ok(())
    }

    /// Tells entries once more, as they are now.
    pub(super) async fn tell_again(&self, entries: &[i64]) -> Result<usize, String> {
        let mut desk = self.desk.lock().await;
        let told = self.tell(&mut desk, entries).await;
        told.map_err(|untold| untold.to_string())
    }

    /// Has a network withdrawn, if it is not active. Returns whether it is not.
    pub(super) async fn withdraw(&self, network: &Network) -> Result<bool, String> {
        let desk = self.desk.lock().await;
        let withdrawn = self.withdraw_now(&desk, network).await;
        withdrawn.map_err(|untold| untold.to_string())
    }

    async fn withdraw_now(
        &self,
        _: &MutexGuard<'_, Desk>,
        network: &Network,
    ) -> Result<bool, Untold> {
        let found = self.store.snapshot_at(self.action_type, network).await?;
        if found.entries.iter().any(|known| known.is_active) {
            return Ok(false);
        }
        let templates = self.store.templates(self.action_type).await?;
        self.send(templates.remove_frames(network)).await?;
        self.translators.counters().ghosts_withdrawn.one_more();
        Ok(true)
    }

    /// Sends all that is active, and then what has changed meanwhile.
    async fn replay(&self) -> Result<(), Untold> {
        let missed_after = self.desk.lock().await.begin_replay();
        let replayed = self.replay_after(missed_after).await;
        if replayed.is_err() {
            self.desk.lock().await.want_replay(missed_after);
        }
        replayed
    }

    async fn replay_after(&self, missed_after: Option<i64>) -> Result<(), Untold> {
        let templates = self.store.templates(self.action_type).await?;
        self.desk.lock().await.templates = Some(templates.clone());
        let epoch = super::asked::random_name();
        self.sync("translator_sync_begin", json!({"epoch": epoch})).await?;
        let (mut after, mut adds, mut first_event) = (0, 0, None);
        loop {
            let mut desk = self.desk.lock().await;
            let page = self.store.active_after(self.action_type, after, PAGE).await?;
            let is_last = (page.entries.len() as u64) < PAGE;
            adds += self.send_page(&templates, &page).await?;
            after = page.entries.last().map_or(after, |known| known.entry);
            desk.known.up_to(if is_last { i64::MAX } else { after }, page.event);
            let first_event = *first_event.get_or_insert(page.event);
            desk.heard = desk.heard.max(first_event);
            drop(desk);
            if is_last {
                let end = json!({"epoch": epoch, "count": adds, "last_event": first_event});
                self.sync("translator_sync_end", end).await?;
                break;
            }
        }
        if let Some(missed_after) = missed_after.filter(|_| !self.hears_sync) {
            self.tell_removed_since(missed_after).await?;
        }
        self.tell_held().await?;
        self.translators.counters().replays.one_more();
        self.replays.send_modify(|replays| *replays += 1);
        Ok(())
    }

    /// Sends a page of a replay, and returns how many `translator_add` frames that were.
    async fn send_page(&self, templates: &Templates, page: &Snapshot) -> Result<u64, Untold> {
        let mut adds = 0;
        for known in &page.entries {
            for frame in templates.add_frames(&known.network) {
                adds += u64::from(frame.frame_type == "translator_add");
                self.client.send(Json(frame)).await?;
                self.translators.counters().replay_frames.one_more();
            }
        }
        Ok(adds)
    }

    /// Tells what was removed and perhaps not heard of: a translator that does not hear where a
    /// replay ends cannot know what was not in it.
    async fn tell_removed_since(&self, event: i64) -> Result<(), Untold> {
        let mut event = event;
        while let Some((last, entries)) =
            self.store.changed_after(self.action_type, event, PAGE).await?
        {
            event = last;
            let mut desk = self.desk.lock().await;
            let found = self.store.snapshot_of(&entries).await?;
            let removed = found.entries.iter().filter(|known| !known.is_active);
            let removed: Vec<i64> = removed.map(|known| known.entry).collect();
            self.tell(&mut desk, &removed).await?;
        }
        Ok(())
    }

    /// Tells what has changed during the replay; after that, changes are told as they come.
    async fn tell_held(&self) -> Result<(), Untold> {
        loop {
            let mut desk = self.desk.lock().await;
            let entries = desk.take_held();
            if entries.is_empty() {
                desk.is_replaying = desk.is_replay_wanted;
                return Ok(());
            }
            self.tell(&mut desk, &entries).await?;
        }
    }

    /// Tells what entries are now, and returns how many there were.
    async fn tell(&self, desk: &mut Desk, entries: &[i64]) -> Result<usize, Untold> {
        if entries.is_empty() {
            return Ok(0);
        }
        let templates = self.store.templates(self.action_type).await?;
        let found = self.store.snapshot_of(entries).await?;
        let by_number: HashMap<i64, _> =
            found.entries.iter().map(|known| (known.entry, known)).collect();
        for known in entries.iter().filter_map(|entry| by_number.get(entry)) {
            let frames = templates.frames(&known.network, known.is_active);
            self.translators.counters().changes_told.add(frames.len() as u64);
            self.send(frames).await?;
            desk.known.entry(known.entry, found.event);
        }
        Ok(found.entries.len())
    }

    async fn send(&self, frames: Vec<Frame>) -> Result<(), Untold> {
        for frame in frames {
            self.client.send(Json(frame)).await?;
        }
        Ok(())
    }

    async fn sync(&self, kind: &str, message: serde_json::Value) -> Result<(), Untold> {
        if self.hears_sync {
            self.client.send(Json(json!({"type": kind, "message": message}))).await?;
        }
        Ok(())
    }
}

impl Desk {
    fn new() -> Desk {
        Desk {
            is_replaying: true,
            is_replay_wanted: true,
            held: HashMap::new(),
            known: KnownUpTo::default(),
            heard: 0,
            missed_after: None,
            templates: None,
        }
    }

    /// Has a replay begin, since events after one may have been missed.
    fn want_replay(&mut self, missed_after: Option<i64>) {
        self.is_replaying = true;
        self.is_replay_wanted = true;
        self.missed_after = match (self.missed_after, missed_after) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    }

    /// Returns after which event some may have been missed.
    fn begin_replay(&mut self) -> Option<i64> {
        self.is_replaying = true;
        self.is_replay_wanted = false;
        self.known = KnownUpTo::default();
        self.missed_after.take()
    }

    fn hold(&mut self, entry: i64, event: i64) {
        if self.held.len() >= HELD_MAX && !self.held.contains_key(&entry) {
            self.want_replay(Some(event - 1));
            return;
        }
        self.held.insert(entry, event);
    }

    /// Takes out entries to be told now, by the order of their changes.
    fn take_held(&mut self) -> Vec<i64> {
        let known = &mut self.known;
        self.held.retain(|entry, event| !known.includes_still(*entry, *event));
        let mut held: Vec<(i64, i64)> =
            self.held.iter().map(|(entry, event)| (*event, *entry)).collect();
        held.sort_unstable();
        held.truncate(usize::try_from(PAGE).unwrap_or(usize::MAX));
        held.into_iter()
            .map(|(_, entry)| {
                self.held.remove(&entry);
                entry
            })
            .collect()
    }
}

impl From<DbErr> for Untold {
    fn from(error: DbErr) -> Untold {
        Untold::Database(error)
    }
}

/// Whoever is too slow is closed, and so as good as gone.
impl From<Unsent> for Untold {
    fn from(_: Unsent) -> Untold {
        Untold::Gone
    }
}

impl std::fmt::Display for Untold {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Untold::Database(error) => error.fmt(formatter),
            Untold::Gone => formatter.write_str("the translator is gone"),
        }
    }
}
