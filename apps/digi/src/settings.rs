//! What the environment says.

#[cfg(test)]
mod tests;

use crate::ids::Ids;
use campanile_application::logging::is_filter;
pub use campanile_environment::SettingsError;
use campanile_environment::{Environment, SecretUrl, Value, Variable};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// All settings of the server, read once. `Debug` shows no secret.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where people and programs come in.
    pub listen: SocketAddr,
    /// Where the data is.
    pub database_url: SecretUrl,
    /// How many connections to the database there are at most.
    pub database_connections: u32,
    /// Where the channel layer is; none keeps it in this process.
    pub redis_url: Option<SecretUrl>,
    /// Whose pages may open WebSockets; if none are named, those of the host that is asked.
    pub allowed_origins: Vec<String>,
    /// The keys of ids.
    pub ids: Ids,
    /// The name under which this process publishes, its own while it lives.
    pub instance: String,
    /// Whether strangers may register.
    pub registration: bool,
    /// The proxies whose word is taken about who asks, and whether by TLS; none has none.
    pub proxies: Vec<IpAddr>,
    /// Which lines the log has: `info`, or `target=level,…`.
    pub log_filter: String,
    /// Whether each line of the log is an object of JSON.
    pub log_json: bool,
    /// How much of everything there may be.
    pub limits: Limits,
}

/// How much of everything there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many bytes a frame of a browser has at most.
    pub frame_bytes_max: usize,
    /// How many characters a message has at most.
    pub message_chars_max: usize,
    /// How many messages, edits and deletions one user makes in 10 seconds at most.
    pub changes_per_10_s_max: u32,
    /// How many frames of whatever kind one user sends in 10 seconds at most.
    pub frames_per_10_s_max: u32,
    /// How many sockets one user has open at most.
    pub sockets_per_user_max: usize,
    /// How many conversations one user asks for in a day at most.
    pub requests_per_day_max: u64,
    /// How many messages a page of history has at most.
    pub page_messages_max: u64,
    /// How long events are kept for browsers that were away.
    pub events_kept: Duration,
}

/// Each variable, what it is when nothing is said, and what it means.
pub const VARIABLES: &[Variable] = &[
    (LISTEN, "127.0.0.1:8000", "where the server listens: an IP address and a port"),
    (DATABASE_URL, "sqlite:digi.db", "sqlite:FILE or postgres://USER:PASSWORD@HOST/NAME"),
    (DATABASE_CONNECTIONS, "10", "connections to the database at most, 1 to 1000"),
    (REDIS_URL, "", "redis://HOST:PORT for several processes; empty for one"),
    (
        ORIGINS,
        "",
        "origins such as https://chat.example.org whose pages may open WebSockets, with commas \
         between; empty for this server's own pages only",
    ),
    (KEYS, "", "keys of ids, made by `digi keygen`, with commas between: the first encrypts"),
    (INSTANCE, "", "this process's own name; empty takes the machine's name and the port"),
    (REGISTRATION, "yes", "yes, or no to let nobody register"),
    (
        PROXIES,
        "",
        "addresses of the proxies before the server, with commas between; empty for none",
    ),
    (FRAME_BYTES, "65536", "bytes in a frame from a browser at most, 1024 to 1048576"),
    (MESSAGE_CHARS, "4000", "characters in a message at most, 1 to 100000"),
    (CHANGES, "20", "messages, edits and deletions of one user in 10 seconds at most, 1 to 10000"),
    (FRAMES, "200", "frames of whatever kind of one user in 10 seconds at most, 10 to 100000"),
    (SOCKETS, "20", "sockets of one user at most, 1 to 1000"),
    (REQUESTS, "50", "conversations that one user asks for in a day at most, 1 to 10000"),
    (PAGE_MESSAGES, "200", "messages on a page of history at most, 1 to 1000"),
    (LOG_FILTER, "info", "lines of the log: off, error, warn, info, debug, or target=level,…"),
    (LOG_FORMAT, "text", "text, or json: an object a line"),
    (EVENTS_KEPT, "30", "days for which a browser may be away and is told each change, 1 to 365"),
];

