//! docs/limits.md has every limit of the configuration, with its default and with numbers that there are;
//! and each has a test that meets it.

use super::start;
use crate::support::http;
use campanile_gateway::config::{Key, SECTIONS};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Settings that limit nothing.
const NO_LIMITS: &[&str] = &[
    "public.",
    "internal.listen",
    "internal.key",
    "internal.certificate",
    "internal.private_key",
    "backend.url",
    "backend.socket",
    "backend.remember_headers",
    "backend.revalidate_every_s",
    "backend.headers",
    "hooks.connect",
    "hooks.ping",
    "hooks.disconnect",
    "trigger.match",
    "broker.url",
    "broker.exchange",
    "broker.ca_file",
    "broker.redis_streams",
    // What it leads to is pong_within_s.
    "limits.ping_every_s",
    "loops.count",
    "log.",
];

/// Which test meets which limit.
const MET: &[(&str, &str)] = &[
    ("limits.connections_max", "a_connection_too_many_is_refused_and_counted_until_another_ends"),
    ("limits.connections_per_address_max", "one_address_cannot_take_the_places_of_the_others"),
    (
        "limits.connections_per_user_max",
        "a_user_cannot_have_more_connections_than_the_limit_and_others_can",
    ),
    (
        "internal.connections_max",
        "the_internal_listener_refuses_a_connection_too_many_until_another_ends",
    ),
    ("limits.handshake_timeout_s", "a_head_that_is_too_long_or_too_slow_is_hung_up_on_and_counted"),
    (
        "limits.tls_handshakes_max",
        "a_handshake_over_the_limit_is_closed_and_triggers_go_on_meanwhile",
    ),
    ("limits.header_bytes_max", "a_head_that_is_too_long_or_has_too_many_headers_is_refused"),
    ("limits.headers_max", "a_head_that_is_too_long_or_has_too_many_headers_is_refused"),
    (
        "limits.inactivity_s",
        "a_client_that_sends_no_message_and_does_not_answer_the_close_is_hung_up_on",
    ),
    ("limits.pong_within_s", "a_client_that_does_not_answer_a_ping_is_gone"),
    (
        "limits.close_within_s",
        "a_client_that_sends_no_message_and_does_not_answer_the_close_is_hung_up_on",
    ),
    ("limits.message_bytes_max", "a_message_that_is_too_long_closes_its_connection"),
    ("limits.message_within_s", "a_message_that_does_not_come_to_its_end_closes_the_connection"),
    (
        "limits.messages_per_s",
        "a_client_that_sends_more_than_its_rate_is_closed_and_until_then_answered",
    ),
    (
        "limits.messages_burst",
        "a_client_that_sends_more_than_its_rate_is_closed_and_until_then_answered",
    ),
    (
        "limits.subscriptions_per_connection_max",
        "a_subscription_too_many_is_answered_by_an_error_until_another_ends",
    ),
    ("limits.rooms_max", "a_room_too_many_is_answered_by_an_error_and_rooms_that_there_are_go_on"),
    (
        "limits.outbox_bytes_max",
        "where_all_deliveries_wait_a_slow_client_is_closed_until_the_configuration_says_otherwise",
    ),
    ("limits.outbox_bytes_max", "a_client_whose_requests_pile_up_behind_the_broker_is_closed"),
    (
        "limits.slow_rooms",
        "a_client_that_reads_again_hears_the_newest_and_how_many_deliveries_it_lost",
    ),
    ("backend.timeout_s", "a_backend_that_does_not_answer_in_time_lets_nobody_in"),
    ("backend.connect_timeout_s", "a_backend_that_cannot_be_connected_to_in_time_lets_nobody_in"),
    ("backend.response_bytes_max", "an_answer_of_the_backend_that_is_too_long_lets_nobody_in"),
    (
        "backend.bootstraps_max",
        "connections_wait_for_their_turn_to_be_asked_for_and_too_many_are_refused",
    ),
    (
        "backend.bootstraps_waiting_max",
        "connections_wait_for_their_turn_to_be_asked_for_and_too_many_are_refused",
    ),
    (
        "backend.revalidations_max",
        "no_more_connections_than_the_limit_are_asked_for_again_at_once_and_all_in_the_end",
    ),
    ("backend.stale_s", "rights_that_cannot_be_renewed_in_time_end_the_connection"),
    (
        "hooks.concurrent_max",
        "hooks_beyond_the_limits_wait_then_are_left_out_and_ends_are_told_all_the_same",
    ),
    (
        "hooks.queue_max",
        "hooks_beyond_the_limits_wait_then_are_left_out_and_ends_are_told_all_the_same",
    ),
    ("trigger.bytes_max", "a_trigger_that_is_too_long_is_refused_and_reaches_nobody"),
    ("trigger.rooms_max", "a_trigger_for_too_many_rooms_is_refused_and_reaches_none_of_them"),
    (
        "trigger.pattern_rooms_max",
        "a_pattern_that_would_be_compared_with_too_many_rooms_is_left_out_and_the_rest_is_heard",
    ),
    ("trigger.remember_ids_s", "a_triggers_id_is_forgotten_after_its_time_and_not_before"),
    ("trigger.ids_max", "of_too_many_ids_the_oldest_is_forgotten_and_would_be_published_again"),
    (
        "limits.mailbox_publications_max",
        "triggers_are_refused_while_too_many_publications_wait_for_a_loop",
    ),
    ("limits.mailbox_bytes_max", "triggers_are_refused_while_too_many_bytes_wait_for_a_loop"),
    ("broker.silence_s", "a_broker_that_is_silent_for_too_long_is_lost_and_triggers_are_refused"),
    ("broker.publish_within_s", "a_publication_that_is_not_confirmed_in_time_is_perhaps_published"),
    ("broker.message_bytes_max", "a_publication_that_is_too_long_is_skipped_and_the_next_is_heard"),
    (
        "broker.stream_entries_max",
        "a_node_that_missed_more_than_the_stream_keeps_hears_the_rest_and_says_so",
    ),
    // Only a node that takes nothing meets these two: those tests are the broker's own.
    ("broker.backlog_bytes_max", "redis_keeps_its_promise"),
    ("broker.backlog_bytes_max", "nats_keeps_its_promise"),
    ("broker.prefetch", "no_more_than_the_prefetch_comes_before_it_is_taken"),
    (
        "broker.clients_without_gap",
        "who_cannot_be_told_of_a_gap_is_closed_or_kept_as_is_configured",
    ),
    ("explain.entries", "the_ledger_keeps_to_its_entries_of_each_kind"),
    ("explain.bytes_max", "the_ledger_keeps_to_its_bytes_and_counts_what_it_forgets"),
    ("explain.others_within_s", "any_of_three_nodes_answers_for_all_by_redis"),
    ("limits.drain_s", "clients_are_closed_one_after_the_other_and_hear_every_trigger_until_then"),
    (
        "limits.reconnect_within_s",
        "clients_are_closed_one_after_the_other_and_hear_every_trigger_until_then",
    ),
    ("limits.drain_delay_s", "clients_are_closed_when_the_delay_is_over_and_not_before"),
];

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// The rows of the page's tables, as cells.
fn rows() -> Vec<Vec<String>> {
    let page = fs::read_to_string(root().join("docs/limits.md")).expect("the page is there");
    let rows = page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| ---"));
    rows.map(|row| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect())
        .collect()
}

