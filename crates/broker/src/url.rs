//! Which broker a URL names. Its password is never shown.

#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;
use url::Url;

/// Where a broker is.
///
/// `Debug` and `Display` show neither user nor password nor query.
#[derive(Clone, PartialEq, Eq)]
pub struct BrokerUrl {
    kind: BrokerKind,
    url: Url,
}

/// Which kind of broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BrokerKind {
    /// None: this node is alone. `memory:`
    Memory,
    /// `amqp://` or `amqps://`
    Rabbit,
    /// `redis://` or `rediss://`
    Redis,
    /// `nats://` or `tls://`
    Nats,
}

/// Why a text names no broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BrokerUrlError {
    /// It is no URL, for this reason.
    NotUrl(String),
    /// It has this scheme.
    Scheme(String),
    /// It names no host.
    NoHost,
}

impl BrokerUrl {
    /// Returns the one of a node that is alone.
    pub fn memory() -> BrokerUrl {
        BrokerUrl { kind: BrokerKind::Memory, url: Url::parse("memory:").expect("it is a URL") }
    }

    /// Returns which kind of broker it is.
    pub fn kind(&self) -> BrokerKind {
        self.kind
    }

    /// The whole of it, password included: never to be shown.
    pub(crate) fn secret(&self) -> &Url {
        &self.url
    }
}

impl FromStr for BrokerUrl {
    type Err = BrokerUrlError;

    fn from_str(text: &str) -> Result<BrokerUrl, BrokerUrlError> {
        let url = Url::parse(text).map_err(|error| BrokerUrlError::NotUrl(error.to_string()))?;
        let kind = match url.scheme() {
            "memory" => return Ok(BrokerUrl::memory()),
            "amqp" | "amqps" => BrokerKind::Rabbit,
            "redis" | "rediss" => BrokerKind::Redis,
            "nats" | "tls" => BrokerKind::Nats,
            other => return Err(BrokerUrlError::Scheme(other.to_owned())),
        };
        if url.host_str().is_none_or(str::is_empty) {
            return Err(BrokerUrlError::NoHost);
        }
        Ok(BrokerUrl { kind, url })
    }
}

impl fmt::Display for BrokerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(host) = self.url.host_str() else { return f.write_str(self.url.scheme()) };
        write!(f, "{}://", self.url.scheme())?;
        if !self.url.username().is_empty() || self.url.password().is_some() {
            f.write_str("***@")?;
        }
        f.write_str(host)?;
        if let Some(port) = self.url.port() {
            write!(f, ":{port}")?;
        }
        f.write_str(self.url.path())
    }
}

impl fmt::Debug for BrokerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BrokerUrl({self})")
    }
}

impl fmt::Display for BrokerUrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotUrl(why) => write!(f, "it is no URL: {why}"),
            Self::Scheme(scheme) => write!(
                f,
                "{scheme}:// is no broker's: amqp://, amqps://, redis://, rediss://, nats:// and \
                 tls:// are"
            ),
            Self::NoHost => f.write_str("it names no host"),
        }
    }
}

impl std::error::Error for BrokerUrlError {}
