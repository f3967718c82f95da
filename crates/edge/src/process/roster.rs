//! Who is who: numbers of domains and peers, whose worker they are, and who may call from where.

use crate::config::{self, Label};
use bgp_speaker::{Domain, Peer};
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

/// A worker, by its index.
pub(crate) type WorkerId = usize;

/// Every domain and peer that runs.
#[derive(Debug)]
pub(crate) struct Roster {
    domains: BTreeMap<Label, DomainEntry>,
    callers: HashMap<(Option<String>, IpAddr), Vec<Caller>>,
    by_number: HashMap<Peer, Known>,
    /// How many peers each worker has.
    load: Vec<usize>,
    next_domain: u32,
    next_peer: u32,
}

/// What is known of a peer by its number.
#[derive(Debug)]
struct Known {
    names: (Label, Label),
    called_from: (Option<String>, IpAddr),
}

/// A domain that runs.
#[derive(Debug, Clone)]
pub(crate) struct DomainEntry {
    pub(crate) number: Domain,
    pub(crate) worker: WorkerId,
    pub(crate) peers: BTreeMap<Label, Peer>,
}

/// Who calls from an address.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) peer: Peer,
    pub(crate) worker: WorkerId,
    /// Our address that it has to call, where that tells it from another.
    local: Option<IpAddr>,
    /// It has to be a neighbour (RFC 5082).
    pub(crate) ttl_security: bool,
    /// The device that it has to be reached over.
    pub(crate) device: Option<String>,
}

/// A peer as commands name it.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) domain: Label,
    pub(crate) name: Label,
    pub(crate) peer: Peer,
    pub(crate) worker: WorkerId,
}

/// Why a name means no peer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotFound {
    #[error("no peer `{0}`")]
    Unknown(String),
    #[error("`{name}` is a peer of several domains: {}", domains.join(", "))]
    Ambiguous { name: String, domains: Vec<String> },
}

impl Roster {
    pub(crate) fn new(workers: usize) -> Self {
        Self {
            domains: BTreeMap::new(),
            callers: HashMap::new(),
            by_number: HashMap::new(),
            load: vec![0; workers],
            next_domain: 0,
            next_peer: 0,
        }
    }

    /// Gives a domain a number and the worker with the fewest peers.
    pub(crate) fn add_domain(&mut self, name: &Label) -> (Domain, WorkerId) {
        let least = self.load.iter().enumerate().min_by_key(|(_, load)| **load);
        let worker = least.map_or(0, |(index, _)| index);
        let number = Domain(self.next_domain);
        self.next_domain += 1;
        self.domains.insert(name.clone(), DomainEntry { number, worker, peers: BTreeMap::new() });
        // An empty domain weighs something, too: else all of them go to one worker.
        self.load[worker] += 1;
        (number, worker)
    }

    pub(crate) fn domain(&self, name: &str) -> Option<&DomainEntry> {
        self.domains.get(name)
    }

    /// Forgets a domain and its peers; what was known of it.
    pub(crate) fn remove_domain(&mut self, name: &Label) -> Option<DomainEntry> {
        let entry = self.domains.get(name)?.clone();
        for peer in entry.peers.keys() {
            self.remove_peer(name, peer);
        }
        self.domains.remove(name);
        self.load[entry.worker] -= 1;
        Some(entry)
    }

    /// Gives a peer of a domain that is there a number.
    pub(crate) fn add_peer(&mut self, domain: &config::Domain, peer: &config::Peer) -> Option<(Peer, WorkerId)> {
        let entry = self.domains.get_mut(&domain.name)?;
        let number = Peer(self.next_peer);
        self.next_peer += 1;
        entry.peers.insert(peer.name.clone(), number);
        self.load[entry.worker] += 1;
        let caller = Caller {
            peer: number,
            worker: entry.worker,
            local: peer.local_address,
            ttl_security: peer.ttl_security,
            device: peer.device.clone(),
        };
        let called_from = (domain.namespace.clone(), peer.address);
        self.callers.entry(called_from.clone()).or_default().push(caller);
        self.by_number.insert(number, Known { names: (domain.name.clone(), peer.name.clone()), called_from });
        Some((number, entry.worker))
    }

    /// Forgets a peer.
    pub(crate) fn remove_peer(&mut self, domain: &Label, peer: &Label) -> Option<(Peer, WorkerId)> {
        let entry = self.domains.get_mut(domain)?;
        let number = entry.peers.remove(peer)?;
        self.load[entry.worker] -= 1;
        let called_from = self.by_number.remove(&number)?.called_from;
        if let Some(callers) = self.callers.get_mut(&called_from) {
            callers.retain(|caller| caller.peer != number);
            if callers.is_empty() {
                self.callers.remove(&called_from);
            }
        }
        Some((number, entry.worker))
    }

    /// Who calls from an address of a namespace to one of ours.
    pub(crate) fn caller(&self, namespace: Option<&str>, from: IpAddr, to: IpAddr) -> Option<&Caller> {
        let callers = self.callers.get(&(namespace.map(str::to_owned), from))?;
        callers.iter().find(|caller| caller.local.is_none_or(|local| local == to))
    }

    /// The names of a peer's domain and its own.
    pub(crate) fn names(&self, peer: Peer) -> Option<&(Label, Label)> {
        self.by_number.get(&peer).map(|known| &known.names)
    }

    /// The domain and the address of a peer.
    pub(crate) fn place(&self, peer: Peer) -> Option<(Domain, IpAddr)> {
        let known = self.by_number.get(&peer)?;
        Some((self.domains.get(&known.names.0)?.number, known.called_from.1))
    }

    /// The peers at an address of a domain, and their worker.
    pub(crate) fn at(&self, domain: Domain, address: IpAddr) -> Vec<(Peer, WorkerId)> {
        let Some(entry) = self.domains.values().find(|entry| entry.number == domain) else { return Vec::new() };
        let is_there = |peer: &&Peer| self.by_number.get(peer).is_some_and(|known| known.called_from.1 == address);
        entry.peers.values().filter(is_there).map(|peer| (*peer, entry.worker)).collect()
    }

    /// The peer of a name, `PEER` or `DOMAIN/PEER`.
    pub(crate) fn find(&self, name: &str) -> Result<Found, NotFound> {
        let found = |domain: &Label, entry: &DomainEntry, peer: &str| {
            let (name, number) = entry.peers.get_key_value(peer)?;
            Some(Found { domain: domain.clone(), name: name.clone(), peer: *number, worker: entry.worker })
        };
        let mut all: Vec<Found> = match name.split_once('/') {
            Some((of, peer)) => self
                .domains
                .get_key_value(of)
                .and_then(|(domain, entry)| found(domain, entry, peer))
                .into_iter()
                .collect(),
            None => self.domains.iter().filter_map(|(domain, entry)| found(domain, entry, name)).collect(),
        };
        match all.len() {
            0 => Err(NotFound::Unknown(name.to_owned())),
            1 => Ok(all.remove(0)),
            _ => {
                let domains = all.iter().take(5).map(|found| found.domain.to_string()).collect();
                Err(NotFound::Ambiguous { name: name.to_owned(), domains })
            }
        }
    }
}
