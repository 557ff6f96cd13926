//! A certificate for a gateway, and what trusts it.

use super::folder::Folder;
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// A certificate and its key in files of their own, removed with this.
pub(crate) struct Certificate {
    folder: Folder,
    name: String,
    is_authority: IsCa,
    trusted: CertificateDer<'static>,
}

impl Certificate {
    /// Makes a certificate that lasts.
    pub(crate) fn new() -> Certificate {
        Certificate::named("campanile.test")
    }

    /// Makes one for a name or an address.
    pub(crate) fn named(host: &str) -> Certificate {
        Certificate::make(host, IsCa::NoCa)
    }

    /// Makes one for a name or an address that is a certificate authority's own.
    pub(crate) fn of_authority(host: &str) -> Certificate {
        Certificate::make(host, IsCa::Ca(BasicConstraints::Unconstrained))
    }

    fn make(host: &str, is_authority: IsCa) -> Certificate {
        let (folder, name) = (Folder::new(), host.to_owned());
        let trusted = CertificateDer::from(Vec::new());
        let mut certificate = Certificate { folder, name, is_authority, trusted };
        certificate.renew(4000);
        certificate
    }

    /// Writes another certificate and key, good until that year.
    pub(crate) fn renew(&mut self, until: i32) {
        let key = KeyPair::generate().expect("ring makes keys");
        let mut parameters = CertificateParams::new([self.name.clone()]).expect("a good name");
        parameters.is_ca = self.is_authority;
        parameters.not_after = date_time_ymd(until, 1, 1);
        let certificate = parameters.self_signed(&key).expect("it can be signed");
        self.folder.write("key.pem", key.serialize_pem());
        self.folder.write("certificate.pem", certificate.pem());
        self.trusted = certificate.der().clone();
    }

    /// Returns the certificate's file.
    pub(crate) fn certificate(&self) -> String {
        self.folder.at("certificate.pem").display().to_string()
    }

    /// Returns the key's file.
    pub(crate) fn key(&self) -> String {
        self.folder.at("key.pem").display().to_string()
    }

    /// Connects to a listener that has to show this certificate.
    ///
    /// # Errors
    ///
    /// It shows another, or the connection breaks.
    pub(crate) async fn connect(&self, address: SocketAddr) -> io::Result<TlsStream<TcpStream>> {
        self.handshake(TcpStream::connect(address).await?).await
    }

    /// Does the handshake with a listener that has to show this certificate.
    ///
    /// # Errors
    ///
    /// It shows another, or the connection breaks.
    pub(crate) async fn handshake(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(self.trusted.clone()).expect("it is a certificate");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("ring knows both versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let name = ServerName::try_from("campanile.test").expect("a good name");
        TlsConnector::from(Arc::new(config)).connect(name, stream).await
    }
}
