//! TLS as a browser would do it, and what a person should know about a certificate.

use crate::tls::client;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{CertificateError, Error};
use std::io;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Returns TLS as clients of this machine speak it.
pub(super) fn connector() -> Result<TlsConnector, String> {
    client::config().map(TlsConnector::from)
}

/// Does the handshake for `host`.
pub(super) async fn connect(
    connector: &TlsConnector,
    host: &str,
    stream: TcpStream,
) -> io::Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    connector.connect(name, stream).await
}

/// Says what a failed handshake means, and what to do.
pub(super) fn explain(error: &io::Error, host: &str) -> (String, String) {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    let advice = match inner {
        Some(Error::InvalidCertificate(certificate)) => match certificate {
            CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                "nobody this machine trusts has signed it: serve the whole chain (fullchain.pem, \
                 not cert.pem), or name your own authority in SSL_CERT_FILE"
                    .to_owned()
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                format!(
                    "it is not for {host}: get one for that name, or connect to the name it has"
                )
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "it has expired: renew it, and have the proxy read it again".to_owned()
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "it is not valid yet: look at the clocks of both machines".to_owned()
            }
            // Of an error that rustls has no name for there is only the text.
            CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
                "it is an authority's own, and cannot be a server's: have it sign one for this \
                 name (basicConstraints CA:FALSE), and serve that"
                    .to_owned()
            }
            _ => "browsers will not accept this certificate either".to_owned(),
        },
        Some(Error::InvalidMessage(_)) => {
            "no TLS is spoken at this port: is it ws:// rather than wss://?".to_owned()
        }
        _ => "see the log of what ends TLS there".to_owned(),
    };
    (error.to_string(), advice)
}

/// Returns for how many more days a certificate is valid; none if it cannot be read.
pub(super) fn days_left(certificate: &CertificateDer<'_>) -> Option<i64> {
    let (_, certificate) = x509_parser::parse_x509_certificate(certificate).ok()?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
    let until = certificate.validity().not_after.timestamp();
    Some(until.saturating_sub_unsigned(now) / 86_400)
}
