//! What the environment says, under the original's names where it has one.

mod oidc;
#[cfg(test)]
mod tests;

use crate::cidr::{Family, Network};
use campanile_environment::{Environment, Value, Variable, of_process, set_for_process};
pub use campanile_environment::{Secret, SecretUrl, SettingsError};
pub use oidc::Oidc;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// All settings of the server, read once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Where people, programs and translators come in.
    pub listen: SocketAddr,
    /// Where the data is.
    pub database_url: SecretUrl,
    /// How many connections to the database there are at most.
    pub database_connections: u32,
    /// Where the channel layer is; none keeps it in this process.
    pub redis_url: Option<SecretUrl>,
    /// The name under which entries of this instance are written.
    pub hostname: String,
    /// The name under which this process remembers which events it has sent.
    pub instance: String,
    /// How large networks may be.
    pub limits: PrefixLimits,
    /// How many a page of a list holds.
    pub pagination_size: u64,
    /// How many of the newest entries the home page shows.
    pub recent_limit: u64,
    /// Whether strangers see the start page, the list of entries and the search.
    pub public_pages: bool,
    /// By whom people are known, rather than by passwords.
    pub oidc: Option<Oidc>,
    /// Whether a translator must show a token.
    pub translator_auth: TranslatorAuth,
    /// How long events are kept for instances that are away.
    pub events_kept: Duration,
    /// How often the timer looks for expirations when nothing wakes it.
    pub expiry_interval: Duration,
    /// How many programs of one address may register in a minute.
    pub registrations_per_minute_max: u32,
    /// The proxies whose word is taken about who asks, and whether by TLS; none has none.
    pub proxies: Vec<IpAddr>,
    /// Which lines the log has, as `tracing` reads it.
    pub log_filter: String,
    /// How these lines look.
    pub log_format: LogFormat,
    /// How translators are compared with the database.
    pub comparison: ComparisonSettings,
    /// How many changes may wait for a translator before it is told everything anew.
    pub translator_queue: usize,
}

/// How lines of the log look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// An object a line, for programs.
    Json,
}

/// How translators are compared with the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ComparisonSettings {
    /// How often; none: never.
    pub every: Option<Duration>,
    /// After how long is withdrawn what is announced and not active; none: never.
    pub ghosts_after: Option<Duration>,
    /// About how many networks a translator is asked that does not report: so many that are active,
    /// and so many that were.
    pub checks_max: u64,
}

/// The shortest prefixes that may be asked for; shorter ones are too large a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrefixLimits {
    /// Of IPv4, at most 32.
    pub v4: u8,
    /// Of IPv6, at most 128.
    pub v6: u8,
}

/// Whether a translator must show a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TranslatorAuth {
    /// It must.
    Required,
    /// It need not: as the original's translator does not.
    Open,
}

