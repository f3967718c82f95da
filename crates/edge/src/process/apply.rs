//! From what differs between two configurations to commands for workers.

use super::Core;
use super::command::{Command, OwnRoute};
use super::listen::{namespace, socket_key};
use super::roster::WorkerId;
use super::settings::{Ours, Settings, ours};
use crate::config::{Change, Config, Domain, Label, Peer, Peering, Touched, diff};
use crate::worker::{Dial, Request};
use bgp_fsm::Stop;
use model::{Family, Prefix};
use socket::ConnectOptions;
use std::cell::LazyCell;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// What taking up a configuration did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applied {
    /// Domains that came.
    pub domains_added: usize,
    /// Domains that went.
    pub domains_removed: usize,
    /// Peers that came, those of new domains not counted.
    pub peers_added: usize,
    /// Peers that went, those of domains that went not counted.
    pub peers_removed: usize,
    /// Peers whose session opens again under other terms.
    pub sessions_reset: usize,
    /// Peers of whom something changed and whose session stayed.
    pub peers_changed: usize,
    /// Routes of our own and service prefixes that came, went or got other attributes.
    pub routes_changed: usize,
    /// Keys that only a new process takes up.
    pub needs_restart: Vec<&'static str>,
    /// What could not be done.
    pub failed: Vec<String>,
}

impl fmt::Display for Applied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = [
            (self.domains_added, "domains added"),
            (self.domains_removed, "domains removed"),
            (self.peers_added, "peers added"),
            (self.peers_removed, "peers removed"),
            (self.sessions_reset, "sessions reset"),
            (self.peers_changed, "peers changed"),
            (self.routes_changed, "own routes changed"),
        ];
        let mut words: Vec<String> =
            counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
        if !self.needs_restart.is_empty() {
            words.push(format!("not before a restart: {}", self.needs_restart.join(", ")));
        }
        words.extend(self.failed.iter().map(|what| format!("failed: {what}")));
        f.write_str(&if words.is_empty() { "nothing changed".to_owned() } else { words.join("; ") })
    }
}

/// Commands on their way to workers, in order.
struct Batch {
    commands: Vec<Vec<Command>>,
    dials: Vec<(WorkerId, bgp_speaker::Peer, Dial)>,
    /// What could not be done beside.
    failed: Vec<String>,
}

impl Batch {
    fn new(workers: usize) -> Self {
        Self { commands: (0..workers).map(|_| Vec::new()).collect(), dials: Vec::new(), failed: Vec::new() }
    }

    fn push(&mut self, worker: WorkerId, command: Command) {
        self.commands[worker].push(command);
    }
}

impl Core {
    /// Brings what runs from one configuration to another. `restarting` says for how long peers' routes are waited
    /// for when we come back from a restart. `listen` opens and closes listeners, and tells what it
    /// could not.
    pub(super) fn change(
        &self,
        old: &Config,
        new: &Arc<Config>,
        restarting: Option<Duration>,
        listen: &mut dyn FnMut(&Arc<Config>) -> Vec<String>,
    ) -> Applied {
        let mut applied = Applied::default();
        let settings = Settings::new(new, &self.catalog, self.revision.load(Ordering::Relaxed), restarting);
        let mut batch = Batch::new(self.workers.len());
        let mut listeners = false;
        let mut gone = Vec::new();
        let before = LazyCell::new(|| -> HashMap<&Label, &Domain> {
            old.domains.iter().map(|domain| (&domain.name, &**domain)).collect()
        });
        for change in diff(old, new) {
            match change {
                Change::NeedsRestart { key } => applied.needs_restart.push(key),
                Change::Listeners => listeners = true,
                Change::DomainRemoved { domain } => {
                    let removed = self.roster_mut().remove_domain(&domain);
                    if let Some(entry) = removed {
                        entry.peers.values().for_each(|number| self.unwatch(*number));
                        batch.push(entry.worker, Command::RemoveDomain { domain: entry.number });
                        let follows = before.get(&domain).is_some_and(|old| {
                            new.domains.iter().any(|new| new.namespace.is_some() && new.namespace == old.namespace)
                        });
                        match follows {
                            // Another domain is made under that name at once.
                            true => applied.failed.extend(self.unforward(entry.number)),
                            false => gone.push(entry.number),
                        }
                        applied.domains_removed += 1;
                    }
                }
                Change::DomainAdded { domain } => {
                    self.add_domain(&settings, new, domain, &mut batch);
                    applied.domains_added += 1;
                }
                Change::Interfaces { domain } => batch.failed.extend(self.interfaces(domain, new)),
                Change::Routes { domain } => {
                    let before = before.get(&domain.name).copied();
                    applied.routes_changed += self.routes(before, domain, &mut batch);
                }
                Change::PeerRemoved { domain, peer } => {
                    self.remove_peer(&domain, &peer, Stop::Deconfigured, &mut batch);
                    applied.peers_removed += 1;
                }
                Change::PeerAdded { domain, peer } => {
                    self.add_peer(&settings, new, domain, peer, &mut batch);
                    applied.peers_added += 1;
                }
                Change::PeerChanged { domain, peer, touched } => {
                    match touched.session {
                        true => applied.sessions_reset += 1,
                        false => applied.peers_changed += 1,
                    }
                    self.change_peer(&settings, new, domain, peer, touched, &mut batch);
                }
                Change::FeedRemoved { .. } | Change::Feed { .. } => {}
            }
        }
        applied.routes_changed += self.feed(old, new, &mut batch);
        listeners |= keys(old) != keys(new);
        if listeners {
            applied.failed.extend(listen(new));
        }
        applied.failed.extend(self.send(batch));
        // Only now, so that peers were told.
        applied.failed.extend(gone.into_iter().filter_map(|domain| self.unforward(domain)));
        applied
    }

