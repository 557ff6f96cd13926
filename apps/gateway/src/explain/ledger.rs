//! The ledger of a node.

use super::record::{Fate, Gap, GaveWay, Happening, Moment, Refusal, Trigger, What, bytes_of};
use super::ring::Ring;
use crate::backend::User;
use crate::config;
use crate::metrics::Count;
use crate::serve::Shared;
use crate::trigger;
use campanile_hub::Room;
use campanile_manager::{ConnectionKey, Loss, Slow};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Of a trigger with more rooms, only the first are kept.
const ROOMS_MAX: usize = 16;
/// Refused triggers that are kept: apart from the others, so that they cannot push those out.
const REFUSALS_MAX: usize = 1024;
/// Times without a broker that are kept.
const GAPS_MAX: usize = 64;
/// How many happenings are looked at in one go: loops that write wait meanwhile.
const STRIDE: usize = 4096;

/// What is remembered of the last time, and no more than there is room for.
#[derive(Debug, Default)]
pub struct Ledger(Option<Rings>);

#[derive(Debug)]
struct Rings {
    began: Moment,
    triggers: Mutex<Ring<Trigger>>,
    happenings: Mutex<Ring<Happening>>,
    /// Apart from the others, so that one slow client cannot push those out.
    losses: Mutex<Ring<GaveWay>>,
    refusals: Mutex<Ring<Refusal>>,
    gaps: Mutex<VecDeque<Gap>>,
    gaps_forgotten: Count,
    /// The number of the publication that was written down last.
    sequence: AtomicU64,
}

/// Since when everything is known; none: since the beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forgot {
    /// Of what happened to connections.
    pub happenings: Option<Moment>,
    /// Of what gave way where clients were slow.
    pub losses: Option<Moment>,
}

/// What is to be written down of a trigger.
#[derive(Debug)]
pub struct Noted(Trigger);

impl Noted {
    /// Takes what is to be written down of a trigger, and what becomes of it where clients are slow.
    pub fn of(shared: &Shared, trigger: &trigger::Trigger, slow: Slow) -> Noted {
        let publication = &trigger.publication;
        let rooms: Box<[Room]> = publication.rooms.iter().take(ROOMS_MAX).cloned().collect();
        let named = trigger.exclude.connection;
        Noted(Trigger {
            at: Moment::now(),
            sequence: 0,
            id: trigger.id.clone(),
            rooms_left_out: publication.rooms.len() - rooms.len(),
            rooms,
            matching: publication.matching,
            exclude: trigger.exclude.clone(),
            excluded: named.and_then(|name| shared.settings.names.key(name)),
            may_give_way: slow != Slow::Close,
            fate: Fate::Delivered,
        })
    }
}

impl Ledger {
    /// Makes an empty one as large as the configuration says; or none.
    pub fn new(config: &config::Explain) -> Ledger {
        Ledger(config.entries.map(|entries| {
            let half = config.bytes_max / 2;
            Rings {
                began: Moment::now(),
                triggers: Mutex::new(Ring::new(entries, half)),
                happenings: Mutex::new(Ring::new(entries, half - half / 4)),
                losses: Mutex::new(Ring::new(entries, half / 4)),
                refusals: Mutex::new(Ring::new(REFUSALS_MAX.min(entries), half)),
                gaps: Mutex::default(),
                gaps_forgotten: Count::default(),
                sequence: AtomicU64::new(0),
            }
        }))
    }

    /// Returns whether anything is written down.
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Returns from when on it knows what was triggered.
    pub fn knows_since(&self) -> Option<Moment> {
        let rings = self.0.as_ref()?;
        Some(known_since(&lock(&rings.triggers), |trigger| trigger.at).unwrap_or(rings.began))
    }

    /// Returns from when on it knows what happened to connections, and what gave way; none: it has
    /// forgotten nothing of it.
    pub fn forgot(&self) -> Forgot {
        let Some(rings) = &self.0 else { return Forgot::default() };
        Forgot {
            happenings: known_since(&lock(&rings.happenings), |happening| happening.at),
            losses: known_since(&lock(&rings.losses), |gave_way| gave_way.at),
        }
    }

