//! The numbers of the process, as Prometheus reads them.

mod durations;
mod page;
mod process;

pub use durations::Durations;

use crate::serve::{Reloads, Shared, Side};
use crate::service::ServiceCounters;
use campanile_broker::State;
use page::Page;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::SystemTime;

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    /// Adds one.
    pub fn add(&self) {
        self.add_many(1);
    }

    /// Adds some.
    pub fn add_many(&self, more: u64) {
        self.0.fetch_add(more, Relaxed);
    }

    /// Returns the number.
    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// Connections that were refused before there was a WebSocket, by reason.
#[derive(Debug, Default)]
pub struct Refusals {
    /// There were `connections_max`.
    pub connections_max: Count,
    /// The internal listener had `[internal] connections_max`.
    pub internal_connections_max: Count,
    /// The address had `connections_per_address_max`.
    pub connections_per_address_max: Count,
    /// The user had `connections_per_user_max`.
    pub connections_per_user_max: Count,
    /// The process had no file descriptor left.
    pub descriptors: Count,
    /// The TLS handshake failed, or what came was no TLS.
    pub tls: Count,
    /// There were `tls_handshakes_max` that were not finished.
    pub tls_handshakes_max: Count,
    /// A trusted proxy sent no header of the PROXY protocol.
    pub proxy_header: Count,
    /// The TLS handshake, a proxy's header or a first request did not come within
    /// `handshake_timeout_s`.
    pub slow: Count,
    /// The head of a request was over `header_bytes_max` or `headers_max`.
    pub head: Count,
    /// The page's origin is not among `allowed_origins`.
    pub origin: Count,
    /// The request was no opening handshake, or not a safe one.
    pub bad_request: Count,
    /// Too many connections waited for the backend.
    pub busy: Count,
    /// The loop's mailbox was full.
    pub mailbox: Count,
    /// The process was about to stop.
    pub stopping: Count,
    /// Requests for something that is not there.
    pub not_found: Count,
    /// Requests to the internal listener without a key, under a name that may be a web page's.
    pub host: Count,
    /// Of all these, those that were hung up on at once, since too many others were still to read
    /// their answer: they may not have read theirs.
    pub unread: Count,
}

/// What became of triggers.
#[derive(Debug, Default)]
pub struct TriggerCounts {
    /// Accepted.
    pub accepted: Count,
    /// Refused for what they were: 400 and 413.
    pub bad: Count,
    /// Refused for want of the key.
    pub unauthorized: Count,
    /// Accepted before, by its id, and not published again.
    pub duplicate: Count,
    /// Refused since the loops were behind.
    pub behind: Count,
    /// Refused since the broker was lost.
    pub unavailable: Count,
    /// Not confirmed by the broker: perhaps published.
    pub unconfirmed: Count,
    /// Refused since the process had told its clients goodbye.
    pub stopping: Count,
    /// Entries of `rooms` that were no rooms.
    pub rooms_skipped: Count,
}

impl Refusals {
    fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        [
            ("connections_max", &self.connections_max),
            ("internal_connections_max", &self.internal_connections_max),
            ("connections_per_address_max", &self.connections_per_address_max),
            ("connections_per_user_max", &self.connections_per_user_max),
            ("descriptors", &self.descriptors),
            ("tls", &self.tls),
            ("tls_handshakes_max", &self.tls_handshakes_max),
            ("proxy_header", &self.proxy_header),
            ("slow", &self.slow),
            ("head", &self.head),
            ("origin", &self.origin),
            ("bad_request", &self.bad_request),
            ("busy", &self.busy),
            ("mailbox", &self.mailbox),
            ("stopping", &self.stopping),
            ("not_found", &self.not_found),
            ("host", &self.host),
        ]
        .map(|(reason, count)| (reason, count.get()))
        .into_iter()
    }
}

impl TriggerCounts {
    fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        [
            ("accepted", &self.accepted),
            ("bad", &self.bad),
            ("unauthorized", &self.unauthorized),
            ("duplicate", &self.duplicate),
            ("behind", &self.behind),
            ("unavailable", &self.unavailable),
            ("unconfirmed", &self.unconfirmed),
            ("stopping", &self.stopping),
        ]
        .map(|(outcome, count)| (outcome, count.get()))
        .into_iter()
    }
}

/// What the loops count that goes down again.
const LEVELS: [&str; 4] = ["connections", "rooms", "subscriptions", "frames_waiting"];

/// Returns everything that is counted, in Prometheus' text format.
pub fn page(shared: &Shared) -> String {
    let mut page = Page::new();
    let build = concat!("campanile_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"}");
    page.plain(build, "gauge", "The version that runs; always 1.", 1);
    loops(&mut page, shared);
    connections(&mut page, shared);
    triggers(&mut page, shared);
    certificates(&mut page, shared);
    reloads(&mut page, shared);
    broker(&mut page, shared);
    control(&mut page, shared);
    ledger(&mut page, shared);
    backend(&mut page, shared);
    revalidations(&mut page, shared);
    hooks(&mut page, shared);
    process::process(&mut page);
    page.into_text()
}

