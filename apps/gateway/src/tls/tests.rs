//! What is said about files that cannot be used.

use super::{Files, Identity};
use expect_test::{Expect, expect};
use rcgen::{CertifiedKey, KeyPair, PKCS_ED25519, generate_simple_self_signed};
use std::path::PathBuf;

fn check(certificate: Option<&str>, private_key: Option<&str>, expected: &Expect) {
    let folder = Folder::new();
    let path = |name: &str| folder.0.join(name);
    let files = Files { certificate: path("certificate.pem"), private_key: path("key.pem") };
    for (path, text) in [(&files.certificate, certificate), (&files.private_key, private_key)] {
        if let Some(text) = text {
            std::fs::write(path, text).expect("the temporary folder can be written");
        }
    }
    let said = Identity::read(&files).map_or_else(|error| error.to_string(), |_| "fine".to_owned());
    expected.assert_eq(&said.replace(&folder.0.display().to_string(), ""));
}

/// A folder of its own for a test, removed with it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        use std::sync::atomic::{AtomicU32, Ordering};
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "campanile-tls-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).expect("the temporary folder can be written");
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn pair() -> (String, String) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned()]).expect("ring makes keys");
    (cert.pem(), signing_key.serialize_pem())
}

#[test]
fn keys_of_every_common_kind_go_with_their_certificates() {
    let (certificate, key) = pair();
    check(Some(&certificate), Some(&key), &expect!["fine"]);
    let key = KeyPair::generate_for(&PKCS_ED25519).expect("ring makes keys");
    let parameters = rcgen::CertificateParams::new(["localhost".to_owned()]).expect("a good name");
    let certificate = parameters.self_signed(&key).expect("it can be signed");
    check(Some(&certificate.pem()), Some(&key.serialize_pem()), &expect!["fine"]);
}

#[test]
fn a_file_that_is_missing_is_named() {
    let (certificate, key) = pair();
    check(
        None,
        Some(&key),
        &expect![
            "certificate: /certificate.pem cannot be read: No such file or directory (os error 2)"
        ],
    );
    check(
        Some(&certificate),
        None,
        &expect!["private_key: /key.pem cannot be read: No such file or directory (os error 2)"],
    );
}

#[test]
fn a_key_of_another_certificate_is_found_out() {
    let ((certificate, _), (_, key)) = (pair(), pair());
    check(
        Some(&certificate),
        Some(&key),
        &expect!["private_key: /key.pem is not the key of /certificate.pem"],
    );
}

#[test]
fn files_in_each_others_place_and_other_files_are_told_apart() {
    let (certificate, key) = pair();
    check(
        Some(&key),
        Some(&certificate),
        &expect!["certificate: /certificate.pem is no certificate in PEM: it is a private key"],
    );
    check(
        Some(&certificate),
        Some(&certificate),
        &expect!["private_key: /key.pem is no private key in PEM: it is a certificate"],
    );
    check(
        Some("hello\n"),
        Some(&key),
        &expect![
            "certificate: /certificate.pem is no certificate in PEM: it has no BEGIN CERTIFICATE"
        ],
    );
    check(
        Some(&certificate),
        Some("-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n"),
        &expect![
            "private_key: /key.pem is no private key in PEM: it has a passphrase; `openssl pkey -in FILE -out PLAIN` takes it off"
        ],
    );
    check(
        Some("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"),
        Some(&key),
        &expect!["certificate: /certificate.pem is no certificate: Parsing requires 1 bytes/chars"],
    );
}
