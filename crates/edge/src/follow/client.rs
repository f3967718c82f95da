//! The connection to the service: TLS with certificates on both sides.

use super::Options;
use edge_api::{Answer, Intents, Report};
use std::path::Path;
use std::time::Duration;
use ureq::tls::{Certificate, ClientCert, PemItem, PrivateKey, RootCerts, TlsConfig};
use uuid::Uuid;

/// For how many seconds the service may keep us waiting for news.
pub(super) const WAIT: u64 = 25;

/// How long anything else may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// The most that is read of an answer, in bytes: ten thousand intents with their routes are a tenth of it.
const MOST_BYTES: u64 = 512 << 20;

/// The service, as an edge sees it.
#[derive(Debug)]
pub(super) struct Client {
    agent: ureq::Agent,
    base: String,
}

/// A certificate or a key that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {why}")]
pub struct BadCredentials {
    /// The file.
    pub file: String,
    /// What is wrong, without what is in it.
    pub why: String,
}

/// Why the service was not heard.
#[derive(Debug, thiserror::Error)]
pub(super) enum Away {
    /// It is not there, or it is not who it should be.
    #[error("{0}")]
    Transport(#[from] ureq::Error),
    /// It refuses.
    #[error("the service answers {status} to {what}")]
    Refused {
        /// The status.
        status: u16,
        /// What was asked.
        what: &'static str,
    },
}

impl Client {
    pub(super) fn new(options: &Options) -> Result<Self, BadCredentials> {
        let roots = certificates(&options.ca)?;
        let chain = certificates(&options.cert)?;
        let key = PrivateKey::from_pem(&read(&options.key)?).map_err(|_| bad(&options.key, "no private key in it"))?;
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::new_with_certs(&roots))
            .client_cert(Some(ClientCert::new_with_certs(&chain, key)))
            .build();
        let agent = ureq::Agent::config_builder()
            .tls_config(tls)
            .timeout_global(Some(PATIENCE))
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .build();
        Ok(Self { agent: agent.into(), base: options.control.trim_end_matches('/').to_owned() })
    }

    /// What changed after a revision; waits while nothing did.
    pub(super) fn intents(&self, after: u64) -> Result<Intents, Away> {
        let url = format!("{}/edge/v1/intents?after={after}&wait={WAIT}", self.base);
        let request = self.agent.get(url).config().timeout_global(Some(Duration::from_secs(WAIT) + PATIENCE)).build();
        let mut answer = request.call()?;
        refused(answer.status().as_u16(), "a question for intents")?;
        Ok(answer.body_mut().with_config().limit(MOST_BYTES).read_json()?)
    }

    /// Says what runs.
    pub(super) fn report(&self, report: &Report) -> Result<(), Away> {
        let answer = self.agent.post(format!("{}/edge/v1/report", self.base)).send_json(report)?;
        refused(answer.status().as_u16(), "a report")
    }

    /// Answers a question. One that nobody waits for any more is none to complain about.
    pub(super) fn answer(&self, id: Uuid, answer: &Answer) -> Result<(), Away> {
        let answer = self.agent.post(format!("{}/edge/v1/answers/{id}", self.base)).send_json(answer)?;
        match answer.status().as_u16() {
            404 | 409 => Ok(()),
            status => refused(status, "an answer"),
        }
    }
}

fn refused(status: u16, what: &'static str) -> Result<(), Away> {
    match status {
        200..=299 => Ok(()),
        status => Err(Away::Refused { status, what }),
    }
}

fn certificates(path: &Path) -> Result<Vec<Certificate<'static>>, BadCredentials> {
    let text = read(path)?;
    let items = ureq::tls::parse_pem(&text).filter_map(|item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate),
        _ => None,
    });
    let found: Vec<_> = items.collect();
    if found.is_empty() { Err(bad(path, "no certificate in it")) } else { Ok(found) }
}

fn read(path: &Path) -> Result<Vec<u8>, BadCredentials> {
    std::fs::read(path).map_err(|error| bad(path, &error.to_string()))
}

fn bad(path: &Path, why: &str) -> BadCredentials {
    BadCredentials { file: path.display().to_string(), why: why.to_owned() }
}
