//! Which other nodes there are: each says every few seconds that it is there.

use super::{NODES_MAX, VERSION};
use crate::serve::Shared;
use campanile_broker::To;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How often a node says that it is there, and how soon it tries again if it could not.
const EVERY: Duration = Duration::from_secs(5);
const AGAIN: Duration = Duration::from_millis(250);
/// After how long without a word a node is gone: it missed two of three.
const GONE_AFTER: Duration = Duration::from_secs(16);

/// The other nodes, each with when it was heard of last.
#[derive(Debug)]
pub struct Neighbours {
    heard: Mutex<BTreeMap<Box<str>, Instant>>,
    since: Instant,
}

impl Default for Neighbours {
    fn default() -> Neighbours {
        Neighbours { heard: Mutex::default(), since: Instant::now() }
    }
}

impl Neighbours {
    /// Takes note of a sign of life. Of very many nodes those that came last are not remembered.
    pub(super) fn heard_of(&self, node: &str) {
        let mut heard = self.lock();
        if let Some(last) = heard.get_mut(node) {
            *last = Instant::now();
            return;
        }
        heard.retain(|_, last| last.elapsed() < GONE_AFTER);
        if heard.len() < NODES_MAX {
            heard.insert(node.into(), Instant::now());
        }
    }

    /// Returns those that are there.
    pub fn list(&self) -> Vec<Box<str>> {
        let heard = self.lock();
        let there = heard.iter().filter(|(_, last)| last.elapsed() < GONE_AFTER);
        there.map(|(node, _)| node.clone()).collect()
    }

    /// Returns whether this node has listened for long enough to know all that are there.
    pub(super) fn are_all_known(&self) -> bool {
        self.since.elapsed() > GONE_AFTER
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Box<str>, Instant>> {
        // Nothing in here panics half-way through a change.
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a node says of itself.
#[derive(Serialize)]
struct Here<'a> {
    version: u32,
    node: &'a str,
    r#do: &'static str,
}

/// Says that this node is there, for as long as the process runs, if there may be others.
pub async fn announce(shared: Arc<Shared>) {
    if !shared.control.has_others {
        return;
    }
    let here = Here { version: VERSION, node: &shared.control.node, r#do: "here" };
    let body = bytes::Bytes::from(serde_json::to_vec(&here).expect("texts are always JSON"));
    loop {
        let told = shared.publishing.broker.publish(To::Nodes, body.clone()).await;
        tokio::time::sleep(if told.is_ok() { EVERY } else { AGAIN }).await;
    }
}
