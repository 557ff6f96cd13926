//! TLS on the way to a broker, and whom to believe that it is the broker.

use crate::Settings;
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;

/// Returns TLS with the authorities that the settings name, or else those of this machine.
pub(crate) fn config(settings: &Settings) -> Result<ClientConfig, String> {
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    Ok(config.with_root_certificates(authorities(settings)?).with_no_client_auth())
}

/// Returns what stands in the file of authorities, if one is named. It is read for each connection,
/// so that it may be replaced.
pub(crate) fn ca_file(settings: &Settings) -> Result<Option<Vec<u8>>, String> {
    let Some(path) = &settings.ca_file else { return Ok(None) };
    let text = std::fs::read(path).map_err(|error| error.to_string());
    let text = text.and_then(|text| match CertificateDer::from_pem_slice(&text) {
        Ok(_) => Ok(text),
        Err(error) => Err(format!("is no certificate in PEM: {error}")),
    });
    text.map(Some).map_err(|why| format!("[broker] ca_file: {}: {why}", path.display()))
}

fn authorities(settings: &Settings) -> Result<RootCertStore, String> {
    let mut authorities = RootCertStore::empty();
    match ca_file(settings)? {
        None => {
            let certificates = rustls_native_certs::load_native_certs().certs;
            authorities.add_parsable_certificates(certificates);
        }
        Some(text) => {
            let certificates = CertificateDer::pem_slice_iter(&text).filter_map(Result::ok);
            authorities.add_parsable_certificates(certificates);
        }
    }
    Ok(authorities)
}

/// Says what to do where a handshake failed for the broker's certificate.
pub(crate) fn explain(error: &str) -> String {
    let advice = if error.contains("UnknownIssuer") {
        "nobody trusted here has signed the broker's certificate: name the authority that has in \
         [broker] ca_file"
    } else if error.contains("not valid for name") || error.contains("NotValidForName") {
        "the broker's certificate is for another name: connect to the name that stands in it"
    } else if error.contains("CaUsedAsEndEntity") {
        "the broker shows an authority's own certificate: have the authority sign one for it"
    } else if error.contains("Expired") || error.contains("expired") {
        "the broker's certificate has expired"
    } else {
        return error.to_owned();
    };
    format!("{advice} ({error})")
}
