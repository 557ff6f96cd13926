//! Another configuration for the running server, and no connection lost by it.

use super::limits::connections_max;
use super::{Shared, certificates, check_certificates};
use crate::config::{Change, Key, Sources, load};
use crate::logging;
use crate::service::Rate;
use crate::tls::Tls;
use std::sync::Arc;

/// Reads the configuration again and goes on with it, as far as that goes without a restart. With
/// errors in it, all stays as it was.
pub(super) fn reload(shared: &Shared, sources: &Sources) {
    match read(shared, sources) {
        Ok(change) => {
            shared.reloads.done.add();
            apply(shared, change);
        }
        Err(why) => {
            shared.reloads.failed.add();
            for line in why.lines() {
                tracing::warn!("the configuration stays as it was: {line}");
            }
        }
    }
    // Their paths may be the same, and what is in them another.
    certificates::each(shared, Tls::renew);
}

/// Compares what is written now with what runs.
fn read(shared: &Shared, sources: &Sources) -> Result<Change, String> {
    let loaded = load(sources).map_err(|errors| errors.to_string())?;
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    let change =
        Change::between(&shared.config(), &loaded.config).map_err(|errors| errors.to_string())?;
    if change.live.iter().any(|key| matches!(key.name, "certificate" | "private_key")) {
        check_certificates(&change.config)?;
    }
    // The demo brings its own backend.
    if shared.demo.is_none() {
        let url = change.config.backend.url.as_ref().ok_or("[backend] url: there is none")?;
        if change.live.iter().any(|key| key.section == "backend") {
            let set = shared.backend.set(&change.config, url);
            set.map_err(|error| format!("[backend] url: {error}"))?;
        }
    }
    Ok(change)
}

fn apply(shared: &Shared, change: Change) {
    let name = |key: &Key| format!("[{}] {}", key.section, key.name);
    let config = change.config;
    let limits = &config.limits;
    logging::set_filter(&config.log.filter);
    let rate = Rate::new(limits.messages_per_s, limits.messages_burst);
    shared.settings.rate.set(rate);
    if has_places(&change.live) {
        shared.places.set(connections_max(&config), limits.connections_per_address_max);
    }
    let live: Vec<String> = change.live.iter().map(|key| name(key)).collect();
    match &live[..] {
        [] if change.later.is_empty() => {
            tracing::info!("the configuration was read again: nothing changes");
        }
        [] => tracing::info!("the configuration was read again"),
        _ => tracing::info!("the configuration was read again: {} changed", live.join(", ")),
    }
    if config.internal.keys.is_empty() && !shared.config().internal.keys.is_empty() {
        tracing::warn!("[internal] key is gone: whoever reaches the internal listener may trigger");
    }
    for key in change.later {
        tracing::warn!("{} changed: restart to use it", name(key));
    }
    shared.config.store(Arc::new(config));
}

fn has_places(live: &[&Key]) -> bool {
    live.iter().any(|key| key.section == "limits" && key.name.starts_with("connections_"))
}

/// What became of the wishes to read the configuration again, counted.
#[derive(Debug, Default)]
pub struct Reloads {
    /// Done.
    pub done: crate::metrics::Count,
    /// Not done, for errors.
    pub failed: crate::metrics::Count,
}