    fn add_domain(&self, settings: &Settings<'_>, config: &Config, domain: &Domain, batch: &mut Batch) {
        let (number, worker) = self.roster_mut().add_domain(&domain.name);
        batch.failed.extend(self.forward_domain(number, domain, config));
        batch.push(worker, Command::AddDomain { domain: number, name: domain.name.to_string() });
        if domain.kernel_routes {
            batch.push(worker, Command::Forward { domain: number });
        }
        self.routes(None, domain, batch);
        for peer in &domain.peers {
            self.add_peer(settings, config, domain, peer, batch);
        }
    }

    fn add_peer(&self, settings: &Settings<'_>, config: &Config, domain: &Domain, peer: &Peer, batch: &mut Batch) {
        let Some((number, worker)) = self.roster_mut().add_peer(domain, peer) else { return };
        let Some(entry) = self.roster().domain(domain.name.as_str()).map(|entry| entry.number) else { return };
        let listen = domain.listen.as_ref().unwrap_or(&config.listen);
        let ours = ours(peer, listen, || source(domain.namespace.as_deref(), peer.address));
        batch.dials.push((worker, number, dial(domain, peer)));
        if peer.bfd.is_some() {
            batch.failed.extend(self.watch(config, domain, peer, number, worker));
        }
        let reads_feed = domain.peering == Peering::Microsoft;
        let (config, from) = (Box::new(settings.peer(domain, peer, ours)), settings.origin(domain, peer, ours));
        batch.push(worker, Command::AddPeer { domain: entry, peer: number, config, from, reads_feed });
        match settings.down(domain, peer) {
            None => batch.push(worker, Command::Start { peer: number }),
            Some(down) => {
                tracing::info!(peer = %format_args!("{}/{}", domain.name, peer.name), "not started: {}", down.why)
            }
        }
    }

    fn remove_peer(&self, domain: &Label, peer: &Label, stop: Stop, batch: &mut Batch) {
        let removed = self.roster_mut().remove_peer(domain, peer);
        if let Some((number, worker)) = removed {
            self.unwatch(number);
            batch.push(worker, Command::RemovePeer { peer: number, stop });
        }
    }

    fn change_peer(
        &self,
        settings: &Settings<'_>,
        config: &Config,
        domain: &Domain,
        peer: &Peer,
        touched: Touched,
        batch: &mut Batch,
    ) {
        if touched.session {
            self.remove_peer(&domain.name, &peer.name, Stop::ConfigurationChange, batch);
            return self.add_peer(settings, config, domain, peer, batch);
        }
        let Some((number, worker)) = self.number(domain, peer) else { return };
        if touched.dialling {
            batch.dials.push((worker, number, dial(domain, peer)));
            batch.push(
                worker,
                Command::Configure {
                    peer: number,
                    session: Box::new(settings.session(peer)),
                    from: settings.origin(domain, peer, Ours::default()),
                },
            );
        }
        if touched.bfd {
            batch.failed.extend(self.watch(config, domain, peer, number, worker));
        }
        if touched.policy {
            // Next hops are no part of the policies.
            let routes = settings.peer(domain, peer, Ours::default()).routes;
            let from = settings.origin(domain, peer, Ours::default());
            batch.push(worker, Command::Policy { peer: number, import: routes.import, export: routes.export, from });
        }
        if touched.shutdown {
            batch.push(
                worker,
                match settings.down(domain, peer) {
                    None => Command::Start { peer: number },
                    Some(down) => Command::Stop { peer: number, stop: Stop::Shutdown(down.text) },
                },
            );
        }
    }

    fn number(&self, domain: &Domain, peer: &Peer) -> Option<(bgp_speaker::Peer, WorkerId)> {
        let roster = self.roster();
        let entry = roster.domain(domain.name.as_str())?;
        Some((*entry.peers.get(&peer.name)?, entry.worker))
    }

    /// The domain's own routes, as far as they differ.
    fn routes(&self, before: Option<&Domain>, domain: &Domain, batch: &mut Batch) -> usize {
        let Some((number, worker)) =
            self.roster().domain(domain.name.as_str()).map(|entry| (entry.number, entry.worker))
        else {
            return 0;
        };
        let table = |domain: &Domain| -> BTreeMap<Prefix, OwnRoute> {
            let route = |route: &crate::config::Route| {
                let med = route.med.map(|med| med.get());
                (route.prefix, OwnRoute { as_path: route.as_path.clone(), communities: route.communities.clone(), med })
            };
            domain.routes.iter().map(route).collect()
        };
        let (gone, come) = differences(before.map(table).unwrap_or_default(), table(domain));
        let count = gone.len() + come.len();
        for prefix in gone {
            batch.push(worker, Command::Withdraw { domain: number, prefix });
        }
        for (prefix, route) in come {
            batch.push(worker, Command::Originate { domain: number, prefix, route });
        }
        count
    }

