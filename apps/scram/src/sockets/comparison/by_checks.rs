//! Comparing with a translator that does not report, by asking about some networks each time: those
//! that are active, and those that were.

use super::{Comparison, Differences, Report, Unknown};
use crate::cidr::Network;
use crate::sockets::asked::ANSWER_WITHIN;
use crate::sockets::translator::{Asker, check};
use crate::store::snapshots::Known;
use crate::store::templates::Templates;
use campanile_consumer::Json;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Up to which entries a translator was asked; 0 begins again.
#[derive(Debug, Default)]
pub(super) struct AskedUpTo {
    active: i64,
    inactive: i64,
}

/// How many questions are under way at once: the original answers them one by one.
const AT_ONCE: usize = 50;

impl Comparison {
    /// Looks at these, or else at the next ones, and at the ghosts that are known.
    pub(super) async fn look_by_checks(
        &mut self,
        known: Option<&Differences>,
    ) -> Result<Differences, Unknown> {
        let (active, inactive) = match known {
            Some(known) => self.still(known).await?,
            None => self.next_ones().await?,
        };
        let templates = self.store.templates(self.teller.action_type).await?;
        let mut differences = Differences::default();
        let networks: Vec<Network> = active.keys().chain(&inactive).copied().collect();
        for networks in networks.chunks(AT_ONCE) {
            for (network, is_announced) in self.ask_about(&templates, networks).await? {
                match active.get(&network) {
                    Some(&entry) if !is_announced => {
                        differences.missing.insert(network, entry);
                    }
                    None if is_announced && !self.is_explained(&network).await? => {
                        differences.ghosts.insert(network);
                    }
                    _ => {}
                }
            }
        }
        Ok(differences)
    }

    /// Returns what is active, and what is not, of networks that differed.
    async fn still(
        &self,
        known: &Differences,
    ) -> Result<(BTreeMap<Network, i64>, Vec<Network>), Unknown> {
        let entries: Vec<i64> = known.missing.values().copied().collect();
        let found = self.store.snapshot_of(&entries).await?;
        let active = found.entries.iter().filter(|known| known.is_active);
        let active = active.map(|known| (known.network, known.entry)).collect();
        Ok((active, known.ghosts.iter().copied().collect()))
    }

    async fn next_ones(&mut self) -> Result<(BTreeMap<Network, i64>, Vec<Network>), Unknown> {
        let (store, action_type) = (&self.store, self.teller.action_type);
        let (limit, up_to) = (self.settings.checks_max, &mut self.asked_up_to);
        let active = store.active_after(action_type, up_to.active, limit).await?.entries;
        let inactive = store.inactive_after(action_type, up_to.inactive, limit).await?.entries;
        up_to.active = next(&active, limit);
        up_to.inactive = next(&inactive, limit);
        let mut networks: Vec<Network> = inactive.iter().map(|known| known.network).collect();
        networks.extend(self.seat.ghosts().into_keys());
        networks.sort_unstable();
        networks.dedup();
        let active: BTreeMap<Network, i64> =
            active.iter().map(|known| (known.network, known.entry)).collect();
        networks.retain(|network| !active.contains_key(network));
        Ok((active, networks))
    }

    /// Asks about some networks, and returns what was answered of them.
    async fn ask_about(
        &mut self,
        templates: &Templates,
        networks: &[Network],
    ) -> Result<Vec<(Network, bool)>, Unknown> {
        let mut left = 0;
        for network in networks {
            let mut asked = Map::new();
            asked.insert("route".to_owned(), Value::String(network.to_string()));
            // One question is enough, whatever a browser's would become.
            let Some(message) = templates.check_messages(network, &asked).into_iter().next() else {
                continue;
            };
            let channel = self.question(Asker::Network(*network))?;
            let question = Json(check(&channel, &message));
            self.teller.client.send(question).await.map_err(|_| Unknown::Silent)?;
            left += 1;
        }
        let mut answers = Vec::with_capacity(left);
        let hear = async {
            while answers.len() < left {
                match self.reported.recv().await {
                    Some(Report::Network(network, is_announced)) => {
                        answers.push((network, is_announced));
                    }
                    Some(Report::State(_)) => {}
                    None => return,
                }
            }
        };
        let in_time = tokio::time::timeout(ANSWER_WITHIN, hear).await.is_ok();
        if in_time || !answers.is_empty() { Ok(answers) } else { Err(Unknown::Silent) }
    }

    /// Says whether another network explains that this one counts as announced: the original asks for
    /// the longest match of the first address.
    async fn is_explained(&self, network: &Network) -> Result<bool, Unknown> {
        let activity = self.store.activity(network).await?;
        Ok(!activity.inside.is_empty() || !activity.covered_by.is_empty())
    }
}

/// Returns after which entry to go on; 0 after the last one.
fn next(asked: &[Known], limit: u64) -> i64 {
    let is_last = (asked.len() as u64) < limit;
    asked.last().filter(|_| !is_last).map_or(0, |known| known.entry)
}
