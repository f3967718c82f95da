//! An edge under the service: what it runs is what the service says.
//!
//! ```text
//!  service ◄── GET intents (waits) ─── follower ──► Book ──► Handle::take_up ──► what runs
//!          ◄── POST answers ──────────┘                │
//!          ◄── POST report ─────────── reporter ◄──────┘
//! ```
//!
//! The edge calls, the service never does. Two threads: the follower asks for intents, takes them up and answers
//! questions; the reporter says what runs when it changes, and now and then all of it. [`Book`](book::Book) is what
//! both share: every intent, and whether it runs. The last intents are in the state folder, so that an edge whose
//! service is away starts with what it ran before; the service's word replaces it as soon as it is heard.

mod answers;
mod back_off;
mod book;
mod client;
mod disk;
mod follower;
mod reporter;
#[cfg(test)]
pub(crate) mod testing;
mod translate;

use crate::config::{Config, Encapsulation, Feed, Label, Places, Refused, Tagging};
use crate::process::Handle;
use book::Book;
use catalog::Catalog;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

pub use client::BadCredentials;

/// Where the service is, and who we are to it.
#[derive(Debug, Clone)]
pub struct Options {
    /// The address of the service, like `https://localhost:8444`.
    pub control: String,
    /// The certificates that the service's is checked against, PEM.
    pub ca: PathBuf,
    /// Our certificate, PEM; its common name is the edge's.
    pub cert: PathBuf,
    /// Its key, PEM.
    pub key: PathBuf,
    /// The folder for what outlives the process: intents with their keys, for the owner alone.
    pub state: PathBuf,
    /// How customers are watched, where not as Microsoft does it: 300 ms x 3.
    pub bfd: Option<model::Bfd>,
}

/// Why an edge does not begin to follow.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// Certificates or keys cannot be used.
    #[error(transparent)]
    Credentials(#[from] BadCredentials),
    /// The state folder cannot be used.
    #[error("state folder {folder}")]
    State {
        /// The folder.
        folder: PathBuf,
        /// Why not.
        #[source]
        cause: io::Error,
    },
    /// A thread cannot be had.
    #[error("no thread to follow the service")]
    Thread(#[source] io::Error),
}

/// How an edge under the service reaches customers with packets, beside their sessions.
#[derive(Debug, Clone)]
pub struct Forwarding {
    /// The device on which circuits come in.
    pub port: String,
    /// How they are told apart on it.
    pub encapsulation: Encapsulation,
    /// What puts tags on and takes them off.
    pub tagging: Tagging,
    /// Our address in the cloud's network, from which tunnels go to VNet gateways.
    pub cloud: std::net::IpAddr,
}

/// The configuration of an edge before the service has said anything: no domains, and Microsoft's prefixes as the
/// catalogue has them. One that forwards listens where its domains are, and nowhere else.
///
/// # Errors
///
/// The name is none, or the address to listen at has no IPv4 address to be the BGP identifier.
pub fn configuration(
    name: &str,
    listen: SocketAddr,
    forwarding: Option<&Forwarding>,
    state: &Path,
    catalog: &Catalog,
) -> Result<Config, Refused> {
    let address = forwarding.map_or(listen.ip(), |forwarding| forwarding.cloud);
    let router_id = match address {
        std::net::IpAddr::V4(ip) => ip.to_string(),
        std::net::IpAddr::V6(_) => String::new(),
    };
    let mut text = format!("name = {name:?}\nrouter-id = '{router_id}'\n");
    match forwarding {
        None => text += &format!("listen = ['{listen}']\n"),
        Some(Forwarding { port, encapsulation, tagging, cloud }) => {
            let (encapsulation, tagging) = (encapsulation.as_str(), tagging.as_str());
            text += &format!(
                "listen = []\n[dataplane]\nport = {port:?}\nencapsulation = '{encapsulation}'\ntagging = '{tagging}'\ncloud = '{cloud}'\n"
            );
        }
    }
    let mut no_files = |_: &Path| Err(io::ErrorKind::Unsupported.into());
    let mut config = Config::parse("--name and --listen", &text, catalog, &mut no_files)?;
    config.control = state.join("edge.sock");
    config.state = Some(state.to_owned());
    config.feeds = feeds(catalog);
    Ok(config)
}

/// Begins to follow the service: what was run last begins to run at once, then the service is asked. The threads end
/// with the process.
///
/// # Errors
///
/// [`FollowError`]; nothing is followed then.
pub fn start(handle: Handle, listen: &[SocketAddr], options: &Options) -> Result<(), FollowError> {
    let client = Arc::new(client::Client::new(options)?);
    let state = |cause| FollowError::State { folder: options.state.clone(), cause };
    let disk = disk::Disk::open(&options.state).map_err(state)?;
    let place = translate::Place::of(&handle.core().config(), listen.to_vec(), options.bfd);
    let mut book = Book::new(place);
    let last = disk.load().map_err(state)?;
    if !last.is_empty() {
        let count = last.len();
        let changed = book.take_up(&handle, last, Vec::new(), false);
        tracing::info!("{count} intents of the last time: {}", changed.applied);
    }
    let book = Arc::new(Mutex::new(book));
    let reporter = reporter::Reporter::new(handle.clone(), book.clone(), client.clone(), listen);
    let follower = follower::Follower::new(handle, book, client, disk);
    let spawn = |name: &str, run: Box<dyn FnOnce() + Send>| {
        std::thread::Builder::new().name(name.into()).spawn(run).map(drop).map_err(FollowError::Thread)
    };
    spawn("reporter", Box::new(move || reporter.run()))?;
    spawn("follower", Box::new(move || follower.run()))
}

/// Microsoft's prefixes by community.
fn feeds(catalog: &Catalog) -> Vec<Arc<Feed>> {
    let feed = |(community, prefixes): (model::Community, Vec<model::Prefix>)| {
        let name = Label::parse(&community.to_string())?;
        let (file, as_path, places) = (None, Vec::new(), Places::nowhere());
        Some(Arc::new(Feed { name, prefixes, file, communities: vec![community], as_path, places }))
    };
    catalog.community_prefixes().into_iter().filter_map(feed).collect()
}
