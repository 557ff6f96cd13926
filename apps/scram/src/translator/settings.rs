//! What the environment says: under the names of SCRAM's own translator where it has one.

#[cfg(test)]
mod tests;

use super::route::{Defaults, is_asn};
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;
use url::Url;

/// All settings. An empty value counts as unset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `SCRAM_EVENTS_URL`: the server's WebSocket for translators of one action type.
    pub events_url: Url,
    /// `SCRAM_TRANSLATOR_TOKEN`: what this translator shows the server, if anything.
    pub token: Option<Token>,
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
    pub log_level: tracing::Level,
}

/// A secret: it is not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

/// Who announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackendKind {
    /// gobgpd.
    Gobgp,
    /// Nobody: routes are only remembered.
    Memory,
}

/// A setting that cannot be meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsError {
    name: &'static str,
    value: String,
    expected: &'static str,
}

/// Where the server is if nothing is said: SCRAM's own compose file calls it so.
const EVENTS_URL: &str = "ws://django:8000/ws/route_manager/translator_block/";

/// Stands where a secret would: a token that HTTP could not carry, or a URL with a password.
const HIDDEN: &str = "(hidden)";

struct Environment<'a>(&'a dyn Fn(&str) -> Option<String>);

impl Settings {
    /// Reads the settings of this process.
    ///
    /// # Errors
    ///
    /// At the first that cannot be meant.
    pub fn from_environment() -> Result<Settings, SettingsError> {
        Settings::read(&|name| std::env::var(name).ok())
    }

    /// Reads the settings from where `get` finds them.
    ///
    /// # Errors
    ///
    /// At the first that cannot be meant.
    pub fn read(get: &dyn Fn(&str) -> Option<String>) -> Result<Settings, SettingsError> {
        let environment = Environment(get);
        Ok(Settings {
            events_url: environment.events_url()?,
            token: environment.token()?,
            name: environment.name(),
            heartbeat_every: environment.seconds("HEARTBEAT_S", 30)?,
            backend: environment.backend()?,
            gobgp_host: environment.text("GOBGP_HOST").unwrap_or_else(|| "gobgp".to_owned()),
            gobgp_port: environment
                .parsed("GOBGP_PORT", 50_051, "a port, 1 to 65535", |port| *port > 0)?,
            defaults: environment.defaults()?,
            compare_every: environment.seconds("COMPARE_S", 60)?,
            replay_quiet: environment.replay_quiet()?,
            routes_max: environment.parsed(
                "ROUTES_MAX",
                1_000_000,
                "a number from 1 on",
                |max| *max > 0,
            )?,
            withdraw_at_end: environment.yes_or_no("WITHDRAW_AT_END")?,
            metrics_listen: environment.metrics_listen()?,
            log_level: environment.log_level()?,
        })
    }
}

