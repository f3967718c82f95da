//! The stream to monitoring stations (BMP, RFC 7854).
//!
//! ```text
//!  worker ──UPDATEs, ups and downs──► queue of a station (bounded in bytes) ──► its thread ──► TCP
//!    ▲                                                                            │
//!    └──────────────── what is up, what was there before: asked for ──────────────┘
//! ```
//!
//! A worker only appends to queues. When a station reads too slowly and its queue is full, all of it is dropped, the
//! connection is closed, and the station starts anew: with the sessions that are up and their routes as they are then.
//! That order makes the beginning right, too: the queue is open before the routes are asked for, so what changes
//! meanwhile is in the queue and comes after them.

use super::stamp;
use crate::config::{self, Domain, Peer};
use crate::process::Core;
use crate::worker::Refused;
use bgp_fsm::Reason;
use bgp_record::bmp::{self, Down, Ending, Instance, PeerUp, View};
use bgp_rib::RouteFilter;
use bgp_speaker::{Notice, Peer as Number};
use bgp_wire::{EXTENDED_LIMIT, NextHop, Open, Oversize, Prefix4, Prefix6, Session, announce4, announce6, end_of_rib};
use model::Family;
use std::collections::{HashMap, VecDeque};
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

/// How long a station may take to accept a connection, or to read a part of the stream.
const PATIENCE: Duration = Duration::from_secs(30);

/// So many prefixes are asked for at a time.
const PREFIXES_A_PAGE: usize = 1024;

/// What an item of a queue weighs beside its bytes.
const ITEM: usize = 64;

/// All stations of an edge, as workers see them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stations(Arc<Vec<Arc<Queue>>>);

/// What waits for one station.
#[derive(Debug)]
struct Queue {
    config: config::Bmp,
    waiting: Mutex<Waiting>,
    news: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    items: VecDeque<Item>,
    /// What the items weigh.
    bytes: usize,
    /// The station is connected; else nothing is kept for it.
    is_open: bool,
    /// More came than there was room for.
    overflowed: bool,
}

/// Something that happened to a session.
#[derive(Debug)]
enum Item {
    Up(Number),
    Heard(Number, Vec<u8>),
    Down(Number, Reason),
}

impl Stations {
    pub(crate) fn new(config: &config::Config) -> Self {
        let queue = |station: &config::Bmp| {
            Arc::new(Queue { config: station.clone(), waiting: Mutex::default(), news: Condvar::new() })
        };
        Self(Arc::new(config.bmp.iter().map(queue).collect()))
    }

    /// Whether anybody wants to know of UPDATEs.
    pub(crate) fn are_there(&self) -> bool {
        !self.0.is_empty()
    }

    /// Takes what a worker tells, without waiting for anybody but another worker.
    pub(crate) fn take(&self, notice: &Notice) {
        for queue in self.0.iter() {
            let item = match notice {
                Notice::Up { peer } => Item::Up(*peer),
                Notice::Heard { peer, message } => Item::Heard(*peer, message.clone()),
                Notice::Down { peer, reason, .. } => Item::Down(*peer, reason.clone()),
                _ => return,
            };
            queue.push(item);
        }
    }

    /// Starts a thread for each station. They end with the core.
    pub(crate) fn start(&self, core: &Arc<Core>) -> io::Result<()> {
        for queue in self.0.iter() {
            let stream = Stream { core: Arc::downgrade(core), queue: queue.clone(), known: HashMap::new() };
            std::thread::Builder::new().name("bmp".into()).spawn(move || stream.run())?;
        }
        Ok(())
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, item: Item) {
        let mut waiting = self.lock();
        if !waiting.is_open || waiting.overflowed {
            return;
        }
        waiting.bytes += item.weight();
        if waiting.bytes > (self.config.queue_mib.get() as usize) << 20 {
            *waiting = Waiting { is_open: true, overflowed: true, ..Waiting::default() };
        } else {
            waiting.items.push_back(item);
        }
        self.news.notify_one();
    }

    /// Begins or ends to keep items.
    fn open(&self, is_open: bool) {
        *self.lock() = Waiting { is_open, ..Waiting::default() };
    }

    /// All that waits, once there is something; `None` after an overflow.
    fn wait(&self) -> Option<VecDeque<Item>> {
        let mut waiting = self.lock();
        // Woken now and then to see whether the edge is still there.
        while waiting.items.is_empty() && !waiting.overflowed {
            let (again, timeout) = self.news.wait_timeout(waiting, PATIENCE).unwrap_or_else(PoisonError::into_inner);
            waiting = again;
            if timeout.timed_out() {
                break;
            }
        }
        waiting.bytes = 0;
        (!waiting.overflowed).then(|| std::mem::take(&mut waiting.items))
    }
}

impl Item {
    fn weight(&self) -> usize {
        ITEM + match self {
            Self::Heard(_, message) => message.len(),
            Self::Up(_) | Self::Down(..) => 0,
        }
    }
}

