//! The local certificate authority, and what it signs.
//!
//! The authority's key is kept in the folder of the service and made at the first start. Server certificates are not
//! kept: each start makes a key and a certificate for it, and a service that runs for long makes new ones in time.

use crate::auth::Keys;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use sha2::{Digest, Sha256};
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// How long a server certificate counts.
const SERVER_DAYS: i64 = 90;
/// How long the certificate of an edge counts.
const EDGE_DAYS: i64 = 365;
/// How long the authority's own certificate counts.
const AUTHORITY_DAYS: i64 = 3650;
/// How often a service that runs makes a new server certificate.
pub(super) const RENEW: Duration = Duration::from_secs(30 * 24 * 3600);

/// The first and the last moment of a certificate: from the day before, since clocks differ, for so many days.
macro_rules! span {
    ($now:expr, $days:expr) => {{
        let day = |offset: i64| {
            let day = Timestamp::from_second($now.as_second() + offset * 86_400).unwrap_or($now);
            let day = TimeZone::UTC.to_datetime(day);
            let (month, date) = (day.month().unsigned_abs(), day.day().unsigned_abs());
            rcgen::date_time_ymd(i32::from(day.year()), month, date)
        };
        (day(-1), day($days))
    }};
}

/// The authority of a folder.
pub struct Certificates {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
    der: CertificateDer<'static>,
    path: PathBuf,
}

impl std::fmt::Debug for Certificates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "authority of {}", self.path.display())
    }
}

/// Files of the service cannot be read or written, or hold something else.
#[derive(Debug, thiserror::Error)]
#[error("{}: {doing}", path.display())]
pub struct FileError {
    /// The file.
    pub path: PathBuf,
    /// What was being done.
    pub doing: &'static str,
    /// Why it failed.
    #[source]
    pub cause: Box<dyn std::error::Error + Send + Sync>,
}

impl FileError {
    fn new(path: &Path, doing: &'static str, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { path: path.to_owned(), doing, cause: cause.into() }
    }
}

impl Certificates {
    /// Reads the authority of a folder, or makes one.
    ///
    /// # Errors
    ///
    /// A file cannot be read or written, or is no key.
    pub fn open(dir: &Path, now: Timestamp) -> Result<Self, FileError> {
        let path = dir.join("ca.key");
        let key = key_at(&path)?;
        // The name follows from the key, so that browsers do not take one instance for another.
        let digest = Sha256::digest(key.public_key_raw());
        let mark: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        let mut params = CertificateParams::default();
        params.distinguished_name = named(&format!("Twinpath local authority {mark}"));
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages =
            vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
        let pem_path = dir.join("ca.pem");
        let made = |cause: rcgen::Error| FileError::new(&path, "a certificate cannot be made", cause);
        let pem = match fs::read_to_string(&pem_path) {
            Ok(pem) => pem,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                (params.not_before, params.not_after) = span!(now, AUTHORITY_DAYS);
                let pem = params.self_signed(&key).map_err(made)?.pem();
                write(&pem_path, &pem, 0o644)?;
                pem
            }
            Err(cause) => return Err(FileError::new(&pem_path, "it cannot be read", cause)),
        };
        let der = CertificateDer::from_pem_slice(pem.as_bytes())
            .map_err(|cause| FileError::new(&pem_path, "it is no certificate", cause))?;
        Ok(Self { issuer: Issuer::new(params, key), pem, der, path: pem_path })
    }

    /// The file with the authority's certificate, for clients to trust.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The authority's certificate as PEM.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// The authority's certificate.
    pub fn der(&self) -> &CertificateDer<'static> {
        &self.der
    }

    /// A certificate for a server with these names and addresses, and its key.
    ///
    /// # Errors
    ///
    /// A name is none.
    pub fn server(&self, names: &[String], now: Timestamp) -> Result<Arc<CertifiedKey>, rcgen::Error> {
        let mut params = CertificateParams::new(names.to_vec())?;
        params.distinguished_name = named(names.first().map_or("localhost", String::as_str));
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let (certificate, key) = self.sign(params, SERVER_DAYS, now)?;
        let provider = rustls::crypto::ring::default_provider();
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let certified = CertifiedKey::from_der(vec![certificate.der().clone()], key, &provider);
        certified.map(Arc::new).map_err(|_| rcgen::Error::CouldNotParseKeyPair)
    }

    /// A certificate for an edge to show, and its key, as PEM. Its common name is the edge's.
    ///
    /// # Errors
    ///
    /// A name is none.
    pub fn edge(&self, name: &str, now: Timestamp) -> Result<(String, String), rcgen::Error> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.distinguished_name = named(name);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let (certificate, key) = self.sign(params, EDGE_DAYS, now)?;
        Ok((certificate.pem(), key.serialize_pem()))
    }

    fn sign(
        &self,
        mut params: CertificateParams,
        days: i64,
        now: Timestamp,
    ) -> Result<(rcgen::Certificate, KeyPair), rcgen::Error> {
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        (params.not_before, params.not_after) = span!(now, days);
        let key = KeyPair::generate()?;
        Ok((params.signed_by(&key, &self.issuer)?, key))
    }
}

/// The key that signs tokens, of a folder; made when there is none.
///
/// # Errors
///
/// The file cannot be read or written, or is no key.
pub fn token_keys(dir: &Path) -> Result<Keys, FileError> {
    let path = dir.join("token.key");
    let key = key_at(&path)?;
    Keys::from_pem(&key.serialize_pem()).map_err(|cause| FileError::new(&path, "it signs no tokens", cause))
}

/// Writes a file that only its owner may read. One that is there is replaced whole.
///
/// # Errors
///
/// It cannot be written.
pub fn write_secret(path: &Path, text: &str) -> Result<(), FileError> {
    write(path, text, 0o600)
}

/// Writes a file whole or not at all.
fn write(path: &Path, text: &str, mode: u32) -> Result<(), FileError> {
    let failed = |cause: io::Error| FileError::new(path, "it cannot be written", cause);
    let beside = path.with_extension("new");
    let _ = fs::remove_file(&beside);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&beside).map_err(failed)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
    fs::rename(&beside, path).map_err(failed)
}

/// The key in a file; a new one when there is no such file.
fn key_at(path: &Path) -> Result<KeyPair, FileError> {
    match fs::read_to_string(path) {
        Ok(pem) => KeyPair::from_pem(&pem).map_err(|cause| FileError::new(path, "it is no key", cause)),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let key = KeyPair::generate().map_err(|cause| FileError::new(path, "a key cannot be made", cause))?;
            write_secret(path, &key.serialize_pem())?;
            Ok(key)
        }
        Err(cause) => Err(FileError::new(path, "it cannot be read", cause)),
    }
}

fn named(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished
}

/// What is shown to clients: the newest server certificate.
#[derive(Debug)]
pub(super) struct Shown(RwLock<Arc<CertifiedKey>>);

impl Shown {
    pub(super) fn new(key: Arc<CertifiedKey>) -> Self {
        Self(RwLock::new(key))
    }

    pub(super) fn replace(&self, key: Arc<CertifiedKey>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = key;
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.read().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

/// The cryptography of all TLS here: ring.
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}
