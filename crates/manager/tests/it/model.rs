//! What a client may hear: replies in the order of its requests, and each of its subscriptions'
//! publications once, in order, without gaps.

use std::collections::{HashMap, VecDeque};

use campanile_manager::testing::{Client, Heard};
use campanile_manager::wire::{CloseCode, Side};
use campanile_manager::{Loss, Slow};

use crate::service::{Entries, Subscribed};

/// A client and what it expects.
pub(crate) struct Peer {
    pub(crate) id: usize,
    pub(crate) client: Client,
    /// Replies that are still to come.
    pub(crate) expected: VecDeque<Heard>,
    /// Publications heard, by subscription.
    pub(crate) heard: HashMap<String, Vec<u64>>,
    /// Its subscriptions that it has not ended.
    pub(crate) open: Vec<String>,
    /// How many bytes it reads at a time.
    pub(crate) pace: usize,
    /// It broke its line: what it hears may end anywhere.
    pub(crate) broken: bool,
    /// It broke the protocol, or said that it closes.
    pub(crate) violated: bool,
    /// Publications handled for sure when it began to close.
    pub(crate) closed_at: Option<u64>,
    /// The code that the server closed it with.
    pub(crate) close: Option<Option<CloseCode>>,
    /// It asked to be closed; what it says behind that is not answered, but for pings.
    pub(crate) quits: bool,
    /// It ended or reset its line, which the server can see.
    pub(crate) hung_up: bool,
    /// Its line was reset.
    pub(crate) reset: bool,
    pub(crate) told: usize,
    /// Deliveries that it was told it lost, by subscription.
    pub(crate) lost: HashMap<String, usize>,
    pub(crate) gone: Vec<String>,
}

/// A publication that was accepted; its number is its place, from 1.
pub(crate) struct Published {
    /// None: in all rooms.
    pub(crate) rooms: Option<Vec<String>>,
    pub(crate) shared: String,
    /// The client that it leaves out.
    pub(crate) excluded: Option<usize>,
    pub(crate) slow: Slow,
}

impl Peer {
    pub(crate) fn new(id: usize, client: Client, pace: usize) -> Self {
        Self {
            id,
            client,
            expected: VecDeque::new(),
            heard: HashMap::new(),
            open: Vec::new(),
            pace,
            broken: false,
            violated: false,
            closed_at: None,
            close: None,
            quits: false,
            hung_up: false,
            reset: false,
            told: 0,
            lost: HashMap::new(),
            gone: Vec::new(),
        }
    }

    pub(crate) fn expect(&mut self, text: String) {
        self.expected.push_back(Heard::Text(text));
    }

    /// Takes note of what it heard, and says so if that should not have been.
    pub(crate) fn hear(&mut self, heard: Heard, published: &[Published]) {
        match heard {
            Heard::Text(text) if text.starts_with("pub ") => self.hear_delivery(&text, published),
            Heard::Text(text) if text.starts_with("tell ") => self.told += 1,
            Heard::Text(text) if text.starts_with("lost ") => {
                let words: Vec<&str> = text.split(' ').collect();
                let deliveries: usize = words[1].parse().expect("a number");
                *self.lost.entry(words[2].to_owned()).or_default() += deliveries;
            }
            Heard::Text(_) | Heard::Binary(_) | Heard::Pong(_) => {
                while self.quits
                    && matches!(heard, Heard::Pong(_))
                    && matches!(self.expected.front(), Some(Heard::Text(_)))
                {
                    self.expected.pop_front();
                }
                let expected = self.expected.pop_front();
                assert_eq!(Some(&heard), expected.as_ref(), "client {}: a reply", self.id);
                if let Heard::Text(text) = heard {
                    if let Some(id) = text.strip_prefix("ok ") {
                        assert!(self.heard.insert(id.to_owned(), Vec::new()).is_none());
                    } else if let Some(id) = text.strip_prefix("gone 1 ") {
                        self.gone.push(id.to_owned());
                    }
                }
            }
            Heard::Close(code, _) => self.close = Some(code),
            Heard::Failed(error) => {
                panic!("client {}: the server broke the protocol: {error}", self.id)
            }
            Heard::End => self.client.line().shut_down_write(),
            Heard::Reset => self.reset = true,
        }
    }

