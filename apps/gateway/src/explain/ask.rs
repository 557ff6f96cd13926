//! A question, and how it is answered.

use super::case::{History, Live, Outstanding};
use super::decide::{Cause, Explanation, decide, shown};
use super::difference::{Difference, nearest};
use super::heard::Known;
use super::ledger::Ledger;
use super::record::{Fate, Gap, Moment, Trigger};
use crate::lookup::Behind;
use crate::serve::Shared;
use campanile_hub::{Match, Room};
use campanile_manager::ConnectionKey;
use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

/// Why did, or did not, somebody get something?
#[derive(Clone, Debug)]
pub struct Question {
    /// Who.
    pub whom: Whom,
    /// What.
    pub which: Which,
    /// What another node knows of that trigger.
    pub known: Option<Trigger>,
}

/// Who it is about.
#[derive(Clone, Debug)]
pub enum Whom {
    /// A user, by any connection.
    User(Box<str>),
    /// A connection.
    Connection(ConnectionKey),
    /// A connection of another node.
    Elsewhere,
}

/// Which trigger it is about.
#[derive(Clone, Debug)]
pub enum Which {
    /// The one with this id.
    Id(Box<str>),
    /// The one for this room at about this time; none: the last.
    Room(Room, Option<Moment>),
}

/// How far from the time that was named a trigger may be.
const ABOUT: Duration = Duration::from_secs(60);

impl Shared {
    /// Says why somebody did, or did not, get a trigger; with one cause.
    ///
    /// # Errors
    ///
    /// If a loop does not answer in time.
    pub async fn explain(&self, question: &Question) -> Result<Explanation, Behind> {
        let ledger = &self.settings.ledger;
        let mut triggers = match &question.which {
            Which::Id(id) => ledger.triggers(|trigger| trigger.id.as_deref() == Some(id)),
            Which::Room(room, at) => about(ledger, room, *at),
        };
        let is_refused = matches!(&question.which, Which::Room(room, at)
            if is_refusal_nearer(ledger, room, *at, triggers.first()));
        if triggers.is_empty() {
            triggers.extend(question.known.clone().and_then(|known| self.unheard(known)));
        }
        let histories = self.histories(&question.whom).await?;
        if triggers.is_empty() || is_refused {
            let is_there = !histories.is_empty();
            return Ok(Explanation { is_there, ..self.no_trigger(&question.which) });
        }
        if histories.is_empty() {
            return Ok(self.nobody(&triggers[0]));
        }
        let known = Known { around: around(ledger, &histories), forgot: ledger.forgot() };
        let all = triggers
            .iter()
            .flat_map(|trigger| histories.iter().map(move |history| (trigger, history)));
        let explained = all.map(|(trigger, history)| {
            let explanation = decide(trigger, history, &known);
            // What never was published explains only those who would have got it.
            (trigger.fate == Fate::Duplicate && explanation.cause != Cause::Duplicate, explanation)
        });
        let best = explained.min_by_key(|(is_vain, it)| (*is_vain, it.cause));
        let (_, explanation) = best.expect("there are triggers and histories");
        Ok(explanation)
    }

    /// Returns a trigger that another node knows as this one sees it, which never heard of it since
    /// nobody here was in its rooms; none if that is not known for sure.
    fn unheard(&self, known: Trigger) -> Option<Trigger> {
        let ledger = &self.settings.ledger;
        let is_known = ledger.knows_since().is_some_and(|since| since <= known.at);
        let is_in = |gap: &Gap| {
            gap.from <= known.at && gap.until.is_none_or(|until| known.at <= until) && gap.lost
        };
        let is_lost = ledger.gaps().iter().any(is_in);
        let listens_by_room = self.settings.interest.is_some();
        let sequence = ledger.number_at(known.at);
        (is_known && !is_lost && listens_by_room).then_some(Trigger { sequence, ..known })
    }