/// Why a stream ends before its time.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("it reads too slowly; what waited for it is dropped")]
    Slow,
    #[error(transparent)]
    Worker(#[from] Refused),
    #[error("the edge has ended")]
    Ended,
}

/// One station's thread.
struct Stream {
    core: Weak<Core>,
    queue: Arc<Queue>,
    /// Sessions that the station was told of.
    known: HashMap<Number, bmp::Peer>,
}

/// What a worker knows of a session that is up.
struct Monitored {
    number: Number,
    sent: Open,
    received: Open,
    session: Session,
    local: IpAddr,
}

impl Stream {
    fn run(mut self) {
        let address = self.queue.config.address;
        let retry = Duration::from_secs(self.queue.config.retry.get().into());
        loop {
            match self.serve() {
                Err(Broken::Ended) => return,
                Err(broken) => tracing::warn!(station = %address, "bmp: {broken}"),
                Ok(()) => {}
            }
            self.queue.open(false);
            if self.core.strong_count() == 0 {
                return;
            }
            std::thread::sleep(retry);
        }
    }

    fn core(&self) -> Result<Arc<Core>, Broken> {
        self.core.upgrade().ok_or(Broken::Ended)
    }

    /// One connection, from its beginning to its end.
    fn serve(&mut self) -> Result<(), Broken> {
        let mut stream = TcpStream::connect_timeout(&self.queue.config.address, PATIENCE)?;
        stream.set_write_timeout(Some(PATIENCE))?;
        self.known.clear();
        self.queue.open(true);
        let mut out = Vec::new();
        {
            let core = self.core()?;
            let description = concat!("Twinpath edge ", env!("CARGO_PKG_VERSION"));
            bmp::initiation(&mut out, core.config().name.as_str(), description, "");
            self.begin(&core, &mut stream, &mut out)?;
        }
        tracing::info!(station = %self.queue.config.address, "bmp: the station is up to date");
        loop {
            stream.write_all(&out)?;
            out.clear();
            let items = self.queue.wait().ok_or(Broken::Slow);
            let Ok(core) = self.core() else {
                bmp::termination(&mut out, Ending::Administrative, "");
                stream.write_all(&out)?;
                return Err(Broken::Ended);
            };
            for item in items? {
                self.pass(&core, item, &mut out)?;
                if out.len() > 64 << 10 {
                    stream.write_all(&out)?;
                    out.clear();
                }
            }
        }
    }

    /// Tells of all sessions that are up and of their routes.
    fn begin(&mut self, core: &Core, stream: &mut TcpStream, out: &mut Vec<u8>) -> Result<(), Broken> {
        let config = core.config();
        for domain in config.domains.iter().map(|domain| &**domain) {
            let peers: Vec<_> = domain.peers.iter().map(|peer| (domain, peer)).collect();
            for (domain, peer, up) in core.peers(&peers, |speaker, number, _, _| look(speaker, number))? {
                self.greet(core, domain, peer, &up, out);
                for family in up.session.families.iter() {
                    self.routes(core, domain, &up, family, stream, out)?;
                }
                stream.write_all(out)?;
                out.clear();
            }
        }
        Ok(())
    }

    /// Tells of a session that is up.
    fn greet(&mut self, core: &Core, domain: &Domain, peer: &Peer, up: &Monitored, out: &mut Vec<u8>) {
        let about = bmp::Peer {
            instance: Instance::Local(core.number_of(domain).into()),
            address: peer.address,
            asn: peer.asn,
            router_id: up.received.router_id,
            four_octet_as: up.session.four_octet_as,
        };
        // The worker keeps no ports; 0 says that they are not known.
        let ends = PeerUp {
            table: domain.name.as_str(),
            local: SocketAddr::new(up.local, 0),
            remote_port: 0,
            sent: &up.sent,
            received: &up.received,
        };
        if bmp::peer_up(out, &about, stamp(), &ends).is_ok() {
            self.known.insert(up.number, about);
        }
    }

    /// Passes on what a peer has sent before, as UPDATEs of our making.
    fn routes(
        &self,
        core: &Core,
        domain: &Domain,
        up: &Monitored,
        family: Family,
        stream: &mut TcpStream,
        out: &mut Vec<u8>,
    ) -> Result<(), Broken> {
        let Some(about) = self.known.get(&up.number) else { return Ok(()) };
        let (number, mut after) = (up.number, None);
        let mut update = Vec::new();
        loop {
            let page = core.domain(domain.name.as_str(), move |speaker, _| {
                let Some(routes) = speaker.peer(number).map(|view| view.routes) else { return Vec::new() };
                speaker.tables().received(routes, family, &RouteFilter::default(), after, PREFIXES_A_PAGE)
            })?;
            let Some(last) = page.last() else { break };
            after = Some(last.prefix);
            for same in page.chunk_by(|a, b| a.attributes == b.attributes && a.next_hop == b.next_hop) {
                update.clear();
                // What does not fit into a message did not come in one.
                let _: Result<(), Oversize> = write(same, &up.session, &mut update);
                for message in messages(&update) {
                    bmp::route_monitoring(out, about, stamp(), View::Received, message);
                }
            }
            stream.write_all(out)?;
            out.clear();
        }
        update.clear();
        end_of_rib(&mut update, family);
        bmp::route_monitoring(out, about, stamp(), View::Received, &update);
        Ok(())
    }

