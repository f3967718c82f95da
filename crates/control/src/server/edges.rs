//! The door of the edges: TLS with certificates on both sides, and three requests (`edge-api`).
//!
//! An edge is who its certificate says (the common name); what it asks and says is about itself. Whoever holds the
//! certificate of one edge can report for that one and for no other.

use super::certificates::{Certificates, Shown, provider};
use super::listen::{Peer, Reply, serve, stopped};
use super::{reply, request};
use crate::app::{observe, reach};
use crate::{Fault, Settings, Tx, clock, intent};
use arm_api::ArmError;
use edge_api::{Answer, DomainReport, Intents, Report, SessionState, Side};
use http::{Method, Request, StatusCode};
use hyper::body::Incoming;
use jiff::{Timestamp, Unit};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::server::WebPkiClientVerifier;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use store::{Store, StoreError};
use tokio::net::TcpListener;
use tokio::sync::watch;
use uuid::Uuid;

/// How many intents are read at a time.
const PAGE: u32 = 1000;

/// For how many seconds an edge may be kept waiting, however long it wants to.
const LONGEST_WAIT: u64 = 60;

/// How many bytes a report or an answer may have: ten thousand peerings are a tenth of it.
const MOST_BYTES: usize = 64 << 20;

/// For how long counters are remembered.
const HISTORY: Duration = Duration::from_secs(31 * 24 * 3600);

/// A door that is open.
#[derive(Debug)]
pub struct EdgeDoor {
    listener: TcpListener,
    address: SocketAddr,
    tls: Arc<rustls::ServerConfig>,
    desk: Arc<Desk>,
}

