//! Comparing with what a translator reports: sums first, then the networks where these differ.

use super::{Comparison, Differences, Report, Unknown};
use crate::cidr::Network;
use crate::digest::{self, Digest};
use crate::sockets::asked::ANSWER_WITHIN;
use crate::sockets::translator::Asker;
use campanile_consumer::Json;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// How many entries are read at once.
const PAGE: u64 = 1_000;

impl Comparison {
    pub(super) async fn look_by_state(&mut self) -> Result<Differences, Unknown> {
        let reported = self.ask_for_state(None).await?;
        let reported = sums(&reported).ok_or(Unknown::Nonsense)?;
        let mut active = Digest::default();
        self.each_active(|network, _| active.add(&network)).await?;
        let buckets = active.differing(&reported);
        if buckets.is_empty() {
            return Ok(Differences::default());
        }
        let mut announced = BTreeSet::new();
        for &bucket in &buckets {
            let listed = self.ask_for_state(Some(bucket)).await?;
            announced.extend(networks(&listed).ok_or(Unknown::Nonsense)?);
        }
        let mut active = BTreeMap::new();
        self.each_active(|network, entry| {
            if buckets.contains(&digest::bucket(&network)) {
                active.insert(network, entry);
            }
        })
        .await?;
        Ok(Differences {
            ghosts: announced.iter().filter(|it| !active.contains_key(it)).copied().collect(),
            missing: active.into_iter().filter(|(it, _)| !announced.contains(it)).collect(),
        })
    }

    /// Asks for all sums, or for the networks of one bucket.
    async fn ask_for_state(&mut self, bucket: Option<u8>) -> Result<Map<String, Value>, Unknown> {
        let id = self.question(Asker::State)?;
        let mut message = json!({"id": id});
        if let Some(bucket) = bucket {
            message["bucket"] = bucket.into();
        }
        let question = json!({"type": "translator_state_request", "message": message});
        self.teller.client.send(Json(question)).await.map_err(|_| Unknown::Silent)?;
        let answer = async {
            loop {
                match self.reported.recv().await? {
                    Report::State(state) if state.get("id") == Some(&json!(id)) => {
                        return Some(state);
                    }
                    _ => {}
                }
            }
        };
        let answer = tokio::time::timeout(ANSWER_WITHIN, answer).await;
        answer.ok().flatten().ok_or(Unknown::Silent)
    }

    async fn each_active(&self, mut act: impl FnMut(Network, i64)) -> Result<(), Unknown> {
        let (store, action_type) = (&self.store, self.teller.action_type);
        let mut after = 0;
        loop {
            let page = store.active_networks(action_type, after, PAGE).await?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            after = *last;
            page.iter().for_each(|(entry, network)| act(*network, *entry));
        }
    }
}

/// Reads the sums; none if the translator does not know, or says something else.
fn sums(state: &Map<String, Value>) -> Option<Digest> {
    let texts = state.get("sums")?.as_array()?;
    let texts: Option<Vec<&str>> = texts.iter().map(Value::as_str).collect();
    Digest::read(&texts?)
}

fn networks(state: &Map<String, Value>) -> Option<Vec<Network>> {
    let texts = state.get("networks")?.as_array()?.iter();
    texts.map(|text| Network::parse_strict(text.as_str()?).ok()).collect()
}
