//! What the environment says: under the names of SCRAM's own translator where it has one.

#[cfg(test)]
mod tests;

use super::route::{Defaults, is_asn};
use campanile_environment::{Environment, Value, Variable, of_process, set_for_process};
pub use campanile_environment::{Secret, SettingsError};
use std::net::SocketAddr;
use std::time::Duration;
use tracing::Level;
use url::Url;

/// All settings. An empty value counts as unset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `SCRAM_EVENTS_URL`: the server's WebSocket for translators of one action type.
    pub events_url: Url,
    /// `SCRAM_TRANSLATOR_TOKEN`: what this translator shows the server, if anything.
    pub token: Option<Secret>,
    /// `TRANSLATOR_NAME`, or `SCRAM_HOSTNAME`, or the machine's name.
    pub name: String,
    /// `HEARTBEAT_S`: how often the server hears from this translator.
    pub heartbeat_every: Duration,
    /// `TRANSLATOR_BACKEND`: who announces.
    pub backend: BackendKind,
    /// `GOBGP_HOST`.
    pub gobgp_host: String,
    /// `GOBGP_PORT`.
    pub gobgp_port: u16,
    /// `DEFAULT_ASN`, `DEFAULT_COMMUNITY`, `DEFAULT_V4_NEXTHOP` and `DEFAULT_V6_NEXTHOP`.
    pub defaults: Defaults,
    /// `COMPARE_S`: how often all that is announced is compared with all that is wanted.
    pub compare_every: Duration,
    /// `REPLAY_QUIET_S`: after how much quiet the replay of a server that does not say when it ends is taken
    /// to be whole; none: never, so that nothing is withdrawn but what the server names.
    pub replay_quiet: Option<Duration>,
    /// `ROUTES_MAX`: how many routes may be wanted at most.
    pub routes_max: usize,
    /// `WITHDRAW_AT_END`: whether the wanted routes are withdrawn when the translator is told to end.
    pub withdraw_at_end: bool,
    /// `TRANSLATOR_METRICS_LISTEN`: where `/metrics` is served, if anywhere.
    pub metrics_listen: Option<SocketAddr>,
    /// `LOG_LEVEL`.
    pub log_level: Level,
}

/// Who announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackendKind {
    /// gobgpd.
    Gobgp,
    /// Nobody: routes are only remembered.
    Memory,
}

/// Each variable, what it is when nothing is said, and what it must be.
pub const VARIABLES: &[Variable] = &[
    (
        EVENTS_URL,
        // SCRAM's own compose file calls the server so.
        "ws://django:8000/ws/route_manager/translator_block/",
        "ws://HOST[:PORT]/ws/route_manager/translator_ACTIONTYPE/ or the same with wss://, without a \
         password and with a slash at the end",
    ),
    (TOKEN, "", "what the server is shown, in visible ASCII characters; empty for nothing"),
    (NAME, "", "how the server calls this translator; empty takes SCRAM_HOSTNAME"),
    (HOSTNAME, "", "the same; empty takes the machine's name"),
    (HEARTBEAT, "30", "seconds between heartbeats at most, 1 to 86400"),
    (BACKEND, "gobgp", "gobgp or memory"),
    (GOBGP_HOST, "gobgp", "where gobgpd is"),
    (GOBGP_PORT, "50051", "a port, 1 to 65535"),
    (ASN, "65400", "an integer of 1 to 4294967294"),
    (COMMUNITY, "666", "an integer of 0 to 4294967295"),
    (V4_NEXTHOP, "192.0.2.199", "an IPv4 address"),
    (V6_NEXTHOP, "100::1", "an IPv6 address"),
    (COMPARE, "60", "seconds between comparisons, 1 to 86400"),
    (REPLAY_QUIET, "30", "seconds, 1 to 86400, or 0 for never"),
    (ROUTES_MAX, "1000000", "routes that may be wanted at most, from 1 on"),
    (WITHDRAW_AT_END, "false", "true or false"),
    (METRICS_LISTEN, "", "an IP address and a port, as 127.0.0.1:9101; empty for nowhere"),
    (LOG_LEVEL, "INFO", "TRACE, DEBUG, INFO, WARNING, ERROR or CRITICAL"),
];

const EVENTS_URL: &str = "SCRAM_EVENTS_URL";
const TOKEN: &str = "SCRAM_TRANSLATOR_TOKEN";
const NAME: &str = "TRANSLATOR_NAME";
const HOSTNAME: &str = "SCRAM_HOSTNAME";
const HEARTBEAT: &str = "HEARTBEAT_S";
const BACKEND: &str = "TRANSLATOR_BACKEND";
const GOBGP_HOST: &str = "GOBGP_HOST";
const GOBGP_PORT: &str = "GOBGP_PORT";
const ASN: &str = "DEFAULT_ASN";
const COMMUNITY: &str = "DEFAULT_COMMUNITY";
const V4_NEXTHOP: &str = "DEFAULT_V4_NEXTHOP";
const V6_NEXTHOP: &str = "DEFAULT_V6_NEXTHOP";
const COMPARE: &str = "COMPARE_S";
const REPLAY_QUIET: &str = "REPLAY_QUIET_S";
const ROUTES_MAX: &str = "ROUTES_MAX";
const WITHDRAW_AT_END: &str = "WITHDRAW_AT_END";
const METRICS_LISTEN: &str = "TRANSLATOR_METRICS_LISTEN";
const LOG_LEVEL: &str = "LOG_LEVEL";

