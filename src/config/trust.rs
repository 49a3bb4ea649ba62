//! Whom a feed over TLS trusts: the certificates of a file, or those of this machine.

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Longest file of certificates that is read, in bytes: Debian's bundle of all has 0.2 MiB.
pub const CA_BYTES_MAX: u64 = 4 << 20;

/// Why nobody can be trusted, in an operator's words.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{wrong}; {remedy}")]
pub struct TrustFault {
    /// What is wrong.
    pub wrong: String,
    /// What to do about it.
    pub remedy: String,
}

fn fault(wrong: impl Into<String>, remedy: &str) -> TrustFault {
    TrustFault { wrong: wrong.into(), remedy: remedy.into() }
}

/// The authorities in the PEM file `ca`, or without one those that this machine trusts. Reads files: not
/// for a core's thread.
///
/// # Errors
/// A file that cannot be read, is too long or holds no certificate that can be one of an authority; a
/// machine that trusts nobody.
pub fn trusted(ca: Option<&Path>) -> Result<RootCertStore, TrustFault> {
    match ca {
        Some(path) => of_file(path),
        None => of_machine(),
    }
}

fn of_file(path: &Path) -> Result<RootCertStore, TrustFault> {
    const PEM: &str = "give a PEM file with the certificate of the authority, -----BEGIN CERTIFICATE-----";
    if !path.is_file() {
        return Err(fault("no such file", "give its path from the working directory"));
    }
    let mut pem = Vec::new();
    let read = File::open(path).and_then(|file| file.take(CA_BYTES_MAX + 1).read_to_end(&mut pem));
    read.map_err(|e| fault(format!("cannot be read: {e}"), "let the node's user read it"))?;
    if pem.len() as u64 > CA_BYTES_MAX {
        return Err(fault(format!("longer than {} MiB", CA_BYTES_MAX >> 20), PEM));
    }
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|e| fault(format!("not PEM: {e}"), PEM))?;
        roots.add(certificate).map_err(|e| fault(format!("a certificate in it cannot be used: {e}"), PEM))?;
    }
    if roots.is_empty() { Err(fault("no certificate in it", PEM)) } else { Ok(roots) }
}

fn of_machine() -> Result<RootCertStore, TrustFault> {
    let mut roots = RootCertStore::empty();
    // Some files of a machine's store are odd everywhere; what can be read counts.
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let why = found.errors.first().map(|e| format!(" ({e})")).unwrap_or_default();
        return Err(fault(
            format!("this machine trusts no certificate{why}"),
            "apt install ca-certificates, or set ca to a PEM file",
        ));
    }
    Ok(roots)
}

/// The name that a certificate must be for: a DNS name or an address.
///
/// # Errors
/// What is neither.
pub fn server_name(host: &str) -> Result<ServerName<'static>, TrustFault> {
    let name = ServerName::try_from(host.trim().to_string());
    name.map_err(|_| fault("no name that a certificate could be for", "give a host name or an address"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &[u8]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    }

    #[test]
    fn a_file_with_certificates_is_trusted() {
        let authority = rcgen::generate_simple_self_signed(vec!["broker.test".into()]).unwrap();
        let pem = authority.cert.pem();
        let two = written(format!("a comment\n{pem}\n{pem}").as_bytes());
        assert_eq!(trusted(Some(two.path())).unwrap().len(), 2);
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said_in_words() {
        let told = |text: &[u8]| trusted(Some(written(text).path())).unwrap_err().to_string();
        assert!(trusted(Some(Path::new("/nowhere/ca.pem"))).unwrap_err().wrong.contains("no such file"));
        assert!(trusted(Some(Path::new("/"))).unwrap_err().wrong.contains("no such file"));
        assert!(told(b"").contains("no certificate in it; give a PEM file"));
        assert!(told(b"DX de W3LPL").contains("no certificate in it"));
        assert!(told(b"-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n").contains("not PEM"));
        let garbage = told(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
        assert!(garbage.contains("cannot be used"), "{garbage}");
        let long = vec![b'\n'; CA_BYTES_MAX as usize + 1];
        assert!(told(&long).contains("longer than 4 MiB"));
    }

    #[test]
    fn names_and_addresses_can_be_certified() {
        for host in ["mqtt.pskreporter.info", " localhost ", "127.0.0.1", "::1"] {
            assert!(server_name(host).is_ok(), "{host}");
        }
        for host in ["", "two words", "under/slash", ".dot"] {
            assert!(server_name(host).is_err(), "{host}");
        }
    }
}