/// Each variable, what it is when nothing is said, and what it means.
pub const VARIABLES: &[Variable] = &[
    (LISTEN, "127.0.0.1:8000", "where the server listens: an IP address and a port"),
    (DATABASE_URL, "sqlite:scram.db", "sqlite:FILE or postgres://USER:PASSWORD@HOST/NAME"),
    (DATABASE_CONNECTIONS, "10", "connections to the database at most, 1 to 1000"),
    (REDIS_URL, "", "redis://HOST:PORT for several instances; empty for one"),
    (HOSTNAME, "scram_hostname_not_set", "this instance's name in the entries it takes"),
    (INSTANCE, "", "this process's own name; empty takes the machine's name and the port"),
    (V4_MINPREFIX, "32", "the shortest prefix of an IPv4 network, 0 to 32"),
    (V6_MINPREFIX, "128", "the shortest prefix of an IPv6 network, 0 to 128"),
    (PAGINATION_SIZE, "100", "entries on a page, 1 to 1000"),
    (RECENT_LIMIT, "10", "entries of each action type on the home page, 0 to 1000"),
    (PUBLIC_PAGES, "yes", "yes, or no to show pages only to who may see entries"),
    (AUTH_METHOD, "local", "local or oidc"),
    (oidc::ISSUER, "", "the provider's issuer, an https URL, whose description says the rest"),
    (oidc::CLIENT_ID, "", "by what name the provider knows this server"),
    (oidc::CLIENT_SECRET, "", "the secret that the provider gave to this server; empty if none"),
    (oidc::SCOPES, "openid profile email", "what the provider is asked for, with spaces between"),
    (oidc::USERNAME, "preferred_username", "preferred_username or email"),
    (oidc::PUBLIC_URL, "", "where browsers find this server: an https URL"),
    (TRANSLATOR_AUTH, "required", "required, or open where no stranger can reach the server"),
    (EVENTS_KEPT, "7", "days for which an instance may be away and miss nothing, 1 to 365"),
    (EXPIRY_INTERVAL, "30", "seconds between two looks for expirations at most, 1 to 3600"),
    (REGISTRATIONS, "10", "registrations of clients from one address in a minute, 0 to 100000"),
    (
        PROXIES,
        "",
        "addresses of the proxies before the server, with commas between; empty for none",
    ),
    (
        LOG_FILTER,
        "info",
        "which lines the log has: off, error, warn, info, debug, or target=level,…",
    ),
    (LOG_FORMAT, "text", "text or json"),
    (COMPARE, "300", "seconds between comparisons with each translator, 1 to 86400; 0: never"),
    (GHOSTS, "600", "seconds until what is not active is withdrawn, 1 to 604800; 0: never"),
    (CHECKS, "1000", "networks asked of a translator that cannot report, 1 to 100000"),
    (TRANSLATOR_QUEUE, "10000", "changes that may wait for a translator, 100 to 1000000"),
];

const LISTEN: &str = "SCRAM_LISTEN";
const DATABASE_URL: &str = "SCRAM_DATABASE_URL";
const DATABASE_CONNECTIONS: &str = "SCRAM_DATABASE_CONNECTIONS";
const REDIS_URL: &str = "SCRAM_REDIS_URL";
const HOSTNAME: &str = "SCRAM_HOSTNAME";
const INSTANCE: &str = "SCRAM_INSTANCE";
const V4_MINPREFIX: &str = "V4_MINPREFIX";
const V6_MINPREFIX: &str = "V6_MINPREFIX";
const PAGINATION_SIZE: &str = "PAGINATION_SIZE";
const RECENT_LIMIT: &str = "RECENT_LIMIT";
const PUBLIC_PAGES: &str = "SCRAM_PUBLIC_PAGES";
const AUTH_METHOD: &str = "SCRAM_AUTH_METHOD";
const TRANSLATOR_AUTH: &str = "SCRAM_TRANSLATOR_AUTH";
const EVENTS_KEPT: &str = "SCRAM_EVENTS_KEPT_DAYS";
const EXPIRY_INTERVAL: &str = "SCRAM_EXPIRY_SECONDS";
const REGISTRATIONS: &str = "SCRAM_REGISTRATIONS_PER_MINUTE_MAX";
const PROXIES: &str = "SCRAM_PROXIES";
const LOG_FILTER: &str = "SCRAM_LOG_FILTER";
const LOG_FORMAT: &str = "SCRAM_LOG_FORMAT";
const COMPARE: &str = "SCRAM_COMPARE_SECONDS";
const GHOSTS: &str = "SCRAM_GHOST_SECONDS";
const CHECKS: &str = "SCRAM_COMPARE_CHECKS";
const TRANSLATOR_QUEUE: &str = "SCRAM_TRANSLATOR_QUEUE";

/// Whose values no error may show: a URL may hold a password.
const SECRETS: &[&str] = &[DATABASE_URL, REDIS_URL, oidc::CLIENT_SECRET];

/// What only `scram-translator` reads, perhaps from the same file.
const OF_TRANSLATORS: &[&str] = &["SCRAM_EVENTS_URL", "SCRAM_TRANSLATOR_TOKEN"];