impl Environment<'_> {
    fn text(&self, name: &str) -> Option<String> {
        (self.0)(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    fn events_url(&self) -> Result<Url, SettingsError> {
        let name = "SCRAM_EVENTS_URL";
        let text = self.text(name).unwrap_or_else(|| EVENTS_URL.to_owned());
        let expected = "ws://HOST[:PORT]/ws/route_manager/translator_ACTIONTYPE/ or the same with wss://, \
                        without a password and with a slash at the end";
        let url = Url::parse(&text).ok().filter(|url| {
            matches!(url.scheme(), "ws" | "wss")
                && url.host_str().is_some_and(|host| !host.is_empty())
                && url.username().is_empty()
                && url.password().is_none()
                && url.fragment().is_none()
                && url.path().ends_with('/')
        });
        // What stands before an @ may be a password.
        let shown = || if text.contains('@') { HIDDEN.to_owned() } else { text.clone() };
        url.ok_or_else(|| wrong(name, shown(), expected))
    }

    fn token(&self) -> Result<Option<Token>, SettingsError> {
        let name = "SCRAM_TRANSLATOR_TOKEN";
        let Some(text) = self.text(name) else { return Ok(None) };
        if text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Some(Token(text)))
        } else {
            Err(wrong(name, HIDDEN.to_owned(), "visible ASCII characters"))
        }
    }

    fn name(&self) -> String {
        let machine = || std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
        let machine = || machine().map(|name| name.trim().to_owned());
        let given = self.text("TRANSLATOR_NAME").or_else(|| self.text("SCRAM_HOSTNAME"));
        given.or_else(machine).unwrap_or_else(|| "translator".to_owned())
    }

    fn backend(&self) -> Result<BackendKind, SettingsError> {
        let name = "TRANSLATOR_BACKEND";
        match self.text(name).as_deref() {
            None | Some("gobgp") => Ok(BackendKind::Gobgp),
            Some("memory") => Ok(BackendKind::Memory),
            Some(other) => Err(wrong(name, other.to_owned(), "gobgp or memory")),
        }
    }

    fn defaults(&self) -> Result<Defaults, SettingsError> {
        let usual = Defaults::default();
        let any = |_: &_| true;
        let (asn, next_hop) = ("an integer of 1 to 4294967294", "an IPv4 address");
        Ok(Defaults {
            asn: self.parsed("DEFAULT_ASN", usual.asn, asn, |asn| is_asn(*asn))?,
            community: self.parsed(
                "DEFAULT_COMMUNITY",
                usual.community,
                "an integer of 0 to 4294967295",
                |_| true,
            )?,
            next_hop_v4: self.parsed("DEFAULT_V4_NEXTHOP", usual.next_hop_v4, next_hop, any)?,
            next_hop_v6: self.parsed(
                "DEFAULT_V6_NEXTHOP",
                usual.next_hop_v6,
                "an IPv6 address",
                |_| true,
            )?,
        })
    }

    fn replay_quiet(&self) -> Result<Option<Duration>, SettingsError> {
        let seconds: u32 =
            self.parsed("REPLAY_QUIET_S", 30, "a number of seconds, or 0 for never", |_| true)?;
        Ok((seconds > 0).then(|| Duration::from_secs(seconds.into())))
    }

    fn metrics_listen(&self) -> Result<Option<SocketAddr>, SettingsError> {
        let name = "TRANSLATOR_METRICS_LISTEN";
        let Some(text) = self.text(name) else { return Ok(None) };
        let address =
            text.parse().map_err(|_| wrong(name, text, "ADDRESS:PORT, as 127.0.0.1:9101"))?;
        Ok(Some(address))
    }

    fn log_level(&self) -> Result<tracing::Level, SettingsError> {
        let name = "LOG_LEVEL";
        let Some(text) = self.text(name) else { return Ok(tracing::Level::INFO) };
        match text.to_ascii_uppercase().as_str() {
            "TRACE" => Ok(tracing::Level::TRACE),
            "DEBUG" => Ok(tracing::Level::DEBUG),
            "INFO" => Ok(tracing::Level::INFO),
            "WARNING" | "WARN" => Ok(tracing::Level::WARN),
            "ERROR" | "CRITICAL" => Ok(tracing::Level::ERROR),
            _ => Err(wrong(name, text, "TRACE, DEBUG, INFO, WARNING, ERROR or CRITICAL")),
        }
    }

    fn yes_or_no(&self, name: &'static str) -> Result<bool, SettingsError> {
        match self.text(name).map(|text| text.to_ascii_lowercase()).as_deref() {
            None | Some("false" | "no" | "0") => Ok(false),
            Some("true" | "yes" | "1") => Ok(true),
            Some(other) => Err(wrong(name, other.to_owned(), "true or false")),
        }
    }

    fn seconds(&self, name: &'static str, usual: u32) -> Result<Duration, SettingsError> {
        let seconds: u32 =
            self.parsed(name, usual, "a number of seconds, 1 to 86400", |seconds| {
                (1..=86_400).contains(seconds)
            })?;
        Ok(Duration::from_secs(seconds.into()))
    }

    fn parsed<T: std::str::FromStr>(
        &self,
        name: &'static str,
        usual: T,
        expected: &'static str,
        is_right: impl FnOnce(&T) -> bool,
    ) -> Result<T, SettingsError> {
        let Some(text) = self.text(name) else { return Ok(usual) };
        let value = text.parse().ok().filter(is_right);
        value.ok_or_else(|| wrong(name, text, expected))
    }
}

impl Token {
    /// Returns the secret, for the server only.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(HIDDEN)
    }
}

fn wrong(name: &'static str, value: String, expected: &'static str) -> SettingsError {
    SettingsError { name, value, expected }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, value, expected } = self;
        write!(formatter, "{name} is {value:?}, but must be {expected}")
    }
}

impl std::error::Error for SettingsError {}