fn loops(page: &mut Page, shared: &Shared) {
    for (name, help, value) in shared.handle.statistics().iter() {
        if LEVELS.contains(&name) {
            page.gauge(name, help, value);
        } else {
            page.counter(name, help, value);
        }
    }
    page.gauge(
        "mailbox_letters_waiting",
        "Letters that wait for the loop that is furthest behind.",
        shared.handle.mailbox_waiting(),
    );
    page.gauge("loops", "Event loops.", shared.handle.loops());
}

fn connections(page: &mut Page, shared: &Shared) {
    let counters = &shared.settings.counters;
    let authorized = counters.authorized.load(Relaxed);
    page.gauge("connections_authorized", "Open connections that were let in.", authorized);
    page.gauge("places_taken", "Connections of the public listener.", shared.places.taken());
    page.gauge("places", "Connections that there may be.", shared.places.most());
    for (name, help, counter) in of_connections(counters) {
        page.counter(name, help, counter.load(Relaxed));
    }
    page.family("refusals", "Connections refused before a WebSocket was opened.");
    for (reason, value) in shared.refusals.iter() {
        page.labelled("refusals_total", "reason", reason, value);
    }
    page.counter(
        "refusals_unread",
        "Refused connections that were hung up on before they had read why.",
        shared.refusals.unread.get(),
    );
}

/// Returns what is counted of open connections, each with its name and what it counts.
fn of_connections(counters: &ServiceCounters) -> [(&str, &str, &AtomicU64); 10] {
    [
        (
            "connections_unauthorized",
            "Connections that the backend did not let in.",
            &counters.refused,
        ),
        ("request_errors", "Requests answered by an error.", &counters.errors),
        (
            "subscriptions_refused",
            "Subscribes over subscriptions_per_connection_max.",
            &counters.too_many_subscriptions,
        ),
        ("rooms_refused", "Subscribes over rooms_max.", &counters.too_many_rooms),
        (
            "connections_waiting_refused",
            "Connections closed since too many of their requests waited for the broker.",
            &counters.too_many_waiting,
        ),
        (
            "subscriptions_revoked",
            "Subscriptions that ended since the backend does not allow their room any longer.",
            &counters.revoked,
        ),
        ("rate_limited", "Connections closed over messages_per_s.", &counters.rate_limited),
        (
            "slow_losses_told",
            "Times that a slow client was told what one of its subscriptions lost.",
            &counters.losses_told,
        ),
        (
            "slow_losses_untold",
            "Times that a subscription lost deliveries and its slow client could not be told.",
            &counters.losses_untold,
        ),
        (
            "broker_unaware_closed",
            "Connections closed after the broker was lost, as they cannot be told of a gap.",
            &counters.unaware_closed,
        ),
    ]
}

fn triggers(page: &mut Page, shared: &Shared) {
    page.family("triggers", "Triggers, by what became of them.");
    for (outcome, value) in shared.triggers.iter() {
        page.labelled("triggers_total", "outcome", outcome, value);
    }
    let skipped = shared.triggers.rooms_skipped.get();
    page.counter("trigger_rooms_skipped", "Entries of rooms that were no rooms.", skipped);
}

fn certificates(page: &mut Page, shared: &Shared) {
    let listeners = Side::ALL.into_iter().filter_map(|side| Some((side, shared.tls(side)?)));
    let listeners: Vec<_> = listeners.collect();
    if listeners.is_empty() {
        return;
    }
    let name = "certificate_expires_timestamp_seconds";
    page.lines(format_args!(
        "# HELP campanile_{name} When the certificate of a listener ends, in seconds since 1970.\n\
         # TYPE campanile_{name} gauge\n"
    ));
    for (side, tls) in &listeners {
        let ends = tls.expires().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        page.labelled(name, "listener", side.section(), ends.as_secs());
    }
    let help = "Times that the changed files of a certificate could not be used.";
    page.family("certificate_failures", help);
    for (side, tls) in listeners {
        page.labelled("certificate_failures_total", "listener", side.section(), tls.failures());
    }
    page.gauge(
        "tls_handshakes",
        "TLS handshakes of the public listener that are not finished.",
        shared.handshakes.unfinished(),
    );
}

fn reloads(page: &mut Page, shared: &Shared) {
    let Reloads { done, failed } = &shared.reloads;
    page.family("reloads", "Times that the configuration was to be read again, by the outcome.");
    page.labelled("reloads_total", "outcome", "done", done.get());
    page.labelled("reloads_total", "outcome", "failed", failed.get());
}

