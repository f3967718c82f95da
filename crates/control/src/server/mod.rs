//! The rim of the service: sockets, TLS, HTTP, and the life of the process.
//!
//! [`Server::bind`] opens everything, so that what fails fails before anything is promised; [`Server::run`] answers until
//! it is told to stop, with the [`engine`](crate::engine) beside it. A request goes through `pipeline`: read within
//! bounds (`request`), told who calls (`auth`), given its route and its call, run, and answered (`reply`). What clients
//! ask before they have a token is in `identity`.

mod certificates;
mod edges;
mod endpoints;
mod health;
mod identity;
mod listen;
mod metrics;
mod pipeline;
mod reply;
mod request;
mod story;

pub use certificates::{Certificates, FileError, provider, token_keys, write_secret};
pub use edges::{DoorError, EdgeDoor};
pub use listen::{Peer, Reply, serve};

use crate::auth::{self, Authority, Credentials, External};
use crate::{Settings, clock, engine};
use certificates::Shown;
use metrics::{Measured, Metrics};
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::{Store, StoreError};
use tokio::net::TcpListener;
use tokio::sync::watch;

/// What a server is started with.
#[derive(Debug)]
pub struct Options {
    /// The folder with keys, certificates and credentials; made when it is not there.
    pub dir: PathBuf,
    /// Where to listen.
    pub listen: SocketAddr,
    /// The public address; `https://localhost:PORT` when it is not given.
    pub base: Option<String>,
    /// Where everything is kept.
    pub store: Arc<dyn Store>,
    /// What the service runs with; its public address is set here.
    pub settings: Settings,
    /// Other issuers whose tokens count.
    pub oidc: Vec<External>,
}

/// How to sign in, for whoever may read the folder.
const CREDENTIALS: &str = "credentials.json";
/// How files end that hold credentials whose accounts may not be in the store yet.
const DRAFT: &str = "draft";

/// What requests share.
#[derive(Debug)]
pub(crate) struct Service {
    store: Arc<dyn Store>,
    settings: Arc<Settings>,
    authority: Authority,
    certificates: Arc<Certificates>,
    metrics: Arc<Metrics>,
    endpoints: m365::history::History,
}

/// A server that is ready to answer.
#[derive(Debug)]
pub struct Server {
    service: Arc<Service>,
    listener: TcpListener,
    address: SocketAddr,
    names: Vec<String>,
    shown: Arc<Shown>,
    credentials: Option<Credentials>,
    first: bool,
}

