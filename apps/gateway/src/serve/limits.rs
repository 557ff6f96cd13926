//! The configuration, as the loops and the listeners understand it.

use crate::config::{Config, raise_descriptor_limit};
use crate::trigger::ID_BYTES_MAX;
use campanile_broker::{BrokerUrl, StreamSettings};
use campanile_hub as hub;
use campanile_manager as manager;
use campanile_wire as wire;
use std::sync::Arc;

/// Returns how many connections there may be, by the configuration and by the operating system.
pub(super) fn connections_max(config: &Config) -> usize {
    let (asked, told) = (config.backend.bootstraps_max, config.hooks.concurrent_max);
    let reserved = asked + told + config.internal.connections_max;
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

/// Returns what of the configuration concerns the loops, which are to tell of their rooms or not.
pub(super) fn manager_config(config: &Config, watch_rooms: bool) -> manager::Config {
    let (limits, defaults) = (&config.limits, manager::Config::default());
    manager::Config {
        loops: config.loops.count.unwrap_or(defaults.loops),
        websocket: Arc::new(wire::Config {
            frame_bytes_max: limits.message_bytes_max as u64,
            message_bytes_max: limits.message_bytes_max,
            message_within: limits.message_within,
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
        watch_rooms,
        mailbox_letters_max: limits.mailbox_publications_max,
        mailbox_bytes_max: limits.mailbox_bytes_max,
        ..defaults
    }
}

/// Returns how this node reaches the others.
pub(super) fn broker_settings(config: &Config) -> campanile_broker::Settings {
    let broker = &config.broker;
    let url = broker.url.clone().unwrap_or_else(BrokerUrl::memory);
    let streams = StreamSettings { entries_max: broker.stream_entries_max };
    let defaults = campanile_broker::Settings::new(url);
    campanile_broker::Settings {
        ca_file: broker.ca_file.clone(),
        exchange: broker.exchange.as_str().to_owned(),
        silence: broker.silence,
        publish_within: broker.publish_within,
        prefetch: u16::try_from(broker.prefetch).unwrap_or(u16::MAX),
        // With the id that a trigger may be given on its way.
        message_bytes_max: broker.message_bytes_max.max(config.trigger.bytes_max)
            + 2 * ID_BYTES_MAX,
        backlog_bytes_max: broker.backlog_bytes_max,
        topics_max: config.limits.rooms_max.saturating_mul(config.loops.count.unwrap_or(64)),
        streams: broker.streams.then_some(streams),
        ..defaults
    }
}
