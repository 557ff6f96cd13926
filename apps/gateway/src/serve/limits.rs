//! The configuration, as the loops and the listeners understand it.

use super::INTERNAL_CONNECTIONS_MAX;
use crate::config::{Config, raise_descriptor_limit};
use campanile_hub as hub;
use campanile_manager as manager;
use campanile_wire as wire;
use std::sync::Arc;

/// Returns how many connections there may be, by the configuration and by the operating system.
pub(super) fn connections_max(config: &Config) -> usize {
    let reserved =
        config.backend.bootstraps_max + config.hooks.concurrent_max + INTERNAL_CONNECTIONS_MAX;
    let descriptors = raise_descriptor_limit();
    let most = config.limits.connections_max(descriptors, reserved);
    if config.limits.connections_max.is_some_and(|asked| asked > most) {
        tracing::warn!(
            "[limits] connections_max is more than the {descriptors} files that this process may \
             open allow: at most {most} connections. Raise `ulimit -n`."
        );
    } else if config.limits.connections_max.is_none() && most < reserved {
        tracing::warn!(
            "this process may open {descriptors} files, and keeps most of them for the backend, \
             hooks and the internal listener: places for {most} connections. Raise `ulimit -n`."
        );
    }
    most
}

/// Returns what of the configuration concerns the loops.
pub(super) fn manager_config(config: &Config) -> manager::Config {
    let (limits, defaults) = (&config.limits, manager::Config::default());
    manager::Config {
        loops: config.loops.count.unwrap_or(defaults.loops),
        websocket: Arc::new(wire::Config {
            frame_bytes_max: limits.message_bytes_max as u64,
            message_bytes_max: limits.message_bytes_max,
            ping_every: limits.ping_every,
            pong_within: limits.pong_within,
            close_within: limits.close_within,
            quiet_max: limits.inactivity,
            ..wire::Config::default()
        }),
        hub: hub::Limits {
            subscriptions_per_connection_max: limits.subscriptions_per_connection_max,
            rooms_max: limits.rooms_max,
            pattern_rooms_max: config.trigger.pattern_rooms_max,
        },
        outbox_bytes_max: limits.outbox_bytes_max,
        mailbox_letters_max: limits.mailbox_publications_max,
        mailbox_bytes_max: limits.mailbox_bytes_max,
        ..defaults
    }
}
