//! Where a Redis is. Its password is never shown.

use redis::{ConnectionInfo, IntoConnectionInfo, ProtocolVersion};
use std::fmt;
use std::str::FromStr;

/// A host of a layer: `redis://user:password@address:port/database`, or `rediss://` for TLS.
///
/// `Debug` and `Display` show neither user nor password.
#[derive(Clone)]
pub struct HostUrl(ConnectionInfo);

/// That a text is no URL of a Redis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostUrlError;

impl HostUrl {
    /// Returns how to connect. Redis shall say of itself what happens (RESP3).
    pub(super) fn info(&self) -> ConnectionInfo {
        let settings = self.0.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        self.0.clone().set_redis_settings(settings)
    }
}

impl FromStr for HostUrl {
    type Err = HostUrlError;

    fn from_str(text: &str) -> Result<HostUrl, HostUrlError> {
        // The parser's own words might repeat the password.
        text.into_connection_info().map(HostUrl).map_err(|_| HostUrlError)
    }
}

impl Default for HostUrl {
    /// Returns the one on this machine, `redis://localhost:6379`.
    fn default() -> HostUrl {
        "redis://localhost:6379".parse().expect("it is a URL")
    }
}

impl fmt::Display for HostUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.0.addr(), self.0.redis_settings().db())
    }
}

impl fmt::Debug for HostUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HostUrl({self})")
    }
}

impl fmt::Display for HostUrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a host must be a URL like redis://user:password@address:6379/0")
    }
}

impl std::error::Error for HostUrlError {}

#[cfg(test)]
mod tests {
    use super::HostUrl;

    #[test]
    fn no_password_is_shown() {
        let url: HostUrl = "redis://ada:secret@127.0.0.1:7000/3".parse().unwrap();
        assert_eq!(url.to_string(), "127.0.0.1:7000/3");
        assert_eq!(format!("{url:?}"), "HostUrl(127.0.0.1:7000/3)");
        let error = "redis//ada:secret@".parse::<HostUrl>().unwrap_err();
        assert!(!error.to_string().contains("secret"));
    }
}
