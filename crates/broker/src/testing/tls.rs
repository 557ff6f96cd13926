//! The certificate of a server, and the authority that has signed it, in files.

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use std::path::{Path, PathBuf};

/// Where the files are.
#[derive(Debug)]
pub(super) struct Files {
    pub(super) authority: PathBuf,
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
}

impl Files {
    /// Makes an authority of its own, and has it sign a certificate for 127.0.0.1.
    pub(super) fn write(folder: &Path) -> Files {
        let files = Files {
            authority: folder.join("ca.pem"),
            certificate: folder.join("certificate.pem"),
            key: folder.join("key.pem"),
        };
        let mut parameters = CertificateParams::new([]).expect("no name is a bad one");
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("ring makes keys");
        let authority = parameters.self_signed(&key).expect("it can be signed");
        let issuer = Issuer::new(parameters, key);
        let parameters = CertificateParams::new([String::from("127.0.0.1")]).expect("an address");
        let key = KeyPair::generate().expect("ring makes keys");
        let certificate = parameters.signed_by(&key, &issuer).expect("it can be signed");
        let write =
            |path: &Path, text: &str| std::fs::write(path, text).expect("it can be written");
        write(&files.authority, &authority.pem());
        write(&files.certificate, &certificate.pem());
        write(&files.key, &key.serialize_pem());
        files
    }
}
