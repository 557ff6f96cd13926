//! The listeners' certificates, and the eye on their files.

use super::{Shared, Side};
use crate::config::Config;
use crate::tls::{Files, Tls};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// How often to look whether a file has changed.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// TLS of the listeners that speak it.
pub(super) struct Certificates {
    public: Option<Arc<Tls>>,
    internal: Option<Arc<Tls>>,
}

impl Certificates {
    /// Reads the files that the configuration names.
    ///
    /// # Errors
    ///
    /// If they cannot be used.
    pub(super) fn read(config: &Config) -> Result<Certificates, String> {
        let read = |side: Side| {
            let (section, Some(files)) = (side.section(), side.files(config)) else {
                return Ok(None);
            };
            let tls = Tls::new(section, &files).map_err(|error| format!("[{section}] {error}"))?;
            Ok::<_, String>(Some(Arc::new(tls)))
        };
        Ok(Certificates { public: read(Side::Public)?, internal: read(Side::Internal)? })
    }

    pub(super) fn of(&self, side: Side) -> Option<&Arc<Tls>> {
        match side {
            Side::Public => self.public.as_ref(),
            Side::Internal => self.internal.as_ref(),
        }
    }

    /// Returns what makes `http` and `ws` the scheme of a listener.
    pub(super) fn s(&self, side: Side) -> &'static str {
        if self.of(side).is_some() { "s" } else { "" }
    }
}

impl Side {
    /// Both.
    pub const ALL: [Side; 2] = [Side::Public, Side::Internal];

    /// Returns the listener's name in the configuration.
    pub fn section(self) -> &'static str {
        match self {
            Side::Public => "public",
            Side::Internal => "internal",
        }
    }

    /// Returns whether what `peer` says of its own clients is believed.
    pub fn trusts(self, config: &Config, peer: IpAddr) -> bool {
        self == Side::Public && config.public.trusted_proxies.contains(peer)
    }

    /// Returns whether `peer` begins each connection with a header of the PROXY protocol.
    pub fn has_header(self, config: &Config, peer: IpAddr) -> bool {
        config.public.proxy_protocol && self.trusts(config, peer)
    }

    /// Returns the files of its certificate, if it has one.
    pub fn files(self, config: &Config) -> Option<Files> {
        let (certificate, private_key) = match self {
            Side::Public => (&config.public.certificate, &config.public.private_key),
            Side::Internal => (&config.internal.certificate, &config.internal.private_key),
        };
        Files::of(certificate.as_ref(), private_key.as_ref())
    }
}

/// Reads the files again when they change, for as long as the process lasts.
pub(super) async fn watch(shared: Arc<Shared>) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        each(&shared, Tls::look);
    }
}

/// Visits the listeners that speak TLS.
pub(super) fn each(shared: &Shared, visit: impl Fn(&Tls, &Files)) {
    for side in Side::ALL {
        if let (Some(tls), Some(files)) = (shared.tls(side), side.files(&shared.config())) {
            visit(tls, &files);
        }
    }
}