    /// Says why there is no such trigger.
    fn no_trigger(&self, which: &Which) -> Explanation {
        let ledger = &self.settings.ledger;
        let (refusals, at) = match which {
            Which::Id(id) => (ledger.refusals(|it| it.id.as_deref() == Some(id)), None),
            Which::Room(room, at) => {
                let is_then = |moment: Moment| at.is_none_or(|at| at.distance(moment) <= ABOUT);
                // Of some that were refused it is not known for which rooms they were.
                let is_for =
                    |rooms: &[Room]| (rooms.is_empty() && at.is_some()) || rooms.contains(room);
                (ledger.refusals(|it| is_then(it.at) && is_for(&it.rooms)), *at)
            }
        };
        if let Some(refusal) = refusals.last() {
            let words = format!(
                "a trigger was refused at {}: {} ({})",
                refusal.at, refusal.words, refusal.code
            );
            return Explanation::new(Cause::TriggerRefused, words);
        }
        let is_in = |from: Moment, until: Option<Moment>| {
            at.is_none_or(|at| from <= at && until.is_none_or(|until| at <= until))
        };
        let gaps = ledger.gaps();
        if let Some(gap) = gaps.iter().rfind(|gap| gap.lost && is_in(gap.from, gap.until)) {
            let until = gap.until.map_or_else(|| "now".to_owned(), |until| until.to_string());
            let words = format!(
                "this node heard nothing from the broker from {} to {until}: what was triggered then \
                 may be lost",
                gap.from
            );
            return Explanation::new(Cause::BrokerGap, words);
        }
        match which {
            Which::Id(id) => self.unknown_id(id),
            Which::Room(room, at) => never_triggered(ledger, room, *at),
        }
    }

    fn unknown_id(&self, id: &str) -> Explanation {
        let since = self.settings.ledger.knows_since();
        let since = since.map_or_else(
            || "nothing is written down".to_owned(),
            |since| format!("what was triggered since {since} is known"),
        );
        let hint = if self.settings.interest.is_some() {
            "; a node hears only of rooms that somebody on it is in"
        } else {
            ""
        };
        let words = format!("no trigger with the id {id:?} came to this node; {since}{hint}");
        Explanation::new(Cause::UnknownId, words)
    }

    /// Says why nothing is known of that user or connection.
    fn nobody(&self, trigger: &Trigger) -> Explanation {
        let forgot = self.settings.ledger.forgot().happenings;
        let explanation = if forgot.is_some_and(|since| trigger.at < since) {
            let words =
                "not connected now, and what was then is forgotten: raise [explain] entries";
            Explanation::new(Cause::Forgotten, words)
        } else if self.control.has_others() {
            let words = "not known on this node";
            Explanation::new(Cause::Elsewhere, words)
        } else {
            Explanation::new(Cause::NotConnected, "no such connection was there")
        };
        explanation.about(trigger)
    }

    /// Puts together what is known of somebody's connections: first what their loops say, so that
    /// what happens meanwhile is not missed but heard twice.
    async fn histories(&self, whom: &Whom) -> Result<Vec<History>, Behind> {
        let open: Vec<ConnectionKey> = match whom {
            Whom::User(user) => self.settings.users.keys_of(user),
            Whom::Connection(key) => vec![*key],
            Whom::Elsewhere => return Ok(Vec::new()),
        };
        let mut histories = BTreeMap::new();
        for key in &open {
            if let Some(outstanding) = self.outstanding(*key).await? {
                histories.insert((key.loop_index, key.serial), History::of(*key, outstanding));
            }
        }
        let wanted: HashSet<ConnectionKey> = open.iter().copied().collect();
        let happenings = self.settings.ledger.happenings(|happening| {
            let is_user =
                matches!(whom, Whom::User(user) if happening.user.as_deref() == Some(user));
            is_user || wanted.contains(&happening.key)
        });
        for happening in &happenings {
            let key = happening.key;
            let history =
                histories.entry((key.loop_index, key.serial)).or_insert_with(|| History::new(key));
            history.add(happening);
        }
        let is_known = |key: ConnectionKey| histories.contains_key(&(key.loop_index, key.serial));
        for gave_way in self.settings.ledger.losses(|gave_way| is_known(gave_way.key)) {
            let key = (gave_way.key.loop_index, gave_way.key.serial);
            histories.entry(key).and_modify(|history| history.gave_way(gave_way));
        }
        Ok(histories.into_values().collect())
    }