/// The settings that limit something.
fn limits() -> impl Iterator<Item = &'static Key> {
    let keys = SECTIONS.iter().flat_map(|section| section.keys);
    keys.filter(|key| {
        let path = key.path();
        !NO_LIMITS.iter().any(|no| *no == path || no.ends_with('.') && path.starts_with(no))
    })
}

#[test]
fn the_page_of_limits_has_each_with_its_default_and_no_others() {
    let rows = rows().into_iter().filter(|row| row.len() == 5 && row[0].starts_with('`'));
    let on_page: BTreeMap<String, String> =
        rows.map(|row| (row[0].trim_matches('`').to_owned(), row[1].clone())).collect();
    let in_table: BTreeMap<String, String> =
        limits().map(|key| (key.path(), key.default.to_owned())).collect();
    assert_eq!(on_page, in_table);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_number_that_the_page_of_limits_names_is_on_the_page_of_metrics() {
    let (campanile, _backend) = start(&[("hooks.connect", "on")]).await;
    let metrics = http::get(campanile.internal, "/metrics").await.expect("they are served").body;
    let mut named = 0;
    for row in rows() {
        let (last, what) = (row.last().expect("rows have cells"), &row[0]);
        if matches!(&last[..], "counted by") || last.starts_with("none: ") {
            continue;
        }
        for name in last.split(", ") {
            let name = name.trim_matches('`');
            let is_there = metrics
                .lines()
                .any(|line| line.strip_prefix(name).is_some_and(|number| number.starts_with(' ')));
            assert!(is_there, "{what}: {name} is not there");
            named += 1;
        }
    }
    assert!(named > 60, "only {named} were found");
}

#[test]
fn every_limit_has_a_test_that_meets_it() {
    let tests = tests();
    for key in limits() {
        let path = key.path();
        assert!(MET.iter().any(|(met, _)| *met == path), "{path}: no test meets it");
    }
    for (path, test) in MET {
        assert!(limits().any(|key| key.path() == *path), "{path} is no limit");
        assert!(tests.contains(&format!("fn {test}(")), "{path}: there is no test {test}");
    }
}

/// All integration tests, one after the other.
fn tests() -> String {
    let mut folders =
        vec![root().join("apps/gateway/tests/it"), root().join("crates/broker/tests/it")];
    let mut text = String::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("the tests are there").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                text.push_str(&fs::read_to_string(&path).unwrap_or_default());
            }
        }
    }
    text
}