    fn hear_delivery(&mut self, text: &str, published: &[Published]) {
        let (shared, id) = text.rsplit_once(' ').expect("an id");
        let number = shared.split(' ').nth(1).expect("a number").parse::<u64>().expect("a number");
        assert_eq!(shared, published[number as usize - 1].shared, "client {}: data", self.id);
        let heard = self.heard.get_mut(id);
        let heard = heard.unwrap_or_else(|| panic!("client {}: {id} was not answered", self.id));
        assert!(!self.gone.iter().any(|gone| gone == id), "client {}: {id} is gone", self.id);
        heard.push(number);
    }

    /// Checks, when all is over, that each subscription heard what it should.
    pub(crate) fn check(&self, published: &[Published], entries: &Entries, stopped_at: u64) {
        let whole_until = self.whole_until(entries, stopped_at);
        for (id, heard) in &self.heard {
            let subscribed = &entries.subscriptions[id];
            let (lower, upper) = subscribed.until.unwrap_or((u64::MAX, u64::MAX));
            let mine: Vec<u64> = (1..=published.len() as u64)
                .filter(|number| *number > subscribed.since && *number <= upper)
                .filter(|number| published[*number as usize - 1].reaches(self.id, &subscribed.room))
                .collect();
            let context = || format!("client {}, {id}: {subscribed:?} {:?}", self.id, self.close);
            let sorted = heard.is_sorted_by(|one, next| one < next);
            assert!(sorted, "{}: heard {heard:?}, not once and in order", context());
            let mut missed = mine.clone();
            missed.retain(|number| heard.binary_search(number).is_err());
            assert_eq!(missed.len() + heard.len(), mine.len(), "{}: heard {heard:?}", context());
            // Behind the last, its end may have taken any; before, only slowness those that give way.
            let must = heard.last().copied().unwrap_or(0).max(lower.min(whole_until));
            let waits = |number: &&u64| published[**number as usize - 1].slow == Slow::Close;
            let untold = missed.iter().take_while(|number| **number <= must).find(waits);
            assert_eq!(untold, None, "{}: heard {heard:?} of {mine:?}, must {must}", context());
            let lost = self.lost.get(id).copied().unwrap_or(0);
            assert!(lost <= missed.len(), "{}: lost {lost}, missed {missed:?}", context());
            let unwritten_from = entries.clients[&self.id].unwritten_from;
            explains(heard, &missed, subscribed, unwritten_from).unwrap_or_else(|| {
                panic!("{}: heard {heard:?}, unwritten from {unwritten_from:?}", context())
            });
        }
    }

    /// Up to which publication its end cannot have taken any from it.
    fn whole_until(&self, entries: &Entries, stopped_at: u64) -> u64 {
        let Some(life) = entries.clients.get(&self.id) else { return 0 };
        let by_peer = life.closed.iter().all(|closed| closed.by == Side::Peer);
        match self.close {
            _ if self.broken || self.violated => 0,
            Some(Some(CloseCode::GOING_AWAY)) => stopped_at,
            Some(Some(CloseCode::NORMAL)) if by_peer => self.closed_at.unwrap_or(0),
            Some(Some(code)) if code.number() == 4001 => life.quit_at.unwrap_or(0),
            _ => 0,
        }
    }
}

impl Published {
    pub(crate) fn reaches(&self, client: usize, room: &str) -> bool {
        self.excluded != Some(client)
            && self.rooms.as_ref().is_none_or(|rooms| rooms.iter().any(|one| one == room))
    }
}

/// Checks that what the service was told explains what a subscription missed: each that is missing
/// before the last that it heard gave way, as many as were told, and nothing was heard that was said
/// not to be written. None: it does not.
fn explains(
    heard: &[u64],
    missed: &[u64],
    subscribed: &Subscribed,
    unwritten_from: Option<u64>,
) -> Option<()> {
    let last = heard.last().copied().unwrap_or(0);
    let is_in = |loss: &Loss, number: u64| (loss.first..=loss.last).contains(&number);
    let gave_way = |number: &&u64| subscribed.losses.iter().any(|loss| is_in(loss, **number));
    let is_told = missed.iter().take_while(|number| **number < last).all(|it| gave_way(&it));
    let are_so_many = subscribed.losses.iter().all(|loss| {
        let inside = missed.iter().filter(|number| is_in(loss, **number));
        let ends = [loss.first, loss.last].iter().all(|end| missed.contains(end));
        ends && inside.count() as u64 >= loss.deliveries
    });
    let is_behind = unwritten_from.is_none_or(|first| last <= first);
    (is_told && are_so_many && is_behind).then_some(())
}