/// The door cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    /// The address cannot be listened on.
    #[error("cannot listen on {0} for edges")]
    Listen(SocketAddr, #[source] io::Error),
    /// No certificate can be made.
    #[error("no certificate can be made for the door of the edges")]
    Certificate(#[from] rcgen::Error),
    /// Certificates of edges cannot be checked.
    #[error("certificates of edges cannot be checked: {0}")]
    Verifier(String),
    /// TLS does not start.
    #[error("TLS does not start")]
    Tls(#[from] rustls::Error),
}

/// What answers.
#[derive(Debug)]
struct Desk {
    store: Arc<dyn Store>,
    settings: Arc<Settings>,
    /// What edges said last: for the story in the log and for the history. It may be lost, edges say it again.
    known: Mutex<BTreeMap<String, Known>>,
}

/// What an edge said last.
#[derive(Debug, Default)]
struct Known {
    domains: BTreeMap<String, DomainReport>,
    sampled: Option<Timestamp>,
}

/// What a report means for others.
#[derive(Debug)]
struct Noted {
    /// What runs no more.
    gone: Vec<String>,
    /// Peerings whose routes changed, or may have: whether their minute is told.
    news: BTreeMap<String, bool>,
    /// What is to be remembered of this minute, when it is the first report in it: by the key of the peering and the
    /// link, `KEY/primary`.
    samples: Option<(Timestamp, Vec<(String, Value)>)>,
}

impl EdgeDoor {
    /// Listens for edges. `names` are those by which edges call the service.
    ///
    /// # Errors
    ///
    /// What stands in the way.
    pub async fn bind(
        listen: SocketAddr,
        names: &[String],
        certificates: &Certificates,
        store: Arc<dyn Store>,
        settings: Arc<Settings>,
    ) -> Result<Self, DoorError> {
        let listener = TcpListener::bind(listen).await.map_err(|error| DoorError::Listen(listen, error))?;
        let address = listener.local_addr().map_err(|error| DoorError::Listen(listen, error))?;
        let mut roots = RootCertStore::empty();
        roots.add(certificates.der().clone())?;
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider())
            .build()
            .map_err(|error| DoorError::Verifier(error.to_string()))?;
        let shown = Arc::new(Shown::new(certificates.server(names, clock::now())?));
        let mut tls = rustls::ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()?
            .with_client_cert_verifier(verifier)
            .with_cert_resolver(shown);
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        let desk = Arc::new(Desk { store, settings, known: Mutex::default() });
        Ok(Self { listener, address, tls: Arc::new(tls), desk })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers edges until `stop` says true.
    pub async fn run(self, stop: watch::Receiver<bool>) {
        let (desk, stopping) = (self.desk, stop.clone());
        let answer = move |request, peer| {
            let (desk, stopping) = (desk.clone(), stopping.clone());
            async move { desk.answer(request, peer, stopping).await }
        };
        serve(self.listener, self.tls, answer, stop).await;
    }
}

impl Desk {
    async fn answer(&self, request: Request<Incoming>, peer: Peer, stop: watch::Receiver<bool>) -> Reply {
        let Some(edge) = peer.certificate.as_ref().and_then(common_name) else {
            let text = "the certificate has no common name, wanted the name of an edge";
            return reply::refusal(&ArmError::new(StatusCode::FORBIDDEN, "AuthorizationFailed", text));
        };
        match self.decide(&edge, request, stop).await {
            Ok(reply) => reply,
            Err(Fault::Refused(error)) => reply::refusal(&error),
            Err(Fault::Stale) => reply::refusal(&ArmError::conflict("Conflict", "somebody else was first")),
            Err(Fault::Store(error)) => {
                tracing::error!(%edge, "{error}: {}", error.cause);
                let text = "the store does not answer; try again";
                reply::refusal(&ArmError::new(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", text))
            }
        }
    }

    async fn decide(&self, edge: &str, asked: Request<Incoming>, stop: watch::Receiver<bool>) -> Result<Reply, Fault> {
        let (parts, body) = asked.into_parts();
        let path: Vec<&str> = parts.uri.path().split('/').skip(1).collect();
        match (&parts.method, &path[..]) {
            (&Method::GET, ["edge", "v1", "intents"]) => {
                let query = request::query(parts.uri.query().unwrap_or_default())?;
                let intents = self.intents(edge, number(&query, "after")?, number(&query, "wait")?, stop).await?;
                Ok(reply::json(StatusCode::OK, &serde_json::to_value(&intents).unwrap_or_default()))
            }
            (&Method::POST, ["edge", "v1", "report"]) => {
                let report: Report = read(body).await?;
                self.report(edge, report).await?;
                Ok(reply::empty(StatusCode::NO_CONTENT))
            }
            (&Method::POST, ["edge", "v1", "answers", id]) => {
                let id = Uuid::parse_str(id)
                    .map_err(|_| ArmError::bad_request("InvalidRequestFormat", "wanted the id of a question"))?;
                let answer: Answer = read(body).await?;
                self.answered(edge, id, answer).await?;
                Ok(reply::empty(StatusCode::NO_CONTENT))
            }
            _ => Err(ArmError::not_found("NotFound", "edges are served at /edge/v1 alone").into()),
        }
    }

    /// What changed since a revision; waits while nothing did.
    async fn intents(
        &self,
        edge: &str,
        after: u64,
        wait: u64,
        mut stop: watch::Receiver<bool>,
    ) -> Result<Intents, StoreError> {
        let until = tokio::time::Instant::now() + Duration::from_secs(wait.min(LONGEST_WAIT));
        // Known before it is read, so that nothing falls between.
        let mut newest = self.store.changed(0, Duration::ZERO).await;
        loop {
            let found = self.look(edge, after, newest).await?;
            let left = until.saturating_duration_since(tokio::time::Instant::now());
            let news =
                found.whole || !found.intents.is_empty() || !found.removed.is_empty() || !found.questions.is_empty();
            if news || left.is_zero() || *stop.borrow() {
                return Ok(found);
            }
            newest = tokio::select! {
                newest = self.store.changed(newest, left) => newest,
                () = stopped(&mut stop) => newest,
            };
        }
    }

    /// What there is to tell. Everything, to an edge that knows nothing, or knows what was before the store was restored;
    /// it goes on from `newest`, which was there before it was looked.
    async fn look(&self, edge: &str, after: u64, newest: u64) -> Result<Intents, StoreError> {
        let whole = after == 0 || after < self.store.floor();
        let mut found = Intents { revision: if whole { 0 } else { after }, whole, ..Intents::default() };
        let mut intents: BTreeMap<String, Option<edge_api::Intent>> = BTreeMap::new();
        loop {
            let page = self.store.intents(edge, found.revision, PAGE).await?;
            let Some(last) = page.last() else { break };
            found.revision = last.revision;
            let full = page.len() >= PAGE as usize;
            intents.extend(page.iter().map(|row| (row.key.clone(), intent::join(row))));
            if !full {
                break;
            }
        }
        if whole {
            found.revision = found.revision.max(newest);
        }
        for (key, intent) in intents {
            match intent {
                Some(intent) => found.intents.push(intent),
                None => found.removed.push(key),
            }
        }
        let owed = self.store.questions(edge).await?;
        found.questions = owed.iter().filter_map(observe::question).collect();
        Ok(found)
    }

    /// Keeps what an edge says of itself.
    async fn report(&self, edge: &str, report: Report) -> Result<(), StoreError> {
        let now = clock::now();
        let mut rows = Vec::with_capacity(report.domains.len() + 1);
        let own = json!({
            "version": report.version, "listen": report.listen, "cloud": report.cloud, "revision": report.revision,
        });
        rows.push((String::new(), own));
        for domain in &report.domains {
            rows.push((domain.key.clone(), serde_json::to_value(domain).unwrap_or_default()));
        }
        let Noted { gone, news, samples } = self.note(edge, report, now);
        // What runs no more has no state.
        rows.extend(gone.into_iter().map(|key| (key, Value::Null)));
        self.store.report(edge, now, &rows).await?;
        if let Some((at, samples)) = samples.filter(|(_, samples)| !samples.is_empty()) {
            self.store.sample(at, &samples, HISTORY).await?;
        }
        self.relay(edge, &news, now).await
    }

    /// Has Global Reach look at the routes of peerings that changed; with those that report their minute, at the other
    /// ends too, whose edges may have gone without a word.
    async fn relay(&self, edge: &str, news: &BTreeMap<String, bool>, now: Timestamp) -> Result<(), StoreError> {
        for (key, minute) in news {
            let Some(circuit) = key.strip_suffix("/peerings/azureprivatepeering") else { continue };
            let mut tx = Tx::new(&*self.store, &self.settings, now, edge, "relay".to_owned());
            let relayed = match reach::relay(&mut tx, circuit, *minute).await {
                Ok(()) if tx.writes() => tx.commit().await.map(drop),
                other => other,
            };
            match relayed {
                // Somebody else was first, or the next minute comes to it.
                Ok(()) | Err(Fault::Stale | Fault::Refused(_)) => {}
                Err(Fault::Store(error)) => return Err(error),
            }
        }
        Ok(())
    }

    /// Remembers a report, and tells its news to the log.
    fn note(&self, edge: &str, report: Report, now: Timestamp) -> Noted {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let known = known.entry(edge.to_owned()).or_default();
        let mut gone = Vec::new();
        if report.whole {
            let stays = |key: &String| report.domains.iter().any(|domain| domain.key == *key);
            gone.extend(known.domains.keys().filter(|key| !stays(key)).cloned());
            gone.iter().for_each(|key| _ = known.domains.remove(key));
        }
        let mut news: BTreeMap<String, bool> = BTreeMap::new();
        for domain in report.domains {
            let before = known.domains.get(&domain.key);
            if routes(before) != routes(Some(&domain)) {
                news.insert(domain.key.clone(), false);
            }
            tell(edge, before, &domain);
            known.domains.insert(domain.key.clone(), domain);
        }
        let minute = now.round(Unit::Minute).unwrap_or(now);
        let due = known.sampled != Some(minute);
        known.sampled = Some(minute);
        let sample = |domain: &DomainReport| {
            let side = if domain.side == Side::Primary { "primary" } else { "secondary" };
            (format!("{}/{side}", domain.key), serde_json::to_value(domain).unwrap_or_default())
        };
        if due {
            news.extend(known.domains.keys().map(|key| (key.clone(), true)));
        }
        let samples = due.then(|| (minute, known.domains.values().map(sample).collect()));
        Noted { gone, news, samples }
    }

    /// Ends a question with its answer.
    async fn answered(&self, edge: &str, id: Uuid, answer: Answer) -> Result<(), Fault> {
        let absent = || ArmError::not_found("NotFound", format!("edge {edge} owes no answer {id}"));
        let operation = self.store.operation(id).await?;
        let operation = operation.filter(|asked| asked.edge.as_deref() == Some(edge)).ok_or_else(absent)?;
        let mut tx = Tx::new(&*self.store, &self.settings, clock::now(), edge, id.to_string());
        observe::answered(&mut tx, operation, answer);
        tx.commit().await.map(drop)
    }
}

/// What the edge says of the customer's routes: how many each session that is up has.
fn routes(domain: Option<&DomainReport>) -> Vec<Option<u64>> {
    let sessions = domain.iter().flat_map(|domain| &domain.sessions);
    sessions.map(|session| (session.state == SessionState::Established).then_some(session.received)).collect()
}

/// The story of a peering: its sessions as they come up and go down.
fn tell(edge: &str, before: Option<&DomainReport>, now: &DomainReport) {
    let mut words = now.key.rsplit('/');
    let (peering, circuit) = (words.next().unwrap_or_default(), words.nth(1).unwrap_or_default());
    if let Some(why) = now.refused.as_ref().filter(|why| before.and_then(|before| before.refused.as_ref()) != Some(why))
    {
        tracing::warn!("peering  {circuit}  {peering}  {edge} cannot run it: {why}");
    }
    for session in &now.sessions {
        let up = |report: &edge_api::SessionReport| report.state == SessionState::Established;
        let was =
            before.is_some_and(|before| before.sessions.iter().any(|old| old.family == session.family && up(old)));
        let family = format!("{:?}", session.family).to_lowercase();
        match (was, up(session)) {
            (false, true) => tracing::info!("peering  {circuit}  {peering}  {edge} ▲ {family} established"),
            (true, false) => {
                let why = session.last_error.as_deref().unwrap_or("no reason is known");
                tracing::info!("peering  {circuit}  {peering}  {edge} ▼ {family}: {why}");
            }
            (true, true) | (false, false) => {}
        }
    }
}

async fn read<T: DeserializeOwned>(body: Incoming) -> Result<T, ArmError> {
    let bytes = request::body(body, MOST_BYTES).await?;
    serde_json::from_slice(&bytes).map_err(|error| ArmError::bad_request("InvalidRequestContent", error.to_string()))
}

/// A number of a query; 0 when it is left out.
fn number(query: &BTreeMap<String, String>, name: &str) -> Result<u64, ArmError> {
    let Some(text) = query.get(name) else { return Ok(0) };
    let seen: String = text.chars().take(40).collect();
    text.parse()
        .map_err(|_| ArmError::bad_request("InvalidRequestFormat", format!("{name} is `{seen}`, wanted a number")))
}

/// The common name of a certificate that was checked.
fn common_name(certificate: &CertificateDer<'static>) -> Option<String> {
    let (_, certificate) = x509_parser::parse_x509_certificate(certificate).ok()?;
    let name = certificate.subject().iter_common_name().next()?.as_str().ok()?;
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rig::Rig;
    use store::{Change, IntentWrite, Secrets};

    const EDGE: &str = "amsterdam-a";

    async fn desk(store: Arc<dyn Store>) -> Desk {
        Desk { store, settings: Arc::new(Rig::new().await.settings), known: Mutex::default() }
    }

    /// What an edge is told that does not wait.
    async fn told(desk: &Desk, after: u64) -> Intents {
        let (_stop, stopped) = watch::channel(false);
        desk.intents(EDGE, after, 0, stopped).await.unwrap()
    }

    fn write(key: &str) -> Change {
        let body = Some(json!({
            "key": key, "circuit": "c", "serviceKey": "k", "location": "Amsterdam", "peering": "private",
            "sku": "standard", "side": "primary", "sTag": 10, "vlan": 100, "bandwidthMbps": 50, "enabled": true,
            "drain": false, "down": false, "sessions": [],
        }));
        let write = IntentWrite { edge: EDGE.to_owned(), key: key.to_owned(), body, secrets: Secrets::default() };
        Change { intents: vec![write], ..Change::default() }
    }

    #[tokio::test]
    async fn an_edge_that_shall_run_nothing_waits_all_the_same() {
        let desk = desk(Rig::new().await.store).await;
        let first = told(&desk, 0).await;
        assert!(first.whole && first.intents.is_empty() && first.revision > 0, "{first:?}");
        assert!(!told(&desk, first.revision).await.whole, "it was told once");
    }

    #[tokio::test]
    async fn an_edge_is_told_everything_after_a_restore_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let address = |name: &str| format!("sqlite:{}", path(name).display());
        let old = store::open(&address("old.db")).await.unwrap();
        old.commit(&write("/a")).await.unwrap();
        store::backup(&address("old.db"), &path("backup")).await.unwrap();
        // What the backup does not know of, and the edge does.
        let knows = old.commit(&write("/b")).await.unwrap();
        store::restore(&address("new.db"), &path("backup")).await.unwrap();

        let desk = desk(store::open(&address("new.db")).await.unwrap()).await;
        let first = told(&desk, knows).await;
        assert!(first.whole, "so that `/b` ends, which is in no list");
        assert_eq!(first.intents.iter().map(|intent| intent.key.as_str()).collect::<Vec<_>>(), ["/a"]);
        let then = told(&desk, first.revision).await;
        assert!(!then.whole && then.intents.is_empty(), "{then:?}");
        desk.store.commit(&write("/c")).await.unwrap();
        let last = told(&desk, first.revision).await;
        assert!(!last.whole && last.intents.len() == 1, "{last:?}");
    }
}