    /// Microsoft's service prefixes, as far as they differ; every worker has them.
    fn feed(&self, old: &Config, new: &Config, batch: &mut Batch) -> usize {
        // Tens of thousands of prefixes, and they rarely change.
        if old.feeds == new.feeds {
            return 0;
        }
        let (gone, come) = differences(feed_table(old), feed_table(new));
        for worker in 0..self.workers.len() {
            for &prefix in &gone {
                batch.push(worker, Command::Unfeed { prefix });
            }
            for (prefix, route) in &come {
                batch.push(worker, Command::Feed { prefix: *prefix, route: route.clone() });
            }
        }
        gone.len() + come.len()
    }

    /// Hands a batch over; what could not be.
    fn send(&self, batch: Batch) -> Vec<String> {
        let mut failed = batch.failed;
        for (index, (worker, peer, dial)) in batch.dials.into_iter().enumerate() {
            // A pause now and then, so that the worker's queue keeps room for callers.
            if index % 256 == 255 {
                let _ = self.command(worker, Vec::new());
            }
            if let Err(refused) = self.workers[worker].worker.send(Request::Dial { peer, dial }) {
                failed.push(format!("{peer}: {refused}"));
            }
        }
        for (worker, commands) in batch.commands.into_iter().enumerate().filter(|(_, commands)| !commands.is_empty()) {
            if let Err(refused) = self.command(worker, commands) {
                failed.push(format!("worker {worker}: {refused}"));
            }
        }
        failed
    }
}

/// The keys that listeners must have, in any order.
fn keys(config: &Config) -> BTreeMap<(Option<&str>, IpAddr), &[u8]> {
    let peers = config.domains.iter().flat_map(|domain| domain.peers.iter().map(move |peer| (domain, peer)));
    peers
        .filter_map(|(domain, peer)| Some(((domain.namespace.as_deref(), peer.address), peer.md5.as_ref()?.secret())))
        .collect()
}

/// What goes and what comes, so that one table becomes the other.
fn differences(
    before: BTreeMap<Prefix, OwnRoute>,
    after: BTreeMap<Prefix, OwnRoute>,
) -> (Vec<Prefix>, Vec<(Prefix, OwnRoute)>) {
    let gone = before.keys().filter(|prefix| !after.contains_key(prefix)).copied().collect();
    let come = after.into_iter().filter(|(prefix, route)| before.get(prefix) != Some(route)).collect();
    (gone, come)
}

/// All feeds as one table; a prefix that several name has the communities of all.
fn feed_table(config: &Config) -> BTreeMap<Prefix, OwnRoute> {
    let mut table: BTreeMap<Prefix, OwnRoute> = BTreeMap::new();
    for feed in &config.feeds {
        for prefix in [Family::V4, Family::V6].into_iter().flat_map(|family| feed.all(family)) {
            let route = table.entry(prefix).or_insert_with(|| OwnRoute {
                as_path: feed.as_path.clone(),
                communities: Vec::new(),
                med: None,
            });
            route.communities.extend(&feed.communities);
            route.communities.sort();
            route.communities.dedup();
        }
    }
    table
}

/// How a peer is reached.
fn dial(domain: &Domain, peer: &Peer) -> Dial {
    let mut options = ConnectOptions::new(SocketAddr::new(peer.address, peer.port.get16()));
    options.local = peer.local_address.map(|local| SocketAddr::new(local, 0));
    options.md5 = peer.md5.as_ref().map(socket_key);
    options.common.device = peer.device.clone();
    // It costs nothing to send, and a peer that checks it wants no less (RFC 5082).
    options.common.ttl = Some(255);
    options.common.min_ttl = peer.ttl_security.then_some(255);
    let namespace = domain.namespace.clone();
    Box::new(move || {
        // Opened anew each time: a namespace of the same name may be another one by now.
        options.common.namespace = namespace.as_deref().map(self::namespace).transpose()?;
        socket::connect(&options)
    })
}

/// The address that the kernel would send to a peer from.
fn source(namespace: Option<&str>, peer: IpAddr) -> Option<IpAddr> {
    let ask = move || -> io::Result<IpAddr> {
        let any: IpAddr = if peer.is_ipv4() { [0; 4].into() } else { [0u16; 8].into() };
        let socket = UdpSocket::bind((any, 0))?;
        // Sends nothing: it only makes the kernel choose.
        socket.connect((peer, 179))?;
        Ok(socket.local_addr()?.ip())
    };
    match namespace {
        Some(name) => self::namespace(name).ok()?.enter(ask).ok(),
        None => ask().ok(),
    }
}