impl Settings {
    /// Reads the environment of this process.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] names the first variable that cannot be understood.
    pub fn from_environment() -> Result<Settings, SettingsError> {
        Settings::read(of_process)
    }

    /// Reads variables from wherever they are; an empty one counts as not set.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] names the first variable that cannot be understood.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Settings, SettingsError> {
        let environment = environment(&lookup);
        let value = |name| environment.value(name);
        let listen = value(LISTEN).listen()?;
        Ok(Settings {
            listen,
            database_url: value(DATABASE_URL).url(),
            database_connections: value(DATABASE_CONNECTIONS).number(1, 1000)?,
            redis_url: value(REDIS_URL).if_any().map(Value::url),
            hostname: value(HOSTNAME).name()?,
            instance: value(INSTANCE).name_of_process(listen)?,
            limits: PrefixLimits {
                v4: value(V4_MINPREFIX).number(0, 32)?,
                v6: value(V6_MINPREFIX).number(0, 128)?,
            },
            pagination_size: value(PAGINATION_SIZE).number(1, 1000)?,
            recent_limit: value(RECENT_LIMIT).number(0, 1000)?,
            public_pages: value(PUBLIC_PAGES).one_of(&[("yes", true), ("no", false)])?,
            oidc: match value(AUTH_METHOD).one_of(&[("local", false), ("oidc", true)])? {
                true => Some(Oidc::read(&environment)?),
                false => None,
            },
            translator_auth: value(TRANSLATOR_AUTH).one_of(&[
                ("required", TranslatorAuth::Required),
                ("open", TranslatorAuth::Open),
            ])?,
            events_kept: Duration::from_secs(value(EVENTS_KEPT).number(1, 365)? * 86_400),
            expiry_interval: Duration::from_secs(value(EXPIRY_INTERVAL).number(1, 3600)?),
            registrations_per_minute_max: value(REGISTRATIONS).number(0, 100_000)?,
            proxies: value(PROXIES).addresses()?,
            log_filter: value(LOG_FILTER).such(is_filter)?,
            log_format: value(LOG_FORMAT)
                .one_of(&[("text", LogFormat::Text), ("json", LogFormat::Json)])?,
            comparison: ComparisonSettings {
                every: value(COMPARE).seconds(86_400)?,
                ghosts_after: value(GHOSTS).seconds(604_800)?,
                checks_max: value(CHECKS).number(1, 100_000)?,
            },
            translator_queue: value(TRANSLATOR_QUEUE).number(100, 1_000_000)?,
        })
    }
}

/// Returns a variable's value as it may be shown: without a password, and a secret not at all.
pub fn shown(name: &str, value: &str) -> String {
    match name {
        oidc::CLIENT_SECRET if !value.is_empty() => "(hidden)".to_owned(),
        _ => SecretUrl::new(value).to_string(),
    }
}

/// Says of each variable of this process that seems to be meant for the server, and is not known, which
/// one may be meant.
pub fn unknown_variables() -> Vec<String> {
    environment(&of_process).unknown("SCRAM_", OF_TRANSLATORS, set_for_process())
}

fn environment(lookup: &dyn Fn(&str) -> Option<String>) -> Environment<'_> {
    Environment { variables: VARIABLES, secrets: SECRETS, lookup }
}

fn is_filter(text: &str) -> bool {
    tracing_subscriber::EnvFilter::try_new(text).is_ok()
}

impl PrefixLimits {
    /// Says whether a network is not larger than is allowed.
    pub fn allow(&self, network: &Network) -> bool {
        let shortest = match network.family() {
            Family::V4 => self.v4,
            Family::V6 => self.v6,
        };
        network.prefix() >= shortest
    }
}

/// The original's words.
impl fmt::Display for PrefixLimits {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let PrefixLimits { v4, v6 } = self;
        write!(
            formatter,
            "You've supplied too large of a network. settings.V4_MINPREFIX = {v4} \
             settings.V6_MINPREFIX = {v6}"
        )
    }
}
