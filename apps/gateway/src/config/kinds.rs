//! The settings with a meaning of their own.

use super::given::{Fault, Given, Kind};
use super::value::{Value, quoted};
use campanile_broker::{BrokerUrl, BrokerUrlError};
use std::fmt;
use std::net::IpAddr;

/// A text that is never shown: not by `Debug`, not in a log, not by `check-config`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps `text` secret.
    pub fn new(text: impl Into<String>) -> Secret {
        Secret(text.into())
    }

    /// Gives the text away, to be compared or sent.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Returns whether `offered` is this secret, in a time that does not tell how much of it fits.
    pub fn is(&self, offered: &[u8]) -> bool {
        let own = self.0.as_bytes();
        let differences =
            own.iter().zip(offered).fold(0, |sum, (own, offered)| sum | (own ^ offered));
        std::hint::black_box(differences) == 0 && own.len() == offered.len()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

/// Several secrets, of which each one will do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Secrets(Vec<Secret>);

impl Secrets {
    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the first, which is the newest.
    pub fn first(&self) -> Option<&Secret> {
        self.0.first()
    }

    /// Returns whether `offered` is one of them, in a time that does not tell which, or how much
    /// of one fits.
    pub fn have(&self, offered: &[u8]) -> bool {
        self.0.iter().fold(false, |found, secret| found | secret.is(offered))
    }
}

impl Value for Secrets {
    const IS_TEXT: bool = true;

    fn read(given: &Given) -> Result<Self, Fault> {
        // The secrets themselves must not get into the complaint.
        let not = "what stands here is not a secret of visible ASCII characters, or a list of them";
        let secret = |text: &str| {
            let is_fine = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
            if is_fine { Ok(Secret::new(text)) } else { Err(given.fault(not)) }
        };
        match &given.kind {
            Kind::Text(text) if given.line == 0 => {
                text.split_ascii_whitespace().map(secret).collect::<Result<_, _>>().map(Secrets)
            }
            Kind::Text(text) if text.is_empty() => Ok(Secrets::default()),
            Kind::Text(text) => Ok(Secrets(vec![secret(text)?])),
            Kind::List(list) => {
                let each = list.iter().map(|entry| match &entry.kind {
                    Kind::Text(text) => secret(text),
                    _ => Err(entry.fault(not)),
                });
                each.collect::<Result<_, _>>().map(Secrets)
            }
            _ => Err(given.fault(not)),
        }
    }

    fn show(&self) -> String {
        match self.0.len() {
            0 => quoted(""),
            1 => quoted("…"),
            several => format!("[{}]", vec![quoted("…"); several].join(", ")),
        }
    }
}

/// The path of a URL on our side, such as `/ws/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UrlPath(String);

impl UrlPath {
    /// Returns the path, which begins with `/`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether a request for `path` means this one: with or without the final slash.
    pub fn is(&self, path: &str) -> bool {
        path == self.0 || path.strip_suffix('/').unwrap_or(path) == self.0.trim_end_matches('/')
    }
}

impl Value for UrlPath {
    const IS_TEXT: bool = true;

    fn read(given: &Given) -> Result<Self, Fault> {
        let fine = |text: &str| {
            text.starts_with('/')
                && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#\"<>{}".contains(&byte))
        };
        match &given.kind {
            Kind::Text(text) if fine(text) => Ok(UrlPath(text.clone())),
            _ => Err(given.is_not("the path of a URL; write it as \"/ws/\"")),
        }
    }

    fn show(&self) -> String {
        quoted(&self.0)
    }
}

/// The web pages that may connect, by their origin; an empty list allows every one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins(Vec<String>);

impl Origins {
    /// Returns whether a request with this `Origin` header may connect.
    ///
    /// With a list, a request without the header may: only browsers send one, and they always do.
    pub fn allow(&self, origin: Option<&[u8]>) -> bool {
        let Some(origin) = origin else { return true };
        self.0.is_empty()
            || self.0.iter().any(|allowed| origin.eq_ignore_ascii_case(allowed.as_bytes()))
    }
}

impl Value for Origins {
    fn read(given: &Given) -> Result<Self, Fault> {
        let origins = match &given.kind {
            Kind::List(list) => list.iter().map(origin).collect::<Result<_, _>>()?,
            // From the environment: a list with commas.
            Kind::Text(text) if given.line == 0 => text
                .split(',')
                .filter(|part| !part.trim().is_empty())
                .map(|part| origin(&Given::text(part.trim())))
                .collect::<Result<_, _>>()?,
            _ => return Err(given.is_not("a list of origins")),
        };
        Ok(Origins(origins))
    }

    fn show(&self) -> String {
        format!("[{}]", self.0.iter().map(|origin| quoted(origin)).collect::<Vec<_>>().join(", "))
    }
}

fn origin(given: &Given) -> Result<String, Fault> {
    let not = "an origin; write it as \"https://app.example\", without a path";
    let Kind::Text(text) = &given.kind else { return Err(given.is_not(not)) };
    let Some((scheme, host)) = text.split_once("://") else { return Err(given.is_not(not)) };
    let host_is_fine = host.parse::<http::uri::Authority>().is_ok() && !host.contains('@');
    if scheme.is_empty() || !host_is_fine {
        return Err(given.is_not(not));
    }
    Ok(text.to_ascii_lowercase())
}

/// Which original the server speaks like to its clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// high-templar 3.
    Three,
    /// high-templar 2.5.
    TwoAndAHalf,
}

