//! What a translator would do, without doing it.

use super::super::backend::{Backend, CALL_WITHIN};
use super::super::reconciler::differences;
use super::super::route::{Attributes, Route};
use super::super::settings::Settings;
use super::super::shared::Shared;
use super::link;
use crate::cidr::Network;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

/// What a translator would do for one network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difference {
    /// It is wanted and not announced.
    Announce(Route),
    /// It is announced otherwise than it is wanted.
    Change(Route),
    /// It is announced and not wanted.
    Withdraw(Network),
}

/// How long the replay may take, besides the quiet after it.
const REPLAY_WITHIN: Duration = Duration::from_secs(60);

/// Looks at what is wanted and what is announced once, and returns in what they differ.
///
/// # Errors
///
/// A sentence for who asked: the server or gobgpd cannot be reached, or the replay does not end.
pub async fn once(settings: &Settings, backend: &dyn Backend) -> Result<Vec<Difference>, String> {
    let shared = Shared::new(settings.routes_max);
    let (stop, stopped) = watch::channel(false);
    let link = tokio::spawn(link(settings, Arc::clone(&shared)).run(stopped));
    let heard = hear_replay(settings, &shared).await;
    let _ = stop.send(true);
    let _ = link.await;
    heard?;
    let own = timeout(CALL_WITHIN, async { backend.connect().await?.list_own().await }).await;
    let own = own.map_err(|_| "gobgpd does not answer".to_owned())?;
    let own: HashMap<Network, Attributes> = own
        .map_err(|error| error.to_string())?
        .into_iter()
        .map(|route| (route.network, route.attributes))
        .collect();
    let desired = shared.desired();
    let differing = differences(&desired, &own, &settings.defaults);
    let difference = |network: &Network| match desired.routes().get(network) {
        None => Difference::Withdraw(*network),
        Some(attributes) => {
            let route = Route { network: *network, attributes: *attributes };
            if own.contains_key(network) {
                Difference::Change(route)
            } else {
                Difference::Announce(route)
            }
        }
    };
    Ok(differing.iter().map(difference).collect())
}

async fn hear_replay(settings: &Settings, shared: &Shared) -> Result<(), String> {
    let within = REPLAY_WITHIN + settings.replay_quiet.unwrap_or_default();
    let complete = async {
        while !shared.desired().is_complete() {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(within, complete).await.map_err(|_| {
        let url = &settings.events_url;
        format!("{url} did not say within {} s all that it wants", within.as_secs())
    })
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Difference::Announce(route) => write!(formatter, "announce {route}"),
            Difference::Change(route) => write!(formatter, "change   {route}"),
            Difference::Withdraw(network) => write!(formatter, "withdraw {network}"),
        }
    }
}
