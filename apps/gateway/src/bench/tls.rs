//! TLS on the way to campanile: a certificate that everybody has the key of, and clients that trust it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore};

use super::failure::{Doing, Failure};

const CERTIFICATE: &str = include_str!("self_signed/certificate.pem");
const KEY: &str = include_str!("self_signed/key.pem");

/// The certificate and its key in files, as campanile wants them; removed when this is dropped.
pub(super) struct Files(PathBuf);

impl Files {
    pub(super) fn write() -> Result<Self, Failure> {
        let folder = std::env::temp_dir().join(format!("campanile-bench-{}", std::process::id()));
        fs::create_dir_all(&folder).doing("make a folder for the certificate")?;
        let files = Self(folder);
        fs::write(files.certificate(), CERTIFICATE).doing("write the certificate")?;
        fs::write(files.key(), KEY).doing("write the certificate's key")?;
        Ok(files)
    }

    pub(super) fn certificate(&self) -> PathBuf {
        self.0.join("certificate.pem")
    }

    pub(super) fn key(&self) -> PathBuf {
        self.0.join("key.pem")
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let folder: &Path = &self.0;
        let _ = fs::remove_dir_all(folder); // What is left of it harms nobody.
    }
}

/// Makes the TLS of clients, one session after the other.
#[derive(Clone)]
pub(super) struct Sessions(Arc<ClientConfig>);

impl Sessions {
    pub(super) fn new() -> Result<Self, Failure> {
        let certificate = CertificateDer::from_pem_slice(CERTIFICATE.as_bytes());
        let mut trusted = RootCertStore::empty();
        trusted.add(certificate.doing("read the certificate")?).doing("trust the certificate")?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .doing("speak TLS")?
            .with_root_certificates(trusted)
            .with_no_client_auth();
        // Each handshake is a whole one, as of clients that come for the first time.
        config.resumption = Resumption::disabled();
        Ok(Self(Arc::new(config)))
    }

    /// Begins the session of one more client.
    pub(super) fn begin(&self) -> Result<Box<ClientConnection>, Failure> {
        let name = ServerName::try_from("localhost").expect("it is a good name");
        let session = ClientConnection::new(Arc::clone(&self.0), name);
        Ok(Box::new(session.doing("begin a TLS session")?))
    }
}
