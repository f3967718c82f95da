//! A PostgreSQL that speaks TLS alone: who is believed to be it.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use std::path::Path;
use store::Change;
use testkit::postgres::Postgres;

/// An authority, and its certificate in a file.
fn authority(file: &Path) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    std::fs::write(file, issuer.pem()).unwrap();
    issuer
}

/// A server whose certificate is for a name.
fn server(issuer: &CertifiedIssuer<'static, KeyPair>, name: &str) -> Postgres {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, issuer).unwrap();
    Postgres::secured(&certificate.pem(), &key.serialize_pem()).unwrap()
}

#[tokio::test]
async fn the_server_is_believed_by_its_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let ours = authority(&file("ours.pem"));
    authority(&file("other.pem"));
    for (server, is_named) in [(server(&ours, "127.0.0.1"), true), (server(&ours, "db.example"), false)] {
        server.database("safe").unwrap();
        let port = server.port().unwrap();
        for (how, taken) in [
            ("sslmode=disable".to_owned(), false),
            ("sslmode=require".to_owned(), true),
            (format!("sslmode=verify-full&sslrootcert={}", file("ours.pem").display()), is_named),
            (format!("sslmode=verify-ca&sslrootcert={}", file("ours.pem").display()), true),
            (format!("sslmode=verify-ca&sslrootcert={}", file("other.pem").display()), false),
            (format!("sslmode=verify-full&sslrootcert={}", file("absent.pem").display()), false),
            ("sslmode=verify-full".to_owned(), false),
        ] {
            let opened = store::open(&format!("postgres://twinpath:hidden@127.0.0.1:{port}/safe?{how}")).await;
            match opened {
                Ok(store) => {
                    assert!(taken, "{how}");
                    store.commit(&Change::default()).await.unwrap();
                    store.ping().await.unwrap();
                }
                Err(error) => {
                    assert!(!taken, "{how}: {error}: {}", error.cause);
                    assert!(!format!("{error:?}").contains("hidden"), "{error:?}");
                }
            }
        }
    }
}