    /// Returns how many entries were forgotten, by what they are.
    pub fn forgotten(&self) -> [(&'static str, u64); 5] {
        let rings = self.0.as_ref();
        let count = |count: fn(&Rings) -> u64| rings.map_or(0, count);
        [
            ("triggers", count(|rings| lock(&rings.triggers).begin())),
            ("refused_triggers", count(|rings| lock(&rings.refusals).begin())),
            ("happenings", count(|rings| lock(&rings.happenings).begin())),
            ("losses", count(|rings| lock(&rings.losses).begin())),
            ("gaps", count(|rings| rings.gaps_forgotten.get())),
        ]
    }

    /// Returns how many entries there are, and how many bytes they take.
    pub fn size(&self) -> (usize, usize) {
        let Some(rings) = &self.0 else { return (0, 0) };
        let (triggers, happenings) = (lock(&rings.triggers), lock(&rings.happenings));
        let losses = lock(&rings.losses);
        (
            triggers.len() + happenings.len() + losses.len(),
            triggers.bytes() + happenings.bytes() + losses.bytes(),
        )
    }

    /// Writes down that a trigger was handed to the loops as the publication of that number.
    pub fn delivered(&self, sequence: u64, noted: Noted) {
        let Some(rings) = &self.0 else { return };
        rings.sequence.fetch_max(sequence, Relaxed);
        self.trigger(sequence, Fate::Delivered, noted);
    }

    /// Writes down a trigger that the loops of this node did not get.
    pub fn passed(&self, fate: Fate, noted: Noted) {
        let Some(rings) = &self.0 else { return };
        self.trigger(rings.sequence.load(Relaxed), fate, noted);
    }

    fn trigger(&self, sequence: u64, fate: Fate, noted: Noted) {
        let Some(rings) = &self.0 else { return };
        let Noted(mut trigger) = noted;
        (trigger.sequence, trigger.fate) = (sequence, fate);
        let bytes = bytes_of(&trigger.rooms) + trigger.id.as_deref().map_or(0, str::len);
        lock(&rings.triggers).push(trigger, bytes);
    }

    /// Writes down that a trigger was refused.
    pub fn refused(&self, refusal: Refusal) {
        let Some(rings) = &self.0 else { return };
        let bytes = bytes_of(&refusal.rooms)
            + refusal.id.as_deref().map_or(0, str::len)
            + refusal.words.len();
        lock(&rings.refusals).push(refusal, bytes);
    }

    /// Writes down that the broker was lost, or is back.
    pub fn gap(&self, gap: Gap) {
        let Some(rings) = &self.0 else { return };
        let mut gaps = lock(&rings.gaps);
        if gaps.back().is_some_and(|last| last.until.is_none()) {
            gaps.pop_back();
        }
        gaps.push_back(gap);
        if gaps.len() > GAPS_MAX {
            gaps.pop_front();
            rings.gaps_forgotten.add();
        }
    }

    /// Writes down what happened to a connection.
    pub fn happened(&self, key: ConnectionKey, user: Option<&User>, what: What) {
        let Some(rings) = &self.0 else { return };
        let happening = Happening { at: Moment::now(), key, user: user.cloned(), what };
        let bytes = happening.bytes();
        lock(&rings.happenings).push(happening, bytes);
    }

    /// Writes down what gave way where a client reads slowly.
    pub fn gave_way(&self, key: ConnectionKey, losses: &[Loss]) {
        let Some(rings) = &self.0 else { return };
        let (at, mut ring) = (Moment::now(), lock(&rings.losses));
        for loss in losses {
            let bytes = bytes_of([&loss.room]) + loss.id.as_json().len();
            ring.push(GaveWay { at, key, loss: loss.clone() }, bytes);
        }
    }

    /// Returns what gave way for the connections that are wanted, the oldest first.
    pub fn losses(&self, is_wanted: impl FnMut(&&GaveWay) -> bool) -> Vec<GaveWay> {
        let Some(rings) = &self.0 else { return Vec::new() };
        lock(&rings.losses).from(0).filter(is_wanted).cloned().collect()
    }

    /// Returns the triggers that are wanted, the oldest first.
    pub fn triggers(&self, is_wanted: impl FnMut(&&Trigger) -> bool) -> Vec<Trigger> {
        let Some(rings) = &self.0 else { return Vec::new() };
        lock(&rings.triggers).from(0).filter(is_wanted).cloned().collect()
    }

    /// Returns the number of the publication that was the last at a time.
    pub fn number_at(&self, at: Moment) -> u64 {
        let Some(rings) = &self.0 else { return 0 };
        let triggers = lock(&rings.triggers);
        triggers.from(0).take_while(|trigger| trigger.at <= at).last().map_or(0, |it| it.sequence)
    }

    /// Returns the triggers from the one that came as number `from` on, at most `most`; and the number
    /// to go on from.
    pub fn tail(&self, from: Option<u64>, most: usize) -> (Vec<Trigger>, u64) {
        let Some(rings) = &self.0 else { return (Vec::new(), 0) };
        let triggers = lock(&rings.triggers);
        // Whoever begins to look sees a few that were before.
        let from = from.unwrap_or_else(|| triggers.end().saturating_sub(20));
        let from = from.clamp(triggers.begin(), triggers.end());
        let some: Vec<Trigger> = triggers.from(from).take(most).cloned().collect();
        let next = from + some.len() as u64;
        (some, next)
    }

    /// Returns the refused triggers that are wanted, the oldest first.
    pub fn refusals(&self, is_wanted: impl FnMut(&&Refusal) -> bool) -> Vec<Refusal> {
        let Some(rings) = &self.0 else { return Vec::new() };
        lock(&rings.refusals).from(0).filter(is_wanted).cloned().collect()
    }

    /// Returns the times without a broker, the oldest first.
    pub fn gaps(&self) -> Vec<Gap> {
        self.0.as_ref().map_or_else(Vec::new, |rings| lock(&rings.gaps).iter().copied().collect())
    }

    /// Returns what happened to the connections that are wanted, the oldest first. Loops may write
    /// between.
    pub fn happenings(&self, mut is_wanted: impl FnMut(&Happening) -> bool) -> Vec<Happening> {
        let Some(rings) = &self.0 else { return Vec::new() };
        let mut wanted = Vec::new();
        let mut from = lock(&rings.happenings).begin();
        loop {
            let happenings = lock(&rings.happenings);
            from = from.max(happenings.begin());
            let some = happenings.from(from).take(STRIDE);
            wanted.extend(some.filter(|happening| is_wanted(happening)).cloned());
            from += STRIDE as u64;
            if from >= happenings.end() {
                return wanted;
            }
        }
    }
}

/// Returns since when a ring knows all; none: it has forgotten nothing.
fn known_since<T>(ring: &Ring<T>, at: impl Fn(&T) -> Moment) -> Option<Moment> {
    ring.has_forgotten().then(|| ring.from(0).next().map_or_else(Moment::now, at))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing in here panics half-way through a change.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
