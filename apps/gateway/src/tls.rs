//! TLS of a listener: a certificate and its key from files, read again when these change.

pub mod client;
pub mod handshakes;
mod identity;
#[cfg(test)]
mod tests;

pub use handshakes::Handshakes;
pub use identity::{Files, Identity, TlsError};

use crate::metrics::Count;
use arc_swap::ArcSwap;
use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// A certificate that ends sooner is warned of.
const ENDS_SOON: Duration = Duration::from_secs(14 * 24 * 3600);
const WARNED_EVERY: Duration = Duration::from_secs(24 * 3600);

/// The first byte of a TLS handshake: a record of that type.
const HANDSHAKE: u8 = 22;

/// What somebody hears who speaks HTTP without TLS.
const NOT_TLS: &[u8] = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\
    Content-Type: text/plain; charset=utf-8\r\nContent-Length: 45\r\n\r\n\
    this port speaks TLS: use https:// or wss://\n";

/// A listener's TLS, with the certificate that it shows now.
#[derive(Debug)]
pub struct Tls {
    /// The listener's name in the configuration.
    section: &'static str,
    identity: ArcSwap<Identity>,
    watch: Mutex<Watch>,
    /// Times that changed files could not be used.
    failures: Count,
}

/// What is known about the files.
#[derive(Debug)]
struct Watch {
    /// As they were when they were read last, with whatever outcome.
    read: identity::Stamp,
    /// As they were at the last look.
    looked: identity::Stamp,
    warned: Option<Instant>,
}

impl Tls {
    /// Reads a listener's certificate and key.
    ///
    /// # Errors
    ///
    /// If the files cannot be used.
    pub fn new(section: &'static str, files: &Files) -> Result<Tls, TlsError> {
        let stamp = files.stamp();
        let identity = ArcSwap::from_pointee(Identity::read(files)?);
        let watch = Watch { read: stamp, looked: stamp, warned: None };
        let (watch, failures) = (Mutex::new(watch), Count::default());
        let tls = Tls { section, identity, watch, failures };
        tls.warn_before_the_end();
        Ok(tls)
    }

    /// Returns when the certificate ends.
    pub fn expires(&self) -> SystemTime {
        self.identity.load().expires()
    }

    /// Returns how often changed files could not be used.
    pub fn failures(&self) -> u64 {
        self.failures.get()
    }

    /// Does the handshake of a connection.
    ///
    /// # Errors
    ///
    /// If it fails, or what came is no TLS; somebody who speaks HTTP is told so.
    pub async fn accept(&self, mut stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let mut first = [0];
        if stream.peek(&mut first).await? == 1 && first[0] != HANDSHAKE {
            if first[0].is_ascii_uppercase() {
                stream.write_all(NOT_TLS).await?;
                crate::accept::linger(stream).await;
            }
            return Err(io::Error::new(io::ErrorKind::InvalidData, "what came is no TLS"));
        }
        TlsAcceptor::from(self.identity.load().config()).accept(stream).await
    }

    /// Looks whether the files have changed, and reads them again if they have and have settled: of
    /// two files one is written first.
    pub fn look(&self, files: &Files) {
        self.warn_before_the_end();
        let stamp = files.stamp();
        let has_settled = {
            let mut watch = self.watch.lock().unwrap_or_else(PoisonError::into_inner);
            let has_settled = stamp != watch.read && stamp == watch.looked;
            watch.looked = stamp;
            has_settled
        };
        if has_settled {
            self.renew(files);
        }
    }

    /// Reads the files. If they cannot be used, the certificate stays as it was.
    pub fn renew(&self, files: &Files) {
        let stamp = files.stamp();
        let section = self.section;
        match Identity::read(files) {
            Ok(identity) => {
                self.identity.store(identity.into());
                let days = self.days_left();
                let path = files.certificate.display();
                tracing::info!("[{section}] certificate: {path} was read, good for {days} days");
            }
            Err(error) => {
                self.failures.add();
                tracing::warn!(
                    "[{section}] {error}. The certificate stays as it was, which is good for {} days. \
                     Mend the file: it is read again when it changes.",
                    self.days_left()
                );
            }
        }
        let mut watch = self.watch.lock().unwrap_or_else(PoisonError::into_inner);
        watch.read = stamp;
        watch.warned = None;
        drop(watch);
        self.warn_before_the_end();
    }

    fn left(&self) -> Duration {
        self.expires().duration_since(SystemTime::now()).unwrap_or_default()
    }

    fn days_left(&self) -> u64 {
        self.left().as_secs() / (24 * 3600)
    }

    /// Warns, once a day, of a certificate that ends soon.
    fn warn_before_the_end(&self) {
        let left = self.left();
        if left > ENDS_SOON {
            return;
        }
        let mut watch = self.watch.lock().unwrap_or_else(PoisonError::into_inner);
        if watch.warned.is_some_and(|warned| warned.elapsed() < WARNED_EVERY) {
            return;
        }
        watch.warned = Some(Instant::now());
        let section = self.section;
        if left.is_zero() {
            tracing::warn!(
                "[{section}] certificate: it has expired, and clients refuse it. Renew its files: \
                 they are read by themselves."
            );
        } else {
            let hours = left.as_secs() / 3600;
            tracing::warn!(
                "[{section}] certificate: it expires in {} d {} h. Renew its files: they are read by \
                 themselves.",
                hours / 24,
                hours % 24
            );
        }
    }
}