    /// Passes on what has happened.
    fn pass(&mut self, core: &Core, item: Item, out: &mut Vec<u8>) -> Result<(), Broken> {
        match item {
            Item::Heard(number, message) => {
                if let Some(about) = self.known.get(&number) {
                    bmp::route_monitoring(out, about, stamp(), View::Received, &message);
                }
            }
            // One that came up while the beginning was told is known already.
            Item::Up(number) if self.known.contains_key(&number) => {}
            Item::Up(number) => {
                let config = core.config();
                let named = core.named(&config, number);
                if let Some((domain, peer)) = named
                    && let Some((_, _, up)) =
                        core.peers(&[(domain, peer)], |speaker, number, _, _| look(speaker, number))?.pop()
                {
                    self.greet(core, domain, peer, &up, out);
                }
            }
            Item::Down(number, reason) => {
                if let Some(about) = self.known.remove(&number) {
                    let how = match &reason {
                        Reason::Sent(notification) => Down::Local(notification),
                        Reason::Received(notification) => Down::Remote(notification),
                        Reason::Closed | Reason::ConnectFailed | Reason::ConnectTimeout | Reason::Replaced => {
                            Down::RemoteSilent
                        }
                    };
                    bmp::peer_down(out, &about, stamp(), how);
                }
            }
        }
        Ok(())
    }
}

/// What a worker knows of a session, if it is up.
fn look(speaker: &bgp_speaker::Speaker, number: Number) -> Option<Monitored> {
    let view = speaker.peer(number)?;
    let terms = &view.state.established()?.terms;
    let config = speaker.tables().peer_config(view.routes)?;
    let v4 = || config.next_hop4.map(IpAddr::from);
    let v6 = || config.next_hop6.map(IpAddr::from);
    let local = if config.address.is_ipv4() { v4() } else { v6() };
    Some(Monitored {
        number,
        sent: terms.ours.clone(),
        received: terms.theirs.clone(),
        session: terms.session,
        local: local.unwrap_or(Ipv4Addr::UNSPECIFIED.into()),
    })
}

/// Writes routes of the same attributes as UPDATEs.
fn write(routes: &[bgp_rib::RouteView], session: &Session, out: &mut Vec<u8>) -> Result<(), Oversize> {
    let Some(first) = routes.first() else { return Ok(()) };
    let template = first.attributes.template(session)?;
    match first.next_hop {
        Some(NextHop::V4(hop)) => {
            let mut prefixes = routes.iter().filter_map(|route| Prefix4::try_from(route.prefix).ok());
            while announce4(out, EXTENDED_LIMIT, &template, hop, &mut prefixes)? > 0 {}
        }
        Some(NextHop::V6(hop)) => {
            let mut prefixes = routes.iter().filter_map(|route| Prefix6::try_from(route.prefix).ok());
            while announce6(out, EXTENDED_LIMIT, &template, &hop, &mut prefixes)? > 0 {}
        }
        None => {}
    }
    Ok(())
}

/// The messages that follow each other in a buffer.
fn messages(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let length = bgp_wire::frame(bytes, true).ok()??.length();
        let (message, rest) = bytes.split_at_checked(length)?;
        bytes = rest;
        Some(message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stations() -> Stations {
        let text = "name='e'\nrouter-id='1.1.1.1'\n[[bmp]]\naddress='127.0.0.1:1'\nqueue-mib=1";
        let mut files = |_: &std::path::Path| Err(io::ErrorKind::NotFound.into());
        Stations::new(&config::Config::parse("e", text, catalog::Catalog::builtin(), &mut files).unwrap())
    }

    fn heard(bytes: usize) -> Notice {
        Notice::Heard { peer: Number(0), message: vec![0; bytes] }
    }

    #[test]
    fn nothing_is_kept_for_a_station_that_is_not_there() {
        let stations = stations();
        stations.take(&heard(100));
        assert_eq!(stations.0[0].lock().items.len(), 0);
    }

    #[test]
    fn all_is_dropped_for_a_station_that_reads_too_slowly_until_it_starts_anew() {
        let stations = stations();
        let queue = &stations.0[0];
        queue.open(true);
        (0..300).for_each(|_| stations.take(&heard(4096)));
        assert!(queue.lock().items.is_empty());
        assert!(queue.wait().is_none());
        queue.open(true);
        stations.take(&heard(4096));
        assert_eq!(queue.wait().unwrap().len(), 1);
    }

    #[test]
    fn messages_that_follow_each_other_are_told_apart() {
        let mut bytes = Vec::new();
        end_of_rib(&mut bytes, Family::V4);
        end_of_rib(&mut bytes, Family::V6);
        assert_eq!(messages(&bytes).map(<[u8]>::len).collect::<Vec<_>>(), [23, 29]);
    }
}
