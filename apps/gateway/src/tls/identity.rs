//! A certificate and its private key, read from PEM files.

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::version::{TLS12, TLS13};
use std::fmt;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use x509_parser::parse_x509_certificate;

/// Longest file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// The files of a listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    /// The certificate, with those of the authorities between it and the root behind it.
    pub certificate: PathBuf,
    /// Its private key.
    pub private_key: PathBuf,
}

/// What tells a file from the one that was there before: device, inode, length, and the time of the
/// last change to it or to who may read it.
pub(super) type Stamp = [Option<(u64, u64, i64, i64, u64)>; 2];

impl Files {
    /// Returns the files, if a listener has both.
    pub fn of(certificate: Option<&PathBuf>, private_key: Option<&PathBuf>) -> Option<Files> {
        Some(Files { certificate: certificate?.clone(), private_key: private_key?.clone() })
    }

    pub(super) fn stamp(&self) -> Stamp {
        [&self.certificate, &self.private_key].map(|path| {
            let file = std::fs::metadata(path).ok()?;
            Some((file.dev(), file.ino(), file.ctime(), file.ctime_nsec(), file.size()))
        })
    }
}

/// Who a listener is, and can prove to be.
#[derive(Debug)]
pub struct Identity {
    config: Arc<ServerConfig>,
    expires: SystemTime,
}

/// Why the files of a listener cannot be used: which, why, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsError {
    /// The certificate's file.
    Certificate(PathBuf, String),
    /// The key's file.
    PrivateKey(PathBuf, String),
}

impl fmt::Display for TlsError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (key, path, why) = match self {
            Self::Certificate(path, why) => ("certificate", path, why),
            Self::PrivateKey(path, why) => ("private_key", path, why),
        };
        write!(formatter, "{key}: {} {why}", path.display())
    }
}

impl std::error::Error for TlsError {}

impl Identity {
    /// Reads certificate and key, and sees whether they go together.
    ///
    /// # Errors
    ///
    /// If they cannot be read, are something else, or do not go together.
    pub fn read(files: &Files) -> Result<Identity, TlsError> {
        let certificate_is = |why: String| TlsError::Certificate(files.certificate.clone(), why);
        let key_is = |why: String| TlsError::PrivateKey(files.private_key.clone(), why);
        let chain = chain(&text(&files.certificate).map_err(certificate_is)?);
        let chain = chain.map_err(certificate_is)?;
        let expires = expires(&chain[0]).map_err(certificate_is)?;
        let key = key(&text(&files.private_key).map_err(key_is)?).map_err(key_is)?;
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[&TLS13, &TLS12])
            .expect("ring knows both versions")
            .with_no_client_auth()
            .with_single_cert(chain, key);
        let mut config = config.map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => {
                key_is(format!("is not the key of {}", files.certificate.display()))
            }
            error => key_is(format!("cannot be used: {error}")),
        })?;
        // WebSockets are opened by HTTP/1.1 here, and over nothing newer.
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        // Clients that come back skip half of the handshake, and nothing is kept for them.
        if let Ok(ticketer) = ring::Ticketer::new() {
            config.ticketer = ticketer;
            config.send_tls13_tickets = 1;
        }
        Ok(Identity { config: Arc::new(config), expires })
    }

    /// Returns what a handshake is done with.
    pub fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }

    /// Returns when the certificate ends.
    pub fn expires(&self) -> SystemTime {
        self.expires
    }
}

fn text(path: &Path) -> Result<Vec<u8>, String> {
    let cannot = |error: std::io::Error| format!("cannot be read: {error}");
    if std::fs::metadata(path).map_err(cannot)?.len() > FILE_BYTES_MAX {
        return Err(format!("is longer than {FILE_BYTES_MAX} bytes, so it is something else"));
    }
    std::fs::read(path).map_err(cannot)
}

fn chain(text: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let chain: Result<Vec<_>, pem::Error> = CertificateDer::pem_slice_iter(text).collect();
    let chain = chain.map_err(|error| format!("is no PEM file: {error}"))?;
    if !chain.is_empty() {
        return Ok(chain);
    }
    let is_key = PrivateKeyDer::from_pem_slice(text).is_ok();
    let hint = if is_key { "it is a private key" } else { "it has no BEGIN CERTIFICATE" };
    Err(format!("is no certificate in PEM: {hint}"))
}

fn key(text: &[u8]) -> Result<PrivateKeyDer<'static>, String> {
    PrivateKeyDer::from_pem_slice(text).map_err(|error| {
        let has = |what: &str| text.windows(what.len()).any(|part| part == what.as_bytes());
        let hint = if has("BEGIN ENCRYPTED PRIVATE KEY") || has("Proc-Type: 4,ENCRYPTED") {
            "it has a passphrase; `openssl pkey -in FILE -out PLAIN` takes it off".to_owned()
        } else if has("BEGIN CERTIFICATE") {
            "it is a certificate".to_owned()
        } else {
            error.to_string()
        };
        format!("is no private key in PEM: {hint}")
    })
}

fn expires(certificate: &CertificateDer<'_>) -> Result<SystemTime, String> {
    let (_, certificate) = parse_x509_certificate(certificate)
        .map_err(|error| format!("is no certificate: {error}"))?;
    let seconds = u64::try_from(certificate.validity().not_after.timestamp()).unwrap_or_default();
    Ok(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}
