//! Edges that the service starts itself: a process of this binary for each edge that has anything to run.
//!
//! They are edges like others: they call the service over TLS, with certificates of its authority. Each has an address
//! of 127.64.0.0/16 of its own, to which customers' routers connect. It ends when its standard input does, so it
//! outlives neither an orderly end of the service nor a kill.

use anyhow::Context;
use control::server::Certificates;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use store::Store;
use tokio::process::{Child, Command};
use tokio::sync::watch;

/// The port that customers' routers connect to: 179 is for the privileged.
const PORT: u16 = 10179;

/// How long it is waited for news of the store before edges are looked after again.
const LOOK: Duration = Duration::from_secs(1);

/// How long an edge that ended rests before it is started again, at first and at most.
const REST: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// How long edges have to take their leave of customers.
const LEAVE: Duration = Duration::from_secs(5);

/// What edges need to be started.
#[derive(Debug)]
pub(crate) struct Embedded {
    /// The folder of the service.
    pub(crate) data: PathBuf,
    /// Where edges call the service.
    pub(crate) control: SocketAddr,
    /// Makes their certificates.
    pub(crate) certificates: Arc<Certificates>,
    /// Says which edges have anything to run.
    pub(crate) store: Arc<dyn Store>,
}

/// An edge, whether it runs or rests.
#[derive(Debug)]
struct Kept {
    child: Option<Child>,
    rest: Duration,
    again: tokio::time::Instant,
}

impl Embedded {
    /// Keeps an edge running for each that has intents, until `stop` says true.
    pub(crate) async fn keep(self, mut stop: watch::Receiver<bool>) {
        let (mut edges, mut revision): (BTreeMap<String, Kept>, u64) = (BTreeMap::new(), 0);
        while !*stop.borrow() {
            match self.store.edges().await {
                Ok(names) => self.look_after(&names, &mut edges),
                Err(error) => tracing::warn!("edges are not looked after: {error}: {}", error.cause),
            }
            tokio::select! {
                _ = stop.changed() => {}
                newest = self.store.changed(revision, LOOK) => revision = newest,
            }
        }
        for kept in edges.values_mut() {
            // The end of its standard input tells it to end.
            drop(kept.child.as_mut().and_then(|child| child.stdin.take()));
        }
        for (name, kept) in edges {
            if let Some(mut child) = kept.child
                && tokio::time::timeout(LEAVE, child.wait()).await.is_err()
            {
                tracing::warn!(edge = %name, "did not end in time and is killed");
                let _ = child.kill().await;
            }
        }
    }

    fn look_after(&self, names: &[String], edges: &mut BTreeMap<String, Kept>) {
        let now = tokio::time::Instant::now();
        for name in names {
            let kept = edges.entry(name.clone()).or_insert(Kept { child: None, rest: REST.0, again: now });
            if let Some(child) = &mut kept.child {
                match child.try_wait() {
                    Ok(None) => continue,
                    Ok(Some(status)) => tracing::warn!(edge = %name, "the edge ended ({status}) and is started again"),
                    Err(error) => tracing::warn!(edge = %name, "nothing is known of the edge: {error}"),
                }
                kept.child = None;
                kept.again = now + kept.rest;
                kept.rest = (kept.rest * 2).min(REST.1);
            }
            if now < kept.again {
                continue;
            }
            match self.start(name) {
                Ok(child) => kept.child = Some(child),
                Err(error) => {
                    tracing::error!(edge = %name, "the edge does not start: {error:#}");
                    kept.again = now + kept.rest;
                    kept.rest = (kept.rest * 2).min(REST.1);
                }
            }
        }
    }

    fn start(&self, name: &str) -> anyhow::Result<Child> {
        let state = self.data.join("edges").join(name);
        std::fs::create_dir_all(&state).with_context(|| format!("{} cannot be made", state.display()))?;
        let (certificate, key) = self.certificates.edge(name, control::clock::now())?;
        let file = |end: &str| state.join(end);
        control::server::write_secret(&file("edge.pem"), &certificate)?;
        control::server::write_secret(&file("edge.key"), &key)?;
        let listen = address(&self.data.join("edges"), name)?;
        let log = std::fs::File::create(file("edge.log")).context("its log cannot be made")?;
        let program = std::env::current_exe().context("this program has no path")?;
        let child = Command::new(program)
            .args(["edge", "--end-with-stdin", "--name", name, "--listen", &listen.to_string()])
            .args(["--control", &format!("https://{}", self.control)])
            .arg("--ca")
            .arg(self.certificates.path())
            .arg("--cert")
            .arg(file("edge.pem"))
            .arg("--key")
            .arg(file("edge.key"))
            .arg("--state")
            .arg(&state)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()?;
        tracing::info!(target: "twinpath::story", edge = %name, "edge     {name}   starts, customers connect to {listen}");
        Ok(child)
    }
}

/// Where an edge listens: where it did before, else the first address of 127.64.0.0/16 that nobody has. One that was
/// started a moment ago has its own already, though it does not listen yet.
fn address(edges: &Path, name: &str) -> anyhow::Result<SocketAddr> {
    let noted = |edge: &Path| -> Option<SocketAddr> {
        std::fs::read_to_string(edge.join("listen")).ok().and_then(|text| text.trim().parse().ok())
    };
    let folders = std::fs::read_dir(edges).with_context(|| format!("{} cannot be read", edges.display()))?;
    let others = folders.filter_map(Result::ok).filter(|folder| folder.file_name() != name);
    let taken: Vec<SocketAddr> = others.filter_map(|folder| noted(&folder.path())).collect();
    let own = edges.join(name);
    let all = (1..=u16::MAX).map(|number| {
        let [high, low] = number.to_be_bytes();
        SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 64, high, low)), PORT)
    });
    let mut candidates = noted(&own).into_iter().chain(all).filter(|address| !taken.contains(address));
    let free = candidates.find(|address| TcpListener::bind(address).is_ok());
    let free = free.with_context(|| format!("no address of 127.64.0.0/16 has port {PORT} free"))?;
    let note = own.join("listen");
    std::fs::write(&note, format!("{free}\n")).with_context(|| format!("{} cannot be written", note.display()))?;
    Ok(free)
}