impl Value for Dialect {
    fn read(given: &Given) -> Result<Self, Fault> {
        match &given.kind {
            Kind::Whole(3) => Ok(Dialect::Three),
            Kind::Text(text) if text == "3" => Ok(Dialect::Three),
            Kind::Text(text) if text == "2.5" => Ok(Dialect::TwoAndAHalf),
            Kind::Number(2.5) => Ok(Dialect::TwoAndAHalf),
            _ => Err(given.is_not("a dialect; there are 3 and \"2.5\"")),
        }
    }

    fn show(&self) -> String {
        match self {
            Dialect::Three => "3".to_owned(),
            Dialect::TwoAndAHalf => quoted("2.5"),
        }
    }
}

/// Where the backend is: the text that stands before `bootstrap/`, and always ends in `/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackendUrl {
    text: String,
    uri: http::Uri,
}

impl BackendUrl {
    /// Reads a URL; a missing final slash is added.
    ///
    /// # Errors
    ///
    /// When it is none, with a query, of another scheme than http and https, or with a user in it.
    pub fn parse(text: &str) -> Result<BackendUrl, String> {
        let not = |why: &str| Err(format!("{text:?} is not the URL of a backend: {why}"));
        let mut text = text.to_owned();
        if !text.ends_with('/') {
            text.push('/');
        }
        let Ok(uri) = text.parse::<http::Uri>() else {
            return not("write it as \"http://127.0.0.1:8080/api/\"");
        };
        match uri.scheme_str() {
            Some("http" | "https") => {}
            _ => return not("it has to begin with http:// or https://"),
        }
        if uri.query().is_some() || text.contains('#') {
            return not("it may have no query, since paths are put behind it");
        }
        if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            // The text is not repeated: a password stands in it.
            return Err(
                "the URL of a backend may have no user; send one by [backend.headers]".into()
            );
        }
        Ok(BackendUrl { text, uri })
    }

    /// Returns the URL of `path`, which is put behind this one as text.
    ///
    /// # Errors
    ///
    /// When `path` has characters that no URL has.
    pub fn join(&self, path: &str) -> Result<http::Uri, http::uri::InvalidUri> {
        format!("{}{path}", self.text).parse()
    }

    /// Returns the URL as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns whether the backend speaks TLS.
    pub fn is_https(&self) -> bool {
        self.uri.scheme_str() == Some("https")
    }

    /// Returns the host; of an IPv6 address, without brackets.
    pub fn host(&self) -> &str {
        let host = self.uri.host().unwrap_or_default();
        host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
    }

    /// Returns whether the host is an address rather than a name.
    pub fn host_is_address(&self) -> bool {
        self.host().parse::<IpAddr>().is_ok()
    }
}

impl Value for BackendUrl {
    const IS_TEXT: bool = true;

    fn read(given: &Given) -> Result<Self, Fault> {
        match &given.kind {
            Kind::Text(text) => BackendUrl::parse(text).map_err(|message| given.fault(message)),
            _ => Err(given.is_not("a URL; write it as \"http://127.0.0.1:8080/api/\"")),
        }
    }