const LISTEN: &str = "DIGI_LISTEN";
const DATABASE_URL: &str = "DIGI_DATABASE_URL";
const DATABASE_CONNECTIONS: &str = "DIGI_DATABASE_CONNECTIONS";
const REDIS_URL: &str = "DIGI_REDIS_URL";
const ORIGINS: &str = "DIGI_ALLOWED_ORIGINS";
const KEYS: &str = "CHAT_FERNET_KEYS";
const INSTANCE: &str = "DIGI_INSTANCE";
const REGISTRATION: &str = "DIGI_REGISTRATION";
const PROXIES: &str = "DIGI_PROXIES";
const FRAME_BYTES: &str = "DIGI_FRAME_BYTES_MAX";
const MESSAGE_CHARS: &str = "DIGI_MESSAGE_CHARS_MAX";
const CHANGES: &str = "DIGI_CHANGES_PER_10_S_MAX";
const FRAMES: &str = "DIGI_FRAMES_PER_10_S_MAX";
const SOCKETS: &str = "DIGI_SOCKETS_PER_USER_MAX";
const REQUESTS: &str = "DIGI_REQUESTS_PER_DAY_MAX";
const PAGE_MESSAGES: &str = "DIGI_PAGE_MESSAGES_MAX";
const LOG_FILTER: &str = "DIGI_LOG_FILTER";
const LOG_FORMAT: &str = "DIGI_LOG_FORMAT";
const EVENTS_KEPT: &str = "DIGI_EVENTS_KEPT_DAYS";

/// What no error may show.
pub(crate) const SECRETS: &[&str] = &[DATABASE_URL, REDIS_URL, KEYS];

impl Settings {
    /// Reads the environment of this process.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] names the first variable that cannot be used, such as the keys when there
    /// are none: a key made up at each start would end all links.
    pub fn from_environment() -> Result<Settings, SettingsError> {
        Settings::read(campanile_environment::of_process)
    }

    /// Says of each variable of this process that seems to be meant for the server, and is not known,
    /// which one may be meant.
    pub fn unknown_variables() -> Vec<String> {
        let lookup = &campanile_environment::of_process;
        let environment = Environment { variables: VARIABLES, secrets: SECRETS, lookup };
        environment.unknown("DIGI_", &[], campanile_environment::set_for_process())
    }

    /// Reads variables from wherever they are; an empty one counts as not set.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] names the first variable that cannot be used.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Settings, SettingsError> {
        let environment = Environment { variables: VARIABLES, secrets: SECRETS, lookup: &lookup };
        let value = |name| environment.value(name);
        let listen: SocketAddr = value(LISTEN).listen()?;
        Ok(Settings {
            listen,
            database_url: value(DATABASE_URL).url(),
            database_connections: value(DATABASE_CONNECTIONS).number(1, 1000)?,
            redis_url: value(REDIS_URL).if_any().map(Value::url),
            allowed_origins: value(ORIGINS).list(origin)?,
            ids: ids(value(KEYS))?,
            instance: value(INSTANCE).name_of_process(listen)?,
            registration: value(REGISTRATION).one_of(&[("yes", true), ("no", false)])?,
            proxies: value(PROXIES).addresses()?,
            log_filter: value(LOG_FILTER).such(is_filter)?,
            log_json: value(LOG_FORMAT).one_of(&[("text", false), ("json", true)])?,
            limits: limits(value)?,
        })
    }
}

fn limits(value: impl Fn(&'static str) -> Value) -> Result<Limits, SettingsError> {
    Ok(Limits {
        frame_bytes_max: value(FRAME_BYTES).number(1024, 1_048_576)?,
        message_chars_max: value(MESSAGE_CHARS).number(1, 100_000)?,
        changes_per_10_s_max: value(CHANGES).number(1, 10_000)?,
        frames_per_10_s_max: value(FRAMES).number(10, 100_000)?,
        sockets_per_user_max: value(SOCKETS).number(1, 1000)?,
        requests_per_day_max: value(REQUESTS).number(1, 10_000)?,
        page_messages_max: value(PAGE_MESSAGES).number(1, 1000)?,
        events_kept: Duration::from_secs(value(EVENTS_KEPT).number(1, 365)? * 86_400),
    })
}

fn ids(keys: Value) -> Result<Ids, SettingsError> {
    Ids::of_keys(keys.clone().secret().reveal()).map_err(|error| keys.because(&error))
}

/// Takes what browsers send as `Origin`: a scheme and a host, perhaps a port.
fn origin(text: &str) -> Option<String> {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
    (!host.is_empty() && host.bytes().all(is_host)).then(|| text.to_ascii_lowercase())
}