    /// Asks the loop of a connection; none if it has ended.
    async fn outstanding(&self, key: ConnectionKey) -> Result<Option<Outstanding>, Behind> {
        if usize::from(key.loop_index) >= self.handle.loops() {
            return Ok(None);
        }
        self.ask_loop(usize::from(key.loop_index), move |connections| {
            let (waiting, losses) = connections.outstanding(key)?;
            let mut outstanding = Outstanding { waiting, losses, live: None };
            connections.with(key, &mut |connection| {
                let subscriptions = connection
                    .subscriptions()
                    .map(|(room, id, since)| (room.clone(), id.clone(), since));
                outstanding.live = Some(Live {
                    user: connection.session().user().cloned(),
                    delivered: connection.delivered(),
                    permissions: connection.session().permissions().cloned(),
                    subscriptions: subscriptions.collect(),
                });
            });
            Some(outstanding)
        })
        .await
    }
}

/// Returns the triggers between those that gave way for some connections; none where nothing did.
fn around(ledger: &Ledger, histories: &[History]) -> Vec<Trigger> {
    let losses = || histories.iter().flat_map(|history| &history.losses);
    let first = losses().map(|loss| loss.first).min();
    let last = losses().map(|loss| loss.last).max();
    let Some((first, last)) = first.zip(last) else { return Vec::new() };
    let is_between = |trigger: &&Trigger| (first..=last).contains(&trigger.sequence);
    ledger.triggers(|trigger| trigger.fate == Fate::Delivered && is_between(trigger))
}

/// Returns the trigger for a room that was nearest to a time.
fn about(ledger: &Ledger, room: &Room, at: Option<Moment>) -> Vec<Trigger> {
    let is_it = |trigger: &&Trigger| {
        let is_for = |named: &Room| {
            // One whose `*` was meant as a pattern is what is looked for, too.
            named == room || (named.has_star() && named.covers(room))
        };
        at.is_none_or(|at| at.distance(trigger.at) <= ABOUT) && trigger.rooms.iter().any(is_for)
    };
    let found = ledger.triggers(is_it);
    let is_exact =
        |trigger: &Trigger| trigger.matching == Match::Pattern || trigger.rooms.contains(room);
    let rank = |trigger: &Trigger| (!is_exact(trigger), apart(trigger.at, at));
    found.into_iter().min_by_key(|trigger| rank(trigger)).into_iter().collect()
}

/// Returns how far a moment is from the one that is meant; if that is not said, the latest is.
fn apart(moment: Moment, at: Option<Moment>) -> u64 {
    at.map_or(u64::MAX - moment.0, |at| at.0.abs_diff(moment.0))
}

/// Returns whether a trigger that was refused is nearer to the time that is meant than one that was not.
fn is_refusal_nearer(
    ledger: &Ledger,
    room: &Room,
    at: Option<Moment>,
    found: Option<&Trigger>,
) -> bool {
    let Some(found) = found else { return false };
    let refusals = ledger.refusals(|refusal| refusal.rooms.contains(room));
    refusals.iter().any(|refusal| apart(refusal.at, at) < apart(found.at, at))
}

fn never_triggered(ledger: &Ledger, room: &Room, at: Option<Moment>) -> Explanation {
    let when = at.map_or_else(String::new, |at| format!(" within a minute of {at}"));
    if let (Some(at), Some(since)) = (at, ledger.knows_since())
        && at < since
    {
        let words = format!("what was triggered before {since} is forgotten");
        return Explanation::new(Cause::Forgotten, words);
    }
    let triggers = ledger.triggers(|trigger| trigger.fate != Fate::Duplicate);
    let rooms = triggers.iter().flat_map(|trigger| trigger.rooms.iter());
    let words = format!("nothing was triggered for {room}{when}");
    let is_near = |difference: &Difference| difference.keys.is_empty();
    let near = nearest(room, rooms).filter(|(_, difference)| is_near(difference));
    let Some((named, difference)) = near else {
        return Explanation::new(Cause::NeverTriggered, words);
    };
    let last = triggers.iter().rfind(|trigger| trigger.rooms.contains(named));
    let last = last.map_or_else(String::new, |trigger| format!(" at {}", trigger.at));
    let hint = if difference.is_type() { ", which differs in a JSON type" } else { "" };
    let named_shown = shown(std::slice::from_ref(named));
    let words = format!("{words}; the nearest that was is {named_shown}{last}{hint}");
    Explanation::new(Cause::NeverTriggered, words).nearest(named.as_str())
}