/// A day.
const SECONDS_MAX: u64 = 86_400;

impl Settings {
    /// Reads the settings of this process.
    ///
    /// # Errors
    ///
    /// At the first that cannot be meant.
    pub fn from_environment() -> Result<Settings, SettingsError> {
        Settings::read(&of_process)
    }

    /// Reads the settings from where `lookup` finds them.
    ///
    /// # Errors
    ///
    /// At the first that cannot be meant.
    pub fn read(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Settings, SettingsError> {
        let environment = environment(lookup);
        let value = |name| environment.value(name);
        let seconds = |name| value(name).number(1, SECONDS_MAX).map(Duration::from_secs);
        Ok(Settings {
            events_url: events_url(value(EVENTS_URL))?,
            token: token(value(TOKEN))?,
            name: name(value(NAME).text(), value(HOSTNAME).text()),
            heartbeat_every: seconds(HEARTBEAT)?,
            backend: value(BACKEND)
                .one_of(&[("gobgp", BackendKind::Gobgp), ("memory", BackendKind::Memory)])?,
            gobgp_host: value(GOBGP_HOST).text(),
            gobgp_port: value(GOBGP_PORT).number(1, u16::MAX)?,
            defaults: Defaults {
                asn: asn(value(ASN))?,
                community: value(COMMUNITY).parsed()?,
                next_hop_v4: value(V4_NEXTHOP).parsed()?,
                next_hop_v6: value(V6_NEXTHOP).parsed()?,
            },
            compare_every: seconds(COMPARE)?,
            replay_quiet: value(REPLAY_QUIET).seconds(SECONDS_MAX)?,
            routes_max: value(ROUTES_MAX).number(1, usize::MAX)?,
            withdraw_at_end: value(WITHDRAW_AT_END).one_of(YES_OR_NO)?,
            metrics_listen: value(METRICS_LISTEN).if_any().map(Value::listen).transpose()?,
            log_level: value(LOG_LEVEL).one_of(LEVELS)?,
        })
    }
}

const YES_OR_NO: &[(&str, bool)] =
    &[("true", true), ("yes", true), ("1", true), ("false", false), ("no", false), ("0", false)];

/// In the words of Python's log, too.
const LEVELS: &[(&str, Level)] = &[
    ("TRACE", Level::TRACE),
    ("DEBUG", Level::DEBUG),
    ("INFO", Level::INFO),
    ("WARNING", Level::WARN),
    ("WARN", Level::WARN),
    ("ERROR", Level::ERROR),
    ("CRITICAL", Level::ERROR),
];

/// Says of each variable of this process that is nearly one of the translator's which one may be meant.
pub fn unknown_variables() -> Vec<String> {
    environment(&of_process).unknown("TRANSLATOR_", &[], set_for_process())
}

fn environment(lookup: &dyn Fn(&str) -> Option<String>) -> Environment<'_> {
    // What stands before an @ may be a password.
    let has_password = lookup(EVENTS_URL).is_some_and(|url| url.contains('@'));
    let secrets: &[&str] = if has_password { &[TOKEN, EVENTS_URL] } else { &[TOKEN] };
    Environment { variables: VARIABLES, secrets, lookup }
}

fn events_url(value: Value) -> Result<Url, SettingsError> {
    let is_right = |url: &Url| {
        matches!(url.scheme(), "ws" | "wss")
            && url.host_str().is_some_and(|host| !host.is_empty())
            && url.username().is_empty()
            && url.password().is_none()
            && url.fragment().is_none()
            && url.path().ends_with('/')
    };
    let url: Url = value.clone().parsed()?;
    if is_right(&url) { Ok(url) } else { Err(value.refused()) }
}

fn asn(value: Value) -> Result<u32, SettingsError> {
    let asn = value.clone().parsed()?;
    if is_asn(asn) { Ok(asn) } else { Err(value.refused()) }
}

fn token(value: Value) -> Result<Option<Secret>, SettingsError> {
    let text = value.such(|text| text.bytes().all(|byte| byte.is_ascii_graphic()))?;
    Ok((!text.is_empty()).then(|| Secret::new(text)))
}

fn name(given: String, hostname: String) -> String {
    let machine = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let names = [given, hostname, machine.trim().to_owned(), "translator".to_owned()];
    names.into_iter().find(|name| !name.is_empty()).expect("the last one is not empty")
}