fn broker(page: &mut Page, shared: &Shared) {
    let publishing = &shared.publishing;
    page.gauge(
        "broker_connected",
        "Whether this node hears from the broker (1) or has lost it (0).",
        u8::from(publishing.broker.state() == State::Connected),
    );
    for (name, help, value) in publishing.broker.counters().iter() {
        page.counter(&format!("broker_{name}"), help, value);
    }
    if let Some(interest) = &shared.settings.interest {
        page.gauge("broker_rooms", "Rooms that this node listens for.", interest.len());
        page.gauge(
            "broker_rooms_waiting",
            "Connections that wait until the broker listens for a room.",
            interest.waiting(),
        );
    }
    page.gauge(
        "broker_gap_open",
        "Whether something may be missing now (1), of which clients were told, or not (0).",
        u8::from(shared.settings.gap.get().is_some()),
    );
    page.counter(
        "broker_unreadable",
        "Publications from the broker that were no triggers.",
        publishing.unreadable.get(),
    );
    page.gauge("trigger_ids", "Ids of triggers that are remembered.", publishing.recent.len());
    page.counter(
        "trigger_ids_forgotten",
        "Ids that were forgotten before their time, for ids_max.",
        publishing.recent.forgotten.get(),
    );
    page.counter(
        "trigger_duplicates",
        "Triggers that came again by their id, over HTTP or from the broker.",
        publishing.recent.duplicates.get(),
    );
}

fn control(page: &mut Page, shared: &Shared) {
    page.family("node_wishes", "Wishes of nodes to each other, by what became of them.");
    for (outcome, value) in shared.control.counters.iter() {
        page.labelled("node_wishes_total", "outcome", outcome, value);
    }
    let others = shared.control.neighbours.list().len();
    page.gauge("nodes_other", "Other nodes that were heard of lately.", others);
}

fn ledger(page: &mut Page, shared: &Shared) {
    let (entries, bytes) = shared.settings.ledger.size();
    page.gauge("explain_entries", "Entries of the ledger that explains who got what.", entries);
    page.gauge("explain_bytes", "Bytes that its entries take.", bytes);
    page.family("explain_forgotten", "Entries of it that were forgotten, by what they are.");
    for (what, count) in shared.settings.ledger.forgotten() {
        page.labelled("explain_forgotten_total", "what", what, count);
    }
}

fn backend(page: &mut Page, shared: &Shared) {
    let statistics = shared.backend.statistics();
    let outcomes = [
        ("authorized", &statistics.authorized),
        ("refused", &statistics.refused),
        ("unreadable", &statistics.unreadable),
        ("unreachable", &statistics.unreachable),
        ("timed_out", &statistics.timed_out),
        ("too_long", &statistics.too_long),
        ("busy", &statistics.busy),
    ];
    page.family("bootstraps", "Bootstraps, by how the backend answered.");
    for (outcome, counter) in outcomes {
        page.labelled("bootstraps_total", "outcome", outcome, counter.load(Relaxed));
    }
    page.durations(
        "bootstrap_duration_seconds",
        "How long the backend took for a bootstrap, waiting for a turn not counted.",
        &statistics.durations,
    );
    let (asked, waiting) = shared.backend.in_flight(&shared.config().backend);
    page.gauge("bootstraps_in_flight", "Bootstraps that the backend is asked now.", asked);
    page.gauge(
        "bootstraps_waiting",
        "Connections that wait for their turn to be asked for.",
        waiting,
    );
}

fn revalidations(page: &mut Page, shared: &Shared) {
    let Some(revalidation) = shared.settings.revalidation.get() else { return };
    page.family(
        "revalidations",
        "Wishes to ask the backend again what a connection may hear, by what became of them.",
    );
    for (outcome, value) in revalidation.counters.iter() {
        page.labelled("revalidations_total", "outcome", outcome, value);
    }
    let (asked, waiting) = revalidation.in_flight();
    page.gauge(
        "revalidations_in_flight",
        "Connections that the backend is asked for again now.",
        asked,
    );
    page.gauge(
        "revalidations_waiting",
        "Connections that wait for their turn to be asked for again.",
        waiting,
    );
    page.gauge(
        "connections_stale",
        "Connections that keep their old rights since the backend fails.",
        revalidation.stale_connections(),
    );
    page.gauge("users", "Users that have a connection.", shared.settings.users.len());
    page.counter(
        "user_wishes_forgotten",
        "Wishes that were forgotten for newer ones: whoever was on the way in is asked for again.",
        shared.settings.users.wishes_forgotten(),
    );
}

fn hooks(page: &mut Page, shared: &Shared) {
    let Some(statistics) = shared.backend.hooks().statistics() else { return };
    let outcomes = [
        ("sent", &statistics.sent),
        ("failed", &statistics.failed),
        ("dropped", &statistics.dropped),
        ("merged", &statistics.merged),
    ];
    page.family("hooks", "Hooks, by what became of them.");
    for (outcome, counter) in outcomes {
        page.labelled("hooks_total", "outcome", outcome, counter.load(Relaxed));
    }
    page.counter(
        "hooks_refused",
        "Hooks answered with a status of 400 or more.",
        statistics.refused.load(Relaxed),
    );
    page.gauge(
        "hooks_waiting",
        "Connections with something to tell the backend.",
        shared.backend.hooks().waiting(),
    );
}