/// A server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A file is in the way.
    #[error("the folder of the service cannot be used")]
    File(#[from] FileError),
    /// The folder cannot be made.
    #[error("{0} cannot be made")]
    Dir(PathBuf, #[source] io::Error),
    /// The address cannot be listened on.
    #[error("cannot listen on {0}")]
    Listen(SocketAddr, #[source] io::Error),
    /// The public address is none.
    #[error("the public address is `{0}`, wanted one like `https://twinpath.example:8443`")]
    Base(String),
    /// The store failed.
    #[error("the store cannot be used")]
    Store(#[from] StoreError),
    /// No certificate can be made.
    #[error("no certificate can be made for {0}")]
    Certificate(String, #[source] rcgen::Error),
    /// The catalogue's endpoints of Microsoft 365 are none.
    #[error("the endpoints of Microsoft 365 in the catalogue cannot be used")]
    Endpoints(#[from] m365::history::HistoryError),
    /// TLS does not start.
    #[error("TLS does not start")]
    Tls(#[from] rustls::Error),
}

impl Server {
    /// Opens the folder, makes what is missing in it, and listens. At the first start of a store it writes
    /// `credentials.json`.
    ///
    /// # Errors
    ///
    /// What stands in the way.
    pub async fn bind(options: Options) -> Result<Self, StartError> {
        let Options { dir, listen, base, store, mut settings, oidc } = options;
        let now = clock::now();
        let metrics = Arc::new(Metrics::new());
        let store: Arc<dyn Store> = Arc::new(Measured { store, metrics: metrics.clone() });
        make_private(&dir)?;
        let certificates = Arc::new(Certificates::open(&dir, now)?);
        let listener = TcpListener::bind(listen).await.map_err(|error| StartError::Listen(listen, error))?;
        let address = listener.local_addr().map_err(|error| StartError::Listen(listen, error))?;
        let base = match base {
            Some(base) => base.trim_end_matches('/').to_owned(),
            None => format!("https://localhost:{}", address.port()),
        };
        let host = host_of(&base).ok_or_else(|| StartError::Base(base.clone()))?;
        let mut names = vec![host.clone()];
        for name in ["localhost", "127.0.0.1", "::1"] {
            if host != name {
                names.push(name.to_owned());
            }
        }
        if !address.ip().is_unspecified() && !address.ip().is_loopback() {
            names.push(address.ip().to_string());
        }
        let certificate = |names: &[String]| {
            let failed = |error| StartError::Certificate(names.join(", "), error);
            certificates.server(names, now).map_err(failed)
        };
        let shown = Arc::new(Shown::new(certificate(&names)?));
        settings.base.clone_from(&base);
        let port = address.port();
        let others: Vec<String> =
            ["localhost", "127.0.0.1", "[::1]"].map(|name| format!("https://{name}:{port}")).to_vec();
        let authority = Authority::new(store.clone(), token_keys(&dir)?, &base, &others).with_issuers(oidc);
        let draft = |fresh: &Credentials| note(&dir.join(draft_of(fresh)), fresh, &base).map_err(StartError::from);
        let first = auth::seed(&*store, now, draft).await?.is_some();
        let credentials = credentials(&*store, &dir, &base).await?;
        authority.publish(now).await?;
        let endpoints = m365::history::History::of(&settings.catalog)?;
        let service =
            Arc::new(Service { store, settings: Arc::new(settings), authority, certificates, metrics, endpoints });
        Ok(Self { service, listener, address, names, shown, credentials, first })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The public address.
    pub fn base(&self) -> &str {
        &self.service.settings.base
    }

    /// What the service runs with.
    pub fn settings(&self) -> &Arc<Settings> {
        &self.service.settings
    }

    /// The local certificate authority.
    pub fn certificates(&self) -> &Arc<Certificates> {
        &self.service.certificates
    }

    /// How to sign in, when this folder had the first start.
    pub fn credentials(&self) -> Option<&Credentials> {
        self.credentials.as_ref()
    }

    /// Whether this is the first start.
    pub fn is_first(&self) -> bool {
        self.first
    }

    /// Answers until `stop` says true, and takes the steps of operations. Then it takes no more requests, gives those at
    /// work ten seconds, and ends.
    ///
    /// # Errors
    ///
    /// TLS does not start.
    pub async fn run(self, stop: watch::Receiver<bool>) -> Result<(), StartError> {
        let Self { service, listener, names, shown, .. } = self;
        let mut tls = rustls::ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(shown.clone());
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let renewal = tokio::spawn(renew(service.certificates.clone(), names, shown));
        let engine = tokio::spawn(engine::run(service.store.clone(), service.settings.clone(), stop.clone()));
        let story = tokio::spawn(story::tell(service.store.clone(), stop.clone()));
        let answering = service.clone();
        let answer = move |request, peer| pipeline::handle(answering.clone(), request, peer);
        serve(listener, Arc::new(tls), answer, stop).await;
        renewal.abort();
        story.abort();
        if engine.await.is_err() {
            tracing::error!("the engine ended in a panic");
        }
        Ok(())
    }
}

/// Makes a new server certificate in time, for as long as the service runs.
async fn renew(certificates: Arc<Certificates>, names: Vec<String>, shown: Arc<Shown>) {
    loop {
        tokio::time::sleep(certificates::RENEW).await;
        match certificates.server(&names, clock::now()) {
            Ok(key) => shown.replace(key),
            Err(error) => tracing::error!("the server certificate was not renewed: {error}"),
        }
    }
}

/// What `credentials.json` says; written again when the public address is another. Where there is none yet, a draft
/// whose accounts the store has becomes it: of this first start, or of one that was killed before it came so far.
async fn credentials(store: &dyn Store, dir: &Path, base: &str) -> Result<Option<Credentials>, StartError> {
    let path = dir.join(CREDENTIALS);
    let read = |path: &Path| -> Option<Credentials> { serde_json::from_str(&std::fs::read_to_string(path).ok()?).ok() };
    if let Some(kept) = read(&path) {
        if kept.url != base {
            note(&path, &kept, base)?;
        }
        return Ok(Some(kept));
    }
    let files = std::fs::read_dir(dir).map_err(|error| StartError::Dir(dir.to_owned(), error))?;
    let drafts = files.filter_map(|file| Some(file.ok()?.path()));
    for draft in drafts.filter(|path| path.extension().is_some_and(|end| end == DRAFT)) {
        let Some(drafted) = read(&draft) else { continue };
        if auth::known(store, &drafted).await? {
            note(&path, &drafted, base)?;
            // One that stays does no harm.
            _ = std::fs::remove_file(&draft);
            return Ok(Some(drafted));
        }
    }
    Ok(None)
}

/// The name of the draft of credentials: each its own, since replicas may have one folder.
fn draft_of(credentials: &Credentials) -> String {
    format!("credentials-{}.{DRAFT}", credentials.tenant)
}

/// Writes credentials with the public address.
fn note(path: &Path, credentials: &Credentials, base: &str) -> Result<(), FileError> {
    let credentials = Credentials { url: base.to_owned(), ..credentials.clone() };
    let text = serde_json::to_string_pretty(&credentials).unwrap_or_default();
    write_secret(path, &(text + "\n"))
}

/// Makes a folder that only its owner may open.
fn make_private(dir: &Path) -> Result<(), StartError> {
    use std::os::unix::fs::DirBuilderExt;
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir);
    made.map_err(|error| StartError::Dir(dir.to_owned(), error))
}

/// The host of an address like `https://host:port`; nothing when it is another address.
fn host_of(base: &str) -> Option<String> {
    let uri: http::Uri = base.parse().ok()?;
    let plain = uri.scheme_str() == Some("https") && uri.path() == "/" && uri.query().is_none() && !base.ends_with('/');
    let host = uri.host()?.trim_start_matches('[').trim_end_matches(']');
    (plain && !host.is_empty() && !base.contains('@')).then(|| host.to_owned())
}
