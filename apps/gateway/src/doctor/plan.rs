//! What is to be tested, from the command line.

use clap::Args;
use http::Uri;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What `doctor` is told.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Where browsers connect to, such as wss://live.example/ws/
    url: String,
    /// The internal listener, such as http://127.0.0.1:8002, to test that too.
    #[arg(long, value_name = "URL")]
    internal: Option<String>,
    /// A file with the key of the internal listener.
    #[arg(long, value_name = "FILE", requires = "internal")]
    key_file: Option<PathBuf>,
    /// The origin of your pages, such as `https://app.example`, which must be let in.
    #[arg(long, value_name = "ORIGIN")]
    origin: Option<String>,
    /// For how long a connection is kept on which nobody speaks; 0 to leave that out.
    #[arg(long, value_name = "TIME", default_value = "70s", value_parser = time)]
    idle: Duration,
    /// Logs in by this token in the query, as /ws/?token=…
    #[arg(long)]
    token: Option<String>,
    /// Logs in by this Cookie header, such as "sessionid=…"
    #[arg(long, value_name = "NAME=VALUE")]
    cookie: Option<String>,
    /// Sends this header along, as "Name: value"; as often as you like.
    #[arg(long, value_name = "NAME: VALUE")]
    header: Vec<String>,
    /// Write one JSON object at the end instead of a line as each test ends.
    #[arg(long)]
    pub(super) json: bool,
}

/// What is to be tested.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) target: Target,
    pub(super) internal: Option<Internal>,
    pub(super) origin: Option<String>,
    pub(super) idle: Duration,
    /// Path and query with which to log in.
    pub(super) login_path: String,
    /// Headers with which to log in.
    pub(super) login_headers: Vec<(String, String)>,
}

/// Where browsers connect to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) is_tls: bool,
    /// The name or address, without brackets.
    pub(super) host: String,
    pub(super) port: u16,
    /// What the Host header says.
    pub(super) authority: String,
    /// Path and query.
    pub(super) path: String,
}

/// The internal listener.
#[derive(Debug)]
pub(super) struct Internal {
    /// Without a final slash.
    pub(super) url: String,
    pub(super) key: Option<String>,
}

impl Plan {
    pub(super) fn read(arguments: &Arguments) -> Result<Plan, String> {
        let target = Target::read(&arguments.url)?;
        let mut login_path = target.path.clone();
        if let Some(token) = &arguments.token {
            let mark = if login_path.contains('?') { '&' } else { '?' };
            login_path.push_str(&format!("{mark}token={}", escaped(token)));
        }
        let mut login_headers = Vec::new();
        login_headers.extend(arguments.cookie.clone().map(|cookie| ("Cookie".to_owned(), cookie)));
        for header in &arguments.header {
            let (name, value) =
                header.split_once(':').ok_or("--header: write it as \"Name: value\"")?;
            login_headers.push((name.trim().to_owned(), value.trim().to_owned()));
        }
        let key = arguments.key_file.as_deref().map(read_key).transpose()?;
        let internal =
            arguments.internal.as_deref().map(|url| Internal::read(url, key)).transpose()?;
        let (origin, idle) = (arguments.origin.clone(), arguments.idle);
        Ok(Plan { target, internal, origin, idle, login_path, login_headers })
    }
}

impl Target {
    /// Reads a URL with the scheme ws or wss; http and https mean the same.
    pub(super) fn read(url: &str) -> Result<Target, String> {
        let not = || format!("{url:?} is not where a WebSocket is; write ws://host/ws/");
        let uri: Uri = url.parse().map_err(|_| not())?;
        let is_tls = match uri.scheme_str() {
            Some("ws" | "http") => false,
            Some("wss" | "https") => true,
            _ => return Err(not()),
        };
        let authority = uri.authority().ok_or_else(not)?;
        if authority.as_str().contains('@') {
            return Err("a name and password in the URL are nothing that browsers send".to_owned());
        }
        let host = authority.host();
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        Ok(Target {
            is_tls,
            host: bare.to_owned(),
            port: authority.port_u16().unwrap_or(if is_tls { 443 } else { 80 }),
            authority: authority.as_str().to_owned(),
            path: uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
        })
    }
}

impl Internal {
    fn read(url: &str, key: Option<String>) -> Result<Internal, String> {
        let uri: Uri = url.parse().map_err(|_| format!("--internal: {url:?} is not a URL"))?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) || uri.host().is_none() {
            return Err(format!("--internal: write it as http://127.0.0.1:8002, not {url:?}"));
        }
        Ok(Internal { url: url.trim_end_matches('/').to_owned(), key })
    }
}

fn read_key(file: &Path) -> Result<String, String> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| format!("--key-file: {}: {error}", file.display()))?;
    Ok(text.trim().to_owned())
}

/// Reads `70s`, `70` or `2m`.
pub(super) fn time(text: &str) -> Result<Duration, String> {
    let (number, unit) = match text.strip_suffix('m') {
        Some(minutes) => (minutes, 60),
        None => (text.strip_suffix('s').unwrap_or(text), 1),
    };
    let number: u64 = number.parse().map_err(|_| "write it as 70s or 2m".to_owned())?;
    match number.checked_mul(unit) {
        Some(seconds) if seconds <= 86_400 => Ok(Duration::from_secs(seconds)),
        _ => Err("that is more than a day".to_owned()),
    }
}

/// Writes a text so that it may stand in a query.
pub(super) fn escaped(text: &str) -> String {
    let mut written = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            written.push(char::from(byte));
        } else {
            written.push_str(&format!("%{byte:02X}"));
        }
    }
    written
}
