//! TLS as a client: of the backend, and of a gateway that is looked at from outside.

use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;

/// Returns TLS with the certificate authorities that this machine trusts (or those of
/// `SSL_CERT_FILE`).
///
/// # Errors
///
/// If there are none: what to install.
pub fn config() -> Result<Arc<ClientConfig>, String> {
    let mut authorities = RootCertStore::empty();
    authorities.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if authorities.is_empty() {
        return Err("this machine trusts no certificate authority (ca-certificates)".to_owned());
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(authorities)
        .with_no_client_auth();
    Ok(Arc::new(config))
}