    fn show(&self) -> String {
        quoted(&self.text)
    }
}

impl Value for BrokerUrl {
    const IS_TEXT: bool = true;

    fn read(given: &Given) -> Result<Self, Fault> {
        // What stands here may have a password in it, so it is not repeated.
        let Kind::Text(text) = &given.kind else {
            return Err(given.fault("what stands here is not a URL".to_owned()));
        };
        text.parse().map_err(|error: BrokerUrlError| {
            given.fault(format!("what stands here is not the URL of a broker: {error}"))
        })
    }

    fn show(&self) -> String {
        quoted(&self.to_string())
    }
}

/// What the names of a broker's exchanges, channels and subjects begin with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExchangeName(String);

impl ExchangeName {
    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Value for ExchangeName {
    const IS_TEXT: bool = true;

    fn read(given: &Given) -> Result<Self, Fault> {
        // What all three brokers allow.
        let is_fine = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
        match &given.kind {
            Kind::Text(text) if (1..=100).contains(&text.len()) && text.bytes().all(is_fine) => {
                Ok(ExchangeName(text.clone()))
            }
            _ => Err(given.is_not("a name of 1 to 100 ASCII letters, digits, \"_\" and \"-\"")),
        }
    }

    fn show(&self) -> String {
        quoted(&self.0)
    }
}

/// What becomes of clients that have no word for a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unaware {
    /// They are closed when it is over.
    Close,
    /// They are kept.
    Keep,
}

/// The path of a hook, relative to the backend's URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookPath(String);

impl HookPath {
    /// Returns the path, without a slash before it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Value for HookPath {
    const IS_TEXT: bool = true;

    fn read(given: &Given) -> Result<Self, Fault> {
        let not = "a path; write it relative to the backend's URL, as \"user/notify_online/\"";
        let Kind::Text(text) = &given.kind else { return Err(given.is_not(not)) };
        let fine = !text.starts_with('/')
            && !text.contains("://")
            && !text.contains('#')
            && format!("http://h/{text}").parse::<http::Uri>().is_ok();
        if fine { Ok(HookPath(text.clone())) } else { Err(given.is_not(not)) }
    }

    fn show(&self) -> String {
        quoted(&self.0)
    }
}

/// What a `*` in a triggered room means where the trigger itself does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TriggerMatch {
    /// Plain text.
    Literal,
    /// Every value of its key.
    Pattern,
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

macro_rules! one_of {
    ($type:ty: $($text:literal => $variant:path),*; $not:literal) => {
        impl Value for $type {
            const IS_TEXT: bool = true;

            fn read(given: &Given) -> Result<Self, Fault> {
                match &given.kind {
                    $(Kind::Text(text) if text == $text => Ok($variant),)*
                    _ => Err(given.is_not($not)),
                }
            }

            fn show(&self) -> String {
                match self { $($variant => quoted($text),)* }
            }
        }
    };
}

one_of!(TriggerMatch: "literal" => TriggerMatch::Literal, "pattern" => TriggerMatch::Pattern;
    "one of \"literal\" and \"pattern\"");
one_of!(Unaware: "close" => Unaware::Close, "keep" => Unaware::Keep;
    "one of \"close\" and \"keep\"");
one_of!(LogFormat: "text" => LogFormat::Text, "json" => LogFormat::Json;
    "one of \"text\" and \"json\"");

/// Which log lines are written: a level, or levels by module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFilter(String);

impl LogFilter {
    /// Returns the filter's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Value for LogFilter {
    const IS_TEXT: bool = true;

    fn read(given: &Given) -> Result<Self, Fault> {
        let not = "a filter; write it as \"info\" or \"warn,campanile_gateway=debug\"";
        let Kind::Text(text) = &given.kind else { return Err(given.is_not(not)) };
        let is_level =
            |level: &str| matches!(level, "trace" | "debug" | "info" | "warn" | "error" | "off");
        let fine = text.split(',').all(|part| match part.rsplit_once('=') {
            Some((target, level)) => !target.is_empty() && is_level(level),
            None => is_level(part),
        });
        let parses = tracing_subscriber::EnvFilter::try_new(text).is_ok();
        if fine && parses { Ok(LogFilter(text.clone())) } else { Err(given.is_not(not)) }
    }

    fn show(&self) -> String {
        quoted(&self.0)
    }
}
